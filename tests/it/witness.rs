//! Redemptions that the customer's phone tells the platform of before the terminal can.

use std::collections::BTreeSet;

use countersign::{
    domain::{
        id::Seq,
        redeem::{OfflineMode, Request},
        scan::EntryMethod,
        sync::{WITNESS_URL_MAX, witness_bytes},
    },
    platform::{
        service::{Issued, Witnessed},
        store::RedemptionFilter,
    },
    terminal::{
        clock::Clock as _,
        command::Command,
        engine::Event,
        outcome::{Outcome, State},
    },
};
use proptest::prelude::*;

use crate::stage::{Stage, Till};

fn code(outcome: &Outcome) -> (&'static str, &str) {
    (outcome.state.code(), outcome.code.as_str())
}

/// The entry in the address that the counter shows.
fn shown(till: &Till<'_>, entry: Seq) -> Option<Vec<u8>> {
    let url = till.open().engine.witness_url(entry).ok()??;
    let bytes = url.strip_prefix("HTTPS://PLATFORM.EXAMPLE/E/").and_then(witness_bytes);
    assert!(bytes.is_some(), "{url}");
    bytes
}

fn redemptions(stage: &Stage) -> usize {
    let filter = RedemptionFilter { limit: 500, ..RedemptionFilter::default() };
    stage.platform.redemptions(&filter).unwrap().redemptions.len()
}

#[test]
fn a_customer_keeps_an_offline_redemption_from_being_repeated_elsewhere() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let (a, b) = (stage.terminal("a", stage.branches[0]), stage.terminal("b", stage.branches[1]));
    assert!(a.sync() && b.sync());
    a.wire.cut(true);
    let entry = a.redeem(&voucher.text).entry.unwrap();
    let bytes = shown(&a, entry).unwrap();
    assert_eq!(stage.platform.witness(&bytes).unwrap().state, Witnessed::New);
    assert_eq!(code(&b.redeem(&voucher.text)), ("refused", "voucher_in_use"));
    // Also without the network, from the next list on.
    assert!(b.sync());
    b.wire.cut(true);
    assert_eq!(code(&b.redeem(&voucher.text)), ("refused", "voucher_redeemed_elsewhere"));
    a.wire.cut(false);
    assert!(a.sync());
    assert_eq!(shown(&a, entry), None, "the platform has acknowledged it");
    assert_eq!(stage.platform.witness(&bytes).unwrap().state, Witnessed::Held);
    assert_eq!((redemptions(&stage), stage.platform.conflicts(0, 9).unwrap().len()), (1, 0));
}

#[test]
fn the_reference_that_the_customer_sees_is_that_of_the_receipt() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let till = stage.terminal("a", stage.branches[0]);
    till.wire.cut(true);
    let mut session = till.open();
    let outcome = session.redeem(&voucher.text, Request::plain(EntryMethod::Program)).unwrap();
    let receipt = session.engine.receipt(&outcome);
    drop(session);
    let bytes = shown(&till, outcome.entry.unwrap()).unwrap();
    let reference = stage.platform.witness(&bytes).unwrap().reference;
    assert!(receipt.iter().any(|line| line.ends_with(&reference)), "{receipt:?} {reference}");
}

#[test]
fn a_terminal_that_was_set_back_behind_a_witnessed_entry_stops_redeeming() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 2);
    let till = stage.terminal("a", stage.branches[0]);
    assert!(till.sync());
    till.wire.cut(true);
    let copy = stage.dir("copy");
    copy_folder(&stage.dir("a"), &copy);
    let entry = till.redeem(&vouchers[0].text).entry.unwrap();
    let bytes = shown(&till, entry).unwrap();
    std::fs::remove_dir_all(stage.dir("a")).unwrap();
    copy_folder(&copy, &stage.dir("a"));
    stage.clock.advance(60);
    // The copy knows nothing of the redemption and makes it again.
    assert_eq!(code(&till.redeem(&vouchers[0].text)), ("accepted", "accepted"));
    stage.platform.witness(&bytes).unwrap();
    till.wire.cut(false);
    assert!(!till.sync());
    assert_eq!(code(&till.redeem(&vouchers[1].text)).0, "cannot_check");
    let forks = stage.platform.forks().unwrap();
    assert_eq!((forks.len(), forks[0].seq), (1, entry.0));
    assert_eq!(redemptions(&stage), 0);
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn the_code_on_the_screen_is_read_by_an_unrelated_reader() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let till = stage.terminal("a", stage.branches[0]);
    till.wire.cut(true);
    let entry = till.redeem(&voucher.text).entry.unwrap();
    let mut session = till.open();
    let url = session.engine.witness_url(entry).unwrap().unwrap();
    assert!(url.len() <= WITNESS_URL_MAX);
    let now = stage.clock.now();
    assert!(session.engine.view(now).witness.is_empty(), "not drawn while nobody looks");
    session.engine.handle(Event::Command(Command::ShowWitness(true)), now);
    let view = session.engine.view(now);
    assert_eq!(view.witness.len(), 1);
    let (width, modules) = (view.witness[0].width, &view.witness[0].modules);
    // Version 20 at the most: 97 modules a side.
    assert!(width <= 97, "{width} modules for {} characters", url.len());
    let side = (width + 8) * 4;
    let pixel = |x: usize, y: usize| {
        let module = |at: usize| (at / 4).checked_sub(4).filter(|at| *at < width);
        let dark = module(x).zip(module(y)).is_some_and(|(x, y)| modules[y * width + x]);
        if dark { 0 } else { 255 }
    };
    let mut frame = rqrr::PreparedImage::prepare_from_greyscale(side, side, pixel);
    let (_, read) = frame.detect_grids()[0].decode().unwrap();
    assert_eq!(read, url);
}

