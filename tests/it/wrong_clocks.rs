//! A terminal whose clock is wrong, beside a platform whose clock is right.

use std::sync::Arc;

use countersign::{
    console::random,
    domain::{
        journal::{Body, Entry},
        redeem::{OfflineMode, Request},
        scan::EntryMethod,
    },
    net::Transport,
    platform::service::{Ends, Order},
    terminal::{
        clock::{Clock, ManualClock},
        outcome::Outcome,
        session::Session,
    },
};

use crate::stage::{START, Stage, Till};

const DAY: i64 = 86_400;

fn open(stage: &Stage, till: &Till<'_>, clock: &Arc<ManualClock>) -> Session {
    let wire = Arc::clone(&till.wire) as Arc<dyn Transport>;
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Session::open(&stage.dir("a"), Some(wire), random, clock).unwrap()
}

fn redeem(session: &mut Session, text: &str) -> Outcome {
    session.redeem(text, Request::plain(EntryMethod::Program)).unwrap()
}

fn code(outcome: &Outcome) -> (&'static str, &str) {
    (outcome.state.code(), outcome.code.as_str())
}

#[test]
fn a_clock_that_is_ahead_refuses_nothing_as_expired_and_is_forgiven_once_it_is_set() {
    let stage = Stage::with_mode(OfflineMode::Always);
    let vouchers = stage.issue(&Stage::deal(), 4);
    let till = stage.terminal("a", stage.branches[0]);
    let clock = Arc::new(ManualClock::at(START.plus(400 * DAY)));
    let mut session = open(&stage, &till, &clock);
    assert!(session.sync());
    let view = session.engine.view(clock.now());
    assert_eq!(view.strip.clock, "clock 400 days ahead");
    till.wire.cut(true);
    let unclear = redeem(&mut session, &vouchers[0].text);
    assert_eq!(code(&unclear), ("cannot_check", "time_unclear"));
    drop(session);
    // The next start has no answer of the platform, and remembers by how much the clock was wrong.
    let mut session = open(&stage, &till, &clock);
    let unclear = redeem(&mut session, &vouchers[0].text);
    assert_eq!(code(&unclear), ("cannot_check", "time_unclear"));
    drop(session);
    till.wire.cut(false);
    let mut session = open(&stage, &till, &clock);
    assert_eq!(code(&redeem(&mut session, &vouchers[0].text)), ("accepted", "accepted"));
    assert!(session.sync());
    drop(session);

    // Its entries are dated a year ahead; the platform's time says which clock was wrong.
    clock.set(START.plus(60));
    let mut session = open(&stage, &till, &clock);
    till.wire.cut(true);
    assert_eq!(code(&redeem(&mut session, &vouchers[1].text)), ("accepted", "accepted"));
    till.wire.cut(false);
    assert!(session.sync());
    let view = session.engine.view(clock.now());
    assert_eq!(view.strip.clock, "");
    till.wire.cut(true);
    assert_eq!(code(&redeem(&mut session, &vouchers[2].text)), ("accepted", "accepted"));
}

#[test]
fn a_clock_set_forward_begins_nothing_that_has_not_begun() {
    let stage = Stage::with_mode(OfflineMode::Always);
    let later = |order| Order {
        from: START.plus(10 * DAY),
        until: Ends::At(START.plus(20 * DAY)),
        ..order
    };
    let voucher = stage.issue_as(&Stage::deal(), later).remove(0);
    let till = stage.terminal("a", stage.branches[0]);
    let clock = Arc::new(ManualClock::at(START));
    let mut session = open(&stage, &till, &clock);
    assert!(session.sync());
    till.wire.cut(true);
    assert_eq!(code(&redeem(&mut session, &voucher.text)), ("refused", "voucher_not_active"));
    clock.set(START.plus(11 * DAY));
    assert_eq!(code(&redeem(&mut session, &voucher.text)), ("cannot_check", "time_unclear"));
    till.wire.cut(false);
    clock.advance(60);
    assert_eq!(code(&redeem(&mut session, &voucher.text)), ("refused", "voucher_not_active"));
}

#[test]
fn a_clock_set_back_while_the_program_runs_is_noticed_without_an_entry() {
    let stage = Stage::with_mode(OfflineMode::Always);
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let till = stage.terminal("a", stage.branches[0]);
    till.wire.cut(true);
    let clock = Arc::new(ManualClock::at(START));
    let mut session = open(&stage, &till, &clock);
    clock.advance(4 * 3600);
    session.engine.handle(countersign::terminal::engine::Event::Tick, clock.now());
    clock.set(START.plus(60));
    assert_eq!(code(&redeem(&mut session, &voucher.text)), ("cannot_check", "clock_suspect"));
    let view = session.engine.view(clock.now());
    assert_eq!(view.strip.clock, "clock set back 3 h");
    assert!(view.strip.warning);
}

#[test]
fn every_entry_carries_the_clock_that_nobody_can_set() {
    let stage = Stage::with_mode(OfflineMode::Always);
    let vouchers = stage.issue(&Stage::deal(), 4);
    let till = stage.terminal("a", stage.branches[0]);
    till.wire.cut(true);
    let clock = Arc::new(ManualClock::at(START));
    for pair in vouchers.chunks(2) {
        let mut session = open(&stage, &till, &clock);
        clock.advance(7);
        redeem(&mut session, &pair[0].text);
        clock.set(START);
        clock.advance(5);
        redeem(&mut session, &pair[1].text);
    }
    let session = open(&stage, &till, &clock);
    let mut entries: Vec<Entry> = Vec::new();
    let store = session.engine.store().unwrap();
    store.verify_journal(|signed| entries.push(signed.entry.clone())).unwrap();
    assert!(entries.is_sorted_by_key(|entry| entry.uptime));
    let redeemed = entries.iter().filter(|entry| matches!(entry.body, Body::Redeemed(_)));
    let uptimes: Vec<_> = redeemed.map(|entry| entry.uptime).collect();
    assert_eq!(uptimes.len(), 4);
    assert_eq!(uptimes[0].start, uptimes[1].start);
    assert_eq!(uptimes[1].millis - uptimes[0].millis, 5_000);
    assert!(uptimes[2].start > uptimes[1].start);
}
