//! Stores that are damaged, set back or lost, keys that are gone, and the way back from each.

use std::{
    fs,
    path::{Path, PathBuf},
};

use countersign::{
    console::random,
    domain::{
        id::{Epoch, Hash, Seq},
        journal::{Body, Entry, Recovered},
        redeem::Request,
        scan::EntryMethod,
    },
    platform::{service::Issued, store::RedemptionFilter},
    store::{Archive, Note, StoreError},
    terminal::{
        clock::Clock as _,
        command::Command,
        engine::{Engine, Event},
        enrolment::{self, EnrolmentError},
        outcome::Outcome,
        recovery::{self, Means, Recovery, RecoveryError},
        source::{Source, SourceError},
        view::{ScanView, Wanted},
    },
};

use crate::stage::{Stage, Till};

/// A terminal with so many redemptions that were sent, and so many more that were not.
pub(crate) fn worked(stage: &Stage, sent: usize, unsent: usize) -> (Till<'_>, Vec<Issued>) {
    let vouchers = stage.issue(&Stage::deal(), u32::try_from(sent + unsent + 5).unwrap());
    let till = stage.terminal("a", stage.branches[0]);
    for voucher in &vouchers[..sent] {
        assert_eq!(till.redeem(&voucher.text).code, "accepted");
    }
    assert!(till.sync());
    till.wire.cut(true);
    for voucher in &vouchers[sent..sent + unsent] {
        assert_eq!(till.redeem(&voucher.text).code, "accepted");
    }
    (till, vouchers)
}

fn file(stage: &Stage, name: &str) -> PathBuf {
    stage.dir("a").join(name)
}

fn recover(stage: &Stage, till: &Till<'_>) -> Result<Recovery, RecoveryError> {
    let means = Means { transport: &*till.wire, random, now: stage.clock.now() };
    recovery::recover(&Source::from(&stage.dir("a")), means)
}

fn why(till: &Till<'_>) -> StoreError {
    let refused = till.try_open().map(drop).unwrap_err();
    let SourceError::Store(error) = refused else { panic!("{refused}") };
    error
}

fn redemptions(stage: &Stage) -> usize {
    let filter = RedemptionFilter { limit: 500, ..RedemptionFilter::default() };
    stage.platform.redemptions(&filter).unwrap().redemptions.len()
}

fn entries(stage: &Stage) -> Vec<(Entry, Hash)> {
    let archive = Archive::open(stage.dir("a").as_path()).unwrap();
    let mut entries = Vec::new();
    archive.verify(|signed| entries.push((signed.entry.clone(), signed.hash))).unwrap();
    entries
}

/// Overwrites bytes of a file from a share of its length on.
fn scribble(file: &Path, from: f64, bytes: usize) {
    let mut content = fs::read(file).unwrap();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a place in a file"
    )]
    let start = (content.len() as f64 * from) as usize;
    let end = content.len().min(start + bytes);
    content[start..end].fill(0xa5);
    fs::write(file, content).unwrap();
}

/// The page of a table's root, found as SQLite's schema has it.
fn scribble_table(stage: &Stage, table: &str) {
    let conn = rusqlite::Connection::open(file(stage, "terminal.db")).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let page: u64 = conn.query_row(sql, [table], |row| row.get(0)).unwrap();
    drop(conn);
    let path = file(stage, "terminal.db");
    let mut content = fs::read(&path).unwrap();
    let start = usize::try_from((page - 1) * 4096).unwrap();
    content[start..start + 4096].fill(0x5a);
    fs::write(&path, content).unwrap();
}

fn assert_goes_on(stage: &Stage, till: &Till<'_>, used: &[Issued], fresh: &Issued) {
    till.wire.cut(true);
    for voucher in used {
        let again = till.redeem(&voucher.text);
        assert_eq!(again.code, "voucher_already_redeemed");
    }
    assert_eq!(till.redeem(&fresh.text).code, "accepted");
    till.wire.cut(false);
    assert!(till.sync());
    assert_eq!(stage.platform.conflicts(0, 10).unwrap().len(), 0);
    assert_eq!(till.open().engine.store().unwrap().unsent_entries(), 0);
}

