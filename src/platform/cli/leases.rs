//! Leases: what is lent to terminals.

use std::io::Write;

use super::{
    CliError,
    args::{LeaseCommand, LendArgs},
    campaigns::minor,
};
use crate::platform::{
    service::{LeaseLine, LeaseOrder},
    site::Site,
};

pub(super) fn lease(
    site: &Site,
    command: &LeaseCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let platform = site.platform();
    match command {
        LeaseCommand::Lend(args) => lend(site, args, out)?,
        LeaseCommand::List => {
            for line in platform.leases()? {
                list(&line, out)?;
            }
        }
        LeaseCommand::End { lease } => {
            platform.end_lease(*lease)?;
            writeln!(out, "Lease {lease}: the terminal is asked to give it back.")?;
        }
        LeaseCommand::Release { lease } => {
            platform.release_lease(*lease)?;
            writeln!(out, "Lease {lease} is released: what was left of it is free.")?;
        }
    }
    Ok(())
}

fn lend(site: &Site, args: &LendArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let amount = args.amount.as_deref().map(|text| minor(text, args.currency)).transpose()?;
    let lease = site.platform().lend(&LeaseOrder {
        terminal: args.terminal,
        campaign: args.campaign,
        voucher: args.voucher,
        uses: args.uses,
        minor: amount,
        until: args.until,
    })?;
    let (terminal, until) = (args.terminal, args.until);
    writeln!(out, "Lease {lease}: lent to terminal {terminal} until {until}.")?;
    Ok(())
}

fn list(line: &LeaseLine, out: &mut dyn Write) -> Result<(), CliError> {
    let LeaseLine { row, taken, state } = line;
    let of = row.voucher.map_or_else(|| "quota".to_owned(), |id| format!("voucher {id}"));
    let (id, terminal, epoch, campaign) = (row.id.0, row.terminal, row.epoch, row.campaign);
    writeln!(
        out,
        "{id:>4}  {state:<8}  terminal {terminal}  epoch {epoch}  campaign {campaign}  {of}  until {}",
        row.until
    )?;
    writeln!(
        out,
        "      {} of {} uses taken, {} of {} minor units",
        taken.uses, row.uses, taken.minor, row.minor
    )?;
    Ok(())
}
