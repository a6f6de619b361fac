//! Minting vouchers and writing them down for printing and mailing.

use std::{fs, io::Write, path::Path};

use super::{CliError, args::IssueArgs, campaigns::minor, write_new};
use crate::{
    domain::{
        money::Money,
        voucher::{AmountOff, Kind, PercentOff, Terms},
    },
    issuer::{list, picture, sheet},
    platform::{
        service::{Issued, Order},
        site::Site,
    },
};

/// Pixels a module of a picture.
const MODULE_PX: u32 = 8;

/// How many vouchers are shown on the screen.
const SHOWN_MAX: usize = 10;

const YEAR_S: i64 = 365 * 24 * 3600;

pub(super) fn issue(site: &Site, args: &IssueArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let mut campaigns = site.platform().campaigns()?.into_iter();
    let row = campaigns.find(|row| row.campaign.id == args.campaign);
    let row =
        row.ok_or_else(|| CliError::Wrong(format!("there is no campaign {}", args.campaign)))?;
    let key = site.issuer_key(&row.campaign.issuer)?;
    let from = args.from.unwrap_or_else(|| site.platform().now());
    let order = Order {
        campaign: args.campaign,
        terms: terms(args)?,
        branches: args.branches.clone(),
        from,
        until: args.until.unwrap_or_else(|| from.plus(YEAR_S)),
        count: args.count,
    };
    // Before anything is minted: a directory that cannot be made must not cost vouchers.
    make_dir(&args.out)?;
    let issued = site.platform().issue(&key, &order)?;
    let list = args.csv.clone();
    let list = list.unwrap_or_else(|| args.out.join(format!("vouchers-{}.csv", row.next_ordinal)));
    write_list(&list, &issued)?;
    let count = issued.len();
    writeln!(out, "Issued {count} of campaign {}; listed in {}", args.campaign, list.display())?;
    if args.png {
        write_pictures(&args.out, &issued)?;
        writeln!(out, "Pictures are in {}", args.out.display())?;
    }
    if let Some(path) = &args.sheet {
        write_sheet(path, (&row.campaign.title, &issued), out)?;
    }
    for voucher in issued.iter().take(SHOWN_MAX) {
        writeln!(out, "{}  {}", voucher.code, voucher.text)?;
    }
    Ok(())
}

fn terms(args: &IssueArgs) -> Result<Terms, CliError> {
    let currency = args.currency;
    let amount = |text: &Option<String>| match text {
        Some(text) => minor(text, currency),
        None => Ok(0),
    };
    let value = Money::new(amount(&args.value)?, currency);
    let minimum_spend = amount(&args.min_spend)?;
    Ok(match args.kind {
        Kind::PrepaidDeal => Terms::PrepaidDeal { value },
        Kind::AmountOff => Terms::AmountOff(AmountOff { off: value, minimum_spend }),
        Kind::PercentOff => Terms::PercentOff(PercentOff {
            basis_points: basis_points(args.percent.as_deref().unwrap_or(""))?,
            cap: amount(&args.cap)?,
            minimum_spend,
            currency,
        }),
        Kind::Pass => Terms::Pass { uses: args.uses.unwrap_or(0), value_each: value },
        Kind::StoredValue => Terms::StoredValue { balance: value },
    })
}

/// `12.5` percent as 1250 hundredths of a percent.
fn basis_points(text: &str) -> Result<u16, CliError> {
    let wrong = || CliError::Wrong(format!("{text:?} is no share; write it like 15 or 12.5"));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let plain = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || part.len() > 2 || !plain(whole) || !plain(part) {
        return Err(wrong());
    }
    let points = format!("{whole}{part:0<2}").parse().map_err(|_error| wrong())?;
    if (1..=10_000).contains(&points) { Ok(points) } else { Err(wrong()) }
}

fn make_dir(path: &Path) -> Result<(), CliError> {
    fs::create_dir_all(path)
        .map_err(|source| CliError::File { path: path.display().to_string(), source })
}

fn write_list(path: &Path, issued: &[Issued]) -> Result<(), CliError> {
    let codes: Vec<_> = issued.iter().map(|voucher| voucher.code.to_string()).collect();
    let rows = issued.iter().zip(&codes).map(|(voucher, code)| list::Row {
        claims: &voucher.claims,
        short_code: code,
        token: &voucher.text,
    });
    let mut bytes = Vec::new();
    list::write(&mut bytes, rows).map_err(|error| CliError::Draw(Box::new(error)))?;
    write_new(path, &bytes)
}

fn write_pictures(dir: &Path, issued: &[Issued]) -> Result<(), CliError> {
    for voucher in issued {
        let png = picture::png(&voucher.text, MODULE_PX);
        let png = png.map_err(|error| CliError::Draw(Box::new(error)))?;
        write_new(&dir.join(format!("{}.png", voucher.code)), &png)?;
    }
    Ok(())
}

fn write_sheet(
    path: &Path,
    (title, issued): (&str, &[Issued]),
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let items: Vec<_> = issued.iter().map(|voucher| item(title, voucher)).collect();
    let sheet = sheet::pdf(title, &items).map_err(|error| CliError::Draw(Box::new(error)))?;
    write_new(path, &sheet.pdf)?;
    writeln!(out, "Pages to print: {}, in {}", sheet.pages, path.display())?;
    if sheet.replaced > 0 {
        let replaced = sheet.replaced;
        writeln!(out, "{replaced} characters are printed as ?: the sheet's font lacks them.")?;
    }
    Ok(())
}

fn item(title: &str, voucher: &Issued) -> sheet::SheetItem {
    let until = voucher.claims.until.to_string();
    let day = until.split('T').next().unwrap_or("").to_owned();
    sheet::SheetItem {
        text: voucher.text.clone(),
        short_code: voucher.code.to_string(),
        lines: vec![title.to_owned(), worth(&voucher.claims.terms), format!("until {day}")],
    }
}

fn worth(terms: &Terms) -> String {
    match terms {
        Terms::PrepaidDeal { value } => format!("worth {value}"),
        Terms::AmountOff(AmountOff { off, .. }) => format!("{off} off"),
        Terms::PercentOff(PercentOff { basis_points, .. }) => {
            let (whole, part) = (basis_points / 100, basis_points % 100);
            format!("{whole}.{part:02}% off")
        }
        Terms::Pass { uses, .. } => format!("{uses} uses"),
        Terms::StoredValue { balance } => format!("{balance} to spend"),
    }
}
