//! More is loaded onto a stored value.

use super::world::{World, claim_of, euro};
use crate::{
    domain::{
        money::{Currency, Money},
        redeem::PlatformRefusal,
        sync::ClaimAnswer,
        trust::Status,
        voucher::{Limit, MINOR_MAX, Used},
    },
    platform::{
        service::{ServiceError, VoucherName},
        store::RedemptionFilter,
    },
};

#[test]
fn what_is_loaded_is_the_limit_from_then_on() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let name = VoucherName::Code(voucher.code);
    let (mut one, mut two) = (world.till(), world.till());
    one.redeem(&voucher, 1000);
    world.push_all(&one);
    let status = || world.platform.voucher(name).unwrap().status;
    assert_eq!(status(), Status::Redeemed);
    assert_eq!(world.refusal(&two, &voucher, 1), Some(PlatformRefusal::Exhausted));
    assert_eq!(world.platform.top_up(name, euro(500)).unwrap(), euro(1500));
    assert_eq!(status(), Status::Valid);
    let answer = world.claim(&two, vec![claim_of(&voucher, Used::new(1, 500))]).remove(0);
    let limit = Some(Limit::Balance(1500));
    assert_eq!(answer, ClaimAnswer::Granted { used_elsewhere: Used::new(1, 1000), limit });
    two.redeem(&voucher, 500);
    assert_eq!(world.push_all(&two), Vec::<u64>::new(), "1500 were loaded in all");
    two.redeem(&voucher, 1);
    assert_eq!(world.push_all(&two), [1]);
    let view = world.platform.voucher(name).unwrap();
    assert_eq!((view.limit, view.used.minor), (Limit::Balance(1500), 1501));
}

#[test]
fn a_voucher_without_a_top_up_is_granted_without_a_limit() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let answer = world.claim(&world.till(), vec![claim_of(&voucher, Used::new(1, 1))]).remove(0);
    let used_elsewhere = Used::default();
    assert_eq!(answer, ClaimAnswer::Granted { used_elsewhere, limit: None });
}

#[test]
fn an_entry_may_say_the_old_limit_or_the_new_and_nothing_beyond() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let mut till = world.till();
    world.platform.top_up(VoucherName::Code(voucher.code), euro(500)).unwrap();
    for limit in [1000, 1500, 1501, 999] {
        let mut act = super::world::redeemed(&voucher, Used::new(1, 1));
        act.limit = Limit::Balance(limit);
        till.write(crate::domain::journal::Body::Redeemed(act));
    }
    world.push_all(&till);
    let filter = RedemptionFilter { limit: 10, ..RedemptionFilter::default() };
    let page = world.platform.redemptions(&filter).unwrap();
    let notes: Vec<_> = page.redemptions.into_iter().map(|line| line.note).collect();
    let differs = Some("terms_differ".to_owned());
    assert_eq!(notes, [None, None, differs.clone(), differs]);
}

#[test]
fn only_a_stored_value_in_its_currency_and_within_bounds_is_topped_up() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let name = VoucherName::Code(voucher.code);
    let top_up = |name, more| world.platform.top_up(name, more);
    let usd = Money::new(100, "USD".parse::<Currency>().unwrap());
    for more in [euro(0), euro(-1), usd, euro(MINOR_MAX - 999), euro(i64::MAX)] {
        let refused = top_up(name, more);
        assert!(matches!(refused, Err(ServiceError::Invalid(_))), "{more}: {refused:?}");
    }
    assert_eq!(top_up(name, euro(MINOR_MAX - 1000)).unwrap(), euro(MINOR_MAX));
    assert!(top_up(name, euro(1)).is_err());
    assert!(top_up(VoucherName::Code(world.deal().code), euro(1)).is_err());
    let other = world.balance(1000);
    world.platform.revoke_voucher(VoucherName::Code(other.code)).unwrap();
    assert!(top_up(VoucherName::Code(other.code), euro(1)).is_err());
}
