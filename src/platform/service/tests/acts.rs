//! Several vouchers in one claim: all or nothing.

use super::world::{World, claim_of};
use crate::{
    domain::{redeem::PlatformRefusal, voucher::Used},
    platform::service::{Issued, ServiceError, VoucherName},
};

#[test]
fn where_one_is_refused_nothing_is_set_aside() {
    let world = World::in_memory();
    let (good, bad) = (world.deal(), world.deal());
    let (one, two) = (world.till(), world.till());
    world.platform.revoke_voucher(VoucherName::Id(bad.claims.id)).unwrap();
    assert_eq!(world.refusals(&one, &[&good, &bad]), [None, Some(PlatformRefusal::Revoked)]);
    assert_eq!(world.platform.claims().unwrap(), []);
    assert_eq!(world.refusals(&two, &[&good]), [None], "it is free for another counter");
}

#[test]
fn all_that_were_granted_are_set_aside_together() {
    let world = World::in_memory();
    let (a, b) = (world.deal(), world.deal());
    let (mut one, two) = (world.till(), world.till());
    assert_eq!(world.refusals(&one, &[&a, &b]), [None, None]);
    assert_eq!(world.refusals(&two, &[&b]), [Some(PlatformRefusal::Claimed)]);
    one.redeem(&a, 1000);
    one.redeem(&b, 1000);
    world.push_all(&one);
    assert_eq!(world.platform.claims().unwrap(), []);
    assert_eq!(world.refusals(&two, &[&a, &b]), [Some(PlatformRefusal::Exhausted); 2]);
}

#[test]
fn a_claim_that_was_held_before_stays_when_the_act_is_refused() {
    let world = World::in_memory();
    let (held, bad) = (world.deal(), world.deal());
    let (one, two) = (world.till(), world.till());
    assert_eq!(world.refusals(&one, &[&held]), [None]);
    world.platform.revoke_voucher(VoucherName::Id(bad.claims.id)).unwrap();
    world.refusals(&one, &[&held, &bad]);
    assert_eq!(world.refusals(&two, &[&held]), [Some(PlatformRefusal::Claimed)]);
}

#[test]
fn an_act_has_one_to_ten_different_vouchers() {
    let world = World::in_memory();
    let till = world.till();
    let vouchers: Vec<_> = (0..11).map(|_| world.deal()).collect();
    let refused = |claims: Vec<&Issued>| {
        let claims = claims.iter().map(|voucher| claim_of(voucher, Used::new(1, 1000))).collect();
        let reply = world.ask(&till, till.claim_all(claims));
        matches!(reply, Err(ServiceError::OutOfBounds(_)))
    };
    assert!(refused(Vec::new()));
    assert!(refused(vouchers.iter().collect()), "eleven");
    assert!(refused(vec![&vouchers[0], &vouchers[1], &vouchers[0]]), "twice");
    assert_eq!(world.platform.claims().unwrap(), []);
    let ten: Vec<_> = vouchers.iter().take(10).collect();
    assert_eq!(world.refusals(&till, &ten), [None; 10]);
}

#[test]
fn what_was_consumed_and_not_sent_is_set_aside_with_the_next_use() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let (one, two) = (world.till(), world.till());
    assert_eq!(world.refusal(&one, &voucher, 400), None);
    // The 400 were redeemed and wait to be sent when 300 more are asked for: 1000 - 700 = 300 are free.
    let claim = claim_of(&voucher, Used::new(1, 300));
    let claim = crate::domain::sync::Claim { used_here: Used::new(1, 400), ..claim };
    world.claim(&one, vec![claim]);
    assert_eq!(world.refusal(&two, &voucher, 301), Some(PlatformRefusal::Claimed));
    assert_eq!(world.refusal(&two, &voucher, 300), None);
}
