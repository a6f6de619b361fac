//! Random presentations: any voucher, facts and policy, likely enough to be accepted that refusals mean something.

use countersign::domain::{
    id::{BranchId, GroupId, MerchantId, OperatorId},
    money::{Currency, Money},
    redeem::{Decision, Facts, Policy, Request, Verdict, decide},
    scan::EntryMethod,
    time::Timestamp,
    voucher::{
        AmountOff, Claims, Item, Lines, OrderLine, PercentOff, Scope, Terms, Ticket, Voucher,
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    case_facts::facts,
    case_policy::policy,
    world::{self, NOON, euro},
};

/// One presentation of a voucher, with all that is known.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub voucher: Voucher,
    pub request: Request,
    pub facts: Facts,
    pub policy: Policy,
    pub now: Timestamp,
}

impl Case {
    pub(crate) fn decide(&self) -> Decision {
        decide(&self.voucher, &self.request, &self.facts, &self.policy, self.now)
    }

    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self.decide().verdict, Verdict::Accepted(_))
    }
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
    (voucher(), request(), facts(), policy(), now()).prop_map(
        |(voucher, request, facts, policy, now)| Case { voucher, request, facts, policy, now },
    )
}

/// Mostly noon, sometimes at an edge of the validity.
fn now() -> impl Strategy<Value = Timestamp> {
    let edges = [
        "2026-11-30 23:59:59",
        "2026-12-01 00:00:00",
        "2026-12-31 23:59:59",
        "2027-01-01 00:00:00",
    ];
    prop_oneof![9 => Just(NOON), 1 => select(edges.to_vec()).prop_map(world::time)]
}

/// Minted, mostly a print, sometimes signed anew, or shown by a phone.
fn voucher() -> impl Strategy<Value = Voucher> {
    let conditional = prop::bool::weighted(0.1);
    let customer = option::weighted(0.7, select(vec!["anna", "ben"]));
    let withdrawn = prop::bool::weighted(0.02);
    (terms(), scope(), customer, presence(), conditional, withdrawn).prop_map(
        |(terms, scope, customer, presence, conditional, withdrawn)| {
            let customer = customer.map(|name| name.parse().unwrap());
            let mut key = world::published_key();
            key.withdrawn = withdrawn;
            let plain = world::claims(terms);
            let mut claims = Claims { scope, customer, conditional, ..plain };
            match presence {
                None => world::voucher(&claims, &key),
                Some((false, age)) => {
                    claims.from = NOON.plus(-age);
                    claims.until = claims.from.plus(600);
                    world::voucher(&claims, &key)
                }
                Some((true, age)) => {
                    claims.holder = Some(world::holder());
                    world::shown_voucher(&claims, &key, NOON.plus(-age))
                }
            }
        },
    )
}

/// Whether a phone shows it, or the issuer signed it anew, and how long ago; nothing for a print.
fn presence() -> impl Strategy<Value = Option<(bool, i64)>> {
    let age = prop_oneof![3 => -20..55_i64, 1 => -120..900_i64];
    option::weighted(0.3, (any::<bool>(), age))
}

fn scope() -> impl Strategy<Value = Scope> {
    let own = |branches: &[u32]| Scope::Merchant {
        merchant: MerchantId(1),
        branches: branches.iter().copied().map(BranchId).collect(),
    };
    prop_oneof![
        6 => Just(own(&[])),
        3 => Just(own(&[11])),
        1 => Just(own(&[12])),
        2 => Just(Scope::Group(GroupId(5))),
    ]
}

pub(crate) fn terms() -> impl Strategy<Value = Terms> {
    let minimum = || prop_oneof![Just(0), 1..3_000_i64];
    prop_oneof![
        (1..9_000_i64).prop_map(|minor| Terms::PrepaidDeal { value: euro(minor) }),
        (1..9_000_i64, minimum()).prop_map(|(off, minimum_spend)| {
            Terms::AmountOff(AmountOff { off: euro(off), minimum_spend })
        }),
        (1..=10_000_u16, minimum(), minimum()).prop_map(|(basis_points, cap, minimum_spend)| {
            Terms::PercentOff(PercentOff {
                basis_points,
                cap,
                minimum_spend,
                currency: Currency::EUR,
            })
        }),
        (1..6_u16, 0..900_i64)
            .prop_map(|(uses, each)| Terms::Pass { uses, value_each: euro(each) }),
        (1..9_000_i64).prop_map(|minor| Terms::StoredValue { balance: euro(minor) }),
        (1..4_u16, 0..900_i64, 0..300_i64).prop_map(|(count, value, price)| {
            let name = "Cappuccino".parse().unwrap();
            Terms::Item(Item { count, name, value: euro(value), price })
        }),
        ticket(),
        vec((1..4_u16, 0..900_i64), 1..4).prop_map(order),
    ]
}

/// Mostly about noon.
fn ticket() -> impl Strategy<Value = Terms> {
    let starts = prop_oneof![4 => -900..900_i64, 1 => -20_000..20_000_i64];
    (starts, 0..7200_u32, 0..7200_u32, 1..6_u16, 0..900_i64).prop_map(
        |(starts, early_s, late_s, party, each)| {
            let starts = NOON.plus(starts);
            Terms::Ticket(Ticket { starts, early_s, late_s, party, value_each: euro(each) })
        },
    )
}

fn order(lines: Vec<(u16, i64)>) -> Terms {
    let line =
        |(count, value_each)| OrderLine { count, value_each, name: "Bread".parse().unwrap() };
    Terms::PickUp { currency: Currency::EUR, lines: lines.into_iter().map(line).collect() }
}

fn request() -> impl Strategy<Value = Request> {
    let money = || {
        let currency = prop_oneof![9 => Just(Currency::EUR), 1 => Just("USD".parse().unwrap())];
        let amount = (-20..9_000_i64, currency).prop_map(|(minor, kind)| Money::new(minor, kind));
        option::weighted(0.8, amount)
    };
    let method = select(vec![EntryMethod::Camera, EntryMethod::Typed]);
    let rest = option::weighted(0.2, money()).prop_map(Option::flatten);
    let lines = vec(0..4_u16, 0..4).prop_map(|pieces| Lines::from_slice(&pieces));
    let said = (option::weighted(0.8, any::<bool>()), prop::bool::weighted(0.8));
    let careful = prop::bool::weighted(0.1);
    let approved = option::weighted(0.4, Just(OperatorId(4)));
    let amounts = (money(), money(), rest, option::weighted(0.8, 0..7_u16), lines);
    (method, amounts, said, careful, approved).prop_map(
        |(method, (bill, amount, rest, uses, lines), (product, confirmed), look_first, by)| {
            Request {
                method,
                bill,
                amount,
                uses,
                lines,
                rest,
                product,
                confirmed,
                look_first,
                approved_by: by,
            }
        },
    )
}

/// The cases above are worth their time only where many of them are accepted, and every kind among them.
#[test]
fn enough_of_the_random_cases_are_accepted() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let cases = (0..1500).map(|_| case().new_tree(&mut runner).unwrap().current());
    let accepted: Vec<Case> = cases.filter(Case::is_accepted).collect();
    assert!((150..1200).contains(&accepted.len()), "{} of 1500", accepted.len());
    for kind in countersign::domain::voucher::Kind::ALL {
        let alike = accepted.iter().filter(|case| case.voucher.claims().terms.kind() == kind);
        let count = alike.count();
        assert!(count >= 5, "only {count} of kind {kind}");
    }
}
