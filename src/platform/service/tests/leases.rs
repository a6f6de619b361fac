//! What is lent, and when it counts no longer.

use super::world::{START, Till, World, claim_of, euro, redeemed};
use crate::{
    domain::{
        id::LeaseId,
        journal::Body,
        redeem::{Caps, OfflineMode, PlatformRefusal, Policy, Rules},
        sync::{Claim, ClaimAnswer, Lease, ReplyBody, RequestBody},
        time::Timestamp,
        voucher::{Terms, Used},
    },
    platform::{
        service::{Issued, LeaseOrder, ServiceError, VoucherName},
        store::RedemptionFilter,
    },
};

/// A campaign with a quota of ten that is honoured offline under leases.
fn leased() -> World {
    let world = World::in_memory();
    let caps = Caps { campaign: 10, ..Caps::default() };
    set_mode(&world, OfflineMode::Leased, Rules { caps, ..Rules::default() });
    world
}

fn set_mode(world: &World, mode: OfflineMode, rules: Rules) {
    let policy = Policy { rules, ..Policy::standard(mode, Policy::default().limits) };
    world.platform.set_campaign_policy(world.campaign, &policy).unwrap();
}

fn order(world: &World, till: &Till, uses: u32) -> LeaseOrder {
    LeaseOrder {
        terminal: till.terminal,
        campaign: world.campaign,
        voucher: None,
        uses: Some(uses),
        minor: None,
        until: Timestamp(START + 3600),
    }
}

fn lend(world: &World, till: &Till, uses: u32) -> Result<LeaseId, ServiceError> {
    world.platform.lend(&order(world, till, uses))
}

fn pull(world: &World, till: &Till, held: &[LeaseId]) -> (Vec<Lease>, Vec<LeaseId>) {
    let pull = RequestBody::Pull {
        bundle: 0,
        lists: Vec::new(),
        conflicts_after: 0,
        listed_after: 0,
        leases: held.to_vec(),
    };
    match world.ask(till, pull).unwrap() {
        ReplyBody::Pulled { leases, ended, .. } => (leases, ended),
        other => panic!("{other:?}"),
    }
}

/// Redeems under a lease, without the platform.
fn take(till: &mut Till, voucher: &Issued, used: Used, lease: LeaseId) {
    let act = redeemed(voucher, used);
    till.write(Body::Redeemed(crate::domain::journal::Redeemed { lease: Some(lease), ..act }));
}

fn end(world: &World, till: &mut Till, lease: LeaseId, used: Used) {
    till.write(Body::LeaseEnded { lease, used });
    world.push_all(till);
}

fn state(world: &World, id: LeaseId) -> (&'static str, Used) {
    let lines = world.platform.leases().unwrap();
    let line = lines.iter().find(|line| line.row.id == id).unwrap();
    (line.state, line.taken)
}

#[test]
fn no_more_is_lent_than_is_free() {
    let world = leased();
    let (mut one, two) = (world.till(), world.till());
    one.redeem(&world.deal(), 1000);
    world.push_all(&one);
    assert_eq!(world.refusal(&two, &world.deal(), 1000), None, "set aside");
    // 10 - 1 redeemed - 1 set aside = 8 are free.
    assert!(matches!(lend(&world, &one, 9), Err(ServiceError::Invalid(_))));
    lend(&world, &one, 5).unwrap();
    assert!(lend(&world, &two, 4).is_err(), "3 are left");
    lend(&world, &two, 3).unwrap();
    assert!(lend(&world, &two, 1).is_err());
    assert!(lend(&world, &two, 0).is_err());
}

#[test]
fn what_is_lent_counts_as_consumed_for_the_others() {
    let world = leased();
    let (one, two) = (world.till(), world.till());
    let lease = lend(&world, &one, 9).unwrap();
    assert_eq!(world.refusal(&two, &world.deal(), 1000), None, "the tenth");
    let limit = Some(PlatformRefusal::CampaignLimit);
    assert_eq!(world.refusal(&two, &world.deal(), 1000), limit);
    assert_eq!(world.refusal(&one, &world.deal(), 1000), limit, "who has the lease must name it");
    let claim = |lease| Claim { lease: Some(lease), ..claim_of(&world.deal(), Used::new(1, 1000)) };
    let granted = |till, lease| {
        let answers = world.claim(till, vec![claim(lease)]);
        matches!(answers[..], [ClaimAnswer::Granted { .. }])
    };
    assert!(granted(&one, lease) && !granted(&two, lease) && !granted(&one, LeaseId(99)));
    let next = world.successor(&one);
    assert_eq!(world.refusal(&next, &world.deal(), 1000), limit, "another device has not got it");
}

#[test]
fn what_is_taken_under_a_lease_counts_once() {
    let world = leased();
    let (mut one, two) = (world.till(), world.till());
    let lease = lend(&world, &one, 4).unwrap();
    take(&mut one, &world.deal(), Used::new(1, 1000), lease);
    take(&mut one, &world.deal(), Used::new(1, 1000), lease);
    world.push_all(&one);
    assert_eq!(state(&world, lease), ("open", Used::new(2, 2000)));
    // 2 taken + 2 still lent = 4, so 6 are free.
    assert!(lend(&world, &two, 7).is_err());
    lend(&world, &two, 6).unwrap();
}

