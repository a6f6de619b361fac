//! Minting vouchers and writing them down for printing and mailing.

use std::{fs, io::Write, path::Path};

use jiff::tz::TimeZone;

use super::{CliError, args::IssueArgs, campaigns::campaign_row, terms::terms, write_new};
use crate::{
    domain::{id::BranchId, time::Timestamp, voucher::Terms},
    issuer::{list, picture, sheet, words},
    platform::{
        service::{Ends, Issued, Order},
        site::Site,
        store::Home,
    },
};

/// Pixels a module of a picture.
const MODULE_PX: u32 = 8;

/// How many vouchers are shown on the screen.
const SHOWN_MAX: usize = 10;

const YEAR_S: i64 = 365 * 24 * 3600;
const DAY_S: i64 = 24 * 3600;

pub(super) fn issue(site: &Site, args: &IssueArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let row = campaign_row(site, args.campaign)?;
    let key = site.issuer_key(&row.campaign.issuer)?;
    let order = order(args, site.platform().now())?;
    // Before anything is minted: a directory that cannot be made must not cost vouchers.
    make_dir(&args.out)?;
    let zone = zone(site, row.home, &order)?;
    let issued = site.platform().issue(&key, &order)?;
    let list = args.csv.clone();
    let list = list.unwrap_or_else(|| args.out.join(format!("vouchers-{}.csv", row.next_ordinal)));
    write_list(&list, &issued)?;
    let count = issued.len();
    writeln!(out, "Issued {count} of campaign {}; listed in {}", args.campaign, list.display())?;
    if let Some(path) = &args.jsonl {
        write_lines(path, &issued)?;
        writeln!(out, "Listed for programs in {}", path.display())?;
    }
    if args.png {
        write_pictures(&args.out, &issued)?;
        writeln!(out, "Pictures are in {}", args.out.display())?;
    }
    if let Some(path) = &args.sheet {
        write_sheet(path, (&row.campaign.title, &issued, &zone), out)?;
    }
    for voucher in issued.iter().take(SHOWN_MAX) {
        writeln!(out, "{}  {}", voucher.code, voucher.text)?;
    }
    Ok(())
}

fn order(args: &IssueArgs, now: Timestamp) -> Result<Order, CliError> {
    let (terms, from) = (terms(args)?, args.from.unwrap_or(now));
    let until = match (args.valid_days, args.until, &terms) {
        (Some(days), ..) => Ends::Days(days),
        (None, Some(until), _) => Ends::At(until),
        // So that a supervisor can still let a late party in.
        (None, None, Terms::Ticket(ticket)) => Ends::At(ticket.closes().plus(DAY_S)),
        (None, None, _) => Ends::At(from.plus(YEAR_S)),
    };
    Ok(Order {
        campaign: args.campaign,
        terms,
        branches: args.branches.clone(),
        group: args.group,
        customer: args.customer.clone(),
        holder: args.holder_key,
        from,
        until,
        count: args.count,
    })
}

/// The time zone of the first branch where the vouchers are accepted.
fn zone(site: &Site, home: Home, order: &Order) -> Result<TimeZone, CliError> {
    let home = order.group.map_or(home, Home::Group);
    let mut named: Vec<BranchId> = order.branches.clone();
    if let Home::Group(group) = home {
        let groups = site.platform().groups()?.into_iter();
        named.extend(groups.filter(|row| row.id == group).flat_map(|row| row.branches));
    }
    let mut branches = site.platform().branches()?.into_iter();
    let first = branches.find(|row| match home {
        Home::Merchant(merchant) if named.is_empty() => row.merchant == merchant,
        Home::Merchant(_) | Home::Group(_) => named.contains(&row.branch.id),
    });
    let zone = first.and_then(|row| TimeZone::get(&row.branch.time_zone).ok());
    Ok(zone.unwrap_or(TimeZone::UTC))
}

fn make_dir(path: &Path) -> Result<(), CliError> {
    fs::create_dir_all(path)
        .map_err(|source| CliError::File { path: path.display().to_string(), source })
}

fn rows<'a>(issued: &'a [Issued], codes: &'a [String]) -> impl Iterator<Item = list::Row<'a>> {
    issued.iter().zip(codes).map(|(voucher, code)| list::Row {
        claims: &voucher.claims,
        short_code: code,
        token: &voucher.text,
    })
}

fn codes(issued: &[Issued]) -> Vec<String> {
    issued.iter().map(|voucher| voucher.code.to_string()).collect()
}

fn write_list(path: &Path, issued: &[Issued]) -> Result<(), CliError> {
    let mut bytes = Vec::new();
    list::write(&mut bytes, rows(issued, &codes(issued))).map_err(CliError::draw)?;
    write_new(path, &bytes)
}

fn write_lines(path: &Path, issued: &[Issued]) -> Result<(), CliError> {
    let mut bytes = Vec::new();
    for row in rows(issued, &codes(issued)) {
        serde_json::to_writer(&mut bytes, &list::Line::of(&row)).map_err(CliError::draw)?;
        bytes.push(b'\n');
    }
    write_new(path, &bytes)
}

fn write_pictures(dir: &Path, issued: &[Issued]) -> Result<(), CliError> {
    for voucher in issued {
        let code = voucher.code.to_string();
        let png = picture::captioned_png(&voucher.text, &code, MODULE_PX);
        let png = png.map_err(CliError::draw)?;
        write_new(&dir.join(format!("{}.png", voucher.code)), &png)?;
    }
    Ok(())
}

fn write_sheet(
    path: &Path,
    (title, issued, zone): (&str, &[Issued], &TimeZone),
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let item = |voucher: &Issued| sheet::SheetItem {
        text: voucher.text.clone(),
        short_code: voucher.code.to_string(),
        lines: words::lines(title, &voucher.claims, zone),
    };
    let items: Vec<_> = issued.iter().map(item).collect();
    let sheet = sheet::pdf(title, &items).map_err(CliError::draw)?;
    write_new(path, &sheet.pdf)?;
    writeln!(out, "Pages to print: {}, in {}", sheet.pages, path.display())?;
    if sheet.replaced > 0 {
        let replaced = sheet.replaced;
        writeln!(out, "{replaced} characters are printed as ?: the sheet's font lacks them.")?;
    }
    if sheet.shortened > 0 {
        writeln!(
            out,
            "{} lines are longer than there is room; they end in an ellipsis.",
            sheet.shortened
        )?;
    }
    Ok(())
}
