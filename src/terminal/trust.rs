//! The trust bundle in force, ready for decisions.

use std::borrow::Cow;

use crate::domain::{
    id::VoucherKey,
    redeem::Policy,
    trust::{Branch, Campaign, Keyring, TrustBundle},
    voucher::{Claims, UntrustedToken, VerifyError, Voucher},
};

/// A bundle with its keys laid out for look-ups.
pub struct Trust {
    /// The bundle.
    pub bundle: TrustBundle,
    keyring: Keyring,
}

impl Trust {
    /// Lays out the keys of a bundle.
    pub fn new(bundle: TrustBundle) -> Self {
        let keyring = bundle.keyring();
        Self { bundle, keyring }
    }

    /// The voucher a text is, when an issuer of the bundle signed it.
    pub fn verify(&self, text: &str) -> Result<Voucher, VerifyError> {
        UntrustedToken::parse(text)?.verify(&self.keyring)
    }

    /// A voucher that was verified before, with what is believed of its key now.
    pub fn still<'a>(&self, voucher: &'a Voucher) -> Cow<'a, Voucher> {
        voucher.under(&self.keyring)
    }

    /// The campaign of a voucher.
    pub fn campaign(&self, claims: &Claims) -> Option<&Campaign> {
        self.bundle.campaign(&claims.issuer, claims.id.campaign)
    }

    /// The policy its campaign sets, or the one for unknown campaigns.
    pub fn policy(&self, claims: &Claims) -> &Policy {
        self.campaign(claims).map_or(&self.bundle.default_policy, |campaign| &campaign.policy)
    }

    /// The title of a voucher's campaign, where the bundle holds it.
    pub fn title_of(&self, key: &VoucherKey) -> Option<&str> {
        self.bundle.campaign(&key.issuer, key.id.campaign).map(|campaign| campaign.title.as_str())
    }

    /// For how long a cashier may take a redemption of a voucher back without approval, in seconds.
    pub fn rollback_s(&self, key: &VoucherKey) -> u32 {
        let campaign = self.bundle.campaign(&key.issuer, key.id.campaign);
        let policy = campaign.map_or(&self.bundle.default_policy, |campaign| &campaign.policy);
        policy.rules.rollback_s
    }

    /// Where a branch is and what it is called.
    pub fn branch(&self, id: crate::domain::id::BranchId) -> Option<&Branch> {
        self.bundle.branch(id)
    }
}
