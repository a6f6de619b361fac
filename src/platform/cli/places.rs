//! Merchants, branches, operators, issuers and their keys.

use std::io::Write;

use super::{
    CliError,
    args::{BranchCommand, IssuerCommand, KeyCommand, MerchantCommand, OperatorCommand},
};
use crate::{
    domain::{id::BranchId, trust::PublishedKey},
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
        BranchCommand::List => {
            for row in site.platform().branches()? {
                let (branch, merchant) = (row.branch, row.merchant);
                let (id, zone) = (branch.id.0, branch.time_zone);
                writeln!(out, "{id:>4}  merchant {merchant}  {zone:<20}  {}", branch.name)?;
            }
        }
    }
    Ok(())
}

pub(super) fn operator(
    site: &Site,
    command: OperatorCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    match command {
        OperatorCommand::Create { merchant, name, branches } => {
            let id = site.platform().create_operator(merchant, &name, &branches)?;
            writeln!(out, "Operator {id}: {name}")?;
        }
        OperatorCommand::List => {
            for row in site.platform().operators()? {
                let (operator, merchant) = (row.operator, row.merchant);
                let (id, places) = (operator.id.0, places(&operator.branches));
                writeln!(out, "{id:>4}  merchant {merchant}  {places:<20}  {}", operator.name)?;
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

fn places(branches: &[BranchId]) -> String {
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
