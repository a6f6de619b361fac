//! Publishing: every change that terminals must know of becomes the next version of their trust bundle.

use std::collections::BTreeSet;

use super::{Platform, ServiceError};
use crate::{
    domain::{
        id::MerchantId,
        redeem::Policy,
        sync::PROTOCOL,
        trust::{
            Branch, Group, Issuer, Merchant, Protocols, TrustBundle, next_version, seal_bundle,
        },
    },
    platform::store::{BundleRow, CampaignRow, GroupRow, Home, Txn},
};

impl Platform {
    /// Has all terminals told whose program speaks an older version of the protocol than this.
    pub fn require_protocol(&self, least: u32) -> Result<(), ServiceError> {
        if least > PROTOCOL {
            let reason = format!("this platform speaks protocol {PROTOCOL} itself");
            return Err(ServiceError::Invalid(reason));
        }
        self.run(|txn| {
            txn.set_setting(LEAST, least.to_string().as_bytes())?;
            for merchant in txn.merchants()? {
                self.publish(txn, merchant.id)?;
            }
            Ok(())
        })
    }

    /// Signs the next bundle of a merchant; its version.
    pub(super) fn publish(
        &self,
        txn: &mut dyn Txn,
        merchant: MerchantId,
    ) -> Result<u64, ServiceError> {
        let last = txn.bundle(merchant)?.map_or(0, |row| row.version);
        let bundle = self.bundle_of(txn, merchant, next_version(last, self.now()))?;
        let bytes = seal_bundle(&self.keys.root, &bundle);
        if bytes.len() > TrustBundle::BYTES_MAX {
            let reason = "a trust bundle has no room for so many campaigns, branches and operators";
            return Err(ServiceError::Invalid(reason.to_owned()));
        }
        let version = bundle.version;
        txn.add_bundle(&BundleRow { merchant, version, bytes })?;
        Ok(version)
    }

    fn bundle_of(
        &self,
        txn: &mut dyn Txn,
        merchant: MerchantId,
        version: u64,
    ) -> Result<TrustBundle, ServiceError> {
        let operators = txn.operators()?.into_iter();
        let branches = txn.branches()?.into_iter().filter(|row| row.merchant == merchant);
        let branches: Vec<_> = branches.map(|row| row.branch).collect();
        let groups = groups_with(txn.groups()?, &branches);
        let homes: BTreeSet<_> = groups.iter().map(|group| Home::Group(group.id)).collect();
        let honoured =
            |row: &CampaignRow| row.home == Home::Merchant(merchant) || homes.contains(&row.home);
        let campaigns = txn.campaigns()?.into_iter().filter(honoured);
        let campaigns: Vec<_> = campaigns.map(|row| row.campaign).collect();
        let named: BTreeSet<_> = campaigns.iter().map(|campaign| &campaign.issuer).collect();
        Ok(TrustBundle {
            version,
            issued_at: self.now(),
            merchant: merchant_named(txn, merchant)?,
            platform_key: self.platform_key(),
            issuers: issuers_named(txn.issuers()?, &named),
            branches,
            default_policy: Policy::default(),
            operators: operators
                .filter(|row| row.merchant == merchant)
                .map(|row| row.operator)
                .collect(),
            campaigns,
            groups,
            protocol: Protocols { least: least_protocol(txn)?, spoken: PROTOCOL },
        })
    }
}

/// The setting that says which version of the protocol terminals must speak at the least.
const LEAST: &str = "least_protocol";

fn least_protocol(txn: &mut dyn Txn) -> Result<u32, ServiceError> {
    let set = txn.setting(LEAST)?.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(set.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// The groups that any of a merchant's branches belongs to; of others' branches it is told nothing.
fn groups_with(all: Vec<GroupRow>, own: &[Branch]) -> Vec<Group> {
    let own: BTreeSet<_> = own.iter().map(|branch| branch.id).collect();
    let reduced = all.into_iter().map(|row| {
        let branches = row.branches.into_iter().filter(|branch| own.contains(branch)).collect();
        Group { id: row.id, name: row.name, branches }
    });
    reduced.filter(|group| !group.branches.is_empty()).collect()
}

/// Only issuers with a campaign here: nobody else's vouchers are this merchant's business.
fn issuers_named(
    all: Vec<Issuer>,
    named: &BTreeSet<&crate::domain::id::IssuerName>,
) -> Vec<Issuer> {
    let wanted = all.into_iter().filter(|issuer| named.contains(&issuer.name));
    wanted.collect()
}

pub(super) fn merchant_named(txn: &mut dyn Txn, id: MerchantId) -> Result<Merchant, ServiceError> {
    let mut all = txn.merchants()?.into_iter();
    all.find(|merchant| merchant.id == id).ok_or(ServiceError::NotFound("merchant"))
}
