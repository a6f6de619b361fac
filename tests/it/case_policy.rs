//! What the campaign of a random case demands.

use countersign::domain::redeem::{
    Caps, Finding, FindingSet, Flow, Limits, OfflineMode, Policy, Product, Rules, Stacking,
};
use countersign::domain::voucher::Tier;
use proptest::{collection::vec, option, prelude::*, sample::select};

/// Standard policies, and any sets of findings at all.
pub(crate) fn policy() -> impl Strategy<Value = Policy> {
    let mode = select(OfflineMode::ALL.to_vec());
    let sets = option::weighted(0.3, (findings(), findings(), findings()));
    let approve = option::weighted(0.4, findings());
    (mode, limits(), sets, approve, rules()).prop_map(|(mode, limits, sets, approve, rules)| {
        let mut policy = Policy::standard(mode, limits);
        if let Some((deny, ask, deny_unasked)) = sets {
            (policy.deny, policy.ask, policy.deny_unasked) = (deny, ask, deny_unasked);
        }
        policy.approve = approve.unwrap_or_default();
        policy.rules = rules;
        policy
    })
}

pub(crate) fn findings() -> impl Strategy<Value = FindingSet> {
    vec(select(Finding::ALL.to_vec()), 0..4).prop_map(|some| some.into_iter().collect())
}

fn limits() -> impl Strategy<Value = Limits> {
    let waiting = (
        rarely(9_000_i64),
        rarely(5_u32),
        rarely(30_000_i64),
        rarely(100_000_u32),
        rarely(300_000_u32),
    );
    let live = (rarely(9_000_i64), rarely(90_u32));
    let pace = (rarely(3600_u32), rarely(4_u32), rarely(4_u32), rarely(3_000_u16));
    (waiting, live, pace).prop_map(|(waiting, live, pace)| Limits {
        amount_minor: waiting.0,
        unsynced_count: waiting.1,
        unsynced_minor: waiting.2,
        list_warn_s: waiting.3,
        list_max_s: waiting.4,
        live_amount_minor: live.0,
        live_proof_s: live.1,
        velocity_s: pace.0,
        customer_max: pace.1,
        operator_max: pace.2,
        random_basis_points: pace.3,
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    let windows = vec(select(vec!["Mon-Fri 08:00-20:00", "Tue 12:00-14:00", "Sat 22:00-02:00"]), 1);
    let windows = option::weighted(0.1, windows.prop_map(read));
    let closed = vec(select(vec!["2026-12-15", "2026-12-24..2026-12-26"]), 1).prop_map(read);
    let closed = option::weighted(0.05, closed);
    let product = Product { name: "Coffee".to_owned(), gtin: String::new() };
    let products = option::weighted(0.2, Just(vec![product]));
    let flow = prop_oneof![9 => Just(Flow::OneScan), 1 => Just(Flow::Confirm)];
    let presence = prop_oneof![6 => Just(Tier::Static), 1 => select(Tier::ALL.to_vec())];
    let said = (prop::bool::weighted(0.05), rarely(6_000_i64), flow, presence);
    (windows, closed, products, caps(), said).prop_map(
        |(windows, closed, products, caps, (first_visit, approval_above, flow, presence))| Rules {
            windows: windows.unwrap_or_default(),
            blackouts: closed.unwrap_or_default(),
            products: products.unwrap_or_default(),
            caps,
            first_visit,
            approval_above,
            stacking: Stacking::default(),
            flow,
            presence,
            ..Rules::default()
        },
    )
}

fn caps() -> impl Strategy<Value = Caps> {
    let cap = || rarely(7_u32);
    (cap(), cap(), cap(), cap(), cap()).prop_map(
        |(voucher_day, customer, customer_day, terminal_day, campaign)| Caps {
            voucher_day,
            customer,
            customer_day,
            terminal_day,
            campaign,
        },
    )
}

fn read<T: std::str::FromStr<Err: std::fmt::Debug>>(texts: Vec<&str>) -> Vec<T> {
    texts.into_iter().map(|text| text.parse().unwrap()).collect()
}

/// Mostly no bound.
fn rarely<T>(below: T) -> impl Strategy<Value = T>
where
    T: Default + Clone + std::fmt::Debug + Copy + 'static,
    std::ops::Range<T>: Strategy<Value = T>,
{
    prop_oneof![9 => Just(T::default()), 1 => T::default()..below]
}
