//! What can happen next, and what comes of it.

use stateright::{Model, Property};

use crate::{
    chain::{Chain, Said},
    config::Config,
    mistake::Mistake,
    properties::properties,
    state::{Answer, LeaseState, Lent, Question, Reply, Request, Running, Seen, State, Till},
    till::Word,
};

/// One step. Stores go by their slot, messages by their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A voucher is shown while the network is out.
    Offline(u8, u8),
    /// The same; the power fails between the commit and the screen.
    OfflinePowerCut(u8, u8),
    /// A voucher is shown, and the platform is asked.
    Ask(u8, u8),
    /// The answer did not come in time.
    TimeOut(u8),
    /// Something is shown that is no voucher.
    Note(u8),
    /// The redemption at a position is taken back.
    Back(u8, u8),
    Push(u8),
    Pull(u8),
    /// A question of a store arrives.
    Deliver(u8, u8),
    /// A question arrives, and the platform crashes over it.
    DeliverCrash(u8, u8),
    /// An answer arrives.
    Answer(usize),
    /// The program is killed and started.
    Crash(u8),
    Backup(u8),
    Restore(u8),
    Clone(u8),
    Renew(u8),
    Replace(u8),
    BackupPlatform,
    RestorePlatform,
    EndLease,
    PlatformClock,
    TillClock(u8),
    ClaimExpires(usize),
}

impl Model for Config {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut state = State::new();
        state.tills.truncate(self.stores.into());
        if self.lease {
            state.platform.lend();
        }
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (slot, till) in (0..).zip(&state.tills) {
            self.counter_actions(slot, till, actions);
            self.line_actions(slot, till, actions);
            self.owner_actions(slot, (till, state), actions);
        }
        for (at, reply) in state.replies.iter().enumerate() {
            let asking = state.tills[usize::from(reply.slot)].running.ask;
            if asking.is_none_or(|ask| ask == reply.of) {
                actions.push(Action::Answer(at));
            }
        }
        self.platform_actions(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        next.step(self, action);
        (next != *last).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties(self)
    }
}

impl Config {
    fn counter_actions(&self, slot: u8, till: &Till, actions: &mut Vec<Action>) {
        let asking = till.running.ask.is_some();
        if asking {
            actions.push(Action::TimeOut(slot));
        }
        let blind = self.mistake == Some(Mistake::WrittenWhileAsking);
        if till.forked || till.journal.len() >= self.entries || (asking && !blind) {
            return;
        }
        if self.notes {
            actions.push(Action::Note(slot));
        }
        if asking {
            return;
        }
        for voucher in 0..self.vouchers {
            let alone = till.decide(self, voucher, Word::Silent);
            if alone != Said::Refused {
                actions.push(Action::Offline(slot, voucher));
                if self.crashes {
                    actions.push(Action::OfflinePowerCut(slot, voucher));
                }
            }
            let used_up = till.decide(self, voucher, Word::Granted) == Said::Refused;
            let asks = till.count(|body| matches!(body, Question::Claim { .. }));
            if asks < self.asks && !used_up {
                actions.push(Action::Ask(slot, voucher));
            }
        }
        if self.backs {
            let twice = self.mistake == Some(Mistake::GivenBackTwice);
            let standing = |position: u8| {
                (0..self.vouchers).any(|of| till.journal.standing(of).any(|(at, _)| at == position))
            };
            for (position, said) in till.journal.entries() {
                if matches!(said, Said::Redeemed { .. }) && (twice || standing(position)) {
                    actions.push(Action::Back(slot, position));
                }
            }
        }
    }

    fn line_actions(&self, slot: u8, till: &Till, actions: &mut Vec<Action>) {
        for place in 0..till.sent.len() as u8 {
            actions.push(Action::Deliver(slot, place));
            if self.mistake == Some(Mistake::AcknowledgedBeforeCommit) {
                actions.push(Action::DeliverCrash(slot, place));
            }
        }
        let may = till.running.push.is_none() || till.running.ask.is_none();
        let pushes = till.count(|body| matches!(body, Question::Push { .. }));
        if may && till.wants_push() && pushes < self.pushes {
            actions.push(Action::Push(slot));
        }
        let room = till.journal.len() < self.entries;
        if till.running.pull.is_none() && self.pulls && !till.forked && room {
            actions.push(Action::Pull(slot));
        }
        if till.running != Running::default() && self.crashes {
            actions.push(Action::Crash(slot));
        }
        if self.lease && till.lent == Lent::Held {
            actions.push(Action::TillClock(slot));
        }
    }

