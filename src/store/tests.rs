//! The store against what may happen to it.

use std::path::Path;

use minicbor::bytes::ByteVec;
use rusqlite::Connection;
use tempfile::TempDir;

use super::{LocalUse, Place, Store, StoreError, schema};
use crate::domain::{
    crypto::SecretKey,
    enrol::{EnrolmentCode, Grant},
    id::{
        BranchId, CampaignId, Epoch, Hash, LeaseId, MerchantId, Seq, TerminalId, VoucherId,
        VoucherKey,
    },
    journal::{Body, Head, Redeemed, RolledBack, Waiting},
    money::Currency,
    redeem::{FindingSet, ListFact, Policy},
    scan::EntryMethod,
    sync::{Lease, ListName},
    time::Timestamp,
    trust::{Chunk, Merchant, Protocols, Status, StatusList, TrustBundle, seal_bundle},
    voucher::{Customer, Kind, Limit, Lines, Tier, Used},
};

const NOW: Timestamp = Timestamp(1_795_338_000);

fn device() -> SecretKey {
    SecretKey::from_seed(&[9; 32])
}

fn enrol(place: impl Into<Place>, epoch: u32) -> Result<Store, StoreError> {
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
        groups: Vec::new(),
        protocol: Protocols::default(),
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
    let code = EnrolmentCode { url, root: root.public(), secret: [0; 16], pins: None };
    Store::enrol(place, device(), &code, (&grant, &bundle), NOW)
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
    Body::Redeemed(redemption(index, minor, limit))
}

fn redemption(index: u32, minor: i64, limit: Limit) -> Redeemed {
    Redeemed {
        voucher: voucher(index),
        token: Hash::ZERO,
        kind: Kind::PrepaidDeal,
        used: Used::new(1, minor),
        currency: Currency::EUR,
        bill: None,
        limit,
        left: 0,
        method: EntryMethod::Program,
        findings: FindingSet::EMPTY,
        online: false,
        bundle: 1,
        list_as_of: None,
        rest: None,
        due: None,
        approved_by: None,
        presence: Tier::Static,
        customer: None,
        lease: None,
        waiting: Waiting::default(),
        act: None,
        goods: Vec::new(),
        shown_at: None,
    }
}

/// An order of 2 and 3 pieces, of which some are handed over.
fn picked_up(index: u32, lines: [u16; 2]) -> Body {
    let limit = Limit::Lines(Lines::from_slice(&[2, 3]).unwrap());
    let lines = Lines::from_slice(&lines).unwrap();
    let minor = i64::from(lines.total()).saturating_mul(100);
    let used = Used { uses: lines.total(), minor, lines };
    Body::Redeemed(Redeemed { kind: Kind::PickUp, used, ..redemption(index, 0, limit) })
}

fn back(index: u32, of: Seq, used: Used) -> Body {
    Body::RolledBack(RolledBack {
        of,
        of_epoch: Epoch(1),
        voucher: voucher(index),
        used,
        currency: Currency::EUR,
        reason: "wrong_scan".to_owned(),
        approved_by: None,
    })
}

fn local_use(store: &mut Store, index: u32) -> LocalUse {
    let txn = store.begin().unwrap();
    let today = txn.day(NOW);
    txn.local_use(&voucher(index), today).unwrap()
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
    let local = local_use(&mut store, 1);
    assert_eq!(local.used, Used::new(1, 2_490));
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
    assert!(!store.redemption(seq).unwrap().unwrap().0.is_rolled_back());
    append(&mut store, back(1, seq, Used::new(1, 100))).unwrap();
    assert!(store.redemption(seq).unwrap().unwrap().0.is_rolled_back());
    assert!(append(&mut store, back(1, seq, Used::new(1, 100))).is_err());
    append(&mut store, redeemed(1, 100, Limit::Uses(1))).unwrap();
    assert_eq!(local_use(&mut store, 1).cycles, 1);
}

