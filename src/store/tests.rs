//! The store against what may happen to it.

use std::path::Path;

use minicbor::bytes::ByteVec;
use rusqlite::Connection;
use tempfile::TempDir;

use super::{Store, StoreError, schema};
use crate::domain::{
    crypto::SecretKey,
    enrol::{EnrolmentCode, Grant},
    id::{BranchId, CampaignId, Epoch, Hash, MerchantId, Seq, TerminalId, VoucherId, VoucherKey},
    journal::{Body, Head, Redeemed, RolledBack},
    money::Currency,
    redeem::{FindingSet, ListFact, Policy},
    scan::EntryMethod,
    time::Timestamp,
    trust::{Chunk, Merchant, Status, StatusList, TrustBundle, seal_bundle},
    voucher::{Kind, Limit, Used},
};

const NOW: Timestamp = Timestamp(1_795_338_000);

fn device() -> SecretKey {
    SecretKey::from_seed(&[9; 32])
}

fn enrol(dir: &Path, epoch: u32) -> Result<Store, StoreError> {
    let root = SecretKey::from_seed(&[1; 32]);
    let bundle = TrustBundle {
        version: 1,
        issued_at: NOW,
        merchant: Merchant { id: MerchantId(1), name: "Café Anker".to_owned() },
        platform_key: SecretKey::from_seed(&[2; 32]).public(),
        issuers: Vec::new(),
        branches: Vec::new(),
        campaigns: Vec::new(),
        default_policy: Policy::default(),
        operators: Vec::new(),
    };
    let grant = Grant {
        terminal: TerminalId(5),
        name: "Till 5".to_owned(),
        merchant: MerchantId(1),
        branch: BranchId(2),
        epoch: Epoch(epoch),
        key: device().public(),
        bundle: ByteVec::from(seal_bundle(&root, &bundle)),
    };
    let url = "https://platform.example".to_owned();
    let code = EnrolmentCode { url, root: root.public(), secret: [0; 16] };
    Store::enrol(dir, device(), &code, (&grant, &bundle), NOW)
}

fn enrol_again(store: Store, dir: &Path, epoch: u32) -> Result<Epoch, StoreError> {
    drop(store);
    enrol(dir, epoch).map(|store| store.head().epoch)
}

fn voucher(index: u32) -> VoucherKey {
    let id = VoucherId { campaign: CampaignId(7), index, random: 1 };
    VoucherKey { issuer: "demo".parse().unwrap(), id }
}

fn redeemed(index: u32, minor: i64, limit: Limit) -> Body {
    Body::Redeemed(Redeemed {
        voucher: voucher(index),
        token: Hash::ZERO,
        kind: Kind::PrepaidDeal,
        used: Used { uses: 1, minor },
        currency: Currency::EUR,
        bill: None,
        limit,
        left: 0,
        method: EntryMethod::Program,
        findings: FindingSet::EMPTY,
        online: false,
        bundle: 1,
        list_as_of: None,
    })
}

fn append(store: &mut Store, body: Body) -> Result<Seq, StoreError> {
    let mut txn = store.begin()?;
    let seq = txn.append(body, NOW)?.entry.seq;
    txn.commit()?;
    Ok(seq)
}

#[test]
fn what_was_committed_is_there_after_the_program_starts_again() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    append(&mut store, redeemed(1, 2_490, Limit::Uses(1))).unwrap();
    let (head, queue) = (store.head(), store.queue(Currency::EUR));
    drop(store);
    let mut store = Store::open(dir.path(), device()).unwrap();
    assert_eq!((store.head(), store.queue(Currency::EUR)), (head, queue));
    assert_eq!((queue.count, queue.minor), (1, 2_490));
    assert_eq!(store.verify_journal(|_| {}).unwrap(), head);
    let local = store.begin().unwrap().local_use(&voucher(1)).unwrap();
    assert_eq!(local.used, Used { uses: 1, minor: 2_490 });
}

#[test]
fn a_transaction_that_is_dropped_changes_nothing() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    let head = store.head();
    let mut txn = store.begin().unwrap();
    txn.append(redeemed(1, 100, Limit::Uses(1)), NOW).unwrap();
    drop(txn);
    assert_eq!(store.head(), head);
    assert_eq!(store.unsent_entries(), head.seq.0);
    append(&mut store, redeemed(1, 100, Limit::Uses(1))).unwrap();
}

#[test]
fn the_database_itself_refuses_a_use_beyond_the_limit() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    append(&mut store, redeemed(1, 100, Limit::Uses(1))).unwrap();
    assert!(append(&mut store, redeemed(1, 100, Limit::Uses(1))).is_err());
    append(&mut store, redeemed(2, 4_000, Limit::Balance(5_000))).unwrap();
    assert!(append(&mut store, redeemed(2, 1_001, Limit::Balance(5_000))).is_err());
    append(&mut store, redeemed(2, 1_000, Limit::Balance(5_000))).unwrap();
}