#[test]
fn a_lease_is_delivered_until_it_is_held_and_named_when_it_shall_end() {
    let world = leased();
    let (mut one, two) = (world.till(), world.till());
    let id = lend(&world, &one, 4).unwrap();
    let (new, ended) = pull(&world, &one, &[]);
    assert_eq!((new.len(), ended.len()), (1, 0));
    assert_eq!((new[0].id, new[0].uses, new[0].voucher), (id, 4, None));
    assert_eq!(new[0].campaign.campaign, world.campaign);
    assert_eq!(pull(&world, &one, &[id]), (vec![], vec![]));
    assert_eq!(pull(&world, &two, &[]), (vec![], vec![]), "it is not the other's");
    world.platform.end_lease(id).unwrap();
    assert_eq!(pull(&world, &one, &[id]), (vec![], vec![id]));
    assert!(lend(&world, &two, 10).is_err(), "it holds until it is given back");
    end(&world, &mut one, id, Used::default());
    assert_eq!(state(&world, id).0, "ended");
    lend(&world, &two, 10).unwrap();
    assert!(world.platform.end_lease(id).is_err());
    assert_eq!(pull(&world, &one, &[id]), (vec![], vec![id]), "should it hold it still");
}

#[test]
fn a_clock_ends_no_lease() {
    let world = leased();
    let (mut one, two) = (world.till(), world.till());
    let id = lend(&world, &one, 10).unwrap();
    assert_eq!(pull(&world, &one, &[]).0.len(), 1);
    world.wait(3600);
    assert_eq!(pull(&world, &one, &[id]), (vec![], vec![id]));
    world.wait(365 * 24 * 3600);
    let limit = Some(PlatformRefusal::CampaignLimit);
    assert_eq!(world.refusal(&two, &world.deal(), 1000), limit);
    end(&world, &mut one, id, Used::default());
    assert_eq!(world.refusal(&two, &world.deal(), 1000), None);
}

#[test]
fn a_lease_that_ends_before_it_arrived_arrives_as_over() {
    let world = leased();
    let till = world.till();
    let id = lend(&world, &till, 10).unwrap();
    world.platform.end_lease(id).unwrap();
    let (new, ended) = pull(&world, &till, &[]);
    assert_eq!((new.len(), ended), (1, vec![]));
    assert!(new[0].until <= world.platform.now(), "nothing is taken from it");
    assert_eq!(pull(&world, &till, &[id]).1, [id]);
}

#[test]
fn another_life_neither_gets_nor_ends_a_lease() {
    let world = leased();
    let lost = world.till();
    let id = lend(&world, &lost, 10).unwrap();
    let mut next = world.successor(&lost);
    assert_eq!(pull(&world, &next, &[]), (vec![], vec![]));
    assert_eq!(pull(&world, &next, &[id]), (vec![], vec![id]), "it is not this device's");
    end(&world, &mut next, id, Used::default());
    assert_eq!(state(&world, id).0, "open");
    assert!(lend(&world, &next, 1).is_err());
    world.platform.release_lease(id).unwrap();
    assert_eq!(state(&world, id).0, "released");
    lend(&world, &next, 10).unwrap();
    assert!(world.platform.release_lease(id).is_err());
}

#[test]
fn a_share_of_a_voucher_is_lent_and_the_rest_is_claimed_online() {
    let world = leased();
    set_mode(&world, OfflineMode::Leased, Rules::default());
    let balance = world.balance(1000);
    let (mut one, two) = (world.till(), world.till());
    let voucher = Some(VoucherName::Code(balance.code));
    let lend = |till, minor| {
        let order = LeaseOrder { voucher, uses: None, minor, ..order(&world, till, 1) };
        world.platform.lend(&order)
    };
    assert!(lend(&one, Some(1001)).is_err() && lend(&one, None).is_err());
    let id = lend(&one, Some(600)).unwrap();
    assert_eq!(world.refusal(&two, &balance, 401), Some(PlatformRefusal::Claimed));
    assert_eq!(world.refusal(&two, &balance, 400), None);
    assert!(lend(&two, Some(1)).is_err(), "600 lent + 400 set aside");
    take(&mut one, &balance, Used::new(1, 250), id);
    assert_eq!(world.push_all(&one), Vec::<u64>::new());
    assert_eq!(state(&world, id), ("open", Used::new(1, 250)));
    assert_eq!(world.refusal(&two, &balance, 401), Some(PlatformRefusal::Claimed));
    end(&world, &mut one, id, Used::new(1, 250));
    assert_eq!(world.refusal(&two, &balance, 750), None, "1000 - 250");
}

