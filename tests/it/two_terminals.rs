//! Two terminals and a platform: what each promise is worth when the network is not there.

use std::{fs, path::Path};

use countersign::{
    domain::{
        crypto::PublicKey,
        id::{OperatorId, Seq},
        journal::{Body, SignedEntry},
        money::{Currency, Money},
        redeem::{OfflineMode, Part, Request},
        scan::EntryMethod,
        trust::Status,
        voucher::Terms,
    },
    platform::{service::VoucherName, store::RedemptionFilter},
    terminal::{
        RollBackOrder,
        clock::Clock as _,
        outcome::{Outcome, State},
    },
};

use crate::stage::Stage;

fn code(outcome: &Outcome) -> (&'static str, &str) {
    (outcome.state.code(), outcome.code.as_str())
}

fn whole(entry: Seq) -> RollBackOrder {
    let reason = "wrong_scan".to_owned();
    RollBackOrder { entry, part: Part::All, reason, approved_by: None }
}

fn redemptions(stage: &Stage) -> usize {
    let filter = RedemptionFilter { limit: 500, ..RedemptionFilter::default() };
    stage.platform.redemptions(&filter).unwrap().redemptions.len()
}

#[test]
fn an_offline_double_redemption_is_reported_with_both_signed_entries() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let tills = [stage.terminal("a", stage.branches[0]), stage.terminal("b", stage.branches[1])];
    for till in &tills {
        assert!(till.sync());
        till.wire.cut(true);
    }
    assert_eq!(code(&tills[0].redeem(&voucher.text)), ("accepted", "accepted"));
    stage.clock.advance(60);
    assert_eq!(code(&tills[1].redeem(&voucher.text)), ("accepted", "accepted"));
    for till in &tills {
        till.wire.cut(false);
        assert!(till.sync());
    }
    // The first till hears of it in its next pull.
    assert!(tills[0].sync());

    for till in &tills {
        let session = till.open();
        let store = session.engine.store().unwrap();
        let notices = store.conflicts().unwrap();
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].voucher, voucher.claims.key());
        let evidence: Vec<_> = notices[0]
            .evidence
            .iter()
            .map(|proof| SignedEntry::open(&proof.entry, &proof.terminal_key).unwrap().entry)
            .collect();
        let branches: Vec<_> = evidence.iter().map(|entry| entry.branch).collect();
        assert_eq!(branches, [stage.branches[1], stage.branches[0]], "the later one first");
        for entry in &evidence {
            let Body::Redeemed(redeemed) = &entry.body else { panic!("not a redemption") };
            assert_eq!(redeemed.voucher, voucher.claims.key());
            assert!(!redeemed.online);
        }
        let keys: Vec<PublicKey> =
            notices[0].evidence.iter().map(|proof| proof.terminal_key).collect();
        assert_ne!(keys[0], keys[1]);
    }
    assert_eq!(stage.platform.conflicts(0, 10).unwrap().len(), 1);
    assert_eq!(redemptions(&stage), 2);
}

#[test]
fn with_the_network_the_second_terminal_is_told_when_and_where() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let (a, b) = (stage.terminal("a", stage.branches[0]), stage.terminal("b", stage.branches[1]));
    assert!(a.sync() && b.sync());
    let first = a.redeem(&voucher.text);
    assert!(first.online && matches!(first.state, State::Accepted(_)));
    assert!(a.sync());
    // The list of the second till is older than the redemption: only the question finds out.
    let second = b.redeem(&voucher.text);
    assert_eq!(code(&second), ("refused", "voucher_redeemed_elsewhere"));
    let last = second.last_use.unwrap();
    assert_eq!((last.branch, last.at), (stage.branches[0], first.at));
    assert_eq!(stage.platform.conflicts(0, 10).unwrap().len(), 0);
}

#[test]
fn a_use_that_is_set_aside_for_one_terminal_is_not_given_to_another() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let (a, b) = (stage.terminal("a", stage.branches[0]), stage.terminal("b", stage.branches[1]));
    assert!(a.sync() && b.sync());
    // The first till asks, is granted, accepts, and loses the network before its entry is sent.
    let mut session = a.open();
    let granted = session.redeem(&voucher.text, Request::plain(EntryMethod::Program)).unwrap();
    assert!(granted.online && matches!(granted.state, State::Accepted(_)));
    drop(session);
    assert_eq!(code(&b.redeem(&voucher.text)), ("refused", "voucher_in_use"));
    assert!(a.sync());
    assert_eq!(code(&b.redeem(&voucher.text)), ("refused", "voucher_redeemed_elsewhere"));
}

