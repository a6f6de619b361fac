//! What every store must keep, run against each of them.

use std::sync::Arc;

use super::*;
use crate::domain::{
    crypto::SecretKey,
    id::{OperatorId, VoucherId},
    journal::{Body, Entry, Opened, SignedEntry, append},
    redeem::{Liable, Policy},
    time::Timestamp,
    trust::{Branch, Campaign, CampaignState},
    voucher::Used,
};

const NOW: Timestamp = Timestamp(1_795_338_000);

macro_rules! contract {
    ($($name:ident),+ $(,)?) => {
        mod memory {
            $(#[test] fn $name() { super::$name(&super::MemoryStore::default()); })+
        }
        mod sqlite {
            $(#[test] fn $name() {
                let dir = tempfile::tempdir().unwrap();
                super::$name(&super::SqliteStore::open(&dir.path().join("p.db")).unwrap());
            })+
        }
    };
}

contract!(
    what_is_not_committed_never_was,
    numbers_grow_from_one,
    campaigns_come_back_as_they_were,
    issuers_keep_their_keys_in_order,
    the_last_bundle_is_the_greatest,
    a_voucher_is_unique_in_every_way,
    chunks_begin_valid_and_are_replaced,
    an_enrolment_is_used_once,
    terminals_and_their_keys,
    a_journal_position_is_taken_once,
    entries_come_back_as_they_were_signed,
    redemptions_are_listed_by_arrival,
    uses_are_added_and_taken_out,
    a_claim_replaces_the_terminals_own,
    claims_end_when_the_journal_goes_on,
    a_conflict_is_about_one_entry_and_seen_by_those_in_it,
    what_refers_to_nothing_is_refused,
);

fn write<T>(store: &dyn Store, work: impl FnOnce(&mut dyn Txn) -> Stored<T>) -> Stored<T> {
    transact(store, work)
}

fn is_duplicate<T: std::fmt::Debug>(done: &Stored<T>) -> bool {
    matches!(done, Err(StoreError::Duplicate))
}

fn merchant(store: &dyn Store) -> MerchantId {
    write(store, |txn| txn.add_merchant("Corner")).unwrap()
}

fn branch(store: &dyn Store, merchant: MerchantId) -> BranchId {
    let row = BranchRow {
        merchant,
        branch: Branch {
            id: BranchId(0),
            name: "North".to_owned(),
            time_zone: "UTC".to_owned(),
        },
    };
    write(store, |txn| txn.add_branch(&row)).unwrap()
}

fn campaign_row(merchant: MerchantId) -> CampaignRow {
    CampaignRow {
        campaign: Campaign {
            id: CampaignId(0),
            issuer: "demo".parse().unwrap(),
            title: "Opening week".to_owned(),
            state: CampaignState::Active,
            policy: Policy::default(),
        },
        merchant,
        capacity: 100,
        next_ordinal: 0,
        scramble: [7; 32],
        list_version: 1,
    }
}

