//! The decision itself.

use super::{
    facts::{Facts, ListFact, PlatformFact, PlatformRefusal, Request},
    finding::{Finding, FindingSet},
    policy::{OfflineMode, Policy, always_denied},
    value::{Act, act, exceeds},
};
use crate::domain::{
    money::Money,
    time::Timestamp,
    trust::{CampaignState, Status},
    voucher::{Limit, Used, Voucher},
};

/// Seconds the clock may stand behind the latest known time before it is suspect.
const CLOCK_TOLERANCE_S: i64 = 300;

/// A verdict with all that speaks for and against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Everything that was found.
    pub findings: FindingSet,
    /// What follows from it.
    pub verdict: Verdict,
}

/// The answer to one presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Honour it, once this is written down.
    Accepted(Redemption),
    /// Do not honour it, for this reason.
    Refused(Finding),
    /// Something is missing for a decision.
    CannotCheck(Finding),
    /// The cashier must say more.
    NeedsInput(Wanted),
    /// The policy wants the platform to be asked first.
    AskPlatform,
}

/// What accepting consumes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// What is consumed.
    pub used: Used,
    /// What the voucher gives.
    pub value: Money,
    /// The bill it is applied to, where one was said.
    pub bill: Option<Money>,
    /// What remains to be paid, where the bill is known.
    pub due: Option<Money>,
    /// What the voucher may be consumed up to in all.
    pub limit: Limit,
    /// What is left afterwards as far as is known here: uses, or minor units of a balance.
    pub left: i64,
}

/// What a question asks the cashier for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The sum of the bill.
    Bill,
    /// How much of a balance to spend.
    Amount,
}

/// Decides one presentation of a voucher. Total: every input has a verdict.
pub fn decide(
    voucher: &Voucher,
    request: &Request,
    facts: &Facts,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let mut findings = standing_findings(voucher, request, facts, policy, now);
    if let Some(verdict) = denied(findings, policy, &facts.platform) {
        return Decision { findings, verdict };
    }
    let act = match act(&voucher.claims().terms, request) {
        Ok(act) => act,
        Err(wanted) => {
            return Decision { findings, verdict: Verdict::NeedsInput(wanted) };
        }
    };
    findings = findings.or(act_findings(voucher, &act, facts, policy));
    let verdict = denied(findings, policy, &facts.platform)
        .or_else(|| unknown(findings, policy, &facts.platform))
        .unwrap_or_else(|| accepted(voucher, &act, facts));
    Decision { findings, verdict }
}

fn denied(findings: FindingSet, policy: &Policy, platform: &PlatformFact) -> Option<Verdict> {
    let mut deny = policy.deny.or(always_denied());
    if *platform == PlatformFact::NotAsked {
        // Whether the platform agrees is not known before it was asked.
        deny = deny.without(Finding::NotConfirmed);
    }
    let finding = findings.and(deny).first()?;
    let unknown = finding.is_lack_of_knowledge();
    Some(if unknown { Verdict::CannotCheck(finding) } else { Verdict::Refused(finding) })
}

fn unknown(findings: FindingSet, policy: &Policy, platform: &PlatformFact) -> Option<Verdict> {
    match platform {
        PlatformFact::NotAsked => {
            let asking = policy.ask.or(policy.deny_unasked).or(policy.deny);
            let asking = !findings.and(asking).is_empty();
            asking.then_some(Verdict::AskPlatform)
        }
        PlatformFact::Silent => findings.and(policy.deny_unasked).first().map(Verdict::CannotCheck),
        PlatformFact::Granted { .. } | PlatformFact::Refused { .. } => None,
    }
}

fn accepted(voucher: &Voucher, act: &Act, facts: &Facts) -> Verdict {
    let limit = voucher.claims().terms.limit();
    let used = used_everywhere(facts).plus(act.used);
    let left = limit.left_after(used);
    let Act { used, value, bill, due, reaches_minimum: _ } = *act;
    Verdict::Accepted(Redemption { used, value, bill, due, limit, left })
}

/// Findings that do not depend on what is asked for.
fn standing_findings(
    voucher: &Voucher,
    request: &Request,
    facts: &Facts,
    policy: &Policy,
    now: Timestamp,
) -> FindingSet {
    let mut found = FindingSet::EMPTY;
    let time = now.max(facts.time_floor);
    note_token(&mut found, voucher, time);
    note_place(&mut found, voucher, facts, policy);
    note_status(&mut found, voucher, facts);
    note_age(&mut found, facts, policy, time);
    found.note(Finding::ClockSetBack, facts.time_floor.since(now) > CLOCK_TOLERANCE_S);
    found.note(Finding::TypedEntry, request.method == crate::domain::scan::EntryMethod::Typed);
    found.note(Finding::PlatformSilent, facts.platform == PlatformFact::Silent);
    let granted = matches!(facts.platform, PlatformFact::Granted { .. });
    found.note(Finding::NotConfirmed, !granted);
    found
}

