//! What a terminal does: the decision in three lines, and what the engine does with answers. Whether an acknowledgement is
//! its own is the program's own function.

use countersign::domain::sync::acknowledges;

use crate::{
    chain::{Chain, Said},
    config::{Config, Mode},
    mistake::Mistake,
    state::{Answer, Lent, Question, Till},
};

/// What a terminal knows of the platform's mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Granted,
    Silent,
}

impl Till {
    /// What is written down when a voucher is shown: accepted, or not honoured.
    pub(crate) fn decide(&self, config: &Config, voucher: u8, word: Word) -> Said {
        let blind = config.mistake == Some(Mistake::OwnUseForgotten);
        let used_up = self.used(voucher) >= config.uses && !blind;
        let given_back =
            config.mistake == Some(Mistake::LeaseUsedAfterItsEnd) && self.lent == Lent::Ended;
        let leased = config.mode == Mode::Leased && voucher == 0;
        let lease = leased && (self.has_lease() || given_back);
        let alone = match config.mode {
            Mode::Limited => true,
            Mode::Never => false,
            Mode::Leased => lease,
        };
        if used_up || (word == Word::Silent && !alone) {
            return Said::Refused;
        }
        Said::Redeemed { voucher, word: word == Word::Granted, lease }
    }

    /// The next entry, durable and then shown.
    pub(crate) fn write(&mut self, said: Said) {
        self.journal.push(said.byte(self.mark));
        if matches!(said, Said::Redeemed { .. }) {
            self.seen.shown += 1;
        }
    }

    /// The voucher that a claim among the messages sent is about.
    pub(crate) fn asked(&self, place: u8) -> u8 {
        match self.sent[usize::from(place)].body {
            Question::Claim { voucher, .. } => voucher,
            Question::Push { .. } | Question::Pull { .. } => 0,
        }
    }

    /// Takes an answer; what is written down because of it, where that is an entry.
    pub(crate) fn take(&mut self, config: &Config, answer: Answer) -> Option<Said> {
        match answer {
            Answer::Ack { head, conflicts } => self.acked(config, head, conflicts),
            Answer::Gap { head } => {
                if acknowledges(head.head(self.epoch), self.own(head.len())) {
                    self.running.greeted = true;
                    self.running.from = Some(head.len());
                } else {
                    self.fork(config);
                }
            }
            Answer::Fork => self.fork(config),
            Answer::Pulled { lease, ended, conflicts } => {
                self.told |= conflicts;
                return self.pulled(lease, ended);
            }
            Answer::Granted | Answer::Refused | Answer::Told => {}
        }
        None
    }

    fn acked(&mut self, config: &Config, head: Chain, conflicts: u8) {
        let blind = config.mistake == Some(Mistake::AcknowledgementWithoutHash);
        let there = blind && head.len() <= self.journal.len();
        if !there && !acknowledges(head.head(self.epoch), self.own(head.len())) {
            return self.fork(config);
        }
        let back = config.mistake == Some(Mistake::AcknowledgedGoesBack);
        self.acked = if back { head.len() } else { self.acked.max(head.len()) };
        self.seen.peak = self.seen.peak.max(self.acked);
        self.running.greeted = true;
        self.running.from = Some(head.len()).filter(|position| *position < self.acked);
        self.told |= conflicts;
    }

    /// New leases first, then those that are given back.
    fn pulled(&mut self, lease: Option<bool>, ended: bool) -> Option<Said> {
        if let (Some(over), Lent::Nothing) = (lease, self.lent) {
            self.lent = if over { Lent::Over } else { Lent::Held };
        }
        let gives_back = ended && matches!(self.lent, Lent::Held | Lent::Over);
        if gives_back {
            self.lent = Lent::Ended;
        }
        gives_back.then_some(Said::LeaseEnded)
    }

    fn fork(&mut self, config: &Config) {
        self.seen.frozen.get_or_insert(self.journal);
        self.forked = config.mistake != Some(Mistake::ForkIgnored);
    }

    /// The hash at a position of this journal.
    fn own(&self, position: u8) -> Option<countersign::domain::id::Hash> {
        (position <= self.journal.len()).then(|| self.journal.prefix(position).hash())
    }

    /// Whether there is anything to push.
    pub(crate) fn wants_push(&self) -> bool {
        let running = &self.running;
        let wanted = self.unsent() > 0 || running.from.is_some() || !running.greeted;
        wanted && !self.forked
    }

    /// The program ends, and starts again.
    pub(crate) fn restart(&mut self, config: &Config) {
        self.running = crate::state::Running::default();
        if config.mistake == Some(Mistake::ForkForgotten) {
            self.forked = false;
        }
    }
}
