//! Campaigns.

use std::io::Write;

use super::{
    CliError,
    args::{CampaignArgs, CampaignCommand},
    policies::{policy_file, put_policy},
};
use crate::{
    domain::{
        id::CampaignId,
        money::{Currency, Money},
        redeem::{Limits, Policy},
        trust::CampaignState,
    },
    platform::{
        service::NewCampaign,
        site::Site,
        store::{CampaignRow, Home},
    },
};

pub(super) fn campaign(
    site: &Site,
    command: CampaignCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    match command {
        CampaignCommand::Create(args) => create(site, &args, out),
        CampaignCommand::Update { campaign, policy } => put_policy(site, campaign, &policy, out),
        CampaignCommand::List => list(site, out),
        CampaignCommand::Suspend { campaign } => {
            set_state(site, campaign, CampaignState::Suspended, out)
        }
        CampaignCommand::Resume { campaign } => {
            set_state(site, campaign, CampaignState::Active, out)
        }
    }
}

/// The campaign with this number.
pub(super) fn campaign_row(site: &Site, id: CampaignId) -> Result<CampaignRow, CliError> {
    let mut campaigns = site.platform().campaigns()?.into_iter();
    let found = campaigns.find(|row| row.campaign.id == id);
    found.ok_or_else(|| CliError::Wrong(format!("there is no campaign {id}")))
}

/// An amount as it is typed, in minor units.
pub(super) fn minor(text: &str, currency: Currency) -> Result<i64, CliError> {
    let read = Money::parse(text, currency);
    read.map(|money| money.minor).map_err(|error| CliError::Wrong(format!("{text:?}: {error}")))
}

fn create(site: &Site, args: &CampaignArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let home = match (args.merchant, args.group) {
        (Some(merchant), _) => Home::Merchant(merchant),
        (None, Some(group)) => Home::Group(group),
        (None, None) => return Err(CliError::Wrong("say --merchant or --group".to_owned())),
    };
    let policy = match &args.policy {
        Some(path) => policy_file(path)?.policy,
        None => policy(args)?,
    };
    let id = site.platform().create_campaign(&NewCampaign {
        issuer: args.issuer.clone(),
        home,
        title: args.title.clone(),
        policy,
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
        ..standard
    };
    Ok(Policy { liable: args.liable, ..Policy::standard(args.mode, limits) })
}

fn list(site: &Site, out: &mut dyn Write) -> Result<(), CliError> {
    for row in site.platform().campaigns()? {
        let home = match row.home {
            Home::Merchant(merchant) => format!("merchant {merchant}"),
            Home::Group(group) => format!("group {group}"),
        };
        let campaign = row.campaign;
        let fill = format!("{}/{} issued", row.next_ordinal, row.capacity);
        let (id, mode, state) = (campaign.id.0, campaign.policy.mode.code(), state(campaign.state));
        writeln!(
            out,
            "{id:>4}  {state:<9}  {mode:<12}  {fill:<20}  issuer {}  {home}  {}",
            campaign.issuer, campaign.title
        )?;
    }
    Ok(())
}

fn state(state: CampaignState) -> &'static str {
    match state {
        CampaignState::Active => "active",
        CampaignState::Suspended => "suspended",
    }
}

fn set_state(
    site: &Site,
    campaign: CampaignId,
    wanted: CampaignState,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    site.platform().set_campaign_state(campaign, wanted)?;
    writeln!(out, "Campaign {campaign} is {}.", state(wanted))?;
    Ok(())
}