#[test]
fn a_redemption_is_rolled_back_in_parts_and_never_beyond() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    let limit = Limit::Balance(5_000);
    let seq = append(&mut store, redeemed(1, 4_000, limit)).unwrap();
    append(&mut store, back(1, seq, Used::new(0, 1_500))).unwrap();
    assert_eq!(local_use(&mut store, 1).used, Used::new(1, 2_500));
    assert!(append(&mut store, back(1, seq, Used::new(0, 2_501))).is_err());
    append(&mut store, back(1, seq, Used::new(1, 2_500))).unwrap();
    assert!(store.redemption(seq).unwrap().unwrap().0.is_rolled_back());
    assert!(append(&mut store, back(1, seq, Used::new(0, 1))).is_err());
}

#[test]
fn an_order_is_handed_over_and_given_back_line_by_line() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    let first = append(&mut store, picked_up(1, [1, 3])).unwrap();
    append(&mut store, picked_up(1, [1, 0])).unwrap();
    assert_eq!(local_use(&mut store, 1).used.lines, Lines::from_slice(&[2, 3]).unwrap());
    assert!(append(&mut store, picked_up(1, [0, 1])).is_err(), "six pieces of five");
    let lines = Lines::from_slice(&[0, 2]).unwrap();
    append(&mut store, back(1, first, Used { uses: 2, minor: 200, lines })).unwrap();
    assert_eq!(local_use(&mut store, 1).used.lines, Lines::from_slice(&[2, 1]).unwrap());
    assert!(append(&mut store, back(1, first, Used { uses: 2, minor: 200, lines })).is_err());
    drop(store);
    let mut store = Store::open(dir.path(), device()).unwrap();
    assert_eq!(local_use(&mut store, 1).used.lines, Lines::from_slice(&[2, 1]).unwrap());
}

#[test]
fn uses_are_counted_by_campaign_customer_and_day() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    let anna: Customer = "anna".parse().unwrap();
    let of_anna = |index| {
        let customer = Some(anna.clone());
        Body::Redeemed(Redeemed { customer, ..redemption(index, 100, Limit::Uses(1)) })
    };
    append(&mut store, of_anna(1)).unwrap();
    let second = append(&mut store, of_anna(2)).unwrap();
    append(&mut store, redeemed(3, 100, Limit::Uses(1))).unwrap();
    let counts = |store: &mut Store, now: Timestamp| {
        let txn = store.begin().unwrap();
        let today = txn.day(now);
        let all = txn.campaign_tally(&voucher(1), today).unwrap();
        let hers = txn.customer_tally(&anna, &voucher(1), today).unwrap();
        (all.uses, all.today, hers.uses, hers.today, txn.visits(&anna).unwrap())
    };
    assert_eq!(counts(&mut store, NOW), (3, 3, 2, 2, 2));
    append(&mut store, back(2, second, Used::new(1, 100))).unwrap();
    assert_eq!(counts(&mut store, NOW), (2, 2, 1, 1, 1));
    assert_eq!(counts(&mut store, NOW.plus(86_400)), (2, 0, 1, 0, 1));
    assert_eq!(local_use(&mut store, 1).used_today, 1);
}

#[test]
fn the_pace_outlives_a_restart_and_is_not_slowed_by_roll_backs() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    let seq = append(&mut store, redeemed(1, 100, Limit::Uses(1))).unwrap();
    append(&mut store, redeemed(2, 100, Limit::Uses(1))).unwrap();
    append(&mut store, back(1, seq, Used::new(1, 100))).unwrap();
    drop(store);
    let mut store = Store::open(dir.path(), device()).unwrap();
    let txn = store.begin().unwrap();
    assert_eq!(txn.pace(None, NOW.plus(-1)), (2, 0));
    assert_eq!(txn.pace(None, NOW), (0, 0));
}