fn note_token(found: &mut FindingSet, voucher: &Voucher, time: Timestamp) {
    let (claims, key) = (voucher.claims(), voucher.key());
    let trusted = key.from <= time && time < key.until && claims.until <= key.until;
    found.note(Finding::KeyWithdrawn, key.withdrawn);
    found.note(Finding::KeyOutsideWindow, !trusted);
    found.note(Finding::NotYetValid, time < claims.from);
    found.note(Finding::Expired, claims.until <= time);
}

fn note_place(found: &mut FindingSet, voucher: &Voucher, facts: &Facts, policy: &Policy) {
    let scope = &voucher.claims().scope;
    let own_merchant = scope.merchant == facts.merchant;
    found.note(Finding::OtherMerchant, !own_merchant);
    found.note(Finding::OtherBranch, own_merchant && !scope.allows(facts.merchant, facts.branch));
    found.note(Finding::CampaignUnknown, facts.campaign.is_none());
    found.note(Finding::CampaignSuspended, facts.campaign == Some(CampaignState::Suspended));
    found.note(Finding::OnlineRequired, policy.mode == OfflineMode::Never);
    let bound = policy.mode == OfflineMode::BranchBound;
    found.note(Finding::NotBranchBound, bound && !scope.is_one_branch());
    found.note(Finding::NoLease, policy.mode == OfflineMode::Leased);
}

fn note_status(found: &mut FindingSet, voucher: &Voucher, facts: &Facts) {
    let limit = voucher.claims().terms.limit();
    let used_up_here = limit.left_after(facts.used_here) == 0;
    let listed = listed(limit, facts);
    let refused = |reason| matches!(&facts.platform, PlatformFact::Refused { reason: given, .. } if *given == reason);
    let used_up = limit.left_after(used_everywhere(facts)) == 0;
    let elsewhere = listed == Status::Redeemed || used_up;
    found.note(Finding::UsedHere, used_up_here);
    found.note(Finding::UsedElsewhere, !used_up_here && elsewhere);
    found.note(Finding::Revoked, listed == Status::Revoked || refused(PlatformRefusal::Revoked));
    found.note(
        Finding::Suspended,
        listed == Status::Suspended || refused(PlatformRefusal::Suspended),
    );
    found.note(Finding::Claimed, refused(PlatformRefusal::Claimed));
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

fn note_age(found: &mut FindingSet, facts: &Facts, policy: &Policy, time: Timestamp) {
    match facts.list {
        ListFact::NotCovered => found.note(Finding::NotCovered, true),
        ListFact::Known { as_of, .. } => {
            let age = time.since(as_of);
            let older_than = |bound: u32| bound > 0 && age > i64::from(bound);
            found.note(Finding::ListOld, older_than(policy.limits.list_warn_s));
            found.note(Finding::ListTooOld, older_than(policy.limits.list_max_s));
        }
    }
}

/// Findings about the amount or the number of uses that is asked for.
fn act_findings(voucher: &Voucher, act: &Act, facts: &Facts, policy: &Policy) -> FindingSet {
    let mut found = FindingSet::EMPTY;
    let limit = voucher.claims().terms.limit();
    let over = exceeds(limit, used_everywhere(facts), act) || refused_as_exhausted(facts);
    found.note(Finding::OverUses, over && matches!(limit, Limit::Uses(_)));
    found.note(Finding::OverBalance, over && matches!(limit, Limit::Balance(_)));
    found.note(Finding::BelowMinimumSpend, !act.reaches_minimum);
    if policy.mode == OfflineMode::Limited {
        note_limits(&mut found, act, facts, policy);
    }
    found
}

fn note_limits(found: &mut FindingSet, act: &Act, facts: &Facts, policy: &Policy) {
    let over = |bound: i64, value: i64| bound > 0 && value > bound;
    let limits = &policy.limits;
    let count = i64::from(facts.queue.count).saturating_add(1);
    let sum = facts.queue.minor.saturating_add(act.value.minor);
    found.note(Finding::OverAmountLimit, over(limits.amount_minor, act.value.minor));
    found.note(Finding::OverCountLimit, over(i64::from(limits.unsynced_count), count));
    found.note(Finding::OverSumLimit, over(limits.unsynced_minor, sum));
}

fn refused_as_exhausted(facts: &Facts) -> bool {
    matches!(&facts.platform, PlatformFact::Refused { reason: PlatformRefusal::Exhausted, .. })
}

fn used_everywhere(facts: &Facts) -> Used {
    match &facts.platform {
        PlatformFact::NotAsked | PlatformFact::Silent => facts.used_here,
        PlatformFact::Granted { used_elsewhere } | PlatformFact::Refused { used_elsewhere, .. } => {
            facts.used_here.plus(*used_elsewhere)
        }
    }
}