    fn owner_actions(&self, slot: u8, (till, state): (&Till, &State), actions: &mut Vec<Action>) {
        let first = slot == 0;
        if self.restore && first && !state.ghost.restored {
            match &state.backup {
                None => actions.push(Action::Backup(slot)),
                Some((_, backup))
                    if backup.journal != till.journal || backup.acked != till.acked =>
                {
                    actions.push(Action::Restore(slot));
                }
                Some(_same) => {}
            }
        }
        if self.clone && first && !state.ghost.cloned {
            actions.push(Action::Clone(slot));
        }
        let idle = till.running.ask.is_none();
        if self.renew && first && !state.ghost.renewed && till.unsent() == 0 && idle {
            actions.push(Action::Renew(slot));
        }
        if self.replace && first && !state.ghost.renewed {
            actions.push(Action::Replace(slot));
        }
    }

    fn platform_actions(&self, state: &State, actions: &mut Vec<Action>) {
        if self.platform_restore && !state.ghost.platform_restored {
            let restorable = state.platform_backup.as_deref().map(|kept| *kept != state.platform);
            match restorable {
                None => actions.push(Action::BackupPlatform),
                Some(true) => actions.push(Action::RestorePlatform),
                Some(false) => {}
            }
        }
        if self.lease {
            actions.extend([Action::EndLease, Action::PlatformClock]);
        }
        if self.mistake == Some(Mistake::ClaimExpires) {
            actions.extend((0..state.platform.claims.len()).map(Action::ClaimExpires));
        }
    }
}

impl State {
    pub(crate) fn step(&mut self, config: &Config, action: Action) {
        match action {
            Action::Offline(slot, voucher) => {
                let said = self.till(slot).decide(config, voucher, Word::Silent);
                self.write(slot, said);
            }
            Action::OfflinePowerCut(slot, voucher) => self.power_cut(config, slot, voucher),
            Action::Ask(slot, voucher) => self.ask(slot, voucher),
            Action::TimeOut(slot) => self.time_out(config, slot),
            Action::Note(slot) => self.write(slot, Said::Refused),
            Action::Back(slot, of) => self.take_back(slot, of),
            Action::Push(slot) => self.push(config, slot),
            Action::Pull(slot) => self.pull(slot),
            Action::Deliver(slot, place) => self.deliver(config, (slot, place), false),
            Action::DeliverCrash(slot, place) => self.deliver(config, (slot, place), true),
            Action::Answer(at) => self.answered(config, at),
            Action::Crash(slot) => self.restart(config, slot),
            Action::Backup(slot) => self.keep(slot),
            Action::Restore(slot) => self.restore(config, slot),
            Action::Clone(slot) => self.copy(slot),
            Action::Renew(slot) => self.renew(config, slot),
            Action::Replace(slot) => self.replace(config, slot),
            Action::BackupPlatform => self.platform_backup = Some(Box::new(self.platform.clone())),
            Action::RestorePlatform => self.restore_platform(),
            Action::EndLease | Action::PlatformClock => self.lease(action),
            Action::TillClock(slot) => self.till(slot).lent = Lent::Over,
            Action::ClaimExpires(at) => drop(self.platform.claims.remove(at)),
        }
    }

    /// Writes an entry and keeps count of what was handed over.
    fn write(&mut self, slot: u8, said: Said) {
        self.till(slot).write(said);
        if let Said::Redeemed { voucher, word, .. } = said {
            self.ghost.accepted[usize::from(voucher)] += 1;
            self.ghost.word[usize::from(voucher)] += u8::from(word);
        }
    }

    /// The power fails after the commit: what was accepted is in the journal, and nobody saw it.
    fn power_cut(&mut self, config: &Config, slot: u8, voucher: u8) {
        let said = self.till(slot).decide(config, voucher, Word::Silent);
        let before = self.till(slot).journal;
        self.write(slot, said);
        let till = self.till(slot);
        if config.mistake == Some(Mistake::ShownBeforeCommit) {
            till.journal = before;
        } else {
            till.seen.shown -= 1;
        }
        self.restart(config, slot);
    }

    fn ask(&mut self, slot: u8, voucher: u8) {
        let till = self.till(slot);
        let (own, since, used_here) = (till.journal, till.acked, till.used_here(voucher));
        let lease = voucher == 0 && till.has_lease();
        let place = till.send(Question::Claim { voucher, own, since, used_here, lease });
        till.running.ask = Some(place);
        self.forget(slot, Some(place));
    }

