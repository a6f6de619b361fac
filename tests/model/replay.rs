//! Random walks through the model, each repeated by the program: after every step both must say the same.

use countersign::{domain::id::Epoch, platform::service::VoucherName};
use stateright::Model as _;

use crate::{
    chain::Said,
    check::is_large,
    config::{Config, small},
    real::{Real, mode},
    stage::Stage,
    state::State,
    steps::Action,
};

/// Worlds with something that the program does and the model leaves out: status lists in a pull, and a platform's file.
const LEFT_OUT: [&str; 3] =
    ["conflicts are told", "the platform set back", "the platform set back, in short runs"];

const STEPS: usize = 24;

#[test]
fn the_program_takes_every_step_of_the_model_alike() {
    let walks = std::env::var("COUNTERSIGN_WALKS").ok().and_then(|text| text.parse().ok());
    let walks: u64 = walks.unwrap_or(if is_large() { 400 } else { 4 });
    let mut steps = 0;
    for config in small().iter().filter(|config| !LEFT_OUT.contains(&config.name)) {
        for seed in 0..walks {
            steps += walk(config, seed);
        }
    }
    eprintln!("{steps} steps in {walks} walks of each world");
}

fn walk(config: &Config, seed: u64) -> usize {
    let stage = Stage::with_mode(mode(config));
    let mut real = Real::new(&stage, config);
    let mut state = config.init_states().remove(0);
    let (mut dice, mut path) = (Dice(seed), Path(config.name, Vec::new()));
    compare(&real, &state);
    for _ in 0..STEPS {
        let mut actions = Vec::new();
        config.actions(&state, &mut actions);
        actions.retain(|action| is_walked(&state, *action));
        if actions.is_empty() {
            break;
        }
        let action = actions[dice.below(actions.len())];
        path.1.push(action);
        let next = config.next_state(&state, action).unwrap_or_else(|| state.clone());
        real.wait();
        real.step(action, &state, &next);
        compare(&real, &next);
        state = next;
    }
    path.1.len()
}

/// One clock moves all of the program, and it starts no pull of its own while a question is out.
fn is_walked(state: &State, action: Action) -> bool {
    match action {
        Action::PlatformClock | Action::TillClock(_) => false,
        Action::Pull(slot) => state.tills[usize::from(slot)].running.ask.is_none(),
        _other => true,
    }
}

/// The steps so far, told where one of them fails.
struct Path(&'static str, Vec<Action>);

impl Drop for Path {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}: {:?}", self.0, self.1);
        }
    }
}

impl Real<'_> {
    fn step(&mut self, action: Action, before: &State, after: &State) {
        let running = |state: &State, slot: u8| state.tills[usize::from(slot)].running.clone();
        match action {
            Action::Offline(slot, voucher) => self.offline(slot, voucher),
            Action::OfflinePowerCut(slot, voucher) => {
                self.offline(slot, voucher);
                self.restart(slot);
            }
            Action::Ask(slot, voucher) => {
                self.ask(slot, voucher, running(after, slot).ask.unwrap());
            }
            Action::TimeOut(slot) => self.time_out(slot, running(before, slot).ask.unwrap()),
            Action::Note(slot) => {
                let (till, now) = self.till(slot);
                till.scan("no voucher at all", now);
            }
            Action::Back(slot, position) => self.take_back(slot, position),
            Action::Push(slot) => {
                self.push(slot, running(before, slot).push, running(after, slot).push.unwrap());
            }
            Action::Pull(slot) => self.pull(slot, running(after, slot).pull.unwrap()),
            Action::Deliver(slot, place) => self.delivered(slot, place, (before, after)),
            Action::Answer(at) => {
                let reply = before.replies[at];
                self.answered(reply.slot, (reply.of, reply.body));
            }
            Action::Crash(slot) => self.restart(slot),
            Action::Backup(slot) => self.backup(slot),
            Action::Restore(slot) => self.restore(slot),
            Action::Clone(slot) => self.clone_store(slot),
            Action::Renew(slot) => self.enrol(slot, false),
            Action::Replace(slot) => self.enrol(slot, true),
            Action::EndLease if before.platform != after.platform => self.end_lease(),
            Action::EndLease => {}
            Action::PlatformClock
            | Action::TillClock(_)
            | Action::DeliverCrash(..)
            | Action::BackupPlatform
            | Action::RestorePlatform
            | Action::ClaimExpires(_) => unreachable!("{action:?} is not walked"),
        }
    }

    /// An answer that the model has under way is what the program's platform said.
    fn delivered(&mut self, slot: u8, place: u8, (before, after): (&State, &State)) {
        let result = self.deliver(slot, place);
        let till = &before.tills[usize::from(slot)];
        let running = &till.running;
        if ![running.ask, running.push, running.pull].contains(&Some(place)) {
            return;
        }
        let answer = before
            .clone()
            .platform
            .answer(&self.config.clone(), (till.number, till.sent[usize::from(place)]));
        let known = after
            .replies
            .iter()
            .any(|reply| (reply.slot, reply.of, reply.body) == (slot, place, answer));
        assert!(known, "{answer:?} is not under way");
        self.reply(slot, (place, answer), result);
    }
}