fn campaign(store: &dyn Store) -> CampaignId {
    let row = campaign_row(merchant(store));
    write(store, |txn| txn.add_campaign(&row)).unwrap()
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn voucher(campaign: CampaignId, index: u32, random: u64) -> VoucherKey {
    VoucherKey {
        issuer: "demo".parse().unwrap(),
        id: VoucherId {
            campaign,
            index,
            random,
        },
    }
}

fn terminal_row(merchant: MerchantId, branch: BranchId) -> TerminalRow {
    TerminalRow {
        id: TerminalId(0),
        merchant,
        branch,
        name: "Till 1".to_owned(),
        epoch: Epoch(1),
        last_contact: None,
    }
}

fn key_row(terminal: TerminalId, epoch: u32) -> TerminalKeyRow {
    TerminalKeyRow {
        terminal,
        epoch: Epoch(epoch),
        key: key(40).public(),
        enrolled_at: NOW,
        revoked: false,
    }
}

/// A terminal with a key, and its merchant.
fn terminal(store: &dyn Store) -> (TerminalId, MerchantId) {
    let merchant = merchant(store);
    let row = terminal_row(merchant, branch(store, merchant));
    let id = write(store, |txn| {
        let id = txn.add_terminal(&row)?;
        txn.add_terminal_key(&key_row(id, 1))?;
        Ok(id)
    });
    (id.unwrap(), merchant)
}

fn signed(terminal: TerminalId, seq: u64, body: Body) -> SignedEntry {
    let entry = Entry {
        terminal,
        epoch: Epoch(1),
        seq: Seq(seq),
        prev: Hash::ZERO,
        at: NOW.plus(i64::try_from(seq).unwrap()),
        time_floor: NOW,
        branch: BranchId(1),
        operator: Some(OperatorId(3)),
        body,
    };
    append(&key(40), entry)
}

fn opened() -> Body {
    Body::Opened(Opened {
        software: "test".to_owned(),
        continues: Hash::ZERO,
    })
}

fn back() -> Body {
    Body::RolledBack(crate::domain::journal::RolledBack {
        of: Seq(1),
        voucher: voucher(CampaignId(1), 1, 1),
        used: Used { uses: 1, minor: 5 },
        currency: crate::domain::money::Currency::EUR,
        reason: "wrong_scan".to_owned(),
        of_epoch: Epoch(1),
    })
}

fn journal_row(merchant: MerchantId, signed: SignedEntry) -> JournalRow {
    JournalRow {
        signed,
        merchant,
        received: NOW,
        note: None,
    }
}

fn at(terminal: TerminalId, seq: u64) -> EntryAt {
    EntryAt {
        terminal,
        epoch: Epoch(1),
        seq: Seq(seq),
    }
}

/// Appends entries 1 to `count`.
fn fill(store: &dyn Store, (terminal, merchant): (TerminalId, MerchantId), count: u64) {
    for seq in 1..=count {
        let row = journal_row(merchant, signed(terminal, seq, opened()));
        write(store, |txn| txn.append(&row)).unwrap();
    }
}

fn what_is_not_committed_never_was(store: &dyn Store) {
    let mut txn = store.begin().unwrap();
    txn.add_merchant("Ghost").unwrap();
    txn.set_setting("name", b"ghost").unwrap();
    drop(txn);
    let failed = write(store, |txn| {
        txn.set_setting("name", b"ghost")?;
        Err::<(), _>(StoreError::TooLarge)
    });
    assert!(failed.is_err());
    write(store, |txn| {
        assert_eq!(txn.merchants()?, []);
        assert_eq!(txn.setting("name")?, None);
        txn.set_setting("name", b"one")?;
        txn.set_setting("name", b"two")
    })
    .unwrap();
    let kept = write(store, |txn| txn.setting("name")).unwrap();
    assert_eq!(kept.as_deref(), Some(&b"two"[..]));
}

fn numbers_grow_from_one(store: &dyn Store) {
    let (one, two) = (merchant(store), merchant(store));
    assert_eq!((one, two), (MerchantId(1), MerchantId(2)));
    assert_eq!(
        (branch(store, two), branch(store, one)),
        (BranchId(1), BranchId(2))
    );
    let rows = write(store, |txn| txn.branches()).unwrap();
    let owners: Vec<_> = rows
        .iter()
        .map(|row| (row.branch.id, row.merchant))
        .collect();
    assert_eq!(owners, [(BranchId(1), two), (BranchId(2), one)]);
}

fn campaigns_come_back_as_they_were(store: &dyn Store) {
    let mut row = campaign_row(merchant(store));
    row.campaign.id = write(store, |txn| txn.add_campaign(&row)).unwrap();
    let id = row.campaign.id;
    assert_eq!(id, CampaignId(1));
    assert_eq!(
        write(store, |txn| txn.campaign(id)).unwrap(),
        Some(row.clone())
    );
    row.campaign.state = CampaignState::Suspended;
    row.next_ordinal = 7;
    row.list_version = 9;
    write(store, |txn| txn.put_campaign(&row)).unwrap();
    assert_eq!(write(store, |txn| txn.campaigns()).unwrap(), [row]);
    assert_eq!(
        write(store, |txn| txn.campaign(CampaignId(2))).unwrap(),
        None
    );
}

fn issuers_keep_their_keys_in_order(store: &dyn Store) {
    let published = |seed| PublishedKey {
        public: key(seed).public(),
        from: NOW,
        until: NOW.plus(10),
        withdrawn: false,
    };
    let add = |name: &str, seed| {
        let name = name.parse().unwrap();
        write(store, |txn| txn.add_issuer_key(&name, &published(seed)))
    };
    add("b", 1).unwrap();
    add("a", 2).unwrap();
    add("b", 3).unwrap();
    assert!(is_duplicate(&add("c", 1)), "a key has one owner");
    let (b, first) = ("b".parse().unwrap(), key(1).public());
    assert!(write(store, |txn| txn.withdraw_key(&b, &first)).unwrap());
    assert!(!write(store, |txn| txn.withdraw_key(&b, &first)).unwrap());
    let withdrawn = PublishedKey {
        withdrawn: true,
        ..published(1)
    };
    let expected = [
        Issuer {
            name: "a".parse().unwrap(),
            keys: vec![published(2)],
        },
        Issuer {
            name: b,
            keys: vec![withdrawn, published(3)],
        },
    ];
    assert_eq!(write(store, |txn| txn.issuers()).unwrap(), expected);
}

fn the_last_bundle_is_the_greatest(store: &dyn Store) {
    let (one, two) = (merchant(store), merchant(store));
    let row = |merchant, version| BundleRow {
        merchant,
        version,
        bytes: vec![1, 2, 3],
    };
    for (merchant, version) in [(one, 2), (one, 10), (one, 9), (two, 1)] {
        write(store, |txn| txn.add_bundle(&row(merchant, version))).unwrap();
    }
    assert!(is_duplicate(
        &write(store, |txn| txn.add_bundle(&row(one, 9)))
    ));
    assert_eq!(
        write(store, |txn| txn.bundle(one)).unwrap(),
        Some(row(one, 10))
    );
    assert_eq!(write(store, |txn| txn.bundle(MerchantId(3))).unwrap(), None);
}

fn a_voucher_is_unique_in_every_way(store: &dyn Store) {
    let id = campaign(store);
    let row = |key, short_code| VoucherRow {
        key,
        merchant: MerchantId(1),
        short_code,
        text: "CS1:".to_owned(),
        standing: Status::Valid,
    };
    let add = |key, code| write(store, |txn| txn.add_voucher(&row(key, code)));
    add(voucher(id, 1, 1), 100).unwrap();
    assert!(is_duplicate(&add(voucher(id, 1, 1), 101)), "the same id");
    assert!(is_duplicate(&add(voucher(id, 1, 2), 102)), "the same index");
    assert!(
        is_duplicate(&add(voucher(id, 2, 3), 100)),
        "the same short code"
    );
    add(voucher(id, 2, 3), (1 << 55) - 1).unwrap();
    let own = voucher(id, 1, 1);
    write(store, |txn| txn.set_standing(&own, Status::Suspended)).unwrap();
    let found = write(store, |txn| txn.voucher(&own)).unwrap().unwrap();
    assert_eq!(
        found,
        VoucherRow {
            standing: Status::Suspended,
            ..row(own, 100)
        }
    );
    let by_code = write(store, |txn| txn.voucher_by_code((1 << 55) - 1)).unwrap();
    assert_eq!(by_code, Some(row(voucher(id, 2, 3), (1 << 55) - 1)));
    assert_eq!(
        write(store, |txn| txn.voucher_by_code(u64::MAX)).unwrap(),
        None
    );
}

fn chunks_begin_valid_and_are_replaced(store: &dyn Store) {
    let id = campaign(store);
    let mut chunk = write(store, |txn| txn.chunk(id, 3)).unwrap();
    assert_eq!(chunk, Chunk::default());
    for status in [Status::Revoked, Status::Redeemed] {
        chunk.set(9, status);
        write(store, |txn| txn.put_chunk(id, 3, &chunk)).unwrap();
        assert_eq!(write(store, |txn| txn.chunk(id, 3)).unwrap().get(9), status);
    }
    assert_eq!(
        write(store, |txn| txn.chunk(id, 2)).unwrap(),
        Chunk::default()
    );
}

fn an_enrolment_is_used_once(store: &dyn Store) {
    let (id, owner) = terminal(store);
    let mut row = EnrolmentRow {
        secret_hash: Hash([8; 32]),
        merchant: owner,
        branch: BranchId(1),
        name: "Till 2".to_owned(),
        terminal: Some(id),
        expires: NOW,
        used: None,
    };
    write(store, |txn| txn.add_enrolment(&row)).unwrap();
    assert!(is_duplicate(&write(store, |txn| txn.add_enrolment(&row))));
    let hash = row.secret_hash;
    assert_eq!(
        write(store, |txn| txn.enrolment(hash)).unwrap(),
        Some(row.clone())
    );
    let used = EnrolmentUse {
        key: key(5).public(),
        terminal: id,
        epoch: Epoch(2),
    };
    write(store, |txn| txn.use_enrolment(hash, used)).unwrap();
    assert!(is_duplicate(
        &write(store, |txn| txn.use_enrolment(hash, used))
    ));
    row.used = Some(used);
    assert_eq!(write(store, |txn| txn.enrolment(hash)).unwrap(), Some(row));
    assert_eq!(write(store, |txn| txn.enrolment(Hash::ZERO)).unwrap(), None);
}

fn terminals_and_their_keys(store: &dyn Store) {
    let (id, owner) = terminal(store);
    assert!(is_duplicate(
        &write(store, |txn| txn.add_terminal_key(&key_row(id, 1)))
    ));
    write(store, |txn| txn.add_terminal_key(&key_row(id, 2))).unwrap();
    assert_eq!(write(store, |txn| txn.revoke_terminal(id)).unwrap(), 2);
    assert_eq!(write(store, |txn| txn.revoke_terminal(id)).unwrap(), 0);
    let found = write(store, |txn| txn.terminal_key(id, Epoch(2))).unwrap();
    assert_eq!(
        found,
        Some(TerminalKeyRow {
            revoked: true,
            ..key_row(id, 2)
        })
    );
    let row = TerminalRow {
        id,
        epoch: Epoch(2),
        last_contact: Some(NOW),
        name: "Till 9".to_owned(),
        ..terminal_row(owner, BranchId(1))
    };
    write(store, |txn| txn.put_terminal(&row)).unwrap();
    assert_eq!(write(store, |txn| txn.terminals()).unwrap(), [row.clone()]);
    assert_eq!(write(store, |txn| txn.terminal(id)).unwrap(), Some(row));
}

fn a_journal_position_is_taken_once(store: &dyn Store) {
    let (id, owner) = terminal(store);
    assert_eq!(
        write(store, |txn| txn.head(id, Epoch(1))).unwrap(),
        Head::start(Epoch(1))
    );
    fill(store, (id, owner), 2);
    let again = journal_row(owner, signed(id, 2, back()));
    assert!(is_duplicate(&write(store, |txn| txn.append(&again))));
    let head = write(store, |txn| txn.head(id, Epoch(1))).unwrap();
    assert_eq!(head, signed(id, 2, opened()).head());
    assert_eq!(
        write(store, |txn| txn.head(id, Epoch(2))).unwrap(),
        Head::start(Epoch(2))
    );
}

fn entries_come_back_as_they_were_signed(store: &dyn Store) {
    let (id, owner) = terminal(store);
    let row = JournalRow {
        note: Some("odd".to_owned()),
        ..journal_row(owner, signed(id, 1, back()))
    };
    write(store, |txn| txn.append(&row)).unwrap();
    assert_eq!(
        write(store, |txn| txn.entry(at(id, 1))).unwrap(),
        Some(row.clone())
    );
    let hash = write(store, |txn| txn.entry_hash(at(id, 1))).unwrap();
    assert_eq!(hash, Some(row.signed.hash));
    assert_eq!(write(store, |txn| txn.entry(at(id, 2))).unwrap(), None);
    let summary = write(store, |txn| txn.journal_summary(id, Epoch(1))).unwrap();
    assert_eq!(
        (summary.rolled_back, summary.redeemed, summary.noted),
        (1, 0, 1)
    );
    assert_eq!(summary.head, row.signed.head());
}

fn redemptions_are_listed_by_arrival(store: &dyn Store) {
    let (id, owner) = terminal(store);
    for seq in 1..=5 {
        let body = if seq == 2 { opened() } else { back() };
        let row = journal_row(owner, signed(id, seq, body));
        write(store, |txn| txn.append(&row)).unwrap();
    }
    let list = |filter: RedemptionFilter| {
        let rows = write(store, |txn| txn.redemptions(&filter)).unwrap();
        rows.iter().map(|row| row.arrival).collect::<Vec<_>>()
    };
    let all = RedemptionFilter {
        limit: 10,
        ..RedemptionFilter::default()
    };
    assert_eq!(list(all.clone()), [1, 3, 4, 5]);
    assert_eq!(
        list(RedemptionFilter {
            after: 3,
            ..all.clone()
        }),
        [4, 5]
    );
    assert_eq!(
        list(RedemptionFilter {
            limit: 2,
            ..all.clone()
        }),
        [1, 3]
    );
    assert_eq!(
        list(RedemptionFilter {
            since: Some(NOW.plus(4)),
            ..all.clone()
        }),
        [4, 5]
    );
    assert_eq!(
        list(RedemptionFilter {
            until: Some(NOW.plus(4)),
            ..all.clone()
        }),
        [1, 3]
    );
    assert_eq!(
        list(RedemptionFilter {
            branch: Some(BranchId(2)),
            ..all
        }),
        Vec::<u64>::new()
    );
}

fn uses_are_added_and_taken_out(store: &dyn Store) {
    let (id, owner) = terminal(store);
    fill(store, (id, owner), 2);
    let (own, other) = (voucher(CampaignId(1), 1, 1), voucher(CampaignId(1), 1, 2));
    let row = |seq| LedgerUse {
        terminal: id,
        epoch: Epoch(1),
        seq: Seq(seq),
        used: Used { uses: 1, minor: 50 },
    };
    for seq in [2, 1] {
        write(store, |txn| txn.add_use(&own, &row(seq))).unwrap();
    }
    assert!(is_duplicate(
        &write(store, |txn| txn.add_use(&other, &row(1)))
    ));
    assert_eq!(
        write(store, |txn| txn.ledger(&own)).unwrap().uses,
        [row(2), row(1)]
    );
    assert!(!write(store, |txn| txn.remove_use(&other, at(id, 1))).unwrap());
    assert!(write(store, |txn| txn.remove_use(&own, at(id, 2))).unwrap());
    assert!(!write(store, |txn| txn.remove_use(&own, at(id, 2))).unwrap());
    assert_eq!(write(store, |txn| txn.ledger(&own)).unwrap().uses, [row(1)]);
}

fn claim(voucher: &VoucherKey, terminal: TerminalId, after: u64) -> ClaimRow {
    ClaimRow {
        voucher: voucher.clone(),
        terminal,
        epoch: Epoch(1),
        after: Seq(after),
        used: Used { uses: 1, minor: 5 },
        at: NOW,
    }
}

fn a_claim_replaces_the_terminals_own(store: &dyn Store) {
    let ((one, _), (two, _)) = (terminal(store), terminal(store));
    let own = voucher(CampaignId(1), 1, 1);
    for row in [
        claim(&own, one, 1),
        claim(&own, two, 1),
        claim(&own, one, 7),
    ] {
        write(store, |txn| txn.put_claim(&row)).unwrap();
    }
    let kept = [claim(&own, one, 7), claim(&own, two, 1)];
    assert_eq!(write(store, |txn| txn.claims_of(&own)).unwrap(), kept);
    assert_eq!(write(store, |txn| txn.claims()).unwrap(), kept);
    assert!(write(store, |txn| txn.release_claim(&own, one)).unwrap());
    assert!(!write(store, |txn| txn.release_claim(&own, one)).unwrap());
    assert_eq!(
        write(store, |txn| txn.claims_of(&own)).unwrap(),
        [claim(&own, two, 1)]
    );
    assert_eq!(write(store, |txn| txn.counts()).unwrap().claims, 1);
}

fn claims_end_when_the_journal_goes_on(store: &dyn Store) {
    let ((one, _), (two, _)) = (terminal(store), terminal(store));
    let (a, b) = (voucher(CampaignId(1), 1, 1), voucher(CampaignId(1), 2, 2));
    for row in [claim(&a, one, 4), claim(&b, one, 5), claim(&a, two, 4)] {
        write(store, |txn| txn.put_claim(&row)).unwrap();
    }
    write(store, |txn| {
        txn.release_claims_before(one, Epoch(2), Seq(9))
    })
    .unwrap();
    assert_eq!(
        write(store, |txn| txn.claims()).unwrap().len(),
        3,
        "another epoch"
    );
    write(store, |txn| {
        txn.release_claims_before(one, Epoch(1), Seq(5))
    })
    .unwrap();
    assert_eq!(
        write(store, |txn| txn.claims_of(&a)).unwrap(),
        [claim(&a, two, 4)]
    );
    assert_eq!(
        write(store, |txn| txn.claims_of(&b)).unwrap(),
        [claim(&b, one, 5)]
    );
}

fn a_conflict_is_about_one_entry_and_seen_by_those_in_it(store: &dyn Store) {
    let ((one, first), (two, second)) = (terminal(store), terminal(store));
    fill(store, (one, first), 2);
    fill(store, (two, second), 1);
    let mut row = ConflictRow {
        id: 0,
        voucher: voucher(CampaignId(1), 1, 1),
        liable: Liable::Merchant,
        found: NOW,
        evidence: vec![at(one, 1), at(two, 1)],
    };
    row.id = write(store, |txn| txn.add_conflict(&row)).unwrap();
    assert_eq!(row.id, 1);
    assert!(is_duplicate(&write(store, |txn| txn.add_conflict(&row))));
    let other = ConflictRow {
        evidence: vec![at(one, 2)],
        ..row.clone()
    };
    assert_eq!(write(store, |txn| txn.add_conflict(&other)).unwrap(), 2);
    let list = |after, merchant, limit| {
        let rows = write(store, |txn| txn.conflicts(after, merchant, limit)).unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(list(0, None, 9), [1, 2]);
    assert_eq!(list(0, Some(second), 9), [1]);
    assert_eq!(list(0, Some(first), 9), [1, 2]);
    assert_eq!(list(0, Some(first), 1), [1]);
    assert_eq!(list(1, Some(first), 9), [2]);
    assert_eq!(list(0, Some(MerchantId(99)), 9), Vec::<u64>::new());
    assert_eq!(
        write(store, |txn| txn.conflicts(0, None, 1)).unwrap(),
        [row]
    );
}

fn what_refers_to_nothing_is_refused(store: &dyn Store) {
    let (id, owner) = terminal(store);
    let refused = |done: Stored<()>| matches!(done, Err(StoreError::Forbidden(_)));
    let nobody = MerchantId(99);
    let lost = write(store, |txn| {
        txn.add_campaign(&campaign_row(nobody)).map(drop)
    });
    assert!(refused(lost), "a campaign of nobody");
    let stray = journal_row(owner, signed(TerminalId(99), 1, opened()));
    assert!(
        refused(write(store, |txn| txn.append(&stray))),
        "an entry of no terminal"
    );
    let stray = LedgerUse {
        terminal: id,
        epoch: Epoch(1),
        seq: Seq(1),
        used: Used::default(),
    };
    let own = voucher(CampaignId(1), 1, 1);
    assert!(
        refused(write(store, |txn| txn.add_use(&own, &stray))),
        "a use of no entry"
    );
}

#[test]
fn what_was_committed_is_there_when_the_file_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.db");
    let store = SqliteStore::open(&path).unwrap();
    merchant(&store);
    let other = SqliteStore::open(&path).unwrap();
    merchant(&other);
    drop(store);
    let names = write(&other, |txn| txn.merchants()).unwrap();
    assert_eq!(names.len(), 2);
}

#[test]
fn two_programs_write_to_one_file_in_turn() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.db");
    let stores = [0, 1].map(|_| Arc::new(SqliteStore::open(&path).unwrap()));
    std::thread::scope(|scope| {
        for store in &stores {
            let work = move || (0..20).for_each(|_| drop(merchant(store.as_ref())));
            std::thread::Builder::new()
                .spawn_scoped(scope, work)
                .unwrap();
        }
    });
    let all = write(stores[0].as_ref(), |txn| txn.merchants()).unwrap();
    assert_eq!(all.last().unwrap().id, MerchantId(40));
}

#[test]
fn a_row_that_was_changed_behind_our_back_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.db");
    let store = SqliteStore::open(&path).unwrap();
    let (id, owner) = terminal(&store);
    fill(&store, (id, owner), 1);
    tamper(&path, "UPDATE journal SET bytes = x'84'");
    let read = write(&store, |txn| txn.entry(at(id, 1)));
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
}