#[test]
fn an_order_that_is_lent_is_lent_whole() {
    let world = leased();
    set_mode(&world, OfflineMode::Leased, Rules::default());
    let line = crate::domain::voucher::OrderLine {
        count: 3,
        value_each: 100,
        name: "Roll".parse().unwrap(),
    };
    let currency = euro(0).currency;
    let parcel = world.issue(Terms::PickUp { currency, lines: vec![line] });
    let (one, two) = (world.till(), world.till());
    let voucher = Some(VoucherName::Code(parcel.code));
    let lend =
        |till, uses| world.platform.lend(&LeaseOrder { voucher, ..order(&world, till, uses) });
    assert!(lend(&one, 4).is_err());
    lend(&one, 1).unwrap();
    assert!(lend(&two, 1).is_err(), "which piece the other will hand over nobody knows");
    let lines = crate::domain::voucher::Lines::from_slice(&[1]).unwrap();
    let asked = Used { lines, ..Used::new(1, 100) };
    let answer = world.claim(&two, vec![super::world::claim_of(&parcel, asked)]).remove(0);
    let claimed = crate::domain::sync::ClaimAnswer::Refused {
        reason: PlatformRefusal::Claimed,
        used_elsewhere: Used::default(),
        last: None,
    };
    assert_eq!(answer, claimed);
}

#[test]
fn leases_make_sense_or_are_not_made() {
    let world = leased();
    let till = world.till();
    let good = order(&world, &till, 1);
    let other = world.platform.create_merchant("Rival").unwrap();
    let branch = world.platform.create_branch(other, "Here", "UTC").unwrap();
    let rival = world.till_at(branch);
    let revoked = world.till();
    world.platform.revoke_terminal(revoked.terminal).unwrap();
    let now = world.platform.now();
    for wrong in [
        LeaseOrder { until: now, ..good.clone() },
        LeaseOrder { minor: Some(0), ..good.clone() },
        LeaseOrder { uses: None, ..good.clone() },
        LeaseOrder { terminal: rival.terminal, ..good.clone() },
        LeaseOrder { terminal: revoked.terminal, ..good.clone() },
    ] {
        assert!(world.platform.lend(&wrong).is_err(), "{wrong:?}");
    }
    set_mode(&world, OfflineMode::Limited, Rules::default());
    assert!(world.platform.lend(&good).is_err(), "no terminal would look at it");
    assert_eq!(world.platform.leases().unwrap(), []);
}

#[test]
fn entries_about_leases_that_are_not_theirs_are_kept_and_noted() {
    let world = leased();
    let (mut one, mut two) = (world.till(), world.till());
    let id = lend(&world, &one, 5).unwrap();
    take(&mut two, &world.deal(), Used::new(1, 1000), id);
    take(&mut two, &world.deal(), Used::new(1, 1000), LeaseId(77));
    world.push_all(&two);
    let filter = RedemptionFilter { limit: 10, ..RedemptionFilter::default() };
    let page = world.platform.redemptions(&filter).unwrap();
    let notes: Vec<_> = page.redemptions.into_iter().map(|line| line.note).collect();
    assert_eq!(notes, [Some("lease_unknown".to_owned()), Some("lease_unknown".to_owned())]);
    assert_eq!(state(&world, id), ("open", Used::default()), "nothing was taken from it");
    take(&mut one, &world.deal(), Used::new(1, 1000), id);
    end(&world, &mut one, id, Used::default());
    assert_eq!(state(&world, id), ("ended", Used::new(1, 1000)));
    let at = crate::platform::store::EntryAt {
        terminal: one.terminal,
        epoch: one.epoch,
        seq: one.last(),
    };
    let row = world.platform.run(|txn| Ok(txn.entry(at)?)).unwrap().unwrap();
    assert_eq!(row.note.as_deref(), Some("lease_differs"), "it said nothing was taken");
}

#[test]
fn a_claim_that_is_not_taken_from_the_lease_leaves_the_lease_its_share() {
    let world = World::in_memory();
    set_mode(&world, OfflineMode::Leased, Rules::default());
    let (one, two) = (world.till(), world.till());
    let share = |voucher: &Issued| {
        let voucher = Some(VoucherName::Id(voucher.claims.id));
        let order = LeaseOrder { voucher, uses: None, minor: Some(300), ..order(&world, &one, 1) };
        world.platform.lend(&order).unwrap()
    };
    let ask = |voucher: &Issued, minor, lease| {
        let claim = Claim { lease, ..claim_of(voucher, Used::new(1, minor)) };
        world.claim(&one, vec![claim]).remove(0)
    };
    let gift = world.balance(1000);
    let lease = share(&gift);
    assert_eq!(world.refusal(&two, &gift, 400), None);
    // 400 of the other, 400 asked for, and 300 that it may take without asking are more than there is.
    let beside = ask(&gift, 400, None);
    assert!(
        matches!(beside, ClaimAnswer::Refused { reason: PlatformRefusal::Claimed, .. }),
        "{beside:?}"
    );
    assert!(matches!(ask(&gift, 300, None), ClaimAnswer::Granted { .. }));
    assert!(matches!(ask(&gift, 300, Some(lease)), ClaimAnswer::Granted { .. }));
    // Where nobody else had any, the till itself knows when to stop.
    let alone = world.balance(1000);
    share(&alone);
    assert!(matches!(ask(&alone, 1000, None), ClaimAnswer::Granted { .. }));
}