#[test]
fn a_damaged_store_is_moved_aside_and_made_anew_with_everything_that_was_not_sent() {
    let stage = Stage::new();
    let (till, vouchers) = worked(&stage, 3, 4);
    let before = entries(&stage);
    // What the books say of vouchers is unreadable; the journal is not.
    scribble_table(&stage, "voucher");
    let damaged = fs::read(file(&stage, "terminal.db")).unwrap();

    let StoreError::SetAside { folder, .. } = why(&till) else { panic!("not moved aside") };
    assert_eq!(fs::read(folder.join("terminal.db")).unwrap(), damaged, "nothing of it changed");
    assert!(!file(&stage, "terminal.db").exists());
    assert!(matches!(why(&till), StoreError::SetAside { .. }), "no empty store takes its place");
    assert!(recover(&stage, &till).is_err(), "without the network");
    till.wire.cut(false);
    let recovery = recover(&stage, &till).unwrap();
    assert_eq!((recovery.salvaged, recovery.lost), (4, None));
    assert_eq!(fs::read(folder.join("terminal.db")).unwrap(), damaged, "nor by the recovery");

    let after = entries(&stage);
    assert_eq!(after[..before.len()], before[..]);
    let found = Recovered {
        epoch: Epoch(1),
        held: Seq(u64::try_from(before.len()).unwrap()),
        lost: 0,
        complete: true,
    };
    assert_eq!(after[before.len()].0.body, Body::Recovered(found));
    assert_eq!(after.len(), before.len() + 1);
    assert!(after.is_sorted_by_key(|(entry, _)| entry.uptime));
    assert_goes_on(&stage, &till, &vouchers[..7], &vouchers[7]);
    assert_eq!(redemptions(&stage), 8);
    let again = recover(&stage, &till);
    assert!(matches!(again, Err(RecoveryError::Store(StoreError::NothingLost))), "{again:?}");
}

#[test]
fn an_older_copy_of_the_store_is_found_at_the_next_start_without_a_network() {
    let stage = Stage::new();
    let (till, vouchers) = worked(&stage, 2, 0);
    fs::copy(file(&stage, "terminal.db"), file(&stage, "copy.db")).unwrap();
    assert_eq!(till.redeem(&vouchers[2].text).code, "accepted");
    assert_eq!(till.redeem(&vouchers[3].text).code, "accepted");
    fs::copy(file(&stage, "copy.db"), file(&stage, "terminal.db")).unwrap();
    let StoreError::SetAside { why: reason, .. } = why(&till) else { panic!("not noticed") };
    assert!(reason.contains("set back"), "{reason}");

    // The newer copy is nowhere: two redemptions are lost, and this epoch with them.
    till.wire.cut(false);
    let recovery = recover(&stage, &till).unwrap();
    assert_eq!((recovery.salvaged, recovery.lost), (0, Some(2)));
    assert_eq!(till.redeem(&vouchers[4].text).code, "store_failed");
    let view = till.open().engine.view(stage.clock.now());
    assert!(view.fault.unwrap().contains("2 are known to be"));
    assert!(till.sync() || till.open().engine.store().unwrap().unsent_entries() == 0);

    let identity = till.open().engine.store().unwrap().identity().clone();
    let code = stage.code("a", stage.branches[0], Some(identity.terminal));
    enrolment::enrol(&stage.dir("a"), &code, &*till.wire, stage.clock.now().time).unwrap();
    let last = entries(&stage).pop().unwrap().0;
    let held = entries(&stage).iter().filter(|(entry, _)| entry.epoch == Epoch(1)).count();
    let held = Seq(u64::try_from(held).unwrap());
    let found = Recovered { epoch: Epoch(1), held, lost: 2, complete: false };
    assert_eq!((last.epoch, last.body), (Epoch(2), Body::Recovered(found)));
    assert_goes_on(&stage, &till, &vouchers[..2], &vouchers[5]);
}