    fn time_out(&mut self, config: &Config, slot: u8) {
        let Some(place) = self.till(slot).running.ask.take() else {
            return;
        };
        if config.mistake != Some(Mistake::LateAnswerHonoured) {
            self.forget(slot, Some(place));
        }
        let voucher = self.till(slot).asked(place);
        let said = self.till(slot).decide(config, voucher, Word::Silent);
        self.write(slot, said);
    }

    fn take_back(&mut self, slot: u8, of: u8) {
        if let Said::Redeemed { voucher, word, .. } = self.till(slot).journal.at(of) {
            let (word, voucher) = (u8::from(word), usize::from(voucher));
            let ghost = &mut self.ghost;
            ghost.word[voucher] = ghost.word[voucher].saturating_sub(word);
            ghost.accepted[voucher] = ghost.accepted[voucher].saturating_sub(1);
        }
        self.till(slot).write(Said::RolledBack { of });
    }

    /// A push that is still out is given up.
    fn push(&mut self, config: &Config, slot: u8) {
        let till = self.till(slot);
        let before = till.running.push;
        let after = till.running.from.unwrap_or(till.acked);
        let upto = till.journal.prefix(till.journal.len().min(after.saturating_add(config.run)));
        till.running.push = Some(till.send(Question::Push { after, upto }));
        if config.mistake == Some(Mistake::SentIsAcknowledged) {
            till.acked = upto.len();
        }
        self.forget(slot, before);
        self.forget(slot, self.tills[usize::from(slot)].running.push);
    }

    fn pull(&mut self, slot: u8) {
        let till = self.till(slot);
        let held = matches!(till.lent, Lent::Held | Lent::Over);
        till.running.pull = Some(till.send(Question::Pull { held }));
        self.forget(slot, self.tills[usize::from(slot)].running.pull);
    }

    /// The platform answers; the answer is under way where somebody still waits for it.
    fn deliver(&mut self, config: &Config, (slot, of): (u8, u8), crash: bool) {
        let till = &self.tills[usize::from(slot)];
        let (number, running) = (till.number, &till.running);
        let request = till.sent[usize::from(of)];
        let waits = [running.ask, running.push, running.pull].contains(&Some(of));
        let late = config.mistake == Some(Mistake::LateAnswerHonoured)
            && matches!(request.body, Question::Claim { .. });
        let blind = self.is_of_another_journal(number, request);
        let before = crash.then(|| self.platform.clone());
        let answer = self.platform.answer(config, (number, request));
        self.ghost.fork_told |= answer == Answer::Fork;
        self.ghost.blind_grant |= blind && answer == Answer::Granted;
        // Only by mistake: it is acknowledged, and then the platform crashes before the commit.
        if let Some(before) = before {
            self.platform = before;
        }
        let reply = Reply { slot, of, body: answer };
        if (waits || late) && !self.replies.contains(&reply) {
            self.replies.push(reply);
            self.replies.sort_unstable();
        }
    }

    /// Whether a claim is of a journal that does not go on from the one the platform holds.
    fn is_of_another_journal(&self, number: u8, request: Request) -> bool {
        match request.body {
            Question::Claim { own, .. } => {
                !own.starts_with(self.platform.log((number, request.epoch)))
            }
            Question::Push { .. } | Question::Pull { .. } => false,
        }
    }

    fn answered(&mut self, config: &Config, at: usize) {
        let Reply { slot, of, body } = self.replies[at];
        self.forget(slot, Some(of));
        let running = &mut self.till(slot).running;
        if running.ask.take_if(|ask| *ask == of).is_some() {
            return self.told(config, (slot, of), body);
        }
        if body == Answer::Granted {
            return self.honoured_late(config, (slot, of));
        }
        running.push.take_if(|sent| *sent == of);
        running.pull.take_if(|sent| *sent == of);
        if let Some(said) = self.till(slot).take(config, body) {
            self.write(slot, said);
        }
    }

    fn told(&mut self, config: &Config, (slot, of): (u8, u8), answer: Answer) {
        let till = self.till(slot);
        let voucher = till.asked(of);
        let no = answer != Answer::Granted;
        if answer == Answer::Told {
            till.running.greeted = false;
        }
        let said = match no {
            false => till.decide(config, voucher, Word::Granted),
            true if config.mistake == Some(Mistake::RefusalIsSilence) => {
                till.decide(config, voucher, Word::Silent)
            }
            true => Said::Refused,
        };
        till.seen.defied |= no && said != Said::Refused;
        self.write(slot, said);
    }

