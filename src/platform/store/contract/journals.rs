//! Journals and ledgers.

use super::{
    claims::{anna, everything},
    fixture::*,
};
use crate::{
    domain::{
        redeem::Day,
        sync::LedgerUse,
        voucher::{Lines, Used},
    },
    platform::store::*,
};

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
    let received = |since, until| RedemptionFilter {
        received_since: Some(NOW.plus(since)),
        received_until: Some(NOW.plus(until)),
        ..all.clone()
    };
    assert_eq!(list(received(0, 1)), [1, 3, 4, 5], "all arrived in that second");
    assert_eq!((list(received(1, 9)), list(received(-9, 0))), (vec![], vec![]));
    assert_eq!(list(RedemptionFilter { branch: Some(BranchId(2)), ..all }), Vec::<u64>::new());
}

pub(super) fn redemptions_of_one_merchant_are_listed(store: &dyn Store) {
    let (id, owner) = terminal(store);
    let other = merchant(store);
    for (seq, merchant) in [(1, owner), (2, other), (3, owner)] {
        let row = journal_row(merchant, signed(id, seq, back()));
        write(store, |txn| txn.append(&row)).unwrap();
    }
    let list = |merchant, after| {
        let filter = RedemptionFilter { merchant, after, limit: 10, ..RedemptionFilter::default() };
        let rows = write(store, |txn| txn.redemptions(&filter)).unwrap();
        rows.into_iter().map(|row| row.arrival).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 0), [1, 2, 3]);
    assert_eq!(list(Some(owner), 0), [1, 3]);
    assert_eq!(list(Some(owner), 1), [3]);
    assert_eq!(list(Some(other), 0), [2]);
    assert_eq!(list(Some(MerchantId(99)), 0), Vec::<u64>::new());
}

fn use_row(voucher: &VoucherKey, terminal: TerminalId, seq: u64) -> UseRow {
    let lines = Lines::from_slice(&[2, 0, 1]).unwrap();
    let used = Used { lines, ..Used::new(3, 50) };
    UseRow {
        voucher: voucher.clone(),
        used: LedgerUse { terminal, epoch: Epoch(1), seq: Seq(seq), used },
        merchant: MerchantId(1),
        day: Day(20_000),
        customer: Some(anna()),
        lease: None,
    }
}

pub(super) fn uses_are_added_and_given_back(store: &dyn Store) {
    let (id, owner) = terminal(store);
    fill(store, (id, owner), 2);
    let (own, other) = (voucher(CampaignId(1), 1, 1), voucher(CampaignId(1), 1, 2));
    for seq in [2, 1] {
        write(store, |txn| txn.add_use(&use_row(&own, id, seq))).unwrap();
    }
    assert!(is_duplicate(&write(store, |txn| txn.add_use(&use_row(&other, id, 1)))));
    let [mut second, first] = [2, 1].map(|seq| use_row(&own, id, seq).used);
    let ledger = || write(store, |txn| txn.ledger(&own)).unwrap().uses;
    assert_eq!(ledger(), [second.clone(), first.clone()]);
    let left = Used { lines: Lines::from_slice(&[1]).unwrap(), ..Used::new(1, 20) };
    let set = |voucher, seq, left| write(store, |txn| txn.set_use(voucher, at(id, seq), left));
    assert!(!set(&other, 1, left).unwrap());
    assert!(set(&own, 2, left).unwrap());
    second.used = left;
    assert_eq!(ledger(), [second, first.clone()]);
    assert!(set(&own, 2, Used::default()).unwrap());
    assert!(!set(&own, 2, left).unwrap(), "nothing was left of it");
    assert_eq!(ledger(), [first]);
}

pub(super) fn uses_are_counted_by_all_that_caps_are_about(store: &dyn Store) {
    let (id, owner) = terminal(store);
    fill(store, (id, owner), 4);
    let (a, b) = (voucher(CampaignId(1), 1, 1), voucher(CampaignId(2), 1, 2));
    let mut rows = [use_row(&a, id, 1), use_row(&a, id, 2), use_row(&b, id, 3), use_row(&b, id, 4)];
    rows[1].customer = None;
    rows[2].merchant = MerchantId(2);
    rows[3].day = Day(20_001);
    for row in &rows {
        write(store, |txn| txn.add_use(row)).unwrap();
    }
    let count = |filter: UseFilter| write(store, |txn| txn.count_uses(&filter)).unwrap();
    assert_eq!(count(everything()), 12, "four times three");
    assert_eq!(count(UseFilter { campaign: Some(CampaignId(1)), ..everything() }), 6);
    let annas = UseFilter { customer: Some(anna()), ..everything() };
    assert_eq!(count(annas.clone()), 9);
    assert_eq!(count(UseFilter { campaign: Some(CampaignId(1)), ..annas.clone() }), 3);
    assert_eq!(count(UseFilter { merchant: Some(MerchantId(1)), ..annas.clone() }), 6);
    assert_eq!(count(UseFilter { day: Some(Day(20_001)), ..annas.clone() }), 3);
    assert_eq!(count(UseFilter { issuer: "other".parse().unwrap(), ..annas.clone() }), 0);
    write(store, |txn| txn.set_use(&a, at(id, 1), Used::new(1, 0))).unwrap();
    write(store, |txn| txn.set_use(&b, at(id, 4), Used::default())).unwrap();
    assert_eq!(count(annas), 4, "one is left of the first, three of the third");
}

pub(super) fn what_refers_to_nothing_is_refused(store: &dyn Store) {
    let (id, owner) = terminal(store);
    let refused = |done: Stored<()>| matches!(done, Err(StoreError::Forbidden(_)));
    let nobody = MerchantId(99);
    let lost = write(store, |txn| txn.add_campaign(&campaign_row(nobody)).map(drop));
    assert!(refused(lost), "a campaign of nobody");
    let stray = journal_row(owner, signed(TerminalId(99), 1, opened()));
    assert!(refused(write(store, |txn| txn.append(&stray))), "an entry of no terminal");
    let stray = use_row(&voucher(CampaignId(1), 1, 1), id, 1);
    assert!(refused(write(store, |txn| txn.add_use(&stray))), "a use of no entry");
}
