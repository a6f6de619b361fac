//! Single vouchers, and uses that are set aside.

use std::io::Write;

use super::{
    CliError,
    args::{ClaimCommand, VoucherCommand},
};
use crate::platform::{service::VoucherName, site::Site};

pub(super) fn voucher(
    site: &Site,
    command: &VoucherCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let platform = site.platform();
    match command {
        VoucherCommand::Revoke { voucher } => platform.revoke_voucher(*voucher)?,
        VoucherCommand::Suspend { voucher } => platform.suspend_voucher(*voucher)?,
        VoucherCommand::Resume { voucher } => platform.resume_voucher(*voucher)?,
        VoucherCommand::Show { voucher, text } => return show(site, (*voucher, *text), out),
    }
    writeln!(out, "Done; terminals learn of it with their next pull.")?;
    Ok(())
}

pub(super) fn claim(
    site: &Site,
    command: &ClaimCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let platform = site.platform();
    match command {
        ClaimCommand::List => {
            for row in platform.claims()? {
                let (terminal, uses, minor) = (row.terminal, row.used.uses, row.used.minor);
                let (at, id) = (row.at, row.voucher.id);
                writeln!(out, "{at}  {id}  terminal {terminal}  {uses} uses, {minor} minor units")?;
            }
        }
        ClaimCommand::Release { voucher, terminal } => {
            let key = platform.voucher(*voucher)?.claims.key();
            platform.release_claim(&key, *terminal)?;
            writeln!(out, "Released: another terminal may redeem it.")?;
        }
    }
    Ok(())
}

fn show(
    site: &Site,
    (name, with_text): (VoucherName, bool),
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let view = site.platform().voucher(name)?;
    let claims = &view.claims;
    let limit = claims.terms.limit();
    let lines = [
        ("Voucher", claims.id.to_string()),
        ("Issuer", claims.issuer.to_string()),
        ("Campaign", claims.id.campaign.to_string()),
        ("Kind", claims.terms.kind().to_string()),
        ("Valid", format!("{} to {}", claims.from, claims.until)),
        ("Status", view.status.code().to_owned()),
        ("Uses", view.used.uses.to_string()),
        ("Consumed", format!("{} minor units", view.used.minor)),
        ("Left", limit.left_after(view.used).to_string()),
    ];
    for (label, value) in lines {
        writeln!(out, "{label:<9} {value}")?;
    }
    for row in &view.ledger.uses {
        let (terminal, epoch, seq) = (row.terminal, row.epoch, row.seq);
        writeln!(out, "Used by   terminal {terminal}, epoch {epoch}, entry {seq}")?;
    }
    for row in &view.open_claims {
        writeln!(out, "Set aside for terminal {} since {}", row.terminal, row.at)?;
    }
    if with_text {
        writeln!(out, "Text      {}", view.text)?;
    }
    Ok(())
}