#[test]
fn an_older_copy_is_caught_up_where_the_platform_has_the_rest() {
    let stage = Stage::new();
    let (till, vouchers) = worked(&stage, 2, 0);
    fs::copy(file(&stage, "terminal.db"), file(&stage, "copy.db")).unwrap();
    till.wire.cut(false);
    assert_eq!(till.redeem(&vouchers[2].text).code, "accepted");
    assert!(till.sync());
    fs::copy(file(&stage, "copy.db"), file(&stage, "terminal.db")).unwrap();
    assert!(matches!(why(&till), StoreError::SetAside { .. }));
    let recovery = recover(&stage, &till).unwrap();
    assert_eq!((recovery.salvaged, recovery.lost), (0, None));
    assert_goes_on(&stage, &till, &vouchers[..3], &vouchers[3]);
}

#[test]
fn a_store_of_which_nothing_can_be_read_ends_its_epoch() {
    let stage = Stage::new();
    let (till, vouchers) = worked(&stage, 2, 3);
    scribble(&file(&stage, "terminal.db"), 0.0, usize::MAX);
    assert!(matches!(why(&till), StoreError::SetAside { .. }));
    till.wire.cut(false);
    let recovery = recover(&stage, &till).unwrap();
    assert_eq!((recovery.salvaged, recovery.lost), (0, Some(3)));
    assert_eq!(till.redeem(&vouchers[5].text).code, "store_failed");
}

#[test]
fn entries_are_salvaged_from_a_file_that_is_no_database_any_more() {
    let stage = Stage::new();
    let (till, vouchers) = worked(&stage, 2, 3);
    scribble(&file(&stage, "terminal.db"), 0.0, 4096);
    assert!(matches!(why(&till), StoreError::SetAside { .. }));
    let found = recovery::damaged(&Source::from(&stage.dir("a"))).unwrap();
    let redeemed = found.entries.entries();
    let redeemed = redeemed.filter(|entry| matches!(entry.entry.body, Body::Redeemed(_)));
    assert_eq!(redeemed.count(), 5);
    till.wire.cut(false);
    // The program had ended by itself: the anchor names the very last entry, and it was found.
    let recovery = recover(&stage, &till).unwrap();
    assert_eq!((recovery.salvaged, recovery.lost), (3, None));
    assert_goes_on(&stage, &till, &vouchers[..5], &vouchers[5]);
    assert_eq!(redemptions(&stage), 6);
}

#[test]
fn a_store_that_was_deleted_is_missed_and_never_begun_anew_in_its_epoch() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 4);
    let till = stage.terminal("a", stage.branches[0]);
    let redeem = |till: &Till<'_>, at: usize| till.redeem(&vouchers[at].text).code;
    assert_eq!(redeem(&till, 0), "accepted");
    assert!(till.sync());
    fs::remove_file(file(&stage, "terminal.db")).unwrap();
    assert!(matches!(why(&till), StoreError::Gone));
    fs::write(file(&stage, "terminal.db"), b"").unwrap();
    assert!(matches!(why(&till), StoreError::SetAside { .. }), "an empty file is no store");
    let recovery = recover(&stage, &till).unwrap();
    assert_eq!((recovery.salvaged, recovery.lost), (0, None));
    assert_goes_on(&stage, &till, &vouchers[..1], &vouchers[1]);
}

#[test]
fn a_code_that_is_used_again_begins_no_second_journal_beside_a_lost_one() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 1);
    let code = stage.code("a", stage.branches[0], None);
    let till = stage.terminal("b", stage.branches[0]);
    let now = stage.clock.now().time;
    let enrol = || enrolment::enrol(&stage.dir("a"), &code, &*till.wire, now).map(drop);
    enrol().unwrap();
    enrol().unwrap();
    fs::remove_file(file(&stage, "terminal.db")).unwrap();
    let refused = enrol().unwrap_err().to_string();
    assert!(refused.contains("gone"), "{refused}");
    drop(vouchers);
}

