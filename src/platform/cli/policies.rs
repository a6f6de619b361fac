//! Policies as files: shown, put in place, checked, and tried on journals.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read as _, Write},
    path::Path,
};

use jiff::tz::TimeZone;

use super::{
    CliError,
    args::{PolicyCommand, TryArgs},
    campaigns::campaign_row,
    journal_line, open, zone_named,
};
use crate::{
    domain::{
        id::{BranchId, CampaignId},
        money::Currency,
        voucher::Tier,
    },
    platform::{
        policy_file::{FILE_BYTES_MAX, PolicyFile},
        replay::{JournalLine, LossModel, Scenario, read_line, replay},
        site::{Site, SiteError},
    },
};

pub(super) fn policy(
    data: &Path,
    command: PolicyCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    match command {
        PolicyCommand::Show { campaign, currency } => show(&open(data)?, (campaign, currency), out),
        PolicyCommand::Set { campaign, file } => put_policy(&open(data)?, campaign, &file, out),
        PolicyCommand::Check { file } => {
            write!(out, "{}", policy_file(&file)?)?;
            Ok(())
        }
        PolicyCommand::Try(args) => try_policy(data, &args, out),
    }
}

/// Reads a policy file.
pub(super) fn policy_file(path: &Path) -> Result<PolicyFile, CliError> {
    let mut text = String::new();
    let longest = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let read = File::open(path).and_then(|file| file.take(longest).read_to_string(&mut text));
    read.map_err(|source| CliError::read(path, source))?;
    PolicyFile::parse(&text)
        .map_err(|error| CliError::Wrong(format!("{}: {error}", path.display())))
}

/// Puts a policy file in the place of a campaign's policy.
pub(super) fn put_policy(
    site: &Site,
    campaign: CampaignId,
    path: &Path,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let policy = policy_file(path)?.policy;
    let before = campaign_row(site, campaign)?;
    site.platform().set_campaign_policy(campaign, &policy)?;
    writeln!(
        out,
        "Campaign {campaign} has the policy; terminals learn of it with their next pull."
    )?;
    let ruled = policy.rules.restrict() && !before.campaign.policy.rules.restrict();
    if ruled && before.next_ordinal > 0 {
        let note = "Vouchers that were issued before do not say that the campaign has rules: a terminal that does \
                    not know the campaign honours them without.";
        writeln!(out, "{note}")?;
    }
    Ok(())
}

fn show(
    site: &Site,
    (campaign, currency): (CampaignId, Currency),
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let policy = campaign_row(site, campaign)?.campaign.policy;
    write!(out, "{}", PolicyFile { currency, policy, loss: LossModel::default() })?;
    Ok(())
}

fn try_policy(data: &Path, args: &TryArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let file = policy_file(&args.policy)?;
    let zone = args.time_zone.as_deref().map(zone_named).transpose()?;
    let zones = zones(data)?;
    let mut lines = Vec::new();
    for path in &args.journal {
        lines.extend(journal(path)?);
    }
    let scenario = Scenario {
        policy: &file.policy,
        loss: loss(file.loss, args),
        campaign: args.campaign,
        zones: &zones,
        zone: zone.as_ref(),
    };
    let report = replay(lines, &scenario);
    if args.json {
        return super::json(&report, out);
    }
    write!(out, "{report}")?;
    Ok(())
}

fn loss(mut model: LossModel, args: &TryArgs) -> LossModel {
    for rate in &args.duplicate_rate {
        let tiers = rate.tier.map_or_else(|| Tier::ALL.to_vec(), |tier| vec![tier]);
        for tier in tiers {
            model.set(tier, rate.ppm);
        }
    }
    model
}

/// The time zones of the platform's branches; none where there is no platform, since a journal can be tried anywhere.
fn zones(data: &Path) -> Result<BTreeMap<BranchId, TimeZone>, CliError> {
    let site = match open(data) {
        Ok(site) => site,
        Err(CliError::Site(SiteError::NotThere(_))) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let branches = site.platform().branches()?.into_iter();
    let zones = branches
        .filter_map(|row| Some((row.branch.id, TimeZone::get(&row.branch.time_zone).ok()?)));
    Ok(zones.collect())
}

fn journal(path: &Path) -> Result<Vec<JournalLine>, CliError> {
    let failed = |source| CliError::read(path, source);
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let mut lines = Vec::new();
    for number in 1_u64.. {
        let Some(line) = journal_line(&mut reader).map_err(failed)? else {
            break;
        };
        let read = read_line(&line).map_err(|error| {
            CliError::Wrong(format!("{}: line {number}: {error}", path.display()))
        })?;
        lines.extend(read);
    }
    Ok(lines)
}