#[test]
fn a_redemption_is_rolled_back_once() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    let seq = append(&mut store, redeemed(1, 100, Limit::Uses(1))).unwrap();
    let back = Body::RolledBack(RolledBack {
        of: seq,
        of_epoch: Epoch(1),
        voucher: voucher(1),
        used: Used { uses: 1, minor: 100 },
        currency: Currency::EUR,
        reason: "wrong_scan".to_owned(),
    });
    assert!(store.redemption(seq).unwrap().is_some());
    append(&mut store, back.clone()).unwrap();
    assert!(store.redemption(seq).unwrap().is_none());
    assert!(append(&mut store, back).is_err());
    append(&mut store, redeemed(1, 100, Limit::Uses(1))).unwrap();
}

#[test]
fn entries_can_neither_be_changed_nor_deleted_nor_put_out_of_line() {
    let dir = TempDir::new().unwrap();
    drop(enrol(dir.path(), 1).unwrap());
    let conn = Connection::open(dir.path().join(Store::FILE)).unwrap();
    for sql in [
        "UPDATE entry SET at = 0",
        "DELETE FROM entry",
        "INSERT INTO entry SELECT position + 5, hash, prev, bytes, at, floor, kind, minor, currency, of_position FROM entry LIMIT 1",
        "INSERT INTO entry SELECT max(position) + 1, hash, prev, bytes, at, floor, kind, minor, currency, of_position FROM entry",
        "UPDATE bundle SET version = 0",
    ] {
        assert!(conn.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn an_entry_altered_behind_the_triggers_is_found() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    for index in 0..5 {
        append(&mut store, redeemed(index, 100, Limit::Uses(1))).unwrap();
    }
    drop(store);
    let conn = Connection::open(dir.path().join(Store::FILE)).unwrap();
    conn.execute_batch("DROP TRIGGER entry_is_fixed; DROP TRIGGER entry_stays").unwrap();
    let third = "(SELECT position FROM entry ORDER BY position LIMIT 1 OFFSET 2)";
    conn.execute(&format!("DELETE FROM entry WHERE position = {third}"), []).unwrap();
    drop(conn);
    let store = Store::open(dir.path(), device()).unwrap();
    assert!(matches!(store.verify_journal(|_| {}), Err(StoreError::Chain(_))));
    drop(store);
    let conn = Connection::open(dir.path().join(Store::FILE)).unwrap();
    let last = "(SELECT max(position) FROM entry)";
    let sql = format!("UPDATE entry SET bytes = zeroblob(300) WHERE position = {last}");
    conn.execute(&sql, []).unwrap();
    drop(conn);
    let opened = Store::open(dir.path(), device()).map(drop);
    assert!(matches!(opened, Err(StoreError::LastEntry(_))));
}

#[test]
fn a_second_program_is_refused() {
    let dir = TempDir::new().unwrap();
    let _first = enrol(dir.path(), 1).unwrap();
    let second = Store::open(dir.path(), device()).map(drop);
    assert!(matches!(second, Err(StoreError::InUse)), "{second:?}");
}

#[test]
fn files_of_other_programs_and_of_newer_ones_are_left_alone() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join(Store::FILE);
    let open = || Store::open(dir.path(), device()).map(drop);
    assert!(matches!(open(), Err(StoreError::NotEnrolled)));

    Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    let before = std::fs::read(&file).unwrap();
    assert!(matches!(open(), Err(StoreError::Foreign)));
    assert_eq!(std::fs::read(&file).unwrap(), before, "not a byte is changed");
    std::fs::remove_file(&file).unwrap();

    std::fs::write(&file, b"not a database at all, but long enough to be looked at").unwrap();
    assert!(matches!(open(), Err(StoreError::Foreign)));
    std::fs::remove_file(&file).unwrap();

    drop(enrol(dir.path(), 1).unwrap());
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(open(), Err(StoreError::TooNew { found: 99, .. })));
}

#[test]
fn every_earlier_schema_is_brought_to_the_newest() {
    let shape = |conn: &Connection| {
        let mut statement =
            conn.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").unwrap();
        let rows = statement.query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, Option<String>>(2)?,
            ))
        });
        rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    let mut fresh = Connection::open_in_memory().unwrap();
    schema::migrate(&mut fresh).unwrap();
    for earlier in 0..=schema::NEWEST {
        let mut old = Connection::open_in_memory().unwrap();
        schema::migrate_to(&mut old, earlier).unwrap();
        schema::migrate(&mut old).unwrap();
        assert_eq!(shape(&old), shape(&fresh), "from version {earlier}");
    }
}

