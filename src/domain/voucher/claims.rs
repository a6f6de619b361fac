//! What a voucher says: everything an offline terminal needs to decide on its own.

use std::{fmt, str::FromStr};

use minicbor::{Decode, Encode};

use crate::domain::{
    crypto::hash,
    id::{BranchId, IssuerName, MerchantId, VoucherId, VoucherKey},
    money::{Currency, Money},
    time::Timestamp,
};

/// Largest amount a voucher may carry, in minor units: a million vouchers of it still fit a sum.
pub const MINOR_MAX: i64 = 1_000_000_000_000;

/// Most uses a pass may have.
pub const USES_MAX: u16 = 10_000;

/// The claims of one voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who minted it (`iss`).
    pub issuer: IssuerName,
    /// Which one (`cti`).
    pub id: VoucherId,
    /// First second it is valid (`nbf`).
    pub from: Timestamp,
    /// First second it is no longer valid (`exp`).
    pub until: Timestamp,
    /// Where it is accepted.
    pub scope: Scope,
    /// What it is worth.
    pub terms: Terms,
}

impl Claims {
    /// The key under which its state is kept: from the signed claims, never from the scanned text.
    pub fn key(&self) -> VoucherKey {
        VoucherKey { issuer: self.issuer.clone(), id: self.id }
    }

    /// The 55 bits of the short code printed under the voucher.
    pub fn short_code_bits(&self) -> u64 {
        short_code_bits(&self.key())
    }

    /// Whether every value is within its bounds.
    pub fn check(&self) -> Result<(), ClaimsError> {
        if self.until <= self.from || self.from < Timestamp(0) {
            return Err(ClaimsError::Validity);
        }
        self.scope.check()?;
        self.terms.check()
    }
}

/// The 55 bits of a voucher's short code: a hash of issuer and id, so that a code can be checked against the
/// voucher it leads to.
pub fn short_code_bits(key: &VoucherKey) -> u64 {
    let text = format!("countersign/short-code/1 {} {}", key.issuer, key.id);
    let digest = hash(text.as_bytes()).0;
    digest.iter().take(7).fold(0, |bits: u64, byte| (bits << 8) | u64::from(*byte)) >> 1
}

/// Where a voucher is accepted: one merchant, at some or all of its branches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The merchant.
    pub merchant: MerchantId,
    /// The branches in ascending order; none named means all of the merchant's.
    pub branches: Vec<BranchId>,
}

impl Scope {
    /// Most branches one voucher may name.
    pub const BRANCHES_MAX: usize = 16;

    /// Whether a branch of a merchant may accept.
    pub fn allows(&self, merchant: MerchantId, branch: BranchId) -> bool {
        self.merchant == merchant && (self.branches.is_empty() || self.branches.contains(&branch))
    }

    /// Whether exactly one branch may accept.
    pub fn is_one_branch(&self) -> bool {
        self.branches.len() == 1
    }

    fn check(&self) -> Result<(), ClaimsError> {
        let ascending = self.branches.is_sorted_by(|a, b| a < b);
        let fits = ascending && self.branches.len() <= Self::BRANCHES_MAX;
        fits.then_some(()).ok_or(ClaimsError::Scope)
    }
}

/// Kinds of voucher; the number stands in the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    /// Paid online, consumed once in the shop.
    #[n(1)]
    PrepaidDeal,
    /// A fixed amount off the bill.
    #[n(2)]
    AmountOff,
    /// A share of the bill off, up to a cap.
    #[n(3)]
    PercentOff,
    /// A number of uses.
    #[n(4)]
    Pass,
    /// A balance that is spent in parts.
    #[n(5)]
    StoredValue,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::PrepaidDeal, Self::AmountOff, Self::PercentOff, Self::Pass, Self::StoredValue];

    /// Stable code, such as `prepaid_deal`.
    pub fn code(self) -> &'static str {
        match self {
            Self::PrepaidDeal => "prepaid_deal",
            Self::AmountOff => "amount_off",
            Self::PercentOff => "percent_off",
            Self::Pass => "pass",
            Self::StoredValue => "stored_value",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Kind {
    type Err = ClaimsError;

    fn from_str(text: &str) -> Result<Self, ClaimsError> {
        Self::ALL.into_iter().find(|kind| kind.code() == text).ok_or(ClaimsError::Kind)
    }
}

/// What a voucher is worth, by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// A single use worth what was paid online.
    PrepaidDeal {
        /// What the merchant is owed for it.
        value: Money,
    },
    /// A single use.
    AmountOff(AmountOff),
    /// A single use.
    PercentOff(PercentOff),
    /// Several uses.
    Pass {
        /// How many.
        uses: u16,
        /// What the merchant is owed for each.
        value_each: Money,
    },
    /// Spent in parts until nothing is left.
    StoredValue {
        /// What it held when it was minted.
        balance: Money,
    },
}

