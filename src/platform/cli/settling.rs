//! Who is owed what: disputes, tickets that nobody used, settlement.

use std::io::Write;

use super::{
    CliError,
    args::{ConflictCommand, NoShowsArgs, SettlementArgs, TicketsCommand},
    json,
};
use crate::{
    domain::money::{Currency, Money},
    platform::{
        service::{Dispute, Side, Span},
        site::Site,
    },
};

pub(super) fn conflict(
    site: &Site,
    command: &ConflictCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let ConflictCommand::Show { id, json: as_json } = command;
    let dispute = site.platform().conflict(*id)?;
    if *as_json {
        return json(&dispute, out);
    }
    for (label, text) in about(&dispute) {
        writeln!(out, "{label:<10} {text}")?;
    }
    for (number, side) in (1_usize..).zip(&dispute.sides) {
        let title = if number == 1 { "Beyond the limit" } else { "Before it" };
        writeln!(out, "\n{title}")?;
        for (label, text) in side_lines(side) {
            writeln!(out, "  {label:<12} {text}")?;
        }
    }
    Ok(())
}

fn about(dispute: &Dispute) -> [(&'static str, String); 6] {
    let bearer = match (&dispute.bearer_name, dispute.bearer) {
        (Some(name), Some(id)) => format!("{name} (merchant {id})"),
        _issuer => format!("the issuer {}", dispute.issuer),
    };
    [
        ("Conflict", dispute.id.to_string()),
        ("Voucher", format!("{} of {}", dispute.voucher, dispute.issuer)),
        ("Campaign", named(&dispute.title, dispute.campaign)),
        ("Found", dispute.found.clone()),
        ("Borne by", bearer),
        ("Why", dispute.why_text.to_owned()),
    ]
}

fn side_lines(side: &Side) -> Vec<(&'static str, String)> {
    let person = |number: Option<u32>, name: &Option<String>| match number {
        Some(number) => named(name.as_deref().unwrap_or(""), number),
        None => "nobody".to_owned(),
    };
    let list = match (&side.list_as_of, side.list_age_s) {
        (Some(time), Some(age)) => format!("of {time}, {age} s old"),
        _none => "none".to_owned(),
    };
    let place = format!("entry {} of epoch {}", side.seq, side.epoch);
    let mut lines = vec![
        ("When", format!("{} by the terminal's clock", side.at)),
        ("Received", side.received.clone()),
        ("Merchant", named(&side.merchant_name, side.merchant)),
        ("Branch", named(&side.branch_name, side.branch)),
        ("Terminal", format!("{}, {place}", named(&side.terminal_name, side.terminal))),
        ("Operator", person(side.operator, &side.operator_name)),
        ("Approved by", person(side.approved_by, &side.approver_name)),
        ("Kind", side.kind.to_owned()),
        ("Uses", side.uses.to_string()),
        ("Amount", format!("{} {}", side.amount, side.currency)),
        ("Platform", if side.online { "had set it aside" } else { "had not agreed" }.to_owned()),
        ("Presence", side.presence.to_owned()),
        ("Status list", list),
        ("Bundle", format!("version {}", side.bundle)),
    ];
    lines.extend(side.lease.map(|lease| ("Lease", lease.to_string())));
    let findings = side.findings.iter();
    lines.extend(findings.map(|it| ("Finding", format!("{} ({})", it.text, it.code))));
    lines.extend(side.note.iter().map(|note| ("Note", note.clone())));
    lines.push(("Hash", side.hash.clone()));
    lines
}

fn named(name: &str, number: u32) -> String {
    if name.is_empty() { number.to_string() } else { format!("{name} ({number})") }
}

pub(super) fn tickets(
    site: &Site,
    command: &TicketsCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let TicketsCommand::NoShows(NoShowsArgs { campaign, grace, json: as_json }) = command;
    let lines = site.platform().no_shows(*campaign, i64::from(*grace))?;
    if *as_json {
        return json(&lines, out);
    }
    for line in &lines {
        let (starts, came, missing, party) = (&line.starts, line.came, line.missing, line.party);
        let (owed, currency, voucher) = (&line.owed, line.currency, &line.voucher);
        writeln!(
            out,
            "{starts}  {voucher}  {came} of {party} came, {missing} did not  owed {owed} {currency}"
        )?;
    }
    Ok(())
}

pub(super) fn settlement(
    site: &Site,
    args: &SettlementArgs,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let span = Span { from: args.from, until: args.until, grace_s: i64::from(args.grace) };
    let lines = site.platform().settlement(&span)?;
    if args.json {
        return json(&lines, out);
    }
    for line in &lines {
        let amount = |minor: i64| match line.currency.parse::<Currency>() {
            Ok(currency) => Money::new(minor, currency).number(),
            Err(_unknown) => minor.to_string(),
        };
        let merchant = line
            .merchant
            .map_or_else(|| "no merchant".to_owned(), |id| named(&line.merchant_name, id));
        let net = format!("{} {}", line.net, line.currency);
        writeln!(out, "{net:>16}  {merchant}  campaign {}", named(&line.title, line.campaign))?;
        writeln!(
            out,
            "                  {} redeemed {}, {} rolled back {}, {} no-shows {}",
            line.redeemed,
            amount(line.redeemed_minor),
            line.rolled_back,
            amount(line.rolled_back_minor),
            line.no_shows,
            amount(line.no_shows_minor)
        )?;
    }
    Ok(())
}