    /// Only by mistake: the answer to a question that was given up is honoured.
    fn honoured_late(&mut self, config: &Config, (slot, of): (u8, u8)) {
        let voucher = self.till(slot).asked(of);
        if self.till(slot).journal.len() < config.entries {
            let said = self.till(slot).decide(config, voucher, Word::Granted);
            self.write(slot, said);
        }
    }

    fn restart(&mut self, config: &Config, slot: u8) {
        self.replies.retain(|reply| reply.slot != slot);
        self.till(slot).restart(config);
    }

    /// Copies the store, and not what runs on it.
    fn keep(&mut self, slot: u8) {
        let mut kept = self.till(slot).clone();
        (kept.running, kept.sent) = (Running::default(), Vec::new());
        self.backup = Some((slot, Box::new(kept)));
    }

    /// The store is what it was, and the program is started on it.
    fn restore(&mut self, config: &Config, slot: u8) {
        let Some((_, backup)) = self.backup.take() else {
            return;
        };
        self.restart(config, slot);
        let lost = self.till(slot).clone();
        let known = self.platform.log(lost.owner());
        for (position, said) in lost.journal.entries().skip(backup.journal.len().into()) {
            let gone = known.len() < position;
            if let (Said::Redeemed { voucher, word, .. }, true) = (said, gone) {
                let back = lost.journal.standing(voucher).all(|(at, _)| at != position);
                let count = u8::from(!back);
                let ghost = &mut self.ghost;
                ghost.accepted[usize::from(voucher)] -= count;
                ghost.word[usize::from(voucher)] -= count * u8::from(word);
            }
            self.ghost.erased |= gone;
        }
        self.lose(&lost);
        self.ghost.tampered |= 1 << lost.number;
        self.ghost.restored = true;
        let seen =
            Seen { shown: backup.redemptions(), peak: backup.acked, frozen: None, ..lost.seen };
        let (running, sent) = (Running::default(), lost.sent);
        *self.till(slot) = Till { mark: 1, running, sent, seen, ..*backup };
    }

    /// Remembers what a store wrote that is no more.
    fn lose(&mut self, till: &Till) {
        let (number, epoch) = till.owner();
        let all = [((number, epoch), till.journal), ((number, epoch - 1), till.earlier)];
        self.ghost.lost.extend(all.into_iter().filter(|(_, journal)| journal.len() > 0));
    }

    /// Another device has the same store.
    fn copy(&mut self, slot: u8) {
        let mut twin = self.till(slot).clone();
        twin.mark = 1;
        twin.running = Running::default();
        twin.sent.clear();
        self.ghost.tampered |= 1 << twin.number;
        self.ghost.cloned = true;
        self.tills.push(twin);
    }

    /// The next epoch begins in the same folder.
    fn renew(&mut self, config: &Config, slot: u8) {
        self.restart(config, slot);
        let epoch = self.next_epoch(config, slot);
        let till = self.till(slot);
        till.earlier = till.journal;
        if epoch == till.epoch {
            till.earlier = Chain::default();
        }
        till.journal = Chain::default();
        till.epoch = epoch;
        till.acked = 0;
        till.forked = false;
        till.lent = if till.lent == Lent::Nothing { Lent::Nothing } else { Lent::Ended };
        till.seen.peak = 0;
        till.seen.frozen = None;
        till.write(Said::Opened);
    }

    /// The device is lost, and another begins the next epoch with nothing.
    fn replace(&mut self, config: &Config, slot: u8) {
        self.restart(config, slot);
        let epoch = self.next_epoch(config, slot);
        let lost = self.till(slot).clone();
        self.lose(&lost);
        let mut till = Till { mark: 1, sent: lost.sent, ..Till::new(lost.number, epoch) };
        till.write(Said::Opened);
        *self.till(slot) = till;
    }

    fn next_epoch(&mut self, config: &Config, slot: u8) -> u8 {
        let number = usize::from(self.till(slot).number);
        if config.mistake != Some(Mistake::EpochReused) {
            self.platform.epochs[number] += 1;
        }
        let epoch = self.platform.epochs[number];
        self.ghost.renewed = true;
        self.ghost.given[number][usize::from(epoch) - 1] += 1;
        epoch
    }

    fn restore_platform(&mut self) {
        if let Some(kept) = self.platform_backup.take() {
            self.platform = *kept;
            self.ghost.platform_restored = true;
        }
    }

    fn lease(&mut self, action: Action) {
        let Some(lease) = &mut self.platform.lease else {
            return;
        };
        if action == Action::PlatformClock {
            lease.over = true;
        } else if lease.state == LeaseState::Open {
            lease.state = LeaseState::Ending;
        }
    }
}
