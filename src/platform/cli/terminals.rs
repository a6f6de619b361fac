//! Terminals and how devices become them.

use std::{io::Write, path::Path};

use super::{
    CliError,
    args::{EnrolArgs, TerminalCommand},
    tls, write_new,
};
use crate::{
    domain::{enrol::PINS_MAX, id::Hash},
    issuer::picture,
    platform::{service::EnrolmentOrder, site::Site},
};

/// Pixels a module of a picture.
const MODULE_PX: u32 = 8;

pub(super) fn enrol_code(
    site: &Site,
    args: EnrolArgs,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let known = match args.url {
        Some(url) => Some(url),
        None => site.url()?,
    };
    let missing = "the address that terminals use is not known: run `serve` first, or say --url";
    let url = known.ok_or_else(|| CliError::Wrong(missing.to_owned()))?;
    let pins = args.pin.iter().map(|pin| read_pin(pin)).collect::<Result<Vec<_>, _>>()?;
    if pins.len() > PINS_MAX {
        return Err(CliError::Wrong(format!("a code holds at most {PINS_MAX} pins")));
    }
    let mut code = site.platform().create_enrolment(&EnrolmentOrder {
        branch: args.branch,
        name: args.name,
        terminal: args.terminal,
        url,
    })?;
    code.pins = (!pins.is_empty()).then_some(pins);
    let text = code.to_text();
    if let Some(path) = args.png {
        write_new(&path, &picture::png(&text, MODULE_PX).map_err(CliError::draw)?)?;
    }
    writeln!(out, "{text}")?;
    Ok(())
}

/// A pin as digits, or that of a certificate.
fn read_pin(text: &str) -> Result<Hash, CliError> {
    text.parse().or_else(|_error| tls::pin(Path::new(text)))
}

pub(super) fn terminal(
    site: &Site,
    command: &TerminalCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    match command {
        TerminalCommand::List => list(site, out),
        TerminalCommand::Require { protocol } => {
            site.platform().require_protocol(*protocol)?;
            writeln!(
                out,
                "Terminals that speak less than protocol {protocol} are told to update."
            )?;
            Ok(())
        }
        TerminalCommand::Revoke { terminal } => {
            site.platform().revoke_terminal(*terminal)?;
            writeln!(out, "Terminal {terminal} is revoked: nothing it says is heard.")?;
            Ok(())
        }
    }
}

fn list(site: &Site, out: &mut dyn Write) -> Result<(), CliError> {
    for line in site.platform().terminals()? {
        let (terminal, journal) = (line.terminal, line.journal);
        let state = if line.revoked { "revoked" } else { "enrolled" };
        let contact = terminal.last_contact;
        let contact = contact.map_or_else(|| "never".to_owned(), |time| time.to_string());
        writeln!(
            out,
            "{:>4}  {state:<8}  branch {}  epoch {}  entry {}  last heard {contact}  {}",
            terminal.id.0, terminal.branch, terminal.epoch, journal.head.seq, terminal.name
        )?;
        writeln!(
            out,
            "      {} redeemed, {} rolled back, {} refused, {} with a note  runs {}",
            journal.redeemed,
            journal.rolled_back,
            journal.refused,
            journal.noted,
            terminal.software.as_deref().unwrap_or("an unknown program")
        )?;
    }
    Ok(())
}
