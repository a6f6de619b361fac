//! Administration: who takes part, and on which terms.

use std::collections::BTreeSet;

use super::{Platform, ServiceError, groups::accepting, publish::merchant_named};
use crate::{
    domain::{
        crypto::{KeyId, PublicKey},
        id::{BranchId, IssuerName, MerchantId, TerminalId, VoucherKey},
        time::Timestamp,
        trust::{Branch, Issuer, Merchant, Place, PublishedKey},
    },
    platform::store::{BranchRow, ClaimRow, Txn},
};

/// Most characters of a name that people read.
const NAME_MAX: usize = 80;

impl Platform {
    /// Adds a merchant and publishes its first bundle.
    pub fn create_merchant(&self, name: &str) -> Result<MerchantId, ServiceError> {
        let name = parse_name(name)?;
        self.run(|txn| {
            let id = txn.add_merchant(&name)?;
            self.publish(txn, id)?;
            Ok(id)
        })
    }

    /// All merchants.
    pub fn merchants(&self) -> Result<Vec<Merchant>, ServiceError> {
        self.run(|txn| Ok(txn.merchants()?))
    }

    /// Adds a shop; `time_zone` is a name of the IANA database, such as `Europe/Berlin`.
    pub fn create_branch(
        &self,
        merchant: MerchantId,
        name: &str,
        time_zone: &str,
    ) -> Result<BranchId, ServiceError> {
        let name = parse_name(name)?;
        let time_zone = parse_time_zone(time_zone)?;
        self.run(|txn| {
            merchant_named(txn, merchant)?;
            let branch = Branch { id: BranchId(0), name, time_zone, place: None };
            let id = txn.add_branch(&BranchRow { merchant, branch })?;
            self.publish(txn, merchant)?;
            Ok(id)
        })
    }

    /// Says where a shop stands, so that customers can be told how far it is.
    pub fn set_branch_place(&self, id: BranchId, place: Option<Place>) -> Result<(), ServiceError> {
        if place.is_some_and(|place| !is_on_the_globe(place)) {
            let reason = "a latitude is from -90 to 90 degrees, a longitude from -180 to 180";
            return Err(ServiceError::Invalid(reason.to_owned()));
        }
        self.run(|txn| {
            let mut row = branch_numbered(txn, id)?;
            row.branch.place = place;
            txn.put_branch(&row)?;
            self.publish(txn, row.merchant)?;
            Ok(())
        })
    }

    /// All shops.
    pub fn branches(&self) -> Result<Vec<BranchRow>, ServiceError> {
        self.run(|txn| Ok(txn.branches()?))
    }

    /// Adds an issuer with its first key, which may be relied on until `until`.
    pub fn create_issuer(
        &self,
        name: &IssuerName,
        public: PublicKey,
        until: Timestamp,
    ) -> Result<(), ServiceError> {
        let key = self.new_key(public, until)?;
        self.run(|txn| {
            if txn.issuers()?.iter().any(|issuer| issuer.name == *name) {
                return Err(ServiceError::Exists("issuer"));
            }
            Ok(txn.add_issuer_key(name, &key)?)
        })
    }

    /// Adds another key of an issuer.
    pub fn add_issuer_key(
        &self,
        name: &IssuerName,
        public: PublicKey,
        until: Timestamp,
    ) -> Result<(), ServiceError> {
        let key = self.new_key(public, until)?;
        self.run(|txn| {
            issuer_named(txn, name)?;
            txn.add_issuer_key(name, &key)?;
            self.publish_for_issuer(txn, name)
        })
    }

    /// All issuers.
    pub fn issuers(&self) -> Result<Vec<Issuer>, ServiceError> {
        self.run(|txn| Ok(txn.issuers()?))
    }

    /// Withdraws a key: nothing it signed is believed from then on.
    pub fn withdraw_key(&self, name: &IssuerName, kid: KeyId) -> Result<(), ServiceError> {
        self.run(|txn| {
            let issuer = issuer_named(txn, name)?;
            let mut keys = issuer.keys.iter();
            let key = keys.find(|key| key.public.id() == kid && !key.withdrawn);
            let key = key.ok_or(ServiceError::NotFound("key in use"))?;
            txn.withdraw_key(name, &key.public)?;
            self.publish_for_issuer(txn, name)
        })
    }

