//! Merchants, branches and their groups, issuers and their keys.

use std::io::Write;

use super::{
    CliError,
    args::{BranchCommand, GroupCommand, IssuerCommand, KeyCommand, MerchantCommand, PlaceArgs},
};
use crate::{
    domain::{
        id::BranchId,
        trust::{Place, PublishedKey},
    },
    platform::site::Site,
};

pub(super) fn merchant(
    site: &Site,
    command: MerchantCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    match command {
        MerchantCommand::Create { name } => {
            let id = site.platform().create_merchant(&name)?;
            writeln!(out, "Merchant {id}: {name}")?;
        }
        MerchantCommand::List => {
            for merchant in site.platform().merchants()? {
                writeln!(out, "{:>4}  {}", merchant.id.0, merchant.name)?;
            }
        }
    }
    Ok(())
}

pub(super) fn branch(
    site: &Site,
    command: BranchCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    match command {
        BranchCommand::Create { merchant, name, time_zone } => {
            let id = site.platform().create_branch(merchant, &name, &time_zone)?;
            writeln!(out, "Branch {id}: {name}, {time_zone}")?;
        }
        BranchCommand::Place(args) => place(site, &args, out)?,
        BranchCommand::List => {
            for row in site.platform().branches()? {
                let (branch, merchant) = (row.branch, row.merchant);
                let (id, zone) = (branch.id.0, branch.time_zone);
                let place =
                    branch.place.map_or_else(String::new, |at| format!("  {}", degrees(at)));
                writeln!(out, "{id:>4}  merchant {merchant}  {zone:<20}  {}{place}", branch.name)?;
            }
        }
    }
    Ok(())
}

fn place(site: &Site, args: &PlaceArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let place = args.latitude.zip(args.longitude);
    let place = place.map(|(latitude, longitude)| Place { latitude, longitude });
    site.platform().set_branch_place(args.branch, place)?;
    match place {
        Some(place) => writeln!(out, "Branch {} stands at {}.", args.branch, degrees(place))?,
        None => writeln!(out, "It is not known where branch {} stands.", args.branch)?,
    }
    Ok(())
}

/// Latitude and longitude in degrees.
fn degrees(place: Place) -> String {
    let one = |millionths: i32| {
        let (sign, size) = (if millionths < 0 { "-" } else { "" }, millionths.unsigned_abs());
        format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000)
    };
    format!("{} {}", one(place.latitude), one(place.longitude))
}

pub(super) fn group(
    site: &Site,
    command: GroupCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let platform = site.platform();
    match command {
        GroupCommand::Create { name } => {
            let id = platform.create_group(&name)?;
            writeln!(out, "Group {id}: {name}")?;
        }
        GroupCommand::Add { group, branch } => {
            platform.add_to_group(group, branch)?;
            writeln!(out, "Branch {branch} belongs to group {group}.")?;
        }
        GroupCommand::Remove { group, branch } => {
            platform.remove_from_group(group, branch)?;
            writeln!(out, "Branch {branch} does not belong to group {group}.")?;
        }
        GroupCommand::List => {
            for row in platform.groups()? {
                let branches = if row.branches.is_empty() {
                    "no branches".to_owned()
                } else {
                    places(&row.branches)
                };
                writeln!(out, "{:>4}  {branches:<20}  {}", row.id.0, row.name)?;
            }
        }
    }
    Ok(())
}

pub(super) fn issuer(
    site: &Site,
    command: IssuerCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    match command {
        IssuerCommand::Create { name } => {
            let key = site.create_issuer(&name)?.public();
            writeln!(out, "Issuer {name}: key {}, {key}", key.id())?;
        }
        IssuerCommand::List => {
            for issuer in site.platform().issuers()? {
                writeln!(out, "{}", issuer.name)?;
                for key in issuer.keys {
                    list_key(&key, out)?;
                }
            }
        }
    }
    Ok(())
}

pub(super) fn key(site: &Site, command: KeyCommand, out: &mut dyn Write) -> Result<(), CliError> {
    match command {
        KeyCommand::Withdraw { issuer, key } => {
            site.platform().withdraw_key(&issuer, key)?;
            writeln!(out, "Key {key} of {issuer} is withdrawn: no voucher it signed is accepted.")?;
        }
        KeyCommand::Rotate { issuer } => {
            let key = site.rotate_issuer_key(&issuer)?.public();
            writeln!(out, "Issuer {issuer}: signs with key {}, {key}", key.id())?;
        }
    }
    Ok(())
}

/// Branches by number; all where none is named.
pub(super) fn places(branches: &[BranchId]) -> String {
    let named: Vec<_> = branches.iter().map(BranchId::to_string).collect();
    if named.is_empty() {
        "all branches".to_owned()
    } else {
        format!("branches {}", named.join(", "))
    }
}

fn list_key(key: &PublishedKey, out: &mut dyn Write) -> Result<(), CliError> {
    let state = if key.withdrawn { "withdrawn" } else { "in use" };
    let (id, from, until) = (key.public.id(), key.from, key.until);
    writeln!(out, "  {id}  {from} to {until}  {state}")?;
    Ok(())
}
