//! Several vouchers on one bill: whether they go together, and in which order the customer pays least.

use super::{finding::Finding, rules::Stacking, value::coupon_gives};
use crate::domain::{
    id::{CampaignId, IssuerName, VoucherKey},
    money::Money,
    voucher::{Claims, Terms},
};

/// Most vouchers of one act.
pub const ACT_MAX: usize = 10;

/// One of several vouchers on a bill.
#[derive(Clone, Copy, Debug)]
pub struct OnBill<'a> {
    /// What it says.
    pub claims: &'a Claims,
    /// Beside what its campaign lets it be.
    pub stacking: &'a Stacking,
    /// What is left of its balance, in minor units; only of stored value.
    pub left: i64,
}

/// The order in which vouchers come off a bill, and what each gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// One step for each voucher, in the order they are applied.
    pub steps: Vec<Step>,
    /// What the customer pays in the end.
    pub due: Money,
}

/// What one voucher does to a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which voucher: its place in what was given.
    pub voucher: usize,
    /// What was left of the bill before.
    pub before: Money,
    /// What it takes off; nothing where it stands for goods of its own.
    pub gives: Money,
}

/// Why vouchers do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// More than [`ACT_MAX`].
    TooMany,
    /// One voucher twice.
    Twice(usize),
    /// A voucher in another currency than the bill.
    Currency(usize),
    /// The campaign of this voucher does not let it be beside that one.
    NotStackable(usize, usize),
}

impl Clash {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooMany => "too_many_vouchers",
            Self::Twice(_) => "voucher_twice",
            Self::Currency(_) => "currency_differs",
            Self::NotStackable(..) => Finding::NotStackable.code(),
        }
    }

    /// The voucher that is in the way, where it is one.
    pub fn voucher(self) -> Option<usize> {
        match self {
            Self::TooMany => None,
            Self::Twice(at) | Self::Currency(at) | Self::NotStackable(at, _) => Some(at),
        }
    }
}

/// Whether these vouchers may be on one bill.
pub fn clash(currency: crate::domain::money::Currency, vouchers: &[OnBill<'_>]) -> Option<Clash> {
    if vouchers.len() > ACT_MAX {
        return Some(Clash::TooMany);
    }
    let numbered = || vouchers.iter().enumerate();
    let foreign = numbered().find(|(_, one)| one.claims.terms.currency() != currency);
    if let Some((at, _)) = foreign {
        return Some(Clash::Currency(at));
    }
    numbered().find_map(|(at, one)| {
        let mut before = numbered().take(at);
        if before.clone().any(|(_, other)| other.claims.key() == one.claims.key()) {
            return Some(Clash::Twice(at));
        }
        let bad = before.find(|(_, other)| !go_together(one, other));
        bad.map(|(with, _)| Clash::NotStackable(at, with)).or_else(|| too_many_alike(vouchers, at))
    })
}

fn go_together(one: &OnBill<'_>, other: &OnBill<'_>) -> bool {
    let excludes = |a: &OnBill<'_>, b: &OnBill<'_>| {
        let named = a.stacking.not_with.contains(&b.claims.id.campaign);
        a.stacking.alone || (named && a.claims.issuer == b.claims.issuer)
    };
    !excludes(one, other) && !excludes(other, one)
}

fn too_many_alike(vouchers: &[OnBill<'_>], at: usize) -> Option<Clash> {
    let one = vouchers.get(at)?;
    let campaign = |claims: &Claims| -> (IssuerName, CampaignId) {
        let VoucherKey { issuer, id } = claims.key();
        (issuer, id.campaign)
    };
    let own = campaign(one.claims);
    let before = vouchers.iter().enumerate().take(at);
    let alike: Vec<_> = before.filter(|(_, other)| campaign(other.claims) == own).collect();
    let full = one.stacking.most > 0 && alike.len() >= usize::from(one.stacking.most);
    alike.first().filter(|_| full).map(|(with, _)| Clash::NotStackable(at, *with))
}

/// The legal order in which the customer pays least, or why there is none.
///
/// Legal is every order in which ranks do not fall. What a coupon leaves of a bill never falls when more of the bill
/// was left before it, so of all orders of the same coupons the one that leaves least is also the best to go on from: it is
/// enough to keep the best order of each subset. Other kinds do not touch the bill; stored value pays at the end.
pub fn plan(bill: Money, vouchers: &[OnBill<'_>]) -> Result<Plan, Clash> {
    if let Some(clash) = clash(bill.currency, vouchers) {
        return Err(clash);
    }
    let of = |wanted: fn(&Terms) -> bool| -> Vec<usize> {
        let all = vouchers.iter().enumerate();
        all.filter(|(_, one)| wanted(&one.claims.terms)).map(|(at, _)| at).collect()
    };
    let coupons = of(|terms| terms.kind().is_coupon());
    let goods =
        of(|terms| !terms.kind().is_coupon() && !matches!(terms, Terms::StoredValue { .. }));
    let payments = of(|terms| matches!(terms, Terms::StoredValue { .. }));
    let order = best_order(bill, vouchers, &coupons);
    let (mut rest, mut steps) = (bill, Vec::new());
    for at in order.into_iter().chain(goods).chain(payments) {
        let Some(one) = vouchers.get(at) else { continue };
        let gives = if matches!(one.claims.terms, Terms::StoredValue { .. }) {
            one.left.min(rest.minor).max(0)
        } else {
            coupon_gives(&one.claims.terms, rest)
        };
        steps.push(Step { voucher: at, before: rest, gives: Money { minor: gives, ..rest } });
        rest.minor = rest.minor.saturating_sub(gives);
    }
    Ok(Plan { steps, due: rest })
}

/// The order of the coupons that leaves least of the bill; of several, the first found.
fn best_order(bill: Money, vouchers: &[OnBill<'_>], coupons: &[usize]) -> Vec<usize> {
    let rank = |at: usize| vouchers.get(at).map_or(0, |one| one.stacking.rank);
    let full = (1_usize << coupons.len()).saturating_sub(1);
    // For each subset: what it leaves at best, and the coupon that came last.
    let mut best: Vec<Option<(i64, usize)>> = vec![None; full.saturating_add(1)];
    if let Some(first) = best.first_mut() {
        *first = Some((bill.minor, 0));
    }
    for subset in 0..full {
        let Some((rest, _)) = best.get(subset).copied().flatten() else { continue };
        let missing = || coupons.iter().enumerate().filter(|(bit, _)| subset & (1 << bit) == 0);
        let Some(next_rank) = missing().map(|(_, at)| rank(*at)).min() else { continue };
        for (bit, at) in missing().filter(|(_, at)| rank(**at) == next_rank) {
            let Some(one) = vouchers.get(*at) else { continue };
            let gives = coupon_gives(&one.claims.terms, Money { minor: rest, ..bill });
            let left = rest.saturating_sub(gives);
            let Some(slot) = best.get_mut(subset | (1 << bit)) else { continue };
            if slot.is_none_or(|(known, _)| left < known) {
                *slot = Some((left, bit));
            }
        }
    }
    trace_back(&best, coupons)
}

fn trace_back(best: &[Option<(i64, usize)>], coupons: &[usize]) -> Vec<usize> {
    let mut subset = best.len().saturating_sub(1);
    let mut order = Vec::new();
    while subset > 0 {
        let Some((_, bit)) = best.get(subset).copied().flatten() else { break };
        order.extend(coupons.get(bit));
        subset &= !(1 << bit);
    }
    order.reverse();
    order
}
