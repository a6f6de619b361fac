//! The trust bundle: signed by the platform's root key, versioned, never going backwards.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::domain::{
    crypto::{KeyId, PublicKey, SecretKey},
    envelope::{Context, EnvelopeError, open_message, seal_message},
    id::{BranchId, CampaignId, IssuerName, MerchantId, OperatorId},
    redeem::Policy,
    time::Timestamp,
    voucher::{IssuerKey, KeySource},
};

/// All that the terminals of one merchant need to decide, as of one version.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TrustBundle {
    /// Grows with every bundle of this merchant.
    #[n(1)]
    pub version: u64,
    /// When it was signed.
    #[n(2)]
    pub issued_at: Timestamp,
    /// Whose terminals it is for.
    #[n(3)]
    pub merchant: Merchant,
    /// The key that signs acknowledgements and status manifests.
    #[n(4)]
    pub platform_key: PublicKey,
    /// Everyone whose vouchers are accepted.
    #[n(5)]
    pub issuers: Vec<Issuer>,
    /// The merchant's shops.
    #[n(6)]
    pub branches: Vec<Branch>,
    /// The campaigns the merchant takes part in.
    #[n(7)]
    pub campaigns: Vec<Campaign>,
    /// The policy for vouchers of campaigns that are not listed.
    #[n(8)]
    pub default_policy: Policy,
    /// The people who work at the merchant's counters.
    #[n(9)]
    pub operators: Vec<Operator>,
}

/// A business that accepts vouchers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Merchant {
    /// Its number.
    #[n(1)]
    pub id: MerchantId,
    /// Its name as customers know it.
    #[n(2)]
    pub name: String,
}

/// One shop.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Branch {
    /// Its number.
    #[n(1)]
    pub id: BranchId,
    /// Its name as customers know it.
    #[n(2)]
    pub name: String,
    /// Its time zone in the IANA database, such as `Europe/Berlin`.
    #[n(3)]
    pub time_zone: String,
}

/// A person who works at a counter.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Operator {
    /// Their number.
    #[n(1)]
    pub id: OperatorId,
    /// What colleagues call them.
    #[n(2)]
    pub name: String,
    /// Where they work; none named means all of the merchant's branches.
    #[n(3)]
    pub branches: Vec<BranchId>,
}

/// Someone who mints vouchers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Issuer {
    /// The name vouchers carry.
    #[n(1)]
    pub name: IssuerName,
    /// The keys it signs with.
    #[n(2)]
    pub keys: Vec<PublishedKey>,
}

/// An issuer's key with the time it may be relied on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PublishedKey {
    /// The key.
    #[n(1)]
    pub public: PublicKey,
    /// First second it may be relied on.
    #[n(2)]
    pub from: Timestamp,
    /// First second it may no longer be relied on.
    #[n(3)]
    pub until: Timestamp,
    /// Whether it was withdrawn: nothing it signed is believed.
    #[n(4)]
    pub withdrawn: bool,
}

/// Terms that many vouchers share.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Campaign {
    /// Its number; the first part of its vouchers' ids.
    #[n(1)]
    pub id: CampaignId,
    /// Who mints its vouchers.
    #[n(2)]
    pub issuer: IssuerName,
    /// What customers call it.
    #[n(3)]
    pub title: String,
    /// Whether its vouchers are honoured.
    #[n(4)]
    pub state: CampaignState,
    /// How its vouchers are decided.
    #[n(5)]
    pub policy: Policy,
}

/// Whether a campaign's vouchers are honoured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum CampaignState {
    /// They are.
    #[n(0)]
    Active,
    /// Not until further notice.
    #[n(1)]
    Suspended,
}

/// Signs a bundle with the platform's root key.
pub fn seal_bundle(root: &SecretKey, bundle: &TrustBundle) -> Vec<u8> {
    seal_message(root, Context::Bundle, bundle)
}

impl TrustBundle {
    /// Longest bundle that is looked at, in bytes.
    pub const BYTES_MAX: usize = 4 * 1024 * 1024;

    /// The bundle in `bytes`, when the root key signed it.
    pub fn open(bytes: &[u8], root: &PublicKey) -> Result<Self, BundleError> {
        if bytes.len() > Self::BYTES_MAX {
            return Err(BundleError::TooLarge);
        }
        Ok(open_message(bytes, root, Context::Bundle)?)
    }

    /// Whether this may take the place of `current`: for the same merchant, and not older.
    pub fn check_successor_of(&self, current: &Self) -> Result<(), BundleError> {
        if self.merchant.id != current.merchant.id {
            return Err(BundleError::OtherMerchant);
        }
        let (have, got) = (current.version, self.version);
        if got < have { Err(BundleError::Older { have, got }) } else { Ok(()) }
    }

    /// The campaign of an issuer with this number.
    pub fn campaign(&self, issuer: &IssuerName, id: CampaignId) -> Option<&Campaign> {
        self.campaigns.iter().find(|campaign| campaign.id == id && campaign.issuer == *issuer)
    }

    /// The branch with this number.
    pub fn branch(&self, id: BranchId) -> Option<&Branch> {
        self.branches.iter().find(|branch| branch.id == id)
    }

    /// The operator with this number, where they may work at the branch.
    pub fn operator(&self, id: OperatorId, branch: BranchId) -> Option<&Operator> {
        let operator = self.operators.iter().find(|operator| operator.id == id)?;
        let allowed = operator.branches.is_empty() || operator.branches.contains(&branch);
        allowed.then_some(operator)
    }

    /// The issuers' keys, ready for look-ups.
    pub fn keyring(&self) -> Keyring {
        let mut keys = BTreeMap::<_, Vec<_>>::new();
        for issuer in &self.issuers {
            for key in &issuer.keys {
                keys.entry(key.public.id()).or_default().push(IssuerKey {
                    issuer: issuer.name.clone(),
                    public: key.public,
                    from: key.from,
                    until: key.until,
                    withdrawn: key.withdrawn,
                });
            }
        }
        Keyring { keys }
    }
}

/// Issuers' keys by their id.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    keys: BTreeMap<KeyId, Vec<IssuerKey>>,
}

impl KeySource for Keyring {
    fn keys(&self, kid: KeyId) -> &[IssuerKey] {
        self.keys.get(&kid).map_or(&[], Vec::as_slice)
    }
}

/// Why a bundle is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Beyond [`TrustBundle::BYTES_MAX`].
    #[error("the trust bundle is larger than any that is taken")]
    TooLarge,
    /// Not signed by the root key, or not a bundle.
    #[error("the trust bundle is not the platform's: {0}")]
    NotSigned(#[from] EnvelopeError),
    /// Meant for other terminals.
    #[error("the trust bundle is for another merchant")]
    OtherMerchant,
    /// Set back.
    #[error("the trust bundle goes backwards: version {got} after {have}")]
    Older {
        /// Version in use.
        have: u64,
        /// Version offered.
        got: u64,
    },
}
