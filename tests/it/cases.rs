//! Random presentations: any voucher, facts and policy, likely enough to be accepted that refusals mean something.

use countersign::domain::{
    id::{BranchId, MerchantId},
    money::{Currency, Money},
    redeem::{
        Decision, Facts, Finding, FindingSet, Limits, ListFact, OfflineMode, PlatformFact,
        PlatformRefusal, Policy, Queue, Request, Verdict, decide,
    },
    scan::EntryMethod,
    time::Timestamp,
    trust::{CampaignState, Status},
    voucher::{AmountOff, PercentOff, Scope, Terms, Used, Voucher},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::world::{self, NOON, euro};

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
    prop_oneof![6 => Just(NOON), 1 => select(edges.to_vec()).prop_map(world::time)]
}

fn voucher() -> impl Strategy<Value = Voucher> {
    let branches = prop_oneof![3 => Just(vec![]), 1 => Just(vec![BranchId(11)]), 1 => Just(vec![BranchId(12)])];
    (terms(), branches, prop::bool::weighted(0.05)).prop_map(|(terms, branches, withdrawn)| {
        let mut claims = world::claims(terms);
        claims.scope = Scope { merchant: MerchantId(1), branches };
        let mut key = world::published_key();
        key.withdrawn = withdrawn;
        world::voucher(&claims, &key)
    })
}

fn terms() -> impl Strategy<Value = Terms> {
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
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let money = || {
        let currency = prop_oneof![9 => Just(Currency::EUR), 1 => Just("USD".parse().unwrap())];
        let amount = (-20..9_000_i64, currency);
        option::weighted(0.8, amount.prop_map(|(minor, currency)| Money::new(minor, currency)))
    };
    let method = select(vec![EntryMethod::Camera, EntryMethod::Typed]);
    (method, money(), money(), option::of(0..7_u16))
        .prop_map(|(method, bill, amount, uses)| Request { method, bill, amount, uses })
}

fn facts() -> impl Strategy<Value = Facts> {
    let campaign = prop_oneof![
        8 => Just(Some(CampaignState::Active)),
        1 => Just(Some(CampaignState::Suspended)),
        1 => Just(None),
    ];
    let status = prop_oneof![8 => Just(Status::Valid), 1 => select(Status::ALL.to_vec())];
    let list = prop_oneof![
        1 => Just(ListFact::NotCovered),
        4 => (status, 0..300_000_i64).prop_map(|(status, age)| ListFact::Known {
            status,
            as_of: NOON.plus(-age),
        }),
    ];
    let rolled_back = option::weighted(0.2, (0..300_000_i64).prop_map(|age| NOON.plus(-age)));
    let queue = (0..5_u32, 0..20_000_i64).prop_map(|(count, minor)| Queue { count, minor });
    let floor =
        prop_oneof![4 => Just(-60), 1 => -400_000..400_000_i64].prop_map(|ahead| NOON.plus(ahead));
    (campaign, list, used(), rolled_back, platform(), queue, floor).prop_map(
        |(campaign, list, used_here, rolled_back_at, platform, queue, time_floor)| Facts {
            merchant: MerchantId(1),
            branch: BranchId(11),
            campaign,
            list,
            used_here,
            last_use_here: None,
            rolled_back_at,
            platform,
            queue,
            time_floor,
        },
    )
}

/// Mostly nothing.
fn used() -> impl Strategy<Value = Used> {
    let some = (0..4_u32, 0..6_000_i64).prop_map(|(uses, minor)| Used { uses, minor });
    prop_oneof![3 => Just(Used::default()), 1 => some]
}

fn platform() -> impl Strategy<Value = PlatformFact> {
    prop_oneof![
        2 => Just(PlatformFact::NotAsked),
        4 => Just(PlatformFact::Silent),
        4 => used().prop_map(|used_elsewhere| PlatformFact::Granted { used_elsewhere }),
        1 => (refusal(), used()).prop_map(|(reason, used_elsewhere)| PlatformFact::Refused {
            reason,
            used_elsewhere,
            last: None,
        }),
    ]
}

pub(crate) fn refusal() -> impl Strategy<Value = PlatformRefusal> {
    use PlatformRefusal as R;
    select(vec![R::Revoked, R::Suspended, R::Exhausted, R::Claimed])
}

/// Standard policies, and any sets of findings at all.
fn policy() -> impl Strategy<Value = Policy> {
    let mode = select(OfflineMode::ALL.to_vec());
    let limits = (0..9_000_i64, 0..5_u32, 0..30_000_i64, 0..100_000_u32, 0..300_000_u32).prop_map(
        |(amount_minor, unsynced_count, unsynced_minor, list_warn_s, list_max_s)| Limits {
            amount_minor,
            unsynced_count,
            unsynced_minor,
            list_warn_s,
            list_max_s,
        },
    );
    let sets = option::weighted(0.5, (findings(), findings(), findings()));
    (mode, limits, sets).prop_map(|(mode, limits, sets)| {
        let mut policy = Policy::standard(mode, limits);
        if let Some((deny, ask, deny_unasked)) = sets {
            (policy.deny, policy.ask, policy.deny_unasked) = (deny, ask, deny_unasked);
        }
        policy
    })
}

pub(crate) fn findings() -> impl Strategy<Value = FindingSet> {
    vec(select(Finding::ALL.to_vec()), 0..4).prop_map(|some| some.into_iter().collect())
}

/// The cases above are worth their time only where many of them are accepted.
#[test]
fn enough_of_the_random_cases_are_accepted() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let accepted =
        (0..1000).filter(|_| case().new_tree(&mut runner).unwrap().current().is_accepted());
    let count = accepted.count();
    assert!((100..900).contains(&count), "{count} of 1000");
}