fn lease(id: u32, of: Option<u32>, uses: u32) -> Lease {
    let campaign = ListName { issuer: voucher(1).issuer, campaign: CampaignId(7) };
    let voucher = of.map(|index| voucher(index).id);
    Lease { id: LeaseId(id), campaign, voucher, uses, minor: 10_000, until: NOW.plus(3_600) }
}

#[test]
fn a_lease_is_taken_from_to_its_end_and_not_after_it_ended() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    store.take_leases(&[lease(3, None, 2), lease(4, Some(9), 5)]).unwrap();
    let left = |store: &mut Store, index| {
        let found = store.begin().unwrap().lease(&voucher(index)).unwrap();
        found.map(|lease| (lease.id.0, lease.uses, lease.minor))
    };
    assert_eq!(left(&mut store, 1), Some((3, 2, 10_000)));
    assert_eq!(left(&mut store, 9), Some((4, 5, 10_000)), "its own before the campaign's");
    let leased = |index| {
        let lease = Some(LeaseId(3));
        Body::Redeemed(Redeemed { lease, ..redemption(index, 400, Limit::Uses(1)) })
    };
    append(&mut store, leased(1)).unwrap();
    store.take_leases(&[lease(3, None, 2)]).unwrap();
    assert_eq!(left(&mut store, 2), Some((3, 1, 9_600)), "heard of again, it is not full again");
    append(&mut store, leased(2)).unwrap();
    assert!(append(&mut store, leased(3)).is_err(), "a third of two");
    store.end_leases(&[LeaseId(3), LeaseId(3), LeaseId(99)], NOW).unwrap();
    assert_eq!(left(&mut store, 1), None);
    assert_eq!(store.leases().unwrap(), [LeaseId(4)]);
    let mut ended = Vec::new();
    store
        .verify_journal(|entry| {
            if let Body::LeaseEnded { lease, used } = entry.entry.body {
                ended.push((lease, used));
            }
        })
        .unwrap();
    assert_eq!(ended, [(LeaseId(3), Used::new(2, 800))]);
}

#[test]
fn listed_vouchers_are_found_by_their_codes() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    let most = (1 << 55) - 1;
    store.take_listed(&[(most, "CS1:A".to_owned()), (0, "CS1:B".to_owned())], 17).unwrap();
    drop(store);
    let store = Store::open(dir.path(), device()).unwrap();
    assert_eq!(store.listed(most).unwrap().as_deref(), Some("CS1:A"));
    assert_eq!(store.listed(1).unwrap(), None);
    assert_eq!(store.identity().listed_after, 17);
}

#[test]
fn an_act_that_fails_halfway_leaves_nothing() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    let head = store.head();
    let mut txn = store.begin().unwrap();
    txn.append(redeemed(1, 100, Limit::Uses(1)), NOW).unwrap();
    assert_eq!(txn.queue(Currency::EUR).count, 1);
    assert!(txn.append(redeemed(1, 100, Limit::Uses(1)), NOW).is_err());
    drop(txn);
    assert_eq!((store.head(), store.queue(Currency::EUR).count), (head, 0));
    assert_eq!(local_use(&mut store, 1), LocalUse::default());
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
fn an_entry_altered_behind_the_triggers_is_found_and_the_store_moved_aside() {
    let last = "(SELECT max(position) FROM entry)";
    let third = "(SELECT position FROM entry ORDER BY position LIMIT 1 OFFSET 2)";
    for (sql, part) in [
        (format!("DELETE FROM entry WHERE position = {third}"), "entry 4 stands where entry 3"),
        (format!("UPDATE entry SET bytes = zeroblob(300) WHERE position = {last}"), "last entry"),
    ] {
        let dir = TempDir::new().unwrap();
        let mut store = enrol(dir.path(), 1).unwrap();
        for index in 0..5 {
            append(&mut store, redeemed(index, 100, Limit::Uses(1))).unwrap();
        }
        drop(store);
        let conn = Connection::open(dir.path().join(Store::FILE)).unwrap();
        conn.execute_batch("DROP TRIGGER entry_is_fixed; DROP TRIGGER entry_stays").unwrap();
        conn.execute(&sql, []).unwrap();
        drop(conn);
        let opened = Store::open(dir.path(), device()).map(drop);
        let Err(StoreError::SetAside { folder, why }) = opened else { panic!("{opened:?}") };
        assert!(why.contains(part), "{why}");
        assert!(folder.join(Store::FILE).exists());
    }
}

