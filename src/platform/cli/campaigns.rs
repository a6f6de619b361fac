//! Campaigns and their policies.

use std::io::Write;

use super::{
    CliError,
    args::{CampaignArgs, CampaignCommand},
};
use crate::{
    domain::{
        id::CampaignId,
        money::{Currency, Money},
        redeem::{Limits, Policy},
        trust::CampaignState,
    },
    platform::{service::NewCampaign, site::Site},
};

pub(super) fn campaign(
    site: &Site,
    command: CampaignCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    match command {
        CampaignCommand::Create(args) => create(site, &args, out),
        CampaignCommand::List => list(site, out),
        CampaignCommand::Suspend { campaign } => {
            set_state(site, campaign, CampaignState::Suspended, out)
        }
        CampaignCommand::Resume { campaign } => {
            set_state(site, campaign, CampaignState::Active, out)
        }
    }
}

/// An amount as it is typed, in minor units.
pub(super) fn minor(text: &str, currency: Currency) -> Result<i64, CliError> {
    let read = Money::parse(text, currency);
    read.map(|money| money.minor).map_err(|error| CliError::Wrong(format!("{text:?}: {error}")))
}

fn create(site: &Site, args: &CampaignArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let id = site.platform().create_campaign(&NewCampaign {
        issuer: args.issuer.clone(),
        merchant: args.merchant,
        title: args.title.clone(),
        policy: policy(args)?,
        capacity: args.capacity,
    })?;
    writeln!(out, "Campaign {id}: {}", args.title)?;
    Ok(())
}

fn policy(args: &CampaignArgs) -> Result<Policy, CliError> {
    let standard = Policy::default().limits;
    let amount = |text: &Option<String>, standard: i64| match text {
        Some(text) => minor(text, args.currency),
        None => Ok(standard),
    };
    let list_max_s =
        args.list_max_hours.map_or(standard.list_max_s, |hours| hours.saturating_mul(3600));
    let list_warn_s =
        if list_max_s == 0 { standard.list_warn_s } else { standard.list_warn_s.min(list_max_s) };
    let limits = Limits {
        amount_minor: amount(&args.max_amount, standard.amount_minor)?,
        unsynced_count: args.max_unsent.unwrap_or(standard.unsynced_count),
        unsynced_minor: amount(&args.max_unsent_sum, standard.unsynced_minor)?,
        list_warn_s,
        list_max_s,
    };
    Ok(Policy { liable: args.liable, ..Policy::standard(args.mode, limits) })
}

fn list(site: &Site, out: &mut dyn Write) -> Result<(), CliError> {
    for row in site.platform().campaigns()? {
        let campaign = row.campaign;
        let state = match campaign.state {
            CampaignState::Active => "active",
            CampaignState::Suspended => "suspended",
        };
        let fill = format!("{}/{} issued", row.next_ordinal, row.capacity);
        let (id, mode) = (campaign.id.0, campaign.policy.mode.code());
        let (issuer, merchant) = (campaign.issuer, row.merchant);
        writeln!(
            out,
            "{id:>4}  {state:<9}  {mode:<12}  {fill:<20}  issuer {issuer}  merchant {merchant}  {}",
            campaign.title
        )?;
    }
    Ok(())
}

fn set_state(
    site: &Site,
    campaign: CampaignId,
    state: CampaignState,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    site.platform().set_campaign_state(campaign, state)?;
    let word = match state {
        CampaignState::Active => "active",
        CampaignState::Suspended => "suspended",
    };
    writeln!(out, "Campaign {campaign} is {word}.")?;
    Ok(())
}
