//! Findings: what speaks against honouring a voucher, looked for one thing at a time.

use super::{
    decide::{limit, used_everywhere},
    facts::{Facts, ListFact, PlatformFact, PlatformRefusal, Request},
    finding::{Finding, FindingSet},
    local::LocalMoment,
    policy::{OfflineMode, Policy},
    span::{Span, is_set_back},
    value::Act,
};
use crate::domain::{
    scan::EntryMethod,
    time::Timestamp,
    trust::{CampaignState, Status},
    voucher::{Limit, Presence, Scope, Terms, Tier, Voucher},
};

/// Seconds by which a voucher that was signed anew may be ahead of this clock.
const FRESH_TOLERANCE_S: i64 = 60;

/// Findings that do not depend on what is asked for.
pub(super) fn standing_findings(
    voucher: &Voucher,
    request: &Request,
    facts: &Facts,
    policy: &Policy,
    now: Timestamp,
) -> FindingSet {
    let mut found = FindingSet::EMPTY;
    let span = Span::of(facts, now);
    note_token(&mut found, voucher, span);
    note_presence(&mut found, voucher, facts, policy, span);
    note_place(&mut found, voucher, facts, policy);
    note_hours(&mut found, voucher, facts, policy, span);
    note_status(&mut found, voucher, facts);
    note_customer(&mut found, voucher, facts, policy);
    note_pace(&mut found, facts, policy);
    note_age(&mut found, facts, policy, span);
    found.note(Finding::ClockSetBack, is_set_back(facts, now));
    found.note(Finding::TypedEntry, request.method == EntryMethod::Typed);
    found.note(Finding::PlatformSilent, facts.platform == PlatformFact::Silent);
    let granted = matches!(facts.platform, PlatformFact::Granted { .. });
    found.note(Finding::NotConfirmed, !granted);
    found
}

fn note_token(found: &mut FindingSet, voucher: &Voucher, span: Span) {
    let (claims, key) = (voucher.claims(), voucher.key());
    found.note(Finding::KeyWithdrawn, key.withdrawn);
    let untrusted = claims.until > key.until || span.is_outside(key.from, key.until);
    found.note(Finding::KeyOutsideWindow, untrusted);
    note_unclear(found, span, (key.from, key.until));
    let fresh = claims.is_fresh();
    let from =
        if fresh { claims.from.plus(FRESH_TOLERANCE_S.saturating_neg()) } else { claims.from };
    found.note(Finding::NotYetValid, span.latest < from);
    found.note(Finding::Expired, !fresh && claims.until <= span.earliest);
    found.note(Finding::LiveProofStale, fresh && claims.until <= span.earliest);
    note_unclear(found, span, (from, claims.until));
}

/// Where some of the credible times lie within a span of validity and others do not.
fn note_unclear(found: &mut FindingSet, span: Span, (from, until): (Timestamp, Timestamp)) {
    let clear = span.is_within(from, until) || span.is_outside(from, until);
    found.note(Finding::TimeUnclear, !clear);
}

/// What the voucher proves about being here now, against what it and its campaign demand.
fn note_presence(
    found: &mut FindingSet,
    voucher: &Voucher,
    facts: &Facts,
    policy: &Policy,
    span: Span,
) {
    let presence = voucher.presence();
    let own = if voucher.claims().holder.is_some() { Tier::Signed } else { Tier::Static };
    let wanted = policy.rules.presence.max(own);
    found.note(Finding::LiveProofMissing, presence.tier() < wanted);
    let Presence::Signed { at } = presence else {
        return;
    };
    let age = policy.limits.proof_age_s();
    let (from, until) = (at.plus(age.saturating_neg()), at.plus(age.saturating_add(1)));
    found.note(Finding::LiveProofStale, span.is_outside(from, until));
    note_unclear(found, span, (from, until));
    found.note(Finding::LiveProofReplayed, facts.shown_before.is_some_and(|before| before >= at));
}

