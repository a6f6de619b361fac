//! The decision itself.

use super::{
    facts::{Facts, PlatformFact, Request},
    finding::{Finding, FindingSet},
    notes::{act_findings, standing_findings},
    policy::{OfflineMode, Policy},
    rules::Flow,
    value::{Act, act},
};
use crate::domain::{
    id::LeaseId,
    money::Money,
    time::Timestamp,
    voucher::{Limit, Used, Voucher},
};

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
    /// What remains to be paid, where that is known.
    pub due: Option<Money>,
    /// What the voucher may be consumed up to in all.
    pub limit: Limit,
    /// What is left afterwards as far as is known here: uses, minor units of a balance, or pieces.
    pub left: i64,
    /// The lease it is taken from.
    pub lease: Option<LeaseId>,
}

/// What a question asks the cashier for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The sum of the bill.
    Bill,
    /// How much of a balance to spend.
    Amount,
    /// How many uses, or how many people came.
    Uses,
    /// Which pieces of an order are handed over.
    Lines,
    /// Whether one of the campaign's products is on the bill.
    Product,
    /// A supervisor's approval.
    Approval,
    /// A yes to what would happen.
    Confirmation,
    /// Whether what was written down while the screen was interrupted was handed over.
    HandedOver,
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
    let denial = Denial { policy, request, facts };
    if let Some(verdict) = denial.denied(findings) {
        return Decision { findings, verdict };
    }
    let careful = request.look_first || policy.rules.flow == Flow::Confirm;
    let consumed = (limit(voucher, facts), used_everywhere(facts));
    let wanted = |wanted| Decision { findings, verdict: Verdict::NeedsInput(wanted) };
    let act = match act(&voucher.claims().terms, request, consumed, careful) {
        Ok(act) => act,
        Err(what) => return wanted(what),
    };
    if request.product.is_none() && !policy.rules.products.is_empty() {
        return wanted(Wanted::Product);
    }
    findings = findings.or(act_findings(voucher, request, &act, facts, policy));
    let unseen = careful && !request.confirmed;
    let verdict = denial
        .denied(findings)
        .or_else(|| denial.unapproved(findings))
        .or_else(|| unseen.then_some(Verdict::NeedsInput(Wanted::Confirmation)))
        .or_else(|| denial.unknown(findings))
        .unwrap_or_else(|| {
            let lease = lease(findings, facts, policy);
            accepted(&act, consumed, lease)
        });
    Decision { findings, verdict }
}

/// The policy's table, with what bears on how it is read.
#[derive(Clone, Copy)]
struct Denial<'a> {
    policy: &'a Policy,
    request: &'a Request,
    facts: &'a Facts,
}

impl Denial<'_> {
    /// Findings that a supervisor may wave through: none once the platform said no, which sets nothing aside.
    fn approvable(self) -> FindingSet {
        match self.facts.platform {
            PlatformFact::Refused { .. } => FindingSet::EMPTY,
            PlatformFact::NotAsked | PlatformFact::Silent | PlatformFact::Granted { .. } => {
                self.policy.approvable()
            }
        }
    }

    /// A finding that refuses, whoever is asked and whoever approves.
    fn denied(self, findings: FindingSet) -> Option<Verdict> {
        let mut deny = self.policy.denied().minus(self.approvable());
        if self.facts.platform == PlatformFact::NotAsked {
            // Whether the platform agrees, and what time it is, is not known before it was asked.
            deny = deny.without(Finding::NotConfirmed).without(Finding::TimeUnclear);
        } else {
            deny.note(Finding::TimeUnclear, true);
        }
        findings.and(deny).first().map(because)
    }

    /// A finding that only a supervisor can wave through.
    fn unapproved(self, findings: FindingSet) -> Option<Verdict> {
        let mut waits = self.policy.denied().or(FindingSet::from_iter([Finding::ApprovalNeeded]));
        if self.facts.platform == PlatformFact::NotAsked {
            waits = waits.without(Finding::NotConfirmed).without(Finding::TimeUnclear);
        }
        self.approval(findings.and(waits).and(self.approvable()))
    }

    fn approval(self, findings: FindingSet) -> Option<Verdict> {
        let missing = !findings.is_empty() && self.request.approved_by.is_none();
        missing.then_some(Verdict::NeedsInput(Wanted::Approval))
    }

    /// A finding about which the platform is asked, or that refuses where it cannot be.
    fn unknown(self, findings: FindingSet) -> Option<Verdict> {
        let Policy { ask, deny_unasked, deny, .. } = *self.policy;
        match self.facts.platform {
            PlatformFact::NotAsked => {
                let unclear = findings.has(Finding::TimeUnclear) || self.facts.nothing_left;
                let asking = unclear || !findings.and(ask.or(deny_unasked).or(deny)).is_empty();
                asking.then_some(Verdict::AskPlatform)
            }
            PlatformFact::Silent => {
                let missing = findings.and(deny_unasked);
                let blocking = missing.minus(self.approvable()).first();
                blocking.map(Verdict::CannotCheck).or_else(|| self.approval(missing))
            }
            PlatformFact::Granted { .. } | PlatformFact::Refused { .. } => None,
        }
    }
}

fn because(finding: Finding) -> Verdict {
    if finding.is_lack_of_knowledge() {
        Verdict::CannotCheck(finding)
    } else {
        Verdict::Refused(finding)
    }
}

fn accepted(act: &Act, (limit, used): (Limit, Used), lease: Option<LeaseId>) -> Verdict {
    let left = limit.left_after(used.plus(act.used));
    let Act { used, value, bill, due, reaches_minimum: _ } = *act;
    Verdict::Accepted(Redemption { used, value, bill, due, limit, left, lease })
}

/// The lease the act is taken from, also with the platform's word: what was lent here is used before the rest of the
/// quota is. None where it was accepted although the lease is over or too small, so that never more is taken from a
/// lease than was lent.
fn lease(findings: FindingSet, facts: &Facts, policy: &Policy) -> Option<LeaseId> {
    let beyond = findings.has(Finding::NoLease) || findings.has(Finding::LeaseUsedUp);
    let taken = policy.mode == OfflineMode::Leased && !beyond;
    facts.lease.filter(|_| taken).map(|lease| lease.id)
}

/// What the voucher may be consumed up to, as far as is known.
pub(super) fn limit(voucher: &Voucher, facts: &Facts) -> Limit {
    let heard = match &facts.platform {
        PlatformFact::Granted { limit, .. } => *limit,
        PlatformFact::NotAsked | PlatformFact::Silent | PlatformFact::Refused { .. } => None,
    };
    voucher.claims().terms.limit().or_more(facts.known_limit).or_more(heard)
}

/// What was consumed of the voucher, as far as is known.
pub(super) fn used_everywhere(facts: &Facts) -> Used {
    match &facts.platform {
        PlatformFact::NotAsked | PlatformFact::Silent => facts.used_here,
        PlatformFact::Granted { used_elsewhere, .. }
        | PlatformFact::Refused { used_elsewhere, .. } => facts.used_here.plus(*used_elsewhere),
    }
}
