//! Administration: who takes part, and on which terms.

use std::collections::BTreeSet;

use super::{Platform, ServiceError, issue::CAPACITY_MAX, publish::merchant_named};
use crate::{
    domain::{
        crypto::{KeyId, PublicKey},
        id::{BranchId, CampaignId, IssuerName, MerchantId, OperatorId, TerminalId, VoucherKey},
        redeem::Policy,
        time::Timestamp,
        trust::{Branch, Campaign, CampaignState, Issuer, Merchant, Operator, PublishedKey},
    },
    platform::store::{BranchRow, CampaignRow, ClaimRow, OperatorRow, Txn},
};

/// Most characters of a name that people read.
const NAME_MAX: usize = 80;

/// What a campaign begins with.
#[derive(Clone, Debug)]
pub struct NewCampaign {
    /// Who mints its vouchers.
    pub issuer: IssuerName,
    /// Where they are honoured.
    pub merchant: MerchantId,
    /// What customers call it.
    pub title: String,
    /// How its vouchers are decided.
    pub policy: Policy,
    /// Most vouchers it will ever have.
    pub capacity: u32,
}

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
            let branch = Branch { id: BranchId(0), name, time_zone };
            let id = txn.add_branch(&BranchRow { merchant, branch })?;
            self.publish(txn, merchant)?;
            Ok(id)
        })
    }

    /// All shops.
    pub fn branches(&self) -> Result<Vec<BranchRow>, ServiceError> {
        self.run(|txn| Ok(txn.branches()?))
    }

    /// Adds a person who works at the named branches of a merchant; none named means all of them.
    pub fn create_operator(
        &self,
        merchant: MerchantId,
        name: &str,
        branches: &[BranchId],
    ) -> Result<OperatorId, ServiceError> {
        let name = parse_name(name)?;
        self.run(|txn| {
            merchant_named(txn, merchant)?;
            let branches = own_branches(txn, merchant, branches)?;
            let operator = Operator { id: OperatorId(0), name, branches };
            let id = txn.add_operator(&OperatorRow { merchant, operator })?;
            self.publish(txn, merchant)?;
            Ok(id)
        })
    }

    /// All operators.
    pub fn operators(&self) -> Result<Vec<OperatorRow>, ServiceError> {
        self.run(|txn| Ok(txn.operators()?))
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

    /// Adds a campaign.
    pub fn create_campaign(&self, new: &NewCampaign) -> Result<CampaignId, ServiceError> {
        let title = parse_name(&new.title)?;
        if !(1..=CAPACITY_MAX).contains(&new.capacity) {
            let reason = format!("a campaign has room for 1 to {CAPACITY_MAX} vouchers");
            return Err(ServiceError::Invalid(reason));
        }
        let row = CampaignRow {
            campaign: Campaign {
                id: CampaignId(0),
                issuer: new.issuer.clone(),
                title,
                state: CampaignState::Active,
                policy: new.policy.clone(),
            },
            merchant: new.merchant,
            capacity: new.capacity,
            next_ordinal: 0,
            scramble: self.entropy.bytes()?,
            list_version: 1,
        };
        self.run(|txn| {
            merchant_named(txn, new.merchant)?;
            issuer_named(txn, &new.issuer)?;
            let id = txn.add_campaign(&row)?;
            self.publish(txn, new.merchant)?;
            Ok(id)
        })
    }

    /// All campaigns.
    pub fn campaigns(&self) -> Result<Vec<CampaignRow>, ServiceError> {
        self.run(|txn| Ok(txn.campaigns()?))
    }

    /// Suspends or resumes a campaign.
    pub fn set_campaign_state(
        &self,
        id: CampaignId,
        state: CampaignState,
    ) -> Result<(), ServiceError> {
        self.run(|txn| {
            let mut row = campaign_numbered(txn, id)?;
            row.campaign.state = state;
            txn.put_campaign(&row)?;
            self.publish(txn, row.merchant)?;
            Ok(())
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
        let merchants: BTreeSet<_> = own.map(|row| row.merchant).collect();
        for merchant in merchants {
            self.publish(txn, merchant)?;
        }
        Ok(())
    }
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

pub(super) fn campaign_numbered(
    txn: &mut dyn Txn,
    id: CampaignId,
) -> Result<CampaignRow, ServiceError> {
    txn.campaign(id)?.ok_or(ServiceError::NotFound("campaign"))
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