fn note_place(found: &mut FindingSet, voucher: &Voucher, facts: &Facts, policy: &Policy) {
    let scope = &voucher.claims().scope;
    let (own_merchant, own_branch) = match scope {
        Scope::Merchant { merchant, branches } => {
            (*merchant == facts.merchant, branches.is_empty() || branches.contains(&facts.branch))
        }
        Scope::Group(group) => (true, facts.groups.contains(group)),
    };
    found.note(Finding::OtherMerchant, !own_merchant);
    found.note(Finding::OtherBranch, own_merchant && !own_branch);
    let unknown = facts.campaign.is_none();
    found.note(Finding::CampaignUnknown, unknown);
    found.note(Finding::RulesUnknown, unknown && voucher.claims().conditional);
    found.note(Finding::CampaignSuspended, facts.campaign == Some(CampaignState::Suspended));
    found.note(Finding::OnlineRequired, policy.mode == OfflineMode::Never);
    let bound = policy.mode == OfflineMode::BranchBound;
    found.note(Finding::NotBranchBound, bound && !scope.is_one_branch());
}

fn note_hours(
    found: &mut FindingSet,
    voucher: &Voucher,
    facts: &Facts,
    policy: &Policy,
    span: Span,
) {
    let timed = !policy.rules.windows.is_empty() || !policy.rules.blackouts.is_empty();
    if let Some(time) = span.only().filter(|_| timed) {
        let local = LocalMoment::of(time, &facts.zone);
        found.note(Finding::OutsideHours, !policy.rules.open_at(local));
        found.note(Finding::BlackedOut, policy.rules.blacked_out(local.day));
    }
    found.note(Finding::TimeUnclear, timed && span.only().is_none());
    if let Terms::Ticket(ticket) = &voucher.claims().terms {
        found.note(Finding::TooEarly, span.latest < ticket.opens());
        found.note(Finding::TooLate, ticket.closes() < span.earliest);
        note_unclear(found, span, (ticket.opens(), ticket.closes().plus(1)));
    }
    let lease = facts.lease.filter(|lease| span.latest < lease.until);
    let leased = policy.mode == OfflineMode::Leased;
    found.note(Finding::NoLease, leased && lease.is_none());
}

fn note_status(found: &mut FindingSet, voucher: &Voucher, facts: &Facts) {
    let limit = limit(voucher, facts);
    let used_up_here = limit.left_after(facts.used_here) == 0;
    let listed = listed(limit, facts);
    let refused = |reason| matches!(&facts.platform, PlatformFact::Refused { reason: given, .. } if *given == reason);
    let used_up = limit.left_after(used_everywhere(facts)) == 0;
    // What the platform said last holds until it says otherwise.
    let told = facts.nothing_left && facts.platform == PlatformFact::Silent;
    let elsewhere = listed == Status::Redeemed || used_up || told;
    found.note(Finding::UsedHere, used_up_here);
    found.note(Finding::UsedElsewhere, !used_up_here && elsewhere);
    found.note(Finding::Revoked, listed == Status::Revoked || refused(PlatformRefusal::Revoked));
    found.note(
        Finding::Suspended,
        listed == Status::Suspended || refused(PlatformRefusal::Suspended),
    );
    found.note(Finding::Claimed, refused(PlatformRefusal::Claimed));
    found.note(Finding::CampaignLimit, refused(PlatformRefusal::CampaignLimit));
    found.note(Finding::CustomerLimit, refused(PlatformRefusal::CustomerLimit));
    found.note(Finding::NotFirstVisit, refused(PlatformRefusal::NotFirstVisit));
}

/// The list's status, unless something newer than the list is known.
fn listed(limit: Limit, facts: &Facts) -> Status {
    let ListFact::Known { status, as_of } = facts.list else {
        return Status::Valid;
    };
    let granted = matches!(facts.platform, PlatformFact::Granted { .. });
    let taken_back = facts.rolled_back_at.is_some_and(|at| at >= as_of) && limit == Limit::Uses(1);
    match status {
        // Revoking is for good; the rest the platform may have changed since.
        Status::Redeemed | Status::Suspended if granted => Status::Valid,
        // The list still counts the only use, which this terminal took back after the list was made.
        Status::Redeemed if taken_back => Status::Valid,
        known @ (Status::Valid | Status::Revoked | Status::Suspended | Status::Redeemed) => known,
    }
}

fn note_customer(found: &mut FindingSet, voucher: &Voucher, facts: &Facts, policy: &Policy) {
    let rules = &policy.rules;
    let known = voucher.claims().customer.is_some();
    found.note(Finding::CustomerUnknown, !known && rules.concern_customers());
    found.note(Finding::NotFirstVisit, known && rules.first_visit && facts.customer.visits > 0);
}

