//! A campaign's policy: which findings deny, which ask the platform, which deny when it cannot be asked.

use std::str::FromStr;

use minicbor::{Decode, Encode};

use super::finding::{Finding, FindingSet};

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
    /// Largest value of one act, in minor units.
    #[n(1)]
    pub amount_minor: i64,
    /// Most redemptions that wait to be sent.
    #[n(2)]
    pub unsynced_count: u32,
    /// Largest sum that waits to be sent, in minor units.
    #[n(3)]
    pub unsynced_minor: i64,
    /// Age at which a status list is old, in seconds.
    #[n(4)]
    pub list_warn_s: u32,
    /// Age at which a status list is too old, in seconds.
    #[n(5)]
    pub list_max_s: u32,
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

/// Findings that no policy can wave through.
pub(super) fn always_denied() -> FindingSet {
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

impl Policy {
    /// The policy a campaign begins with: deny what is wrong, ask the platform about every act while it can be
    /// reached, and without it deny what the mode or the limits exclude.
    pub fn standard(mode: OfflineMode, limits: Limits) -> Self {
        use Finding as F;
        let limited = [
            F::ClockSetBack,
            F::OnlineRequired,
            F::NotBranchBound,
            F::NoLease,
            F::OverAmountLimit,
            F::OverCountLimit,
            F::OverSumLimit,
            F::ListTooOld,
        ];
        let deny_unasked: FindingSet = limited.into_iter().collect();
        let unknown =
            [F::NotCovered, F::CampaignUnknown, F::ListOld, F::TypedEntry, F::NotConfirmed];
        let deny = FindingSet::from_iter([F::BelowMinimumSpend]).or(always_denied());
        let ask = deny_unasked.or(unknown.into_iter().collect());
        Self { mode, deny, ask, deny_unasked, limits, liable: Liable::Issuer }
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
        };
        Self::standard(OfflineMode::Limited, limits)
    }
}
