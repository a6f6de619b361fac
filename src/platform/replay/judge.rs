//! The policy's table over findings of which some are not known.

use crate::domain::redeem::{Finding, FindingSet, Policy};

/// Findings that are there, and those of which the entry does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) yes: FindingSet,
    pub(super) maybe: FindingSet,
}

/// Whether something is so, as far as an entry tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    No,
    Yes,
    Unknown,
}

impl From<bool> for Told {
    fn from(known: bool) -> Self {
        if known { Self::Yes } else { Self::No }
    }
}

impl Known {
    pub(super) fn note(&mut self, finding: Finding, told: impl Into<Told>) {
        match told.into() {
            Told::No => {}
            Told::Yes => self.yes.note(finding, true),
            Told::Unknown => self.maybe.note(finding, true),
        }
    }
}

/// What the platform said at the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It agreed.
    Agreed,
    /// It was asked and did not answer.
    Silent,
    /// It was not asked.
    NotAsked,
}

/// What comes of an entry under the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Accepted {
        offline: bool,
    },
    Refused(Finding),
    /// A supervisor would have to approve.
    Approval,
    /// It hangs on a finding of which the entry does not tell.
    Unknown(Finding),
}

impl Fate {
    /// Whether it happened under the policy too, as far as is known.
    pub(super) fn counts(self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

/// Decides as a terminal does: what refuses, what a supervisor must approve, whether the platform is asked, and what
/// refuses where it is silent.
pub(super) fn judge(mut known: Known, policy: &Policy, answer: Answer, approved: bool) -> Fate {
    let table = Table::of(policy, approved);
    if let Some(fate) = table.denies(known, table.deny) {
        return fate;
    }
    known.note(Finding::NotConfirmed, true);
    let asked = policy.ask.or(policy.deny_unasked).or(policy.deny);
    if known.yes.or(known.maybe).and(asked).is_empty() {
        return Fate::Accepted { offline: true };
    }
    if answer == Answer::Agreed {
        return Fate::Accepted { offline: false };
    }
    known.note(Finding::PlatformSilent, true);
    let silent = table.denies(known, table.deny.or(policy.deny_unasked));
    match (silent, answer) {
        (None, _) => Fate::Accepted { offline: true },
        (Some(_), Answer::NotAsked) => Fate::Unknown(Finding::PlatformSilent),
        (Some(fate), _) => fate,
    }
}

struct Table {
    deny: FindingSet,
    approve: FindingSet,
    approved: bool,
}

impl Table {
    fn of(policy: &Policy, approved: bool) -> Self {
        let needed = FindingSet::from_iter([Finding::ApprovalNeeded]);
        let approve = policy.approve.or(needed).minus(Policy::never_approved());
        Self { deny: policy.deny.or(Policy::always_denied()).or(needed), approve, approved }
    }

    fn denies(&self, known: Known, deny: FindingSet) -> Option<Fate> {
        let (hard, soft) = (deny.minus(self.approve), deny.and(self.approve));
        let unapproved = |set: FindingSet| !self.approved && !set.and(soft).is_empty();
        if let Some(finding) = known.yes.and(hard).first() {
            return Some(Fate::Refused(finding));
        }
        if let Some(finding) = known.maybe.and(hard).first() {
            return Some(Fate::Unknown(finding));
        }
        if unapproved(known.yes) {
            return Some(Fate::Approval);
        }
        let open = known.maybe.and(soft).first();
        open.filter(|_| !self.approved).map(Fate::Unknown)
    }
}
