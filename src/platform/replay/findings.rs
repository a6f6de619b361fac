//! Findings of an entry under another policy: those that depend on it looked for again, all others kept.

use super::{
    Scenario,
    judge::{Known, Told},
    past::{Past, day_of, over},
};
use crate::domain::{
    id::VoucherKey,
    journal::{Entry, Redeemed, Refused},
    redeem::{Finding, FindingSet, LocalMoment, OfflineMode, Policy, Stacking},
    time::Timestamp,
    voucher::Tier,
};

/// Findings that hang on the policy, on what came before under it, or on whether the platform is asked.
const DEPENDENT: [Finding; 26] = [
    Finding::OutsideHours,
    Finding::BlackedOut,
    Finding::NotFirstVisit,
    Finding::CustomerUnknown,
    Finding::CustomerLimit,
    Finding::CampaignLimit,
    Finding::CampaignDayLimit,
    Finding::VoucherDayLimit,
    Finding::NotStackable,
    Finding::ProductMissing,
    Finding::ApprovalNeeded,
    Finding::OnlineRequired,
    Finding::NotBranchBound,
    Finding::NoLease,
    Finding::LeaseUsedUp,
    Finding::LiveProofMissing,
    Finding::OverAmountLimit,
    Finding::OverCountLimit,
    Finding::OverSumLimit,
    Finding::CustomerTooFast,
    Finding::OperatorTooFast,
    Finding::ListTooOld,
    Finding::ListOld,
    Finding::ChosenAtRandom,
    Finding::PlatformSilent,
    Finding::NotConfirmed,
];

/// Findings about what was asked for, which a terminal does not get to where something refuses before.
const OF_THE_ACT: [Finding; 3] =
    [Finding::BelowMinimumSpend, Finding::OverBalance, Finding::OverUses];

fn kept(found: FindingSet) -> Known {
    Known { yes: found.minus(DEPENDENT.into_iter().collect()), maybe: FindingSet::EMPTY }
}

/// Whether something is so where it could be, and unknown otherwise.
fn unknown_where(possible: bool) -> Told {
    if possible { Told::Unknown } else { Told::No }
}

/// The findings of a redemption.
pub(super) fn of_redeemed(
    (entry, redeemed): (&Entry, &Redeemed),
    past: &Past,
    scenario: &Scenario<'_>,
) -> Known {
    let policy = scenario.policy;
    let mut known = kept(redeemed.findings);
    note_everywhere(&mut known, entry, redeemed.findings, (past, scenario));
    let lease = policy.mode == OfflineMode::Leased && redeemed.lease.is_none();
    known.note(Finding::NoLease, unknown_where(lease));
    note_presence(&mut known, entry, redeemed, policy);
    let age = redeemed.list_as_of.map(|as_of| entry.time_floor.since(as_of));
    let older = |bound: u32| bound > 0 && age.is_some_and(|age| age > i64::from(bound));
    known.note(Finding::ListOld, older(policy.limits.list_warn_s));
    known.note(Finding::ListTooOld, older(policy.limits.list_max_s));
    note_amounts(&mut known, redeemed, past, policy);
    note_caps(&mut known, (entry, redeemed.used.uses, &redeemed.voucher), past, scenario);
    note_customer(&mut known, (entry, redeemed), past, scenario);
    known.note(Finding::ProductMissing, unknown_where(!policy.rules.products.is_empty()));
    known.note(Finding::NotStackable, in_the_way(redeemed, past, policy));
    known
}