/// Copies a terminal's folder, as a backup does.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn a_store_that_was_set_back_is_not_given_the_platforms_word() {
    let stage = Stage::with_mode(OfflineMode::Never);
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let till = stage.terminal("a", stage.branches[0]);
    assert!(till.sync());
    copy(&stage.dir("a"), &stage.dir("backup"));
    assert_eq!(code(&till.redeem(&voucher.text)), ("accepted", "accepted"));
    assert!(till.sync());
    fs::remove_dir_all(stage.dir("a")).unwrap();
    fs::rename(stage.dir("backup"), stage.dir("a")).unwrap();
    // It writes as many entries as it lost before it asks, so that its journal is no shorter than the platform's.
    stage.clock.advance(60);
    assert_eq!(code(&till.redeem("no voucher at all")).0, "not_a_voucher");
    assert_eq!(code(&till.redeem(&voucher.text)), ("cannot_check", "terminal_refused"));
    assert!(!till.sync());
    assert_eq!(
        till.open().engine.fault().map(str::is_empty),
        Some(false),
        "it says that it forked"
    );
    assert_eq!(redemptions(&stage), 1);
}

#[test]
fn a_campaign_that_is_never_honoured_offline_cannot_be_checked_without_the_network() {
    let stage = Stage::with_mode(OfflineMode::Never);
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let till = stage.terminal("a", stage.branches[0]);
    assert!(till.sync());
    till.wire.cut(true);
    assert_eq!(code(&till.redeem(&voucher.text)), ("cannot_check", "online_required"));
    till.wire.cut(false);
    assert_eq!(code(&till.redeem(&voucher.text)), ("accepted", "accepted"));
}

#[test]
fn answers_that_are_lost_and_messages_that_come_twice_change_nothing() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 40);
    let till = stage.terminal("a", stage.branches[0]);
    till.wire.cut(true);
    for voucher in &vouchers {
        assert_eq!(code(&till.redeem(&voucher.text)).0, "accepted");
    }
    till.wire.cut(false);
    till.wire.deliver_twice(true);
    till.wire.lose_every(2);
    for _ in 0..20 {
        till.sync();
        stage.clock.advance(120);
    }
    till.wire.lose_every(0);
    assert!(till.sync());
    assert_eq!(redemptions(&stage), 40);
    assert_eq!(stage.platform.conflicts(0, 10).unwrap().len(), 0);
    assert_eq!(till.open().engine.store().unwrap().unsent_entries(), 0);
}

#[test]
fn a_roll_back_gives_the_use_back_everywhere() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let (a, b) = (stage.terminal("a", stage.branches[0]), stage.terminal("b", stage.branches[1]));
    assert!(a.sync() && b.sync());
    let entry = a.redeem(&voucher.text).entry.unwrap();
    assert!(a.sync());
    let mut session = a.open();
    let back = session.roll_back(&whole(entry)).unwrap();
    assert_eq!(code(&back).0, "rolled_back");
    let again = session.roll_back(&whole(entry)).unwrap();
    assert_eq!(code(&again), ("refused", "already_rolled_back"));
    assert!(session.sync());
    drop(session);
    assert!(b.sync());
    assert_eq!(code(&b.redeem(&voucher.text)), ("accepted", "accepted"));
    assert!(b.sync());
    assert_eq!(stage.platform.conflicts(0, 10).unwrap().len(), 0);
}

