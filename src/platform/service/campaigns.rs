//! Campaigns: the terms that many vouchers share.

use super::{
    Platform, ServiceError,
    admin::{issuer_named, parse_name},
    groups::home_known,
    issue::CAPACITY_MAX,
};
use crate::{
    domain::{
        id::{CampaignId, IssuerName},
        redeem::Policy,
        trust::{Campaign, CampaignState},
    },
    platform::store::{CampaignRow, Home, Txn},
};

/// What a campaign begins with.
#[derive(Clone, Debug)]
pub struct NewCampaign {
    /// Who mints its vouchers.
    pub issuer: IssuerName,
    /// Where they are honoured.
    pub home: Home,
    /// What customers call it.
    pub title: String,
    /// How its vouchers are decided.
    pub policy: Policy,
    /// Most vouchers it will ever have.
    pub capacity: u32,
}

impl Platform {
    /// Adds a campaign.
    pub fn create_campaign(&self, new: &NewCampaign) -> Result<CampaignId, ServiceError> {
        let title = parse_name(&new.title)?;
        if !(1..=CAPACITY_MAX).contains(&new.capacity) {
            let reason = format!("a campaign has room for 1 to {CAPACITY_MAX} vouchers");
            return Err(ServiceError::Invalid(reason));
        }
        check_policy(&new.policy)?;
        let row = CampaignRow {
            campaign: Campaign {
                id: CampaignId(0),
                issuer: new.issuer.clone(),
                title,
                state: CampaignState::Active,
                policy: new.policy.clone(),
            },
            home: new.home,
            capacity: new.capacity,
            next_ordinal: 0,
            scramble: self.entropy.bytes()?,
            list_version: 1,
        };
        self.run(|txn| {
            home_known(txn, new.home)?;
            issuer_named(txn, &new.issuer)?;
            let id = txn.add_campaign(&row)?;
            self.publish_home(txn, new.home)?;
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
            self.publish_home(txn, row.home)
        })
    }

    /// Puts another policy in the place of a campaign's; terminals hear of it with their next bundle.
    pub fn set_campaign_policy(&self, id: CampaignId, policy: &Policy) -> Result<(), ServiceError> {
        check_policy(policy)?;
        self.run(|txn| {
            let mut row = campaign_numbered(txn, id)?;
            let was_listed = row.campaign.policy.rules.listed;
            row.campaign.policy = policy.clone();
            txn.put_campaign(&row)?;
            if policy.rules.listed && !was_listed {
                txn.list_campaign(id)?;
            }
            self.publish_home(txn, row.home)
        })
    }
}

/// What would make no sense, or never stop paying.
fn check_policy(policy: &Policy) -> Result<(), ServiceError> {
    let rules = &policy.rules;
    let limits = [policy.limits.amount_minor, policy.limits.live_amount_minor];
    let sums = [policy.limits.unsynced_minor, rules.approval_above];
    let wrong = if limits.into_iter().chain(sums).any(|minor| minor < 0) {
        "an amount in a policy is not negative; 0 is no bound"
    } else if rules.no_show_basis_points > 10_000 {
        "no more than the whole of a ticket is owed when nobody came"
    } else {
        return Ok(());
    };
    Err(ServiceError::Invalid(wrong.to_owned()))
}

pub(super) fn campaign_numbered(
    txn: &mut dyn Txn,
    id: CampaignId,
) -> Result<CampaignRow, ServiceError> {
    txn.campaign(id)?.ok_or(ServiceError::NotFound("campaign"))
}
