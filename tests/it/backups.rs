//! The platform goes on from an old backup: what it acknowledged and forgot comes to it again, of every life of a journal.

use std::{fs, sync::Arc};

use countersign::{
    domain::{enrol::EnrolmentCode, id::TerminalId},
    platform::{
        service::{EnrolmentOrder, Issued, Platform},
        store::RedemptionFilter,
    },
    terminal::enrolment,
};

use crate::stage::{START, Stage, Till};

fn redemptions(platform: &Platform) -> usize {
    let filter = RedemptionFilter { limit: 500, ..RedemptionFilter::default() };
    platform.redemptions(&filter).unwrap().redemptions.len()
}

fn redeem_all(till: &Till<'_>, vouchers: &[Issued]) {
    for voucher in vouchers {
        assert_eq!(till.redeem(&voucher.text).code, "accepted");
    }
}

fn name(till: &Till<'_>) -> TerminalId {
    till.open().engine.store().unwrap().identity().terminal
}

/// The folder goes on in the next life of its journal, at whichever platform answers.
fn enrol_again(stage: &Stage, till: &Till<'_>, platform: &Platform) {
    let order = EnrolmentOrder {
        branch: stage.branches[0],
        name: "a".to_owned(),
        terminal: Some(name(till)),
        url: "https://platform.example".to_owned(),
    };
    let code = platform.create_enrolment(&order).unwrap().to_text();
    let code = EnrolmentCode::parse(&code).unwrap();
    enrolment::enrol(&stage.dir("a"), &code, &*till.wire, START).unwrap();
}

fn waiting(till: &Till<'_>) -> (u64, u64) {
    let session = till.open();
    let store = session.engine.store().unwrap();
    (store.unsent_entries(), store.stranded_entries())
}

/// A terminal with three redemptions that the platform acknowledged, and a backup that lacks them.
fn forgotten(stage: &Stage) -> (Till<'_>, Vec<Issued>, Arc<Platform>) {
    let vouchers = stage.issue(&Stage::deal(), 5);
    let till = stage.terminal("a", stage.branches[0]);
    stage.keep_copy("backup");
    redeem_all(&till, &vouchers[..3]);
    assert!(till.sync());
    assert_eq!((redemptions(&stage.platform), waiting(&till)), (3, (0, 0)));
    let restored = Arc::new(stage.restored("backup"));
    assert_eq!(redemptions(&restored), 0);
    till.wire.goes_to(&restored);
    (till, vouchers, restored)
}

#[test]
fn a_life_that_ended_before_anybody_noticed_is_sent_again() {
    let stage = Stage::on_disk();
    let (till, vouchers, restored) = forgotten(&stage);
    enrol_again(&stage, &till, &restored);
    assert!(till.sync());
    assert_eq!((redemptions(&restored), waiting(&till)), (3, (0, 0)));
    redeem_all(&till, &vouchers[3..]);
    assert!(till.sync());
    assert_eq!((redemptions(&restored), waiting(&till)), (5, (0, 0)));
}

#[test]
fn what_is_lacking_of_this_life_may_be_lacking_of_the_one_before() {
    let stage = Stage::on_disk();
    let (till, vouchers, restored) = forgotten(&stage);
    enrol_again(&stage, &till, &restored);
    stage.keep_copy_of("backup", "second");
    assert!(till.sync());
    redeem_all(&till, &vouchers[3..]);
    assert!(till.sync());
    assert_eq!((redemptions(&restored), waiting(&till)), (5, (0, 0)));
    // Nothing waits, and the next start of the program finds out by itself.
    let again = Arc::new(stage.restored("second"));
    till.wire.goes_to(&again);
    assert_eq!(redemptions(&again), 0);
    assert!(till.sync());
    assert_eq!((redemptions(&again), waiting(&till)), (5, (0, 0)));
}

#[test]
fn a_platform_that_forgot_nothing_hears_one_entry_of_each_life() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 2);
    let till = stage.terminal("a", stage.branches[0]);
    redeem_all(&till, &vouchers[..1]);
    assert!(till.sync());
    enrol_again(&stage, &till, &stage.platform);
    let session = till.open();
    let store = session.engine.store().unwrap();
    assert_eq!(store.to_send(None)[0].entries(), 1);
    drop(session);
    redeem_all(&till, &vouchers[1..]);
    assert!(till.sync());
    assert_eq!((redemptions(&stage.platform), waiting(&till)), (2, (0, 0)));
}

#[test]
fn entries_of_a_life_that_was_revoked_hold_up_nothing() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 5);
    let till = stage.terminal("a", stage.branches[0]);
    redeem_all(&till, &vouchers[..1]);
    assert!(till.sync());
    till.wire.cut(true);
    redeem_all(&till, &vouchers[1..3]);
    let terminal = name(&till);
    stage.platform.revoke_terminal(terminal).unwrap();
    till.wire.cut(false);
    // The same folder on another device: the key of the life before is gone.
    fs::remove_file(stage.dir("a").join("device.key")).unwrap();
    let code = stage.code("a", stage.branches[0], Some(terminal));
    enrolment::enrol(&stage.dir("a"), &code, &*till.wire, START).unwrap();
    redeem_all(&till, &vouchers[3..]);
    assert!(till.sync());
    assert_eq!(
        redemptions(&stage.platform),
        3,
        "those of the revoked life are not taken in its name"
    );
    assert_eq!(waiting(&till), (0, 2), "they are kept, and go to the platform as a file");
}