    /// Revokes a terminal: nothing it says is heard until it is enrolled again.
    pub fn revoke_terminal(&self, id: TerminalId) -> Result<(), ServiceError> {
        self.run(|txn| {
            txn.terminal(id)?.ok_or(ServiceError::NotFound("terminal"))?;
            txn.revoke_terminal(id)?;
            Ok(())
        })
    }

    /// All that is set aside.
    pub fn claims(&self) -> Result<Vec<ClaimRow>, ServiceError> {
        self.run(|txn| Ok(txn.claims()?))
    }

    /// Releases what is set aside of a voucher for a terminal, for when that terminal will not come back.
    pub fn release_claim(
        &self,
        voucher: &VoucherKey,
        terminal: TerminalId,
    ) -> Result<(), ServiceError> {
        let released = self.run(|txn| Ok(txn.release_claim(voucher, terminal)?))?;
        released.then_some(()).ok_or(ServiceError::NotFound("claim"))
    }

    fn new_key(&self, public: PublicKey, until: Timestamp) -> Result<PublishedKey, ServiceError> {
        let from = self.now();
        if until <= from {
            let reason = "a key must be valid beyond the present moment";
            return Err(ServiceError::Invalid(reason.to_owned()));
        }
        Ok(PublishedKey { public, from, until, withdrawn: false })
    }

    fn publish_for_issuer(&self, txn: &mut dyn Txn, name: &IssuerName) -> Result<(), ServiceError> {
        let campaigns = txn.campaigns()?.into_iter();
        let own = campaigns.filter(|row| row.campaign.issuer == *name);
        let homes: BTreeSet<_> = own.map(|row| row.home).collect();
        let mut merchants = BTreeSet::new();
        for home in homes {
            merchants.append(&mut accepting(txn, home)?);
        }
        self.publish_to(txn, merchants)
    }
}

fn is_on_the_globe(place: Place) -> bool {
    (-90_000_000..=90_000_000).contains(&place.latitude)
        && (-180_000_000..=180_000_000).contains(&place.longitude)
}

pub(super) fn branch_numbered(txn: &mut dyn Txn, id: BranchId) -> Result<BranchRow, ServiceError> {
    let mut all = txn.branches()?.into_iter();
    all.find(|row| row.branch.id == id).ok_or(ServiceError::NotFound("branch"))
}

pub(super) fn issuer_named(txn: &mut dyn Txn, name: &IssuerName) -> Result<Issuer, ServiceError> {
    let mut all = txn.issuers()?.into_iter();
    all.find(|issuer| issuer.name == *name).ok_or(ServiceError::NotFound("issuer"))
}

/// The wanted branches, each once and by number, when all are the merchant's.
pub(super) fn own_branches(
    txn: &mut dyn Txn,
    merchant: MerchantId,
    wanted: &[BranchId],
) -> Result<Vec<BranchId>, ServiceError> {
    let known = txn.branches()?.into_iter().filter(|row| row.merchant == merchant);
    let known: BTreeSet<_> = known.map(|row| row.branch.id).collect();
    let wanted: BTreeSet<_> = wanted.iter().copied().collect();
    if !wanted.is_subset(&known) {
        return Err(ServiceError::NotFound("branch of the merchant"));
    }
    Ok(wanted.into_iter().collect())
}

/// A name that people read: not blank, not long, on one line.
pub(super) fn parse_name(text: &str) -> Result<String, ServiceError> {
    let name = text.trim();
    let plain = !name.is_empty() && !name.chars().any(char::is_control);
    if plain && name.chars().count() <= NAME_MAX {
        Ok(name.to_owned())
    } else {
        let reason = format!("a name has 1 to {NAME_MAX} characters on one line");
        Err(ServiceError::Invalid(reason))
    }
}

fn parse_time_zone(name: &str) -> Result<String, ServiceError> {
    match jiff::tz::TimeZone::get(name) {
        Ok(_zone) => Ok(name.to_owned()),
        Err(_unknown) => {
            let reason = format!("{name:?} is not a time zone; use a name such as Europe/Berlin");
            Err(ServiceError::Invalid(reason))
        }
    }
}