fn compare(real: &Real<'_>, state: &State) {
    for (own, till) in real.tills.iter().zip(&state.tills) {
        let journal: Vec<Said> = till.journal.entries().map(|(_, said)| said).collect();
        assert_eq!(own.journal(&real.vouchers), journal, "journal");
        assert_eq!(own.epoch(), Epoch(till.epoch.into()), "epoch");
        assert_eq!(own.acked(), u64::from(till.acked), "acknowledged");
        assert_eq!(own.forked(), till.forked, "fork");
    }
    compare_platform(real, state);
}

/// Ledgers, claims, conflicts and heads, with terminals by their order and positions as the model counts them.
fn compare_platform(real: &Real<'_>, state: &State) {
    let offset = |epoch: Epoch| if epoch == Epoch(1) { 2 } else { 1 };
    let numbers = &real.numbers;
    let place = |terminal| numbers.iter().position(|number| *number == terminal).unwrap() as u8;
    let (mut ledger, mut claims) = (Vec::new(), Vec::new());
    for (of, voucher) in (0..).zip(&real.vouchers) {
        let view = real.stage.platform.voucher(VoucherName::Id(voucher.claims.id)).unwrap();
        ledger.extend(
            view.ledger
                .uses
                .iter()
                .map(|row| (of, place(row.terminal), row.epoch.0, row.seq.0 - offset(row.epoch))),
        );
        claims.extend(view.open_claims.iter().map(|row| {
            (of, place(row.terminal), row.epoch.0, row.after.0 - offset(row.epoch), row.used.uses)
        }));
    }
    ledger.sort_unstable();
    claims.sort_unstable();
    let rows = state.platform.ledger.iter();
    let mut expected: Vec<_> = rows
        .map(|row| (row.voucher, row.owner.0, u32::from(row.owner.1), u64::from(row.seq)))
        .collect();
    expected.sort_unstable();
    assert_eq!(ledger, expected, "ledgers");
    let rows = state.platform.claims.iter();
    let mut expected: Vec<_> = rows
        .map(|row| {
            (
                row.voucher,
                row.owner.0,
                u32::from(row.owner.1),
                u64::from(row.after),
                u32::from(row.used),
            )
        })
        .collect();
    expected.sort_unstable();
    assert_eq!(claims, expected, "claims");
    let noted = real.stage.platform.conflicts(0, 10).unwrap();
    let noted = real
        .vouchers
        .iter()
        .map(|own| noted.iter().any(|row| row.voucher == own.claims.id.to_string()));
    let expected = (0..real.vouchers.len()).map(|of| state.platform.conflicts & (1 << of) > 0);
    assert!(noted.eq(expected), "conflicts");
    for (number, terminal) in (0..).zip(numbers) {
        let line = real.stage.platform.terminal(*terminal).unwrap();
        let epoch = line.terminal.epoch;
        let held = line.journal.head.seq.0.saturating_sub(offset(epoch));
        let log = state.platform.log((number, u8::try_from(epoch.0).unwrap()));
        assert_eq!(held, u64::from(log.len()), "what the platform holds");
    }
}

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 33) as usize % most
    }
}