#[test]
fn a_lost_key_loses_no_entry() {
    let stage = Stage::new();
    let (till, vouchers) = worked(&stage, 2, 3);
    let identity = till.open().engine.store().unwrap().identity().clone();
    let before = entries(&stage);
    fs::remove_file(file(&stage, "device.key")).unwrap();
    let error = till.try_open().map(drop).unwrap_err();
    assert!(matches!(error, SourceError::KeyLost(_)), "{error}");
    assert_eq!(entries(&stage), before, "the journal is read without it");

    till.wire.cut(false);
    let code = stage.code("a", stage.branches[0], Some(identity.terminal));
    enrolment::enrol(&stage.dir("a"), &code, &*till.wire, stage.clock.now().time).unwrap();
    let session = till.open();
    let store = session.engine.store().unwrap();
    assert_eq!(store.identity().epoch, Epoch(2));
    drop(session);
    let new = entries(&stage).len() - before.len();
    assert!(new >= 2);
    assert_eq!(redemptions(&stage), 2);
    // The next device hands in what the one before wrote.
    assert!(till.sync());
    assert_eq!(redemptions(&stage), 5);
    assert_goes_on(&stage, &till, &vouchers[..5], &vouchers[5]);
    assert_eq!(redemptions(&stage), 6);
}

#[cfg(unix)]
#[test]
fn files_with_the_hashes_of_pins_are_closed_to_others() {
    use std::os::unix::fs::PermissionsExt as _;

    let stage = Stage::new();
    let (till, _) = worked(&stage, 1, 0);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let session = till.open();
    assert_eq!(session.engine.store().unwrap().notes(), []);
    for name in ["terminal.db", "terminal.db-wal", "terminal.head", "terminal.grant", "device.key"]
    {
        assert_eq!(mode(&file(&stage, name)), 0o600, "{name}");
    }
    assert_eq!(mode(&stage.dir("a")), 0o700);
    drop(session);
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(file(&stage, "terminal.db"), open).unwrap();
    let session = till.open();
    let notes = session.engine.store().unwrap().notes().to_vec();
    assert_eq!(notes, [Note::Exposed(file(&stage, "terminal.db"))]);
    assert_eq!(mode(&file(&stage, "terminal.db")), 0o600);
}

#[test]
fn a_platform_that_gives_back_another_journal_than_it_acknowledged_is_not_believed() {
    let stage = Stage::new();
    let (till, _) = worked(&stage, 3, 0);
    let other = Stage::new();
    let (impostor, _) = worked(&other, 0, 0);
    scribble_table(&stage, "voucher");
    assert!(matches!(why(&till), StoreError::SetAside { .. }));
    // The same numbers and keys, but it never saw this terminal's key.
    impostor.wire.cut(false);
    let means = Means { transport: &*impostor.wire, random, now: stage.clock.now() };
    let refused = recovery::recover(&Source::from(&stage.dir("a")), means).unwrap_err();
    assert!(matches!(refused, RecoveryError::Transport(_)), "{refused}");
}

#[test]
fn an_anchor_that_is_missing_or_foreign_stops_nothing_and_is_told() {
    let stage = Stage::new();
    let (till, vouchers) = worked(&stage, 1, 0);
    fs::remove_file(file(&stage, "terminal.head")).unwrap();
    let told = |till: &Till<'_>| till.open().engine.store().unwrap().notes().to_vec();
    assert_eq!(told(&till), [Note::NoAnchor]);
    assert_eq!(told(&till), []);
    fs::write(file(&stage, "terminal.head"), [7; 1024]).unwrap();
    assert_eq!(told(&till), [Note::NoAnchor]);
    assert_eq!(till.redeem(&vouchers[1].text).code, "accepted");
}