#[test]
fn an_operator_signs_in_where_they_work_and_every_entry_carries_them() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 2);
    let create = |name, branches: &[_]| {
        stage.platform.create_operator(stage.merchant, name, branches).unwrap()
    };
    let mira = create("Mira", &stage.branches[..1]);
    let (a, b) = (stage.terminal("a", stage.branches[0]), stage.terminal("b", stage.branches[1]));
    assert!(a.sync() && b.sync());
    let mut session = a.open();
    assert!(session.engine.sign_in(mira));
    assert!(!session.engine.sign_in(OperatorId(mira.0 + 1)), "nobody has this number");
    assert_eq!(session.engine.view(stage.clock.now()).strip.operator, "Mira");
    session.redeem(&vouchers[0].text, Request::plain(EntryMethod::Program)).unwrap();
    let noor = create("Noor", &[]);
    assert!(!session.engine.sign_in(noor), "the terminal has not heard of her");
    assert!(session.sync());
    assert!(session.engine.sign_in(noor));
    assert!(session.sync());
    drop(session);

    let mut other = b.open();
    assert!(!other.engine.sign_in(mira), "she does not work at this branch");
    assert_eq!(other.engine.view(stage.clock.now()).strip.operator, "");
    other.redeem(&vouchers[1].text, Request::plain(EntryMethod::Program)).unwrap();
    assert!(other.sync());
    let filter = RedemptionFilter { limit: 500, ..RedemptionFilter::default() };
    let listed = stage.platform.redemptions(&filter).unwrap().redemptions;
    let operators: Vec<_> = listed.iter().map(|line| line.operator).collect();
    assert_eq!(operators, [Some(mira.0), None]);
}

#[test]
fn a_voucher_used_here_is_refused_here_whatever_the_clock_and_the_network_do() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let till = stage.terminal("a", stage.branches[0]);
    till.wire.cut(true);
    assert_eq!(code(&till.redeem(&voucher.text)).0, "accepted");
    for shift in [-86_400 * 400, -1, 0, 1, 86_400] {
        stage.clock.set(crate::stage::START.plus(shift));
        assert_eq!(code(&till.redeem(&voucher.text)), ("refused", "voucher_already_redeemed"));
    }
}

#[test]
fn a_balance_is_spent_in_parts_and_never_beyond_what_it_holds() {
    let stage = Stage::new();
    let gift = Terms::StoredValue { balance: Money::new(5_000, Currency::EUR) };
    let voucher = stage.issue(&gift, 1).remove(0);
    let (a, b) = (stage.terminal("a", stage.branches[0]), stage.terminal("b", stage.branches[1]));
    assert!(a.sync() && b.sync());
    let spend = |minor| Request {
        amount: Some(Money::new(minor, Currency::EUR)),
        ..Request::plain(EntryMethod::Program)
    };
    let left = |outcome: &Outcome| {
        let State::Accepted(redemption) = &outcome.state else { panic!("{outcome:?}") };
        redemption.left
    };
    assert_eq!(left(&a.open().redeem(&voucher.text, spend(1_250)).unwrap()), 3_750);
    assert!(a.sync());
    // The second till asks, and hears of the first one's part.
    assert_eq!(left(&b.open().redeem(&voucher.text, spend(3_000)).unwrap()), 750);
    assert!(b.sync());
    let over = b.open().redeem(&voucher.text, spend(751)).unwrap();
    assert_eq!(code(&over), ("refused", "balance_exceeded"));
    assert_eq!(over.voucher.unwrap().terms.limit().left_after(over.used), 750);
    assert_eq!(left(&a.open().redeem(&voucher.text, spend(750)).unwrap()), 0);
    assert!(a.sync());
    assert_eq!(stage.platform.conflicts(0, 10).unwrap().len(), 0);
}

#[test]
fn a_revocation_arrives_with_the_next_list_and_holds_without_the_network() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let till = stage.terminal("a", stage.branches[0]);
    assert!(till.sync());
    stage.platform.revoke_voucher(VoucherName::Code(voucher.code)).unwrap();
    assert!(till.sync());
    till.wire.cut(true);
    assert_eq!(code(&till.redeem(&voucher.text)), ("refused", "voucher_revoked"));
    let known = stage.platform.voucher(VoucherName::Code(voucher.code)).unwrap();
    assert_eq!(known.status, Status::Revoked);
}

#[test]
fn typed_short_codes_are_looked_up_at_the_platform() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let till = stage.terminal("a", stage.branches[0]);
    assert!(till.sync());
    till.wire.cut(true);
    let typed = voucher.code.to_string();
    assert_eq!(code(&till.redeem(&typed)), ("cannot_check", "short_code_offline"));
    till.wire.cut(false);
    assert_eq!(code(&till.redeem(&typed)), ("accepted", "accepted"));
}
