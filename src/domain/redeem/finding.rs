//! Findings: the facts that speak for or against honouring a voucher, as EMV's terminal verification results do.

use std::fmt;

use minicbor::{Decode, Encode};

macro_rules! findings {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        /// One fact about a presentation. The order is that of telling: of several, the first is what the cashier hears.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Finding {
            $($(#[$doc])* $name),+
        }

        impl Finding {
            /// All findings, the most telling first.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Stable code for journals, programs and policies.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code),+
                }
            }
        }
    };
}

findings! {
    /// The issuer's key was withdrawn.
    KeyWithdrawn = "key_withdrawn",
    /// The issuer's key may not, or not yet, be relied on.
    KeyOutsideWindow = "key_expired",
    /// The phone's signature is too old, or from the future: the code was copied, or must be refreshed.
    LiveProofStale = "live_proof_stale",
    /// The phone's signature was taken before: the code was copied.
    LiveProofReplayed = "live_proof_replayed",
    /// Another merchant's voucher.
    OtherMerchant = "merchant_not_allowed",
    /// Another branch's voucher.
    OtherBranch = "branch_not_allowed",
    /// The platform's list, or the platform, says revoked.
    Revoked = "voucher_revoked",
    /// This terminal consumed it to its limit.
    UsedHere = "voucher_already_redeemed",
    /// The platform's list, or the platform, says consumed to its limit.
    UsedElsewhere = "voucher_redeemed_elsewhere",
    /// Another terminal is redeeming it at this moment.
    Claimed = "voucher_in_use",
    /// The platform's list, or the platform, says suspended.
    Suspended = "voucher_suspended",
    /// The campaign is suspended.
    CampaignSuspended = "campaign_suspended",
    /// The validity has ended.
    Expired = "voucher_expired",
    /// The validity has not begun.
    NotYetValid = "voucher_not_active",
    /// The party came before its ticket admits it.
    TooEarly = "slot_not_open",
    /// The party came after its ticket admits it.
    TooLate = "slot_missed",
    /// Not at this hour or on this weekday.
    OutsideHours = "voucher_not_active_now",
    /// Not on this day.
    BlackedOut = "blackout_date",
    /// The customer redeemed here before, and only first visits are honoured.
    NotFirstVisit = "not_first_visit",
    /// The campaign's rules are about customers, and the voucher names none.
    CustomerUnknown = "customer_unknown",
    /// The customer consumed as much of the campaign as one may.
    CustomerLimit = "customer_limit_reached",
    /// As much of the campaign was consumed as may be.
    CampaignLimit = "campaign_limit_reached",
    /// As much of the campaign was consumed today as may be.
    CampaignDayLimit = "campaign_day_limit_reached",
    /// As much of the voucher was consumed today as may be.
    VoucherDayLimit = "voucher_day_limit_reached",
    /// It may not be beside another voucher on the bill.
    NotStackable = "not_stackable",
    /// None of the products it is for is on the bill.
    ProductMissing = "product_missing",
    /// The bill is below the minimum spend.
    BelowMinimumSpend = "minimum_spend_not_met",
    /// More is asked for than is left of the balance.
    OverBalance = "balance_exceeded",
    /// More uses are asked for than are left.
    OverUses = "uses_exceeded",
    /// Worth more than a cashier may accept alone.
    ApprovalNeeded = "approval_required",
    /// The clock stands before a time that is known to have passed.
    ClockSetBack = "clock_suspect",
    /// Whether it may be honoured depends on the time, and the clocks do not agree.
    TimeUnclear = "time_unclear",
    /// The campaign is honoured only when the platform agrees.
    OnlineRequired = "online_required",
    /// The campaign is honoured offline only where a voucher names this one branch.
    NotBranchBound = "not_branch_bound",
    /// The campaign is honoured offline only under a lease, and this terminal has none.
    NoLease = "lease_required",
    /// More is asked for than is left of the lease.
    LeaseUsedUp = "lease_used_up",
    /// Only a code that may be a copy was shown where the campaign wants more.
    LiveProofMissing = "live_proof_missing",
    /// Worth more than may be accepted offline in one act.
    OverAmountLimit = "offline_amount_exceeded",
    /// As many redemptions wait to be sent as may.
    OverCountLimit = "offline_count_exceeded",
    /// As much money waits to be sent as may.
    OverSumLimit = "offline_sum_exceeded",
    /// The customer redeems faster than customers do.
    CustomerTooFast = "customer_velocity",
    /// The operator redeems faster than operators do.
    OperatorTooFast = "operator_velocity",
    /// The status list is older than the policy allows.
    ListTooOld = "list_too_old",
    /// No status list says anything about this voucher, which does not mean valid.
    NotCovered = "not_covered",
    /// The voucher's campaign has rules and the bundle does not hold them.
    RulesUnknown = "campaign_rules_unknown",
    /// The bundle does not hold the voucher's campaign.
    CampaignUnknown = "campaign_unknown",
    /// The status list is older than it should be.
    ListOld = "list_old",
    /// The platform was asked and did not answer in time.
    PlatformSilent = "platform_silent",
    /// Drawn to be checked with the platform.
    ChosenAtRandom = "chosen_at_random",
    /// Typed by hand instead of read from a code.
    TypedEntry = "typed_entry",
    /// The platform has not agreed to this very act.
    NotConfirmed = "not_confirmed",
}

impl Finding {
    /// The finding with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|finding| finding.code() == code)
    }

    /// Whether it means that something is missing for a decision, not that the voucher is bad.
    pub fn is_lack_of_knowledge(self) -> bool {
        self >= Self::ApprovalNeeded
    }

    fn bit(self) -> u64 {
        1_u64.checked_shl(self as u32).unwrap_or(0)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A set of findings; as CBOR the list of their codes, so that sets outlive renumbering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FindingSet(u64);

impl FindingSet {
    /// The set of no findings.
    pub const EMPTY: Self = Self(0);

    /// Adds a finding when `present`.
    pub fn note(&mut self, finding: Finding, present: bool) {
        if present {
            self.0 |= finding.bit();
        }
    }

    /// Whether the finding is in the set.
    pub fn has(self, finding: Finding) -> bool {
        self.0 & finding.bit() != 0
    }

    /// The findings in both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The set without one finding.
    #[must_use]
    pub fn without(self, finding: Finding) -> Self {
        Self(self.0 & !finding.bit())
    }

    /// The findings of this set that are not in the other.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The findings in either set.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The most telling finding of the set.
    pub fn first(self) -> Option<Finding> {
        self.iter().next()
    }

    /// The findings, the most telling first.
    pub fn iter(self) -> impl Iterator<Item = Finding> {
        Finding::ALL.iter().copied().filter(move |finding| self.has(*finding))
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Finding> for FindingSet {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        Self(findings.into_iter().fold(0, |bits, finding| bits | finding.bit()))
    }
}

impl<C> Encode<C> for FindingSet {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(u64::from(self.0.count_ones()))?;
        self.iter().try_for_each(|finding| e.str(finding.code())?.ok())
    }
}

/// Codes that are not known here are skipped: a newer policy may name newer findings.
impl<'b, C> Decode<'b, C> for FindingSet {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let codes = d.array_iter::<&str>()?.collect::<Result<Vec<_>, _>>()?;
        Ok(codes.into_iter().filter_map(Finding::from_code).collect())
    }
}
