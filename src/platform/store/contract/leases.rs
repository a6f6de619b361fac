//! Leases.

use super::{claims::anna, fixture::*};
use crate::{
    domain::{id::LeaseId, redeem::Day, sync::LedgerUse, voucher::Used},
    platform::store::*,
};

fn lease(campaign: CampaignId, terminal: TerminalId) -> LeaseRow {
    LeaseRow {
        id: LeaseId(0),
        issuer: "demo".parse().unwrap(),
        campaign,
        voucher: Some(voucher(campaign, 1, 1).id),
        terminal,
        epoch: Epoch(1),
        uses: 5,
        minor: 1_000,
        until: NOW.plus(100),
        lent_at: NOW,
        state: LeaseState::Open,
    }
}

pub(super) fn leases_hold_until_they_end(store: &dyn Store) {
    let campaign = campaign(store);
    let ((one, _), (two, _)) = (terminal(store), terminal(store));
    let rows = [lease(campaign, one), LeaseRow { voucher: None, ..lease(campaign, two) }];
    let add = |row: &LeaseRow| write(store, |txn| txn.add_lease(row)).unwrap();
    assert_eq!((add(&rows[0]), add(&rows[1])), (LeaseId(1), LeaseId(2)));
    let kept = [
        LeaseRow { id: LeaseId(1), ..rows[0].clone() },
        LeaseRow { id: LeaseId(2), ..rows[1].clone() },
    ];
    let issuer = kept[0].issuer.clone();
    let holding = || write(store, |txn| txn.holding_leases(&issuer, campaign)).unwrap();
    assert_eq!(write(store, |txn| txn.leases()).unwrap(), kept);
    assert_eq!(holding(), kept);
    let nobodys = write(store, |txn| txn.holding_leases(&issuer, CampaignId(9)));
    assert_eq!(nobodys.unwrap(), []);
    let of = |terminal, epoch| write(store, |txn| txn.leases_of(terminal, Epoch(epoch))).unwrap();
    assert_eq!((of(one, 1), of(one, 2)), (vec![kept[0].clone()], Vec::new()));
    for (state, holds) in LeaseState::ALL.into_iter().zip([true, true, false, false]) {
        write(store, |txn| txn.set_lease_state(LeaseId(1), state)).unwrap();
        let found = write(store, |txn| txn.lease(LeaseId(1))).unwrap();
        assert_eq!(found, Some(LeaseRow { state, ..kept[0].clone() }));
        assert_eq!((holding().len(), of(one, 1).len()), if holds { (2, 1) } else { (1, 0) });
    }
    let stray = LeaseRow { epoch: Epoch(7), ..rows[0].clone() };
    assert!(write(store, |txn| txn.add_lease(&stray)).is_err(), "a lease of no device");
    assert_eq!(write(store, |txn| txn.lease(LeaseId(3))).unwrap(), None);
}

pub(super) fn what_was_taken_from_a_lease_is_summed(store: &dyn Store) {
    let (id, owner) = terminal(store);
    fill(store, (id, owner), 3);
    let own = voucher(CampaignId(1), 1, 1);
    for (seq, lease) in [(1, Some(LeaseId(1))), (2, Some(LeaseId(2))), (3, Some(LeaseId(1)))] {
        let used = Used::new(1, 100);
        let row = UseRow {
            voucher: own.clone(),
            used: LedgerUse { terminal: id, epoch: Epoch(1), seq: Seq(seq), used },
            merchant: owner,
            day: Day(1),
            customer: Some(anna()),
            lease,
        };
        write(store, |txn| txn.add_use(&row)).unwrap();
    }
    let taken = |lease| write(store, |txn| txn.taken(LeaseId(lease))).unwrap();
    assert_eq!(taken(1), Used::new(2, 200));
    write(store, |txn| txn.set_use(&own, at(id, 3), Used::new(1, 30))).unwrap();
    assert_eq!(
        (taken(1), taken(2), taken(3)),
        (Used::new(2, 130), Used::new(1, 100), Used::default())
    );
}
