//! What a voucher says: everything an offline terminal needs to decide on its own.

use std::{fmt, str::FromStr};

use minicbor::{Decode, Encode};

use super::terms::{Label, Terms};
use crate::domain::{
    crypto::{HolderKey, hash},
    id::{BranchId, GroupId, IssuerName, MerchantId, VoucherId, VoucherKey},
    time::Timestamp,
};

/// The claims of one voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who minted it (`iss`).
    pub issuer: IssuerName,
    /// Whose it is (`sub`), by a pseudonym; none where anybody may hold it.
    pub customer: Option<Customer>,
    /// Which one (`cti`).
    pub id: VoucherId,
    /// First second it is valid (`nbf`).
    pub from: Timestamp,
    /// First second it is no longer valid (`exp`).
    pub until: Timestamp,
    /// The key of the phone it lives on (`cnf`); none where whoever shows the code has the voucher.
    pub holder: Option<HolderKey>,
    /// Whether its campaign has rules that the voucher itself does not carry.
    pub conditional: bool,
    /// Where it is accepted.
    pub scope: Scope,
    /// What it is worth.
    pub terms: Terms,
}

impl Claims {
    /// Longest validity of a voucher that was signed again to prove that it is fresh, in seconds.
    pub const FRESH_MAX_S: i64 = 15 * 60;

    /// The key under which its state is kept: from the signed claims, never from the scanned text.
    pub fn key(&self) -> VoucherKey {
        VoucherKey { issuer: self.issuer.clone(), id: self.id }
    }

    /// The 55 bits of the short code printed under the voucher.
    pub fn short_code_bits(&self) -> u64 {
        short_code_bits(&self.key())
    }

    /// Whether it was signed again a moment ago: its validity is that of the signature, not of the voucher.
    pub fn is_fresh(&self) -> bool {
        self.until.since(self.from) <= Self::FRESH_MAX_S
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

/// A customer as far as a terminal knows them: a pseudonym of 1 to 16 letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode)]
#[cbor(transparent)]
pub struct Customer(#[n(0)] String);

impl Customer {
    /// Longest pseudonym, in characters.
    pub const LENGTH_MAX: usize = 16;

    /// The pseudonym as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Customer {
    type Err = ClaimsError;

    fn from_str(text: &str) -> Result<Self, ClaimsError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = (1..=Self::LENGTH_MAX).contains(&text.len()) && text.bytes().all(plain);
        fits.then(|| Self(text.to_owned())).ok_or(ClaimsError::Customer)
    }
}

impl fmt::Display for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'b, C> Decode<'b, C> for Customer {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.str()?.parse().map_err(minicbor::decode::Error::custom)
    }
}

/// Where a voucher is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// At one merchant.
    Merchant {
        /// The merchant.
        merchant: MerchantId,
        /// The branches in ascending order; none named means all of the merchant's.
        branches: Vec<BranchId>,
    },
    /// At the branches that the platform counts to a group: a region of one merchant, or a mall of many.
    Group(GroupId),
}

impl Scope {
    /// Most branches one voucher may name.
    pub const BRANCHES_MAX: usize = 16;

    /// All branches of one merchant.
    pub fn of(merchant: MerchantId) -> Self {
        Self::Merchant { merchant, branches: Vec::new() }
    }

    /// Whether exactly one branch may accept.
    pub fn is_one_branch(&self) -> bool {
        matches!(self, Self::Merchant { branches, .. } if branches.len() == 1)
    }

    /// The one merchant that may accept; none where it may be one of many.
    pub fn merchant(&self) -> Option<MerchantId> {
        match self {
            Self::Merchant { merchant, .. } => Some(*merchant),
            Self::Group(_) => None,
        }
    }

    fn check(&self) -> Result<(), ClaimsError> {
        let Self::Merchant { branches, .. } = self else {
            return Ok(());
        };
        let ascending = branches.is_sorted_by(|a, b| a < b);
        let fits = ascending && branches.len() <= Self::BRANCHES_MAX;
        fits.then_some(()).ok_or(ClaimsError::Scope)
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
    #[error("an amount, share, time or number of uses is out of range")]
    Terms,
    /// A name that is empty, too long or not printable.
    #[error("a name on a voucher has 1 to {} bytes and no control characters", Label::BYTES_MAX)]
    Label,
    /// Not a pseudonym.
    #[error("a customer's pseudonym has 1 to 16 letters, digits, - and _")]
    Customer,
    /// Not a kind of voucher.
    #[error(
        "unknown kind; use prepaid_deal, amount_off, percent_off, pass, stored_value, item, ticket or pick_up"
    )]
    Kind,
}