/// A fixed amount off a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountOff {
    /// How much.
    pub off: Money,
    /// Smallest bill it applies to, in minor units; 0 where any does.
    pub minimum_spend: i64,
}

/// A share of a bill off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PercentOff {
    /// Hundredths of a percent, 1 to 10 000.
    pub basis_points: u16,
    /// Most it takes off, in minor units; 0 where there is no cap.
    pub cap: i64,
    /// Smallest bill it applies to, in minor units; 0 where any does.
    pub minimum_spend: i64,
    /// Currency of the cap, the minimum and the bill.
    pub currency: Currency,
}

impl Terms {
    /// The kind these are terms of.
    pub fn kind(&self) -> Kind {
        match self {
            Self::PrepaidDeal { .. } => Kind::PrepaidDeal,
            Self::AmountOff(_) => Kind::AmountOff,
            Self::PercentOff(_) => Kind::PercentOff,
            Self::Pass { .. } => Kind::Pass,
            Self::StoredValue { .. } => Kind::StoredValue,
        }
    }

    /// The currency all amounts of the voucher are in.
    pub fn currency(&self) -> Currency {
        match self {
            Self::PrepaidDeal { value } => value.currency,
            Self::AmountOff(AmountOff { off, .. }) => off.currency,
            Self::PercentOff(PercentOff { currency, .. }) => *currency,
            Self::Pass { value_each, .. } => value_each.currency,
            Self::StoredValue { balance } => balance.currency,
        }
    }

    /// How often, or up to which sum, the voucher may be consumed in all.
    pub fn limit(&self) -> Limit {
        match self {
            Self::PrepaidDeal { .. } | Self::AmountOff(_) | Self::PercentOff(_) => Limit::Uses(1),
            Self::Pass { uses, .. } => Limit::Uses(u32::from(*uses)),
            Self::StoredValue { balance } => Limit::Balance(balance.minor),
        }
    }

    fn check(&self) -> Result<(), ClaimsError> {
        let worth = |minor: i64| (1..=MINOR_MAX).contains(&minor);
        let bound = |minor: i64| (0..=MINOR_MAX).contains(&minor);
        let fits = match self {
            Self::PrepaidDeal { value } => worth(value.minor),
            Self::AmountOff(terms) => worth(terms.off.minor) && bound(terms.minimum_spend),
            Self::PercentOff(terms) => {
                (1..=10_000).contains(&terms.basis_points)
                    && bound(terms.cap)
                    && bound(terms.minimum_spend)
            }
            Self::Pass { uses, value_each } => {
                (1..=USES_MAX).contains(uses) && bound(value_each.minor)
            }
            Self::StoredValue { balance } => worth(balance.minor),
        };
        fits.then_some(()).ok_or(ClaimsError::Terms)
    }
}

/// What a voucher may be consumed up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Limit {
    /// So many uses.
    #[n(0)]
    Uses(#[n(0)] u32),
    /// So many minor units of its currency.
    #[n(1)]
    Balance(#[n(0)] i64),
}

impl Limit {
    /// What is left after `used`, never below nothing.
    pub fn left_after(self, used: Used) -> i64 {
        let (allowed, taken) = match self {
            Self::Uses(count) => (i64::from(count), i64::from(used.uses)),
            Self::Balance(balance) => (balance, used.minor),
        };
        allowed.saturating_sub(taken).max(0)
    }

    /// Whether `used` goes beyond what is allowed.
    pub fn is_exceeded_by(self, used: Used) -> bool {
        match self {
            Self::Uses(count) => used.uses > count,
            Self::Balance(balance) => used.minor > balance,
        }
    }
}

/// How much of a voucher was consumed, less what was rolled back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Used {
    /// Uses.
    #[n(0)]
    pub uses: u32,
    /// Minor units of its currency.
    #[n(1)]
    pub minor: i64,
}

impl Used {
    /// Both together; stops at the ends of the range.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            uses: self.uses.saturating_add(other.uses),
            minor: self.minor.saturating_add(other.minor),
        }
    }

    /// What is left of this without `other`, never below nothing.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            uses: self.uses.saturating_sub(other.uses),
            minor: self.minor.saturating_sub(other.minor).max(0),
        }
    }
}

/// Which claim is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// It ends before it begins, or begins before 1970.
    #[error("the validity ends before it begins")]
    Validity,
    /// Too many branches, or not in ascending order.
    #[error("a voucher names at most 16 branches, each once, in ascending order")]
    Scope,
    /// An amount, share or count out of its range.
    #[error("an amount, share or number of uses is out of range")]
    Terms,
    /// Not a kind of voucher.
    #[error("unknown kind; use prepaid_deal, amount_off, percent_off, pass or stored_value")]
    Kind,
}