#[test]
fn a_sum_that_does_not_agree_with_the_journal_is_found() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    for index in 0..3 {
        append(&mut store, redeemed(index, 100, Limit::Uses(2))).unwrap();
    }
    store.check_books().unwrap();
    store.conn.execute("UPDATE voucher SET uses = uses + 1 WHERE minor = 100", []).unwrap();
    assert!(matches!(store.check_books(), Err(StoreError::Damaged(_))));
    let next_day = store.check_daily(NOW.plus(86_400 * 3));
    assert!(matches!(next_day, Err(StoreError::Damaged(_))), "{next_day:?}");
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
fn a_newer_bundle_stays_in_force_where_a_platform_from_an_old_backup_enrols_again() {
    let dir = TempDir::new().unwrap();
    let mut store = enrol(dir.path(), 1).unwrap();
    let newer = TrustBundle { version: 9, ..store.bundle().unwrap() };
    let bytes = seal_bundle(&SecretKey::from_seed(&[1; 32]), &newer);
    store.take_bundle(&newer, &bytes, NOW).unwrap();
    store.acknowledged(store.head(), b"reply").unwrap();
    drop(store);
    let store = enrol(dir.path(), 2).unwrap();
    assert_eq!(store.bundle().unwrap(), newer);
    assert_eq!(store.head().seq, Seq(1), "nothing tells of a bundle that was not taken");
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
        Body::Redeemed(_)
        | Body::Refused(_)
        | Body::RolledBack(_)
        | Body::BundleTaken { .. }
        | Body::LeaseEnded { .. }
        | Body::Recovered(_) => None,
    });
    assert_eq!(continues, Some(old.hash));
    let local = local_use(&mut store, 1);
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
    let batch = store.batch((Epoch(1), Seq(0))).unwrap();
    assert_eq!((batch.after, batch.entries.len()), (Head::start(Epoch(1)), 3));
    assert_eq!(store.batch((Epoch(1), Seq(0))).unwrap(), batch, "reading it again changes nothing");
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

#[cfg(not(feature = "encrypted"))]
#[test]
fn a_program_without_encryption_says_so_and_leaves_an_encrypted_store_alone() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::from(dir.path()).encrypted(SecretKey::from_seed(&[7; 32]));
    let refused = enrol(place, 1).err().unwrap();
    assert!(matches!(refused, StoreError::NoCipher), "{refused}");
}

#[cfg(feature = "encrypted")]
#[test]
fn an_encrypted_store_shows_nothing_without_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let place = |seed| Place::from(dir.path()).encrypted(SecretKey::from_seed(&[seed; 32]));
    let mut store = enrol(place(7), 1).unwrap();
    let mut txn = store.begin().unwrap();
    txn.append(redeemed(1, 100, Limit::Uses(1)), NOW).unwrap();
    txn.commit().unwrap();
    for name in ["terminal.db", "terminal.db-wal"] {
        let bytes = std::fs::read(dir.path().join(name)).unwrap();
        for word in ["SQLite format 3", "Till 5", "platform.example", "CREATE TABLE"] {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{word} can be read in {name}");
        }
    }
    drop(store);
    for wrong in [Place::from(dir.path()), place(8)] {
        let refused = Store::open(wrong, device()).err().unwrap();
        assert!(matches!(refused, StoreError::Foreign | StoreError::WrongKey), "{refused}");
    }
    let store = Store::open(place(7), device()).unwrap();
    assert_eq!(store.head().seq, Seq(3));
    store.verify_journal(|_| {}).unwrap();
}
