//! Witnessed entries and proofs of forks.

use super::{
    claims::{anna, claim},
    fixture::*,
};
use crate::{
    domain::{id::LeaseId, redeem::Day},
    platform::store::*,
};

fn witness(terminal: TerminalId, seq: u64, about: &VoucherKey) -> WitnessRow {
    let claim = claim(about, terminal, seq);
    WitnessRow {
        signed: signed(terminal, seq, back()),
        voucher: about.clone(),
        used: claim.used,
        merchant: claim.merchant,
        day: claim.day,
        customer: Some(anna()),
        lease: Some(LeaseId(3)),
        received: NOW,
    }
}

pub(super) fn witnessed_entries_are_found_until_they_are_taken_out(store: &dyn Store) {
    let ((one, _), (two, _)) = (terminal(store), terminal(store));
    let (own, other) = (voucher(CampaignId(1), 1, 1), voucher(CampaignId(2), 1, 1));
    let rows = [witness(one, 5, &own), witness(one, 9, &other), witness(two, 2, &own)];
    for row in [&rows[1], &rows[2], &rows[0]] {
        write(store, |txn| txn.add_witness(row)).unwrap();
    }
    assert!(is_duplicate(&write(store, |txn| txn.add_witness(&rows[0]))));
    let of = |terminal| write(store, |txn| txn.witnesses_of(terminal, Epoch(1))).unwrap();
    assert_eq!(of(one), rows[..2]);
    assert_eq!(write(store, |txn| txn.witnesses_of(one, Epoch(2))).unwrap(), []);
    let about = |voucher| write(store, |txn| txn.witnessed(voucher)).unwrap();
    assert_eq!(about(&own), [rows[0].clone(), rows[2].clone()]);
    let all = UseFilter {
        issuer: own.issuer.clone(),
        campaign: None,
        customer: None,
        merchant: None,
        day: None,
    };
    let counted =
        |filter: &UseFilter| write(store, |txn| txn.witnessed_among(filter)).unwrap().len();
    for (filter, expected) in [
        (all.clone(), 3),
        (UseFilter { campaign: Some(CampaignId(1)), ..all.clone() }, 2),
        (UseFilter { customer: Some(anna()), ..all.clone() }, 3),
        (UseFilter { day: Some(Day(1)), ..all.clone() }, 0),
        (UseFilter { merchant: Some(MerchantId(7)), ..all }, 0),
    ] {
        assert_eq!(counted(&filter), expected, "{filter:?}");
    }
    let (at, hash) = (at(one, 5), rows[0].signed.hash);
    assert!(!write(store, |txn| txn.remove_witness(at, Hash::ZERO)).unwrap());
    assert!(write(store, |txn| txn.remove_witness(at, hash)).unwrap());
    assert!(!write(store, |txn| txn.remove_witness(at, hash)).unwrap());
    assert_eq!(of(one), rows[1..2]);
}

pub(super) fn the_first_proof_of_a_fork_is_kept(store: &dyn Store) {
    let ((one, _), (two, _)) = (terminal(store), terminal(store));
    let proof = |terminal, seq, second: u8| ForkRow {
        at: at(terminal, seq),
        found: NOW,
        first: vec![1],
        second: vec![second],
    };
    for row in [proof(two, 1, 7), proof(one, 4, 2), proof(one, 4, 3), proof(one, 2, 5)] {
        write(store, |txn| txn.add_fork(&row)).unwrap();
    }
    let forks = |terminal| write(store, |txn| txn.forks(terminal)).unwrap();
    assert_eq!(forks(Some(one)), [proof(one, 2, 5), proof(one, 4, 2)]);
    assert_eq!(forks(None).len(), 3);
    let unknown = write(store, |txn| txn.add_fork(&proof(TerminalId(99), 1, 1)));
    assert!(matches!(unknown, Err(StoreError::Forbidden(_))), "{unknown:?}");
}
