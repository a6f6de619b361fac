//! Single vouchers, and uses that are set aside.

use std::io::{BufRead, Write};

use super::{
    CliError,
    args::{ClaimCommand, TopUpArgs, VoucherCommand},
    campaigns::minor,
    phones::{present, text_or_input},
};
use crate::{
    domain::{
        id::Hex,
        money::{Currency, Money},
        voucher::{Claims, Limit, Scope, Used},
    },
    issuer::words,
    platform::{
        service::{VoucherName, VoucherView},
        site::Site,
    },
};

pub(super) fn voucher(
    open: impl FnOnce() -> Result<Site, CliError>,
    command: &VoucherCommand,
    (input, out): (&mut dyn BufRead, &mut dyn Write),
) -> Result<(), CliError> {
    // A phone needs no platform.
    if let VoucherCommand::Present(args) = command {
        return present(args, (input, out));
    }
    let site = open()?;
    let platform = site.platform();
    match command {
        VoucherCommand::Revoke { voucher } => platform.revoke_voucher(*voucher)?,
        VoucherCommand::Suspend { voucher } => platform.suspend_voucher(*voucher)?,
        VoucherCommand::Resume { voucher } => platform.resume_voucher(*voucher)?,
        VoucherCommand::Show { voucher, text } => return show(&site, (*voucher, *text), out),
        VoucherCommand::TopUp(args) => return top_up(&site, args, out),
        VoucherCommand::Refresh { text } => {
            return refresh(&site, &text_or_input(text, input)?, out);
        }
        VoucherCommand::Present(_) => {}
    }
    writeln!(out, "Done; terminals learn of it with their next pull.")?;
    Ok(())
}

fn top_up(site: &Site, args: &TopUpArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let more = Money::new(minor(&args.amount, args.currency)?, args.currency);
    let all = site.platform().top_up(args.voucher, more)?;
    writeln!(out, "Loaded in all: {all}. Terminals learn of it when they ask the platform.")?;
    Ok(())
}

fn refresh(site: &Site, text: &str, out: &mut dyn Write) -> Result<(), CliError> {
    let refreshed = site.platform().refresh(text)?;
    writeln!(out, "{}", refreshed.voucher)?;
    writeln!(out, "Live until {}", refreshed.until)?;
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
    let lines = about(&view.claims).into_iter().chain(standing(&view));
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
    for row in &view.witnessed {
        let entry = &row.signed.entry;
        let (terminal, epoch, seq) = (entry.terminal, entry.epoch, entry.seq);
        writeln!(out, "Witnessed terminal {terminal}, epoch {epoch}, entry {seq}, not delivered")?;
    }
    if with_text {
        writeln!(out, "Text      {}", view.text)?;
    }
    Ok(())
}

type Labelled = Vec<(&'static str, String)>;

fn about(claims: &Claims) -> Labelled {
    let mut lines = vec![
        ("Voucher", claims.id.to_string()),
        ("Issuer", claims.issuer.to_string()),
        ("Campaign", claims.id.campaign.to_string()),
        ("Kind", claims.terms.kind().to_string()),
        ("Gives", words::gives(&claims.terms)),
        ("Valid", format!("{} to {}", claims.from, claims.until)),
    ];
    if let Scope::Group(group) = claims.scope {
        lines.push(("Group", group.to_string()));
    }
    lines.extend(claims.customer.as_ref().map(|customer| ("Customer", customer.to_string())));
    lines.extend(claims.holder.map(|key| ("Phone", Hex(&key.0).to_string())));
    lines
}

fn standing(view: &VoucherView) -> Labelled {
    let currency = view.claims.terms.currency();
    vec![
        ("Status", view.status.code().to_owned()),
        ("Uses", view.used.uses.to_string()),
        ("Consumed", Money::new(view.used.minor, currency).to_string()),
        ("Left", left(view.limit, view.used, currency)),
    ]
}

fn left(limit: Limit, used: Used, currency: Currency) -> String {
    let left = limit.left_after(used);
    match limit {
        Limit::Uses(_) => left.to_string(),
        Limit::Balance(_) => Money::new(left, currency).to_string(),
        Limit::Lines(_) => format!("{left} pieces"),
    }
}