/// What is known of every presentation of a voucher.
fn note_everywhere(
    known: &mut Known,
    entry: &Entry,
    found: FindingSet,
    (past, scenario): (&Past, &Scenario<'_>),
) {
    let (policy, limits) = (scenario.policy, &scenario.policy.limits);
    known.note(Finding::OnlineRequired, policy.mode == OfflineMode::Never);
    if policy.mode == OfflineMode::BranchBound {
        // A finding that was there is there still; one that was not need not have been looked for.
        let told = found.has(Finding::NotBranchBound);
        known.note(Finding::NotBranchBound, if told { Told::Yes } else { Told::Unknown });
    }
    let rules = &policy.rules;
    if !rules.windows.is_empty() || !rules.blackouts.is_empty() {
        let zone = scenario.zone_of(entry.branch);
        let local = zone.map(|zone| LocalMoment::of(entry.time_floor, zone));
        let (hours, days) = (!rules.windows.is_empty(), !rules.blackouts.is_empty());
        let closed = local.map(|at| Told::from(!rules.open_at(at)));
        let blacked_out = local.map(|at| Told::from(rules.blacked_out(at.day)));
        known.note(Finding::OutsideHours, closed.unwrap_or(unknown_where(hours)));
        known.note(Finding::BlackedOut, blacked_out.unwrap_or(unknown_where(days)));
    }
    let counted = limits.operator_max > 0 && limits.velocity_s > 0;
    let recent = past.by_operator(entry.operator, since(entry, policy));
    known.note(Finding::OperatorTooFast, counted && recent >= limits.operator_max);
    known.note(Finding::ChosenAtRandom, unknown_where(limits.random_basis_points > 0));
}

fn since(entry: &Entry, policy: &Policy) -> Timestamp {
    entry.time_floor.plus(i64::from(policy.limits.velocity_s).saturating_neg())
}

/// Vouchers that live on a phone demand its signature whatever the policy says, and an entry does not tell which do.
fn note_presence(known: &mut Known, entry: &Entry, redeemed: &Redeemed, policy: &Policy) {
    let missing = if redeemed.presence < policy.rules.presence {
        Told::Yes
    } else {
        unknown_where(redeemed.findings.has(Finding::LiveProofMissing))
    };
    known.note(Finding::LiveProofMissing, missing);
    if redeemed.presence == Tier::Signed {
        let age = redeemed.shown_at.map(|at| entry.time_floor.since(at).saturating_abs());
        let stale = age.map(|age| Told::from(age > policy.limits.proof_age_s()));
        known.yes = known.yes.without(Finding::LiveProofStale);
        known.note(Finding::LiveProofStale, stale.unwrap_or(Told::Unknown));
    }
}

fn note_amounts(known: &mut Known, redeemed: &Redeemed, past: &Past, policy: &Policy) {
    let (limits, worth) = (&policy.limits, redeemed.used.minor);
    let above = policy.rules.approval_above;
    known.note(Finding::ApprovalNeeded, above > 0 && worth > above);
    if policy.mode != OfflineMode::Limited {
        return;
    }
    let over = |bound: i64, value: i64| bound > 0 && value > bound;
    let queue = past.queue(redeemed.waiting, redeemed.currency);
    let (count, sum) =
        (i64::from(queue.count).saturating_add(1), queue.minor.saturating_add(worth));
    known.note(Finding::OverAmountLimit, over(limits.floor(redeemed.presence), worth));
    known.note(Finding::OverCountLimit, over(i64::from(limits.unsynced_count), count));
    known.note(Finding::OverSumLimit, over(limits.unsynced_minor, sum));
}

fn note_caps(
    known: &mut Known,
    (entry, uses, key): (&Entry, u32, &VoucherKey),
    past: &Past,
    scenario: &Scenario<'_>,
) {
    let caps = &scenario.policy.rules.caps;
    let day = day_of(entry, scenario.zone_of(entry.branch));
    let daily = |cap: u32, today: u32| match day {
        Some(_) => over(cap, today, uses),
        None => unknown_where(cap > 0),
    };
    let (voucher, campaign) = (past.voucher(key, day), past.campaign(key, day));
    known.note(Finding::VoucherDayLimit, daily(caps.voucher_day, voucher.today));
    known.note(Finding::CampaignDayLimit, daily(caps.terminal_day, campaign.today));
    known.note(Finding::CampaignLimit, over(caps.campaign, campaign.uses, uses));
}

fn note_customer(
    known: &mut Known,
    (entry, redeemed): (&Entry, &Redeemed),
    past: &Past,
    scenario: &Scenario<'_>,
) {
    let (policy, rules) = (scenario.policy, &scenario.policy.rules);
    let Some(customer) = &redeemed.customer else {
        return known.note(Finding::CustomerUnknown, rules.concern_customers());
    };
    known.note(Finding::NotFirstVisit, rules.first_visit && past.visits(customer) > 0);
    let limits = &policy.limits;
    let counted = limits.customer_max > 0 && limits.velocity_s > 0;
    let recent = past.by_customer(customer, since(entry, policy));
    known.note(Finding::CustomerTooFast, counted && recent >= limits.customer_max);
    let day = day_of(entry, scenario.zone_of(entry.branch));
    let (tally, uses) = (past.customer(customer, &redeemed.voucher, day), redeemed.used.uses);
    let in_all = over(rules.caps.customer, tally.uses, uses);
    let today = match day {
        Some(_) => over(rules.caps.customer_day, tally.today, uses),
        None => unknown_where(rules.caps.customer_day > 0),
    };
    known.note(Finding::CustomerLimit, in_all);
    known.note(Finding::CustomerLimit, today);
}

/// Whether it may not be beside the vouchers that came before it on the bill.
fn in_the_way(redeemed: &Redeemed, past: &Past, policy: &Policy) -> bool {
    let stacking = &policy.rules.stacking;
    let before = past.on_bill(redeemed.act);
    let key = &redeemed.voucher;
    let alike = before
        .iter()
        .filter(|(issuer, campaign)| *issuer == key.issuer && *campaign == key.id.campaign);
    let most = usize::from(stacking.most);
    let excluded = before
        .iter()
        .any(|(issuer, campaign)| *issuer == key.issuer && stacking.not_with.contains(campaign));
    let too_many = most > 0 && alike.count() >= most;
    excluded || too_many || (stacking.alone && !before.is_empty())
}

/// The findings of a refusal, as far as it tells.
pub(super) fn of_refused(
    (entry, refused, key): (&Entry, &Refused, &VoucherKey),
    past: &Past,
    scenario: &Scenario<'_>,
) -> Known {
    let (policy, found) = (scenario.policy, refused.findings);
    let mut known = kept(found);
    note_everywhere(&mut known, entry, found, (past, scenario));
    note_caps(&mut known, (entry, 1, key), past, scenario);
    note_list_of_refused(&mut known, (entry, found, key), past, policy);
    let leased = policy.mode == OfflineMode::Leased;
    known.note(Finding::NoLease, unknown_where(leased));
    known.note(Finding::LeaseUsedUp, unknown_where(leased));
    let (limits, rules) = (&policy.limits, &policy.rules);
    let limited = policy.mode == OfflineMode::Limited;
    let floor = limits.amount_minor > 0 || limits.live_amount_minor > 0;
    known.note(Finding::OverAmountLimit, unknown_where(limited && floor));
    known.note(Finding::OverSumLimit, unknown_where(limited && limits.unsynced_minor > 0));
    let within = past.waiting_at_most().is_some_and(|most| most < limits.unsynced_count);
    let counted = limited && limits.unsynced_count > 0 && !within;
    known.note(Finding::OverCountLimit, unknown_where(counted));
    known.note(Finding::ApprovalNeeded, unknown_where(rules.approval_above > 0));
    known.note(Finding::ProductMissing, unknown_where(!rules.products.is_empty()));
    let stacked = found.has(Finding::NotStackable) && rules.stacking != Stacking::default();
    known.note(Finding::NotStackable, unknown_where(stacked));
    note_presence_of_refused(&mut known, found, policy);
    note_customer_of_refused(&mut known, found, policy);
    if !reached_the_act(refused) {
        let missing = OF_THE_ACT.into_iter().filter(|finding| !found.has(*finding));
        missing.for_each(|finding| known.note(finding, Told::Unknown));
    }
    known
}

/// Whether the terminal had got to what was asked for: it asks the platform only after that.
fn reached_the_act(refused: &Refused) -> bool {
    let asked = refused.online || refused.findings.has(Finding::PlatformSilent);
    asked || OF_THE_ACT.into_iter().any(|finding| finding.code() == refused.code)
}

/// Lists only get newer, so that the last one that an entry names says how old it was at most.
fn note_list_of_refused(
    known: &mut Known,
    (entry, found, key): (&Entry, FindingSet, &VoucherKey),
    past: &Past,
    policy: &Policy,
) {
    let at_most = past.list_at_least(key).map(|as_of| entry.time_floor.since(as_of));
    let told = |bound: u32| {
        let within = at_most.is_some_and(|age| age <= i64::from(bound));
        unknown_where(bound > 0 && !within && !found.has(Finding::NotCovered))
    };
    known.note(Finding::ListOld, told(policy.limits.list_warn_s));
    known.note(Finding::ListTooOld, told(policy.limits.list_max_s));
}

/// A proof that was not stale is taken for no older than the minute that is usual.
fn note_presence_of_refused(known: &mut Known, found: FindingSet, policy: &Policy) {
    let demanded = policy.rules.presence > Tier::Static;
    let missing = demanded || found.has(Finding::LiveProofMissing);
    known.note(Finding::LiveProofMissing, unknown_where(missing));
    if found.has(Finding::LiveProofStale) {
        known.yes = known.yes.without(Finding::LiveProofStale);
        known.note(Finding::LiveProofStale, Told::Unknown);
    }
}

fn note_customer_of_refused(known: &mut Known, found: FindingSet, policy: &Policy) {
    let (rules, limits) = (&policy.rules, &policy.limits);
    let unknown = found.has(Finding::CustomerUnknown);
    let concerned = rules.concern_customers();
    let told = if unknown { Told::Yes } else { Told::Unknown };
    known.note(Finding::CustomerUnknown, if concerned { told } else { Told::No });
    known.note(Finding::NotFirstVisit, unknown_where(rules.first_visit));
    let capped = rules.caps.customer > 0 || rules.caps.customer_day > 0;
    known.note(Finding::CustomerLimit, unknown_where(capped));
    let paced = limits.customer_max > 0 && limits.velocity_s > 0;
    known.note(Finding::CustomerTooFast, unknown_where(paced));
}
