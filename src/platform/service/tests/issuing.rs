//! What vouchers carry of their campaign and customer, and when they end.

use super::world::{START, World, euro};
use crate::{
    domain::{
        crypto::{HolderKey, SecretKey},
        redeem::{Caps, Policy, Rules},
        time::Timestamp,
        voucher::Terms,
    },
    platform::service::{Ends, Order, ServiceError},
};

fn deal(world: &World) -> Order {
    world.order(Terms::PrepaidDeal { value: euro(1000) })
}

#[test]
fn a_voucher_carries_its_customer_and_phone() {
    let world = World::in_memory();
    let phone = SecretKey::from_seed(&[8; 32]).public();
    let order = Order {
        customer: Some("anna_1".parse().unwrap()),
        holder: Some(HolderKey(phone.to_bytes())),
        ..deal(&world)
    };
    let claims = world.issue_by(&order).claims;
    assert_eq!(claims.customer.unwrap().as_str(), "anna_1");
    assert_eq!(claims.holder.unwrap().0, phone.to_bytes());
    assert!(!claims.conditional);
}

#[test]
fn a_voucher_says_that_its_campaign_has_rules() {
    let world = World::in_memory();
    world.rule(Rules { listed: true, ..Rules::default() });
    assert!(!world.deal().claims.conditional, "a rule for terminals, not for customers");
    let products = Rules { approval_above: 5_000, ..Rules::default() };
    world.rule(products);
    assert!(world.deal().claims.conditional);
}

#[test]
fn a_campaign_about_customers_issues_to_customers_only() {
    let world = World::in_memory();
    for rules in [
        Rules { first_visit: true, ..Rules::default() },
        Rules { caps: Caps { customer: 1, ..Caps::default() }, ..Rules::default() },
        Rules { caps: Caps { customer_day: 1, ..Caps::default() }, ..Rules::default() },
    ] {
        world.rule(rules);
        let refused = world.platform.issue(&world.issuer, &deal(&world));
        assert!(matches!(refused, Err(ServiceError::Invalid(_))), "{refused:?}");
        assert_eq!(world.deal_of("anna").claims.customer.unwrap().as_str(), "anna");
    }
}

#[test]
fn days_end_at_midnight_of_the_first_branch() {
    let world = World::in_memory();
    // The first branch is in Berlin, an hour ahead of UTC in winter, and today is 22 November 2026.
    let ends = |order: Order| world.issue_by(&order).claims.until.to_string();
    let days = |days| Order { until: Ends::Days(days), ..deal(&world) };
    assert_eq!(ends(days(0)), "2026-11-22T23:00:00Z");
    assert_eq!(ends(days(30)), "2026-12-22T23:00:00Z");
    // 28 March 2027 is the day on which Berlin goes two hours ahead: 22 November + 126 days.
    assert_eq!(ends(days(126)), "2027-03-28T22:00:00Z");
    let later = "2026-11-30T23:30:00Z".parse::<Timestamp>().unwrap();
    assert_eq!(ends(Order { from: later, ..days(1) }), "2026-12-02T23:00:00Z", "1 December there");
    // 23:30 in Berlin is still that day; 22:59:59 UTC plus a second is the next.
    world.wait(14 * 3600 - 1);
    assert_eq!(ends(days(0)), "2026-11-22T23:00:00Z");
    world.wait(1);
    assert_eq!(ends(days(0)), "2026-11-23T23:00:00Z");
}

#[test]
fn a_policy_that_is_changed_is_published() {
    let world = World::in_memory();
    let before = world.bundle();
    let mut policy = Policy::default();
    policy.rules.caps.campaign = 7;
    world.platform.set_campaign_policy(world.campaign, &policy).unwrap();
    let after = world.bundle();
    assert_eq!(after.version, before.version + 1);
    assert_eq!(after.campaigns[0].policy, policy);
    let mut wrong = [Policy::default(), Policy::default()];
    wrong[0].rules.no_show_basis_points = 10_001;
    wrong[1].limits.amount_minor = -1;
    for policy in &wrong {
        let refused = world.platform.set_campaign_policy(world.campaign, policy);
        assert!(matches!(refused, Err(ServiceError::Invalid(_))), "{refused:?}");
    }
    assert_eq!(world.bundle().version, after.version);
    assert_eq!(world.bundle().issued_at, Timestamp(START));
}
