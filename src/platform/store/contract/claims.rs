//! Claims and conflicts.

use super::fixture::*;
use crate::{
    domain::{
        redeem::{Day, Liable},
        voucher::{Customer, Lines, Used},
    },
    platform::store::*,
};

pub(super) fn anna() -> Customer {
    "anna".parse().unwrap()
}

pub(super) fn claim(voucher: &VoucherKey, terminal: TerminalId, after: u64) -> ClaimRow {
    ClaimRow {
        voucher: voucher.clone(),
        terminal,
        epoch: Epoch(1),
        after: Seq(after),
        used: Used { lines: Lines::from_slice(&[0, 1]).unwrap(), ..Used::new(1, 5) },
        at: NOW,
        merchant: MerchantId(1),
        day: Day(20_000),
        customer: Some(anna()),
    }
}

pub(super) fn a_claim_replaces_the_terminals_own(store: &dyn Store) {
    let ((one, _), (two, _)) = (terminal(store), terminal(store));
    let own = voucher(CampaignId(1), 1, 1);
    for row in [claim(&own, one, 1), claim(&own, two, 1), claim(&own, one, 7)] {
        write(store, |txn| txn.put_claim(&row)).unwrap();
    }
    let kept = [claim(&own, one, 7), claim(&own, two, 1)];
    assert_eq!(write(store, |txn| txn.claims_of(&own)).unwrap(), kept);
    assert_eq!(write(store, |txn| txn.claims()).unwrap(), kept);
    assert!(write(store, |txn| txn.release_claim(&own, one)).unwrap());
    assert!(!write(store, |txn| txn.release_claim(&own, one)).unwrap());
    assert_eq!(write(store, |txn| txn.claims_of(&own)).unwrap(), [claim(&own, two, 1)]);
    assert_eq!(write(store, |txn| txn.counts()).unwrap().claims, 1);
}

pub(super) fn claims_end_when_the_journal_goes_on(store: &dyn Store) {
    let ((one, _), (two, _)) = (terminal(store), terminal(store));
    let (a, b) = (voucher(CampaignId(1), 1, 1), voucher(CampaignId(1), 2, 2));
    for row in [claim(&a, one, 4), claim(&b, one, 5), claim(&a, two, 4)] {
        write(store, |txn| txn.put_claim(&row)).unwrap();
    }
    write(store, |txn| txn.release_claims_before(one, Epoch(2), Seq(9))).unwrap();
    assert_eq!(write(store, |txn| txn.claims()).unwrap().len(), 3, "another epoch");
    write(store, |txn| txn.release_claims_before(one, Epoch(1), Seq(5))).unwrap();
    assert_eq!(write(store, |txn| txn.claims_of(&a)).unwrap(), [claim(&a, two, 4)]);
    assert_eq!(write(store, |txn| txn.claims_of(&b)).unwrap(), [claim(&b, one, 5)]);
}

pub(super) fn a_conflict_is_about_one_entry_and_seen_by_those_in_it(store: &dyn Store) {
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
    let other = ConflictRow { evidence: vec![at(one, 2)], ..row.clone() };
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
    assert_eq!(write(store, |txn| txn.conflicts(0, None, 1)).unwrap(), std::slice::from_ref(&row));
    assert_eq!(write(store, |txn| txn.conflict(1)).unwrap(), Some(row));
    for unknown in [0, 3, u64::MAX] {
        assert_eq!(write(store, |txn| txn.conflict(unknown)).unwrap(), None);
    }
}

pub(super) fn claims_are_found_by_what_is_counted(store: &dyn Store) {
    let ((one, _), (two, _)) = (terminal(store), terminal(store));
    let (a, b) = (voucher(CampaignId(1), 1, 1), voucher(CampaignId(2), 2, 2));
    let nobodys =
        ClaimRow { customer: None, merchant: MerchantId(2), day: Day(-3), ..claim(&a, two, 1) };
    let rows = [claim(&a, one, 1), nobodys.clone(), claim(&b, one, 1)];
    for row in &rows {
        write(store, |txn| txn.put_claim(row)).unwrap();
    }
    let found = |filter: UseFilter| write(store, |txn| txn.claims_among(&filter)).unwrap();
    assert_eq!(found(everything()), rows);
    assert_eq!(found(UseFilter { campaign: Some(CampaignId(1)), ..everything() }), rows[..2]);
    let annas = [rows[0].clone(), rows[2].clone()];
    assert_eq!(found(UseFilter { customer: Some(anna()), ..everything() }), annas);
    let elsewhere = UseFilter { merchant: Some(MerchantId(2)), ..everything() };
    assert_eq!(found(elsewhere), std::slice::from_ref(&nobodys));
    assert_eq!(found(UseFilter { day: Some(Day(-3)), ..everything() }), [nobodys]);
    assert_eq!(found(UseFilter { issuer: "other".parse().unwrap(), ..everything() }), []);
}

/// All uses of the issuer's vouchers.
pub(super) fn everything() -> UseFilter {
    let issuer = "demo".parse().unwrap();
    UseFilter { issuer, campaign: None, customer: None, merchant: None, day: None }
}
