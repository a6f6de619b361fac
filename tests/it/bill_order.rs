//! The plan of a bill against every order there is, worked out a second way.

use countersign::domain::{
    id::{CampaignId, VoucherId},
    money::{Currency, Money},
    redeem::{ACT_MAX, Clash, OnBill, Plan, Stacking, plan},
    voucher::{Claims, Terms},
};
use proptest::{collection::vec, prelude::*};

use crate::{
    cases::terms,
    world::{self, euro},
};

type One = (Claims, Stacking, i64);

fn on_bill(vouchers: &[One]) -> Vec<OnBill<'_>> {
    let seen = vouchers.iter();
    seen.map(|(claims, stacking, left)| OnBill { claims, stacking, left: *left }).collect()
}

/// Vouchers of any kind with ranks; `coupons` of them lower the bill.
fn vouchers(most: usize) -> impl Strategy<Value = Vec<One>> {
    let left = prop_oneof![4 => 0..9_000_i64, 1 => -5..5_i64];
    vec((terms(), 0..3_u8, left), 0..=most).prop_map(|all| {
        let one = |(index, (terms, rank, left)): (u32, (Terms, u8, i64))| {
            let mut claims = world::claims(terms);
            claims.id = VoucherId { campaign: CampaignId(7), index, random: 5 };
            (claims, Stacking { rank, ..Stacking::default() }, left)
        };
        (0..).zip(all).map(one).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_legal_order_leaves_less(bill in 0..12_000_i64, vouchers in vouchers(6)) {
        let plan = plan(euro(bill), &on_bill(&vouchers)).unwrap();
        let coupons: Vec<&One> = vouchers.iter().filter(|one| is_coupon(&one.0)).collect();
        let least = orders(coupons.len())
            .into_iter()
            .filter(|order| is_legal(order.iter().map(|at| coupons[*at].1.rank)))
            .map(|order| order.iter().fold(bill, |rest, at| after(rest, &coupons[*at].0.terms)))
            .min()
            .unwrap();
        let balances = vouchers.iter().filter(|one| is_stored(&one.0)).map(|one| one.2.max(0));
        let due = (least - balances.sum::<i64>()).max(0);
        prop_assert_eq!(plan.due, euro(due));
    }

    #[test]
    fn a_plan_holds_every_voucher_once_and_adds_up(bill in 0..12_000_i64, vouchers in vouchers(ACT_MAX)) {
        let plan = plan(euro(bill), &on_bill(&vouchers)).unwrap();
        let mut places: Vec<usize> = plan.steps.iter().map(|step| step.voucher).collect();
        let claims = |place: &usize| &vouchers[*place].0;
        let coupons = places.iter().filter(|place| is_coupon(claims(place)));
        prop_assert!(is_legal(coupons.map(|place| vouchers[*place].1.rank)));
        let stage = |place| u8::from(!is_coupon(claims(place))) + u8::from(is_stored(claims(place)));
        prop_assert!(places.is_sorted_by_key(stage), "coupons, goods, balances");
        places.sort_unstable();
        prop_assert_eq!(places, (0..vouchers.len()).collect::<Vec<_>>());
        check_steps(bill, &vouchers, &plan)?;
    }

    #[test]
    fn every_sum_has_a_plan(bill in any::<i64>(), vouchers in vouchers(3)) {
        let plan = plan(euro(bill), &on_bill(&vouchers)).unwrap();
        prop_assert!(plan.due.minor <= bill.max(0) && plan.due.minor >= bill.min(0));
        prop_assert!(plan.steps.iter().all(|step| step.gives.minor >= 0));
    }

    #[test]
    fn one_more_than_may_be_is_too_many(vouchers in vouchers(3), more in 0..3_usize) {
        let mut all = vouchers;
        while all.len() <= ACT_MAX + more {
            let mut claims = world::claims(Terms::StoredValue { balance: euro(1) });
            claims.id.index = 100 + u32::try_from(all.len()).unwrap();
            all.push((claims, Stacking::default(), 1));
        }
        prop_assert_eq!(plan(euro(100), &on_bill(&all)), Err(Clash::TooMany));
        all.truncate(ACT_MAX);
        prop_assert!(plan(euro(100), &on_bill(&all)).is_ok());
        let yen = Money::new(100, "JPY".parse::<Currency>().unwrap());
        prop_assert_eq!(plan(yen, &on_bill(&all)), Err(Clash::Currency(0)));
    }
}

/// Each step takes up where the one before left off.
fn check_steps(bill: i64, vouchers: &[One], plan: &Plan) -> Result<(), TestCaseError> {
    let mut rest = bill;
    for step in &plan.steps {
        let (claims, _, left) = &vouchers[step.voucher];
        prop_assert_eq!(step.before, euro(rest));
        let next = if is_stored(claims) {
            rest - rest.min((*left).max(0))
        } else {
            after(rest, &claims.terms)
        };
        prop_assert_eq!(step.gives, euro(rest - next));
        rest = next;
    }
    prop_assert_eq!(plan.due, euro(rest));
    Ok(())
}

fn is_coupon(claims: &Claims) -> bool {
    matches!(claims.terms, Terms::AmountOff(_) | Terms::PercentOff(_))
}

fn is_stored(claims: &Claims) -> bool {
    matches!(claims.terms, Terms::StoredValue { .. })
}

/// Ranks do not fall.
fn is_legal(ranks: impl Iterator<Item = u8>) -> bool {
    ranks.is_sorted()
}

/// What a voucher leaves of a bill, by schoolbook: parts of a cent are counted in ten-thousandths and half a cent is rounded up.
fn after(rest: i64, terms: &Terms) -> i64 {
    match terms {
        Terms::AmountOff(coupon) => (rest - coupon.off.minor).max(0),
        Terms::PercentOff(coupon) => {
            let parts = rest * i64::from(coupon.basis_points);
            let cents = parts / 10_000 + i64::from(parts % 10_000 >= 5_000);
            let off = if coupon.cap == 0 { cents } else { cents.min(coupon.cap) };
            rest - off.min(rest)
        }
        Terms::PrepaidDeal { .. }
        | Terms::Pass { .. }
        | Terms::StoredValue { .. }
        | Terms::Item(_)
        | Terms::Ticket(_)
        | Terms::PickUp { .. } => rest,
    }
}

/// Every order of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for last in 0..count {
        let insert = |order: Vec<usize>| {
            (0..=order.len()).map(move |place| {
                let mut longer = order.clone();
                longer.insert(place, last);
                longer
            })
        };
        all = all.into_iter().flat_map(insert).collect();
    }
    all
}

#[test]
fn orders_are_all_and_each_once() {
    let mut all = orders(4);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 24);
}
