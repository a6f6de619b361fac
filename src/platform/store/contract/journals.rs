//! Journals and ledgers.

use super::fixture::*;
use crate::{domain::voucher::Used, platform::store::*};

pub(super) fn a_journal_position_is_taken_once(store: &dyn Store) {
    let (id, owner) = terminal(store);
    assert_eq!(write(store, |txn| txn.head(id, Epoch(1))).unwrap(), Head::start(Epoch(1)));
    fill(store, (id, owner), 2);
    let again = journal_row(owner, signed(id, 2, back()));
    assert!(is_duplicate(&write(store, |txn| txn.append(&again))));
    let head = write(store, |txn| txn.head(id, Epoch(1))).unwrap();
    assert_eq!(head, signed(id, 2, opened()).head());
    assert_eq!(write(store, |txn| txn.head(id, Epoch(2))).unwrap(), Head::start(Epoch(2)));
}

pub(super) fn entries_come_back_as_they_were_signed(store: &dyn Store) {
    let (id, owner) = terminal(store);
    let row =
        JournalRow { note: Some("odd".to_owned()), ..journal_row(owner, signed(id, 1, back())) };
    write(store, |txn| txn.append(&row)).unwrap();
    assert_eq!(write(store, |txn| txn.entry(at(id, 1))).unwrap(), Some(row.clone()));
    let hash = write(store, |txn| txn.entry_hash(at(id, 1))).unwrap();
    assert_eq!(hash, Some(row.signed.hash));
    assert_eq!(write(store, |txn| txn.entry(at(id, 2))).unwrap(), None);
    let summary = write(store, |txn| txn.journal_summary(id, Epoch(1))).unwrap();
    assert_eq!((summary.rolled_back, summary.redeemed, summary.noted), (1, 0, 1));
    assert_eq!(summary.head, row.signed.head());
}

pub(super) fn redemptions_are_listed_by_arrival(store: &dyn Store) {
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
    let all = RedemptionFilter { limit: 10, ..RedemptionFilter::default() };
    assert_eq!(list(all.clone()), [1, 3, 4, 5]);
    assert_eq!(list(RedemptionFilter { after: 3, ..all.clone() }), [4, 5]);
    assert_eq!(list(RedemptionFilter { limit: 2, ..all.clone() }), [1, 3]);
    assert_eq!(list(RedemptionFilter { since: Some(NOW.plus(4)), ..all.clone() }), [4, 5]);
    assert_eq!(list(RedemptionFilter { until: Some(NOW.plus(4)), ..all.clone() }), [1, 3]);
    assert_eq!(list(RedemptionFilter { branch: Some(BranchId(2)), ..all }), Vec::<u64>::new());
}

pub(super) fn uses_are_added_and_taken_out(store: &dyn Store) {
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
    assert!(is_duplicate(&write(store, |txn| txn.add_use(&other, &row(1)))));
    assert_eq!(write(store, |txn| txn.ledger(&own)).unwrap().uses, [row(2), row(1)]);
    assert!(!write(store, |txn| txn.remove_use(&other, at(id, 1))).unwrap());
    assert!(write(store, |txn| txn.remove_use(&own, at(id, 2))).unwrap());
    assert!(!write(store, |txn| txn.remove_use(&own, at(id, 2))).unwrap());
    assert_eq!(write(store, |txn| txn.ledger(&own)).unwrap().uses, [row(1)]);
}

pub(super) fn what_refers_to_nothing_is_refused(store: &dyn Store) {
    let (id, owner) = terminal(store);
    let refused = |done: Stored<()>| matches!(done, Err(StoreError::Forbidden(_)));
    let nobody = MerchantId(99);
    let lost = write(store, |txn| txn.add_campaign(&campaign_row(nobody)).map(drop));
    assert!(refused(lost), "a campaign of nobody");
    let stray = journal_row(owner, signed(TerminalId(99), 1, opened()));
    assert!(refused(write(store, |txn| txn.append(&stray))), "an entry of no terminal");
    let stray = LedgerUse { terminal: id, epoch: Epoch(1), seq: Seq(1), used: Used::default() };
    let own = voucher(CampaignId(1), 1, 1);
    assert!(refused(write(store, |txn| txn.add_use(&own, &stray))), "a use of no entry");
}