#[test]
fn enrolling_again_goes_on_in_a_new_epoch_and_keeps_the_journal() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    append(&mut store, redeemed(1, 100, Limit::Uses(1))).unwrap();
    let old = store.head();
    assert_eq!(
        store.head().epoch,
        enrol_again(store, dir.path(), 1).unwrap(),
        "the same code again"
    );
    assert!(matches!(enrol(dir.path(), 2).map(drop), Err(StoreError::Unsent(3))));
    let mut store = Store::open(dir.path(), device()).unwrap();
    store.acknowledged(old, b"reply").unwrap();
    drop(store);
    let mut store = enrol(dir.path(), 2).unwrap();
    assert_eq!((store.head().epoch, store.head().seq), (Epoch(2), Seq(2)));
    let mut entries = Vec::new();
    store.verify_journal(|entry| entries.push(entry.entry.clone())).unwrap();
    let continues = entries.iter().rev().find_map(|entry| match &entry.body {
        Body::Opened(opened) => Some(opened.continues),
        Body::Redeemed(_) | Body::Refused(_) | Body::RolledBack(_) | Body::BundleTaken { .. } => {
            None
        }
    });
    assert_eq!(continues, Some(old.hash));
    let local = store.begin().unwrap().local_use(&voucher(1)).unwrap();
    assert_eq!(local.before, local.used);
    assert!(
        append(&mut store, redeemed(1, 100, Limit::Uses(1))).is_err(),
        "used in the first epoch"
    );
}

#[test]
fn only_an_acknowledgement_takes_entries_out_of_the_queue() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    append(&mut store, redeemed(1, 100, Limit::Uses(1))).unwrap();
    let batch = store.batch(None).unwrap();
    assert_eq!((batch.after, batch.entries.len()), (Head::start(Epoch(1)), 3));
    assert_eq!(store.batch(None).unwrap(), batch, "reading it again changes nothing");
    let head = store.head();
    store.acknowledged(head, b"reply").unwrap();
    assert_eq!((store.unsent_entries(), store.queue(Currency::EUR).count), (0, 0));
    store.acknowledged(Head::start(Epoch(1)), b"older").unwrap();
    assert_eq!(store.unsent_entries(), 0, "an older one takes nothing back");
    assert_eq!(store.last_acknowledgement().unwrap().unwrap(), b"reply");
}

#[test]
fn a_list_is_believed_where_it_covers_and_only_as_a_whole() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    let mut list = StatusList::default();
    list.set(40_000, Status::Revoked);
    let name = ("demo".parse().unwrap(), CampaignId(7));
    let manifest = list.manifest(name, 1, NOW, 40_001);
    let chunks = [(0, list.chunk(0)), (1, list.chunk(1))];
    assert_eq!(store.missing_chunks(&manifest).unwrap(), [0, 1]);
    let wrong = [(0, list.chunk(0)), (1, Chunk::default())];
    assert!(!store.take_list(&manifest, b"m", &wrong).unwrap());
    assert!(store.take_list(&manifest, b"m", &chunks).unwrap());
    assert!(store.missing_chunks(&manifest).unwrap().is_empty());
    let txn = store.begin().unwrap();
    let known = |status| ListFact::Known { status, as_of: NOW };
    assert_eq!(txn.listed(&voucher(40_000)).unwrap(), known(Status::Revoked));
    assert_eq!(txn.listed(&voucher(39_999)).unwrap(), known(Status::Valid));
    assert_eq!(txn.listed(&voucher(40_001)).unwrap(), ListFact::NotCovered);
}

#[test]
fn a_day_is_found_whatever_the_clock_did() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    // Hours after the start at which entries are written; the clock is set back twice.
    let hours = (0..400).map(|hour| if hour % 150 == 149 { hour - 100 } else { hour });
    for (index, hour) in (0_u32..).zip(hours.clone()) {
        let mut txn = store.begin().unwrap();
        txn.append(redeemed(index, 100, Limit::Uses(1)), NOW.plus(hour * 3600)).unwrap();
        txn.commit().unwrap();
    }
    for day in 0..17 {
        let (from, until) = (NOW.plus(day * 86_400), NOW.plus((day + 1) * 86_400));
        let expected =
            hours.clone().filter(|hour| (day * 24..(day + 1) * 24).contains(hour)).count();
        // The two entries of the enrolment stand at the very start.
        let found = store.between(from, until).unwrap().len();
        assert_eq!(found, expected + if day == 0 { 2 } else { 0 }, "day {day}");
    }
}
