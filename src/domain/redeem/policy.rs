//! A campaign's policy: which findings deny, which ask the platform, which deny when it cannot be asked.

use std::str::FromStr;

use minicbor::{Decode, Encode};

use super::{
    finding::{Finding, FindingSet},
    rules::Rules,
};
use crate::domain::voucher::Tier;

/// How vouchers are decided; data in the signed bundle, so that a campaign is tightened without a release.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Policy {
    /// What is possible without the platform.
    #[n(1)]
    pub mode: OfflineMode,
    /// Findings that refuse.
    #[n(2)]
    pub deny: FindingSet,
    /// Findings that make the terminal ask the platform.
    #[n(3)]
    pub ask: FindingSet,
    /// Findings that refuse when the platform was not reached.
    #[n(4)]
    pub deny_unasked: FindingSet,
    /// Bounds of what is accepted without the platform.
    #[n(5)]
    pub limits: Limits,
    /// Who bears a double redemption that happened within this policy.
    #[n(6)]
    pub liable: Liable,
    /// Findings that a supervisor may wave through, who then bears a double redemption for the merchant.
    #[n(7)]
    #[cbor(default)]
    pub approve: FindingSet,
    /// What the campaign demands beyond what its vouchers say.
    #[n(8)]
    #[cbor(default)]
    pub rules: Rules,
}

/// What a campaign allows without the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum OfflineMode {
    /// Nothing.
    #[n(0)]
    Never,
    /// Vouchers that name this one branch.
    #[n(1)]
    BranchBound,
    /// Vouchers within the limits.
    #[n(2)]
    Limited,
    /// What was lent to this terminal beforehand.
    #[n(3)]
    Leased,
    /// All.
    #[n(4)]
    Always,
}

impl OfflineMode {
    /// All modes.
    pub const ALL: [Self; 5] =
        [Self::Never, Self::BranchBound, Self::Limited, Self::Leased, Self::Always];

    /// Stable code, such as `branch_bound`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::BranchBound => "branch_bound",
            Self::Limited => "limited",
            Self::Leased => "leased",
            Self::Always => "always",
        }
    }
}

impl FromStr for OfflineMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mode| mode.code() == text);
        found.ok_or_else(|| "use never, branch_bound, limited, leased or always".to_owned())
    }
}

/// Bounds of what is accepted without the platform; 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Limits {
    /// Largest value of one act, in minor units: the floor limit.
    #[n(1)]
    #[cbor(default)]
    pub amount_minor: i64,
    /// Most redemptions that wait to be sent.
    #[n(2)]
    #[cbor(default)]
    pub unsynced_count: u32,
    /// Largest sum that waits to be sent, in minor units.
    #[n(3)]
    #[cbor(default)]
    pub unsynced_minor: i64,
    /// Age at which a status list is old, in seconds.
    #[n(4)]
    #[cbor(default)]
    pub list_warn_s: u32,
    /// Age at which a status list is too old, in seconds.
    #[n(5)]
    #[cbor(default)]
    pub list_max_s: u32,
    /// Largest value of one act where the phone signed or the issuer signed anew, in minor units; 0 for the same as without.
    #[n(6)]
    #[cbor(default)]
    pub live_amount_minor: i64,
    /// Age at which a phone's signature is stale, in seconds; 0 for a minute.
    #[n(7)]
    #[cbor(default)]
    pub live_proof_s: u32,
    /// Span in which redemptions are counted, in seconds.
    #[n(8)]
    #[cbor(default)]
    pub velocity_s: u32,
    /// Most redemptions of one customer in that span.
    #[n(9)]
    #[cbor(default)]
    pub customer_max: u32,
    /// Most redemptions by one operator in that span.
    #[n(10)]
    #[cbor(default)]
    pub operator_max: u32,
    /// Share of redemptions that are checked with the platform although nothing asks for it, in hundredths of a
    /// percent; it grows tenfold as the queue fills up.
    #[n(11)]
    #[cbor(default)]
    pub random_basis_points: u16,
}

impl Limits {
    /// The largest value of one act for a voucher that proves this much about being here now; 0 where there is none.
    pub fn floor(&self, tier: Tier) -> i64 {
        if tier == Tier::Static || self.live_amount_minor == 0 {
            self.amount_minor
        } else {
            self.live_amount_minor
        }
    }

    /// Age at which a phone's signature is stale, in seconds.
    pub fn proof_age_s(&self) -> i64 {
        if self.live_proof_s == 0 { 60 } else { i64::from(self.live_proof_s) }
    }