/// How fast it goes, and the draw.
fn note_pace(found: &mut FindingSet, facts: &Facts, policy: &Policy) {
    let limits = &policy.limits;
    let reached = |most: u32, recent: u32| most > 0 && limits.velocity_s > 0 && recent >= most;
    found.note(Finding::CustomerTooFast, reached(limits.customer_max, facts.customer.recent));
    found.note(Finding::OperatorTooFast, reached(limits.operator_max, facts.operator_recent));
    let share = limits.random_share(facts.queue.count);
    found.note(Finding::ChosenAtRandom, u64::from(facts.dice) < share);
}

fn note_age(found: &mut FindingSet, facts: &Facts, policy: &Policy, span: Span) {
    match facts.list {
        ListFact::NotCovered => found.note(Finding::NotCovered, true),
        ListFact::Known { as_of, .. } => {
            let age = span.latest.since(as_of);
            let older_than = |bound: u32| bound > 0 && age > i64::from(bound);
            found.note(Finding::ListOld, older_than(policy.limits.list_warn_s));
            found.note(Finding::ListTooOld, older_than(policy.limits.list_max_s));
        }
    }
}

/// Findings about the amount or the number of uses that is asked for.
pub(super) fn act_findings(
    voucher: &Voucher,
    request: &Request,
    act: &Act,
    facts: &Facts,
    policy: &Policy,
) -> FindingSet {
    let mut found = FindingSet::EMPTY;
    let limit = limit(voucher, facts);
    let wanted = used_everywhere(facts).plus(act.used);
    let over = limit.is_exceeded_by(wanted) || refused_as_exhausted(facts);
    found.note(Finding::OverUses, over && !matches!(limit, Limit::Balance(_)));
    found.note(Finding::OverBalance, over && matches!(limit, Limit::Balance(_)));
    found.note(Finding::BelowMinimumSpend, !act.reaches_minimum);
    let missing = !policy.rules.products.is_empty() && request.product == Some(false);
    found.note(Finding::ProductMissing, missing);
    let above = policy.rules.approval_above;
    found.note(Finding::ApprovalNeeded, above > 0 && act.value.minor > above);
    note_caps(&mut found, act.used.uses, facts, policy);
    match policy.mode {
        OfflineMode::Limited => note_limits(&mut found, voucher, act, facts, policy),
        OfflineMode::Leased => note_lease(&mut found, act, facts),
        OfflineMode::Never | OfflineMode::BranchBound | OfflineMode::Always => {}
    }
    found
}

fn note_caps(found: &mut FindingSet, uses: u32, facts: &Facts, policy: &Policy) {
    let caps = &policy.rules.caps;
    let over = |cap: u32, before: u32| cap > 0 && before.saturating_add(uses) > cap;
    let (campaign, customer) = (facts.campaign_here, facts.customer.campaign);
    let customer_over =
        over(caps.customer, customer.uses) || over(caps.customer_day, customer.today);
    found.note(Finding::VoucherDayLimit, over(caps.voucher_day, facts.used_today));
    found.note(Finding::CustomerLimit, customer_over);
    found.note(Finding::CampaignDayLimit, over(caps.terminal_day, campaign.today));
    found.note(Finding::CampaignLimit, over(caps.campaign, campaign.uses));
}

fn note_limits(
    found: &mut FindingSet,
    voucher: &Voucher,
    act: &Act,
    facts: &Facts,
    policy: &Policy,
) {
    let over = |bound: i64, value: i64| bound > 0 && value > bound;
    let limits = &policy.limits;
    let floor = limits.floor(voucher.presence().tier());
    let count = i64::from(facts.queue.count).saturating_add(1);
    let sum = facts.queue.minor.saturating_add(act.value.minor);
    found.note(Finding::OverAmountLimit, over(floor, act.value.minor));
    found.note(Finding::OverCountLimit, over(i64::from(limits.unsynced_count), count));
    found.note(Finding::OverSumLimit, over(limits.unsynced_minor, sum));
}

fn note_lease(found: &mut FindingSet, act: &Act, facts: &Facts) {
    let short =
        |lease: super::facts::LeaseFact| act.used.uses > lease.uses || act.used.minor > lease.minor;
    found.note(Finding::LeaseUsedUp, facts.lease.is_some_and(short));
}

fn refused_as_exhausted(facts: &Facts) -> bool {
    matches!(&facts.platform, PlatformFact::Refused { reason: PlatformRefusal::Exhausted, .. })
}