/// A copy of the terminal's folder; made while a program works there, it is what one leaves that is ended from outside.
pub(crate) fn copy_of(stage: &Stage, name: &str) -> PathBuf {
    let copy = stage.dir(name);
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(stage.dir("a")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    copy
}

#[test]
fn what_was_written_down_but_may_not_have_been_seen_is_asked_about_before_the_next_scan() {
    for handed_over in [true, false] {
        let stage = Stage::new();
        let (till, vouchers) = worked(&stage, 1, 0);
        till.wire.cut(true);
        let mut session = till.open();
        let plain = Request::plain(EntryMethod::Program);
        let seen = session.redeem(&vouchers[1].text, plain).unwrap();
        session.engine.rest();
        let unseen = session.redeem(&vouchers[2].text, plain).unwrap();
        assert_eq!((seen.code.as_str(), unseen.code.as_str()), ("accepted", "accepted"));
        let dir = copy_of(&stage, "ended");
        let now = stage.clock.now();
        let mut engine = Engine::open(&dir, random, now).unwrap();
        engine.handle(Event::Command(Command::SetNetwork(false)), now);
        let scan = |at: usize| {
            let text = vouchers[at].text.clone();
            Event::Command(Command::Scan { text, method: EntryMethod::Serial })
        };
        engine.handle(scan(3), now);
        engine.handle(Event::Command(Command::Dismiss), now);
        let view = engine.view(now);
        let ScanView::Question(question) = view.scan else { panic!("{:?}", view.scan) };
        assert_eq!((question.wants, question.held), (Wanted::HandedOver, true));
        engine.rest();
        engine.handle(Event::Command(Command::Say(handed_over)), now);
        let rows = engine.store().unwrap().recent(50).unwrap();
        let taken_back = rows.iter().filter(|row| row.is_rolled_back()).map(|row| row.entry.seq);
        let taken_back: Vec<Seq> = taken_back.collect();
        assert_eq!(taken_back, if handed_over { vec![] } else { vec![unseen.entry.unwrap()] });
        engine.handle(Event::Command(Command::Dismiss), now);
        engine.handle(scan(4), now);
        assert!(matches!(engine.view(now).scan, ScanView::Verdict(_)));
        engine.rest();
        drop(engine);
        let engine = Engine::open(&dir, random, now).unwrap();
        assert_eq!(engine.store().unwrap().unshown().unwrap(), []);
    }
}

/// One slot of the anchor is torn: the mark before it still tells.
#[test]
fn a_torn_mark_leaves_the_one_before() {
    let stage = Stage::new();
    let (till, vouchers) = worked(&stage, 1, 0);
    assert_eq!(redeem_offline(&till, &vouchers[1]).code, "accepted");
    for slot in [0.0, 0.5] {
        let whole = fs::read(file(&stage, "terminal.head")).unwrap();
        scribble(&file(&stage, "terminal.head"), slot + 0.1, 40);
        let session = till.open();
        assert_eq!(session.engine.store().unwrap().notes(), []);
        drop(session);
        assert!(fs::read(file(&stage, "terminal.head")).unwrap() != whole);
    }
}

fn redeem_offline(till: &Till<'_>, voucher: &Issued) -> Outcome {
    till.wire.cut(true);
    till.open().redeem(&voucher.text, Request::plain(EntryMethod::Program)).unwrap()
}

/// Whoever answers for another platform leaves nothing in the folder that a recovery would believe.
#[test]
fn a_code_of_another_platform_changes_nothing_in_an_enrolled_folder() {
    let (stage, other) = (Stage::new(), Stage::new_platform());
    let (till, vouchers) = worked(&stage, 1, 1);
    let grant = fs::read(file(&stage, "terminal.grant")).unwrap();
    let foreign = other.terminal("b", other.branches[0]);
    let code = other.code("a", other.branches[0], None);
    let refused = enrolment::enrol(&stage.dir("a"), &code, &*foreign.wire, stage.clock.now().time);
    let refused = refused.map(drop).unwrap_err();
    let store = matches!(refused, EnrolmentError::Store(StoreError::OtherPlatform));
    assert!(store, "{refused}");
    assert_eq!(fs::read(file(&stage, "terminal.grant")).unwrap(), grant);
    assert_goes_on(&stage, &till, &vouchers[..2], &vouchers[2]);
}