    /// The share that is checked at random with so many redemptions waiting, in hundredths of a percent.
    pub fn random_share(&self, waiting: u32) -> u64 {
        let (share, full) = (u64::from(self.random_basis_points), u64::from(self.unsynced_count));
        let filled = u64::from(waiting).min(full).saturating_mul(9).checked_div(full).unwrap_or(0);
        share.saturating_mul(filled.saturating_add(1))
    }
}

/// Who bears a double redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Liable {
    /// Whoever funds the campaign.
    #[n(0)]
    Issuer,
    /// The merchant who accepted second.
    #[n(1)]
    Merchant,
}

impl Liable {
    /// Stable code, such as `issuer`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Merchant => "merchant",
        }
    }
}

fn never_approved() -> FindingSet {
    use Finding as F;
    [
        F::KeyWithdrawn,
        F::KeyOutsideWindow,
        F::OtherMerchant,
        F::OtherBranch,
        F::Revoked,
        F::UsedHere,
        F::UsedElsewhere,
        F::Claimed,
        F::Suspended,
        F::CampaignSuspended,
        F::Expired,
        F::NotYetValid,
        F::OverBalance,
        F::OverUses,
    ]
    .into_iter()
    .collect()
}

/// Findings that a rule of the campaign makes: they refuse under every policy, unless a supervisor may wave them through.
fn rule_findings() -> FindingSet {
    use Finding as F;
    [
        F::TooEarly,
        F::TooLate,
        F::OutsideHours,
        F::BlackedOut,
        F::NotFirstVisit,
        F::CustomerUnknown,
        F::CustomerLimit,
        F::CampaignLimit,
        F::CampaignDayLimit,
        F::VoucherDayLimit,
        F::NotStackable,
        F::ProductMissing,
    ]
    .into_iter()
    .collect()
}

impl Policy {
    /// Findings that no policy and no supervisor can wave through.
    pub fn never_approved() -> FindingSet {
        never_approved()
    }

    /// Findings that refuse under every policy, those that a supervisor may be let wave through among them.
    pub fn always_denied() -> FindingSet {
        never_approved().or(rule_findings())
    }

    /// Findings that a supervisor may wave through.
    pub(super) fn approvable(&self) -> FindingSet {
        let approve = self.approve.or(FindingSet::from_iter([Finding::ApprovalNeeded]));
        approve.minus(never_approved()).without(Finding::TimeUnclear)
    }

    /// Findings that refuse.
    pub(super) fn denied(&self) -> FindingSet {
        self.deny.or(never_approved()).or(rule_findings()).without(Finding::ApprovalNeeded)
    }

    /// The policy a campaign begins with: deny what is wrong, ask the platform about every act while it can be
    /// reached, and without it deny what the mode or the limits exclude.
    pub fn standard(mode: OfflineMode, limits: Limits) -> Self {
        use Finding as F;
        let limited = [
            F::ClockSetBack,
            F::OnlineRequired,
            F::NotBranchBound,
            F::NoLease,
            F::LeaseUsedUp,
            F::LiveProofMissing,
            F::OverAmountLimit,
            F::OverCountLimit,
            F::OverSumLimit,
            F::CustomerTooFast,
            F::OperatorTooFast,
            F::ListTooOld,
            F::RulesUnknown,
        ];
        let deny_unasked: FindingSet = limited.into_iter().collect();
        let unknown = [
            F::NotCovered,
            F::CampaignUnknown,
            F::ListOld,
            F::ChosenAtRandom,
            F::TypedEntry,
            F::NotConfirmed,
        ];
        let wrong = [F::BelowMinimumSpend, F::LiveProofStale, F::LiveProofReplayed];
        let deny = FindingSet::from_iter(wrong).or(never_approved()).or(rule_findings());
        let ask = deny_unasked.or(unknown.into_iter().collect());
        let (approve, rules) = (FindingSet::EMPTY, Rules::default());
        Self { mode, deny, ask, deny_unasked, limits, liable: Liable::Issuer, approve, rules }
    }
}

impl Default for Policy {
    /// Limited, with the start values of a small shop: 50 units an act, 200 acts or 1000 units unsent, lists of three days.
    fn default() -> Self {
        let limits = Limits {
            amount_minor: 5_000,
            unsynced_count: 200,
            unsynced_minor: 100_000,
            list_warn_s: 24 * 3600,
            list_max_s: 72 * 3600,
            ..Limits::default()
        };
        Self::standard(OfflineMode::Limited, limits)
    }
}