#[test]
fn every_voucher_of_an_act_has_its_code() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 2);
    let till = stage.terminal("a", stage.branches[0]);
    till.wire.cut(true);
    let mut session = till.open();
    let texts: Vec<_> = vouchers.iter().map(|voucher| voucher.text.clone()).collect();
    let plain = Request::plain(EntryMethod::Program);
    let act: Vec<_> = texts.into_iter().map(|text| (text, plain)).collect();
    let outcome = session.redeem_together("80.00", &act).unwrap();
    assert!(matches!(outcome.state, State::Together(_)), "{outcome:?}");
    let now = stage.clock.now();
    session.engine.handle(Event::Command(Command::ShowWitness(true)), now);
    assert_eq!(session.engine.view(now).witness.len(), 2);
}

/// What happens to two terminals that are offline most of the time.
#[derive(Clone, Copy, Debug)]
enum Step {
    Redeem(usize, usize),
    Witness(usize),
    Sync(usize),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..2_usize, 0..4_usize).prop_map(|(till, voucher)| Step::Redeem(till, voucher)),
        (0..8_usize).prop_map(Step::Witness),
        (0..2_usize).prop_map(Step::Sync),
        Just(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn witnessed_or_not_each_redemption_takes_effect_once(steps in prop::collection::vec(step(), 1..18)) {
        let stage = Stage::with_mode(OfflineMode::Always);
        let vouchers: Vec<Issued> = stage.issue(&Stage::deal(), 4);
        let tills = [stage.terminal("a", stage.branches[0]), stage.terminal("b", stage.branches[1])];
        for till in &tills {
            till.wire.cut(true);
        }
        let (mut accepted, mut entries) = (BTreeSet::new(), Vec::new());
        for step in steps {
            match step {
                Step::Redeem(till, voucher) => {
                    let outcome = tills[till].redeem(&vouchers[voucher].text);
                    if outcome.state.code() == "accepted" {
                        prop_assert!(accepted.insert((till, voucher)), "twice by one terminal");
                        entries.push(shown(&tills[till], outcome.entry.unwrap()).unwrap());
                    }
                }
                // Handed in by whoever, whenever, as often as they like.
                Step::Witness(at) => {
                    if let Some(bytes) = entries.get(at) {
                        stage.platform.witness(bytes).unwrap();
                    }
                }
                Step::Sync(till) => {
                    tills[till].wire.cut(false);
                    prop_assert!(tills[till].sync());
                    tills[till].wire.cut(true);
                }
                Step::Wait => stage.clock.advance(3600),
            }
        }
        for till in &tills {
            till.wire.cut(false);
            prop_assert!(till.sync());
        }
        prop_assert_eq!(redemptions(&stage), accepted.len());
        let doubles = (0..4).filter(|voucher| (0..2).all(|till| accepted.contains(&(till, *voucher))));
        prop_assert_eq!(stage.platform.conflicts(0, 100).unwrap().len(), doubles.count());
        prop_assert!(stage.platform.forks().unwrap().is_empty(), "no honest terminal is accused");
        for line in stage.platform.terminals().unwrap() {
            prop_assert_eq!(line.witnessed, 0, "everything that was witnessed was delivered");
        }
    }
}
