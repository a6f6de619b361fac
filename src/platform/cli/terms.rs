//! What is typed about a voucher's worth, as terms.

use super::{
    CliError,
    args::{IssueArgs, LineArg},
    campaigns::minor,
};
use crate::{
    domain::{
        money::Money,
        voucher::{AmountOff, Item, Kind, Label, OrderLine, PercentOff, Terms, Ticket},
    },
    platform::policy_file::units::parse_percent,
};

/// The terms of the vouchers to issue.
pub(super) fn terms(args: &IssueArgs) -> Result<Terms, CliError> {
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
        Kind::Item => Terms::Item(Item {
            count: args.pieces,
            name: item_name(args)?,
            value,
            price: amount(&args.price)?,
        }),
        Kind::Ticket => Terms::Ticket(ticket(args, value)?),
        Kind::PickUp => Terms::PickUp { currency, lines: lines(args)? },
    })
}

fn item_name(args: &IssueArgs) -> Result<Label, CliError> {
    args.item.clone().ok_or_else(|| CliError::Wrong("name what is handed over: --item".to_owned()))
}

fn ticket(args: &IssueArgs, value_each: Money) -> Result<Ticket, CliError> {
    let missing = || CliError::Wrong("say when the slot begins: --starts".to_owned());
    Ok(Ticket {
        starts: args.starts.ok_or_else(missing)?,
        early_s: args.early.unwrap_or(0),
        late_s: args.late.unwrap_or(0),
        party: args.party,
        value_each,
    })
}

fn lines(args: &IssueArgs) -> Result<Vec<OrderLine>, CliError> {
    let lines = args.line.iter().map(|LineArg { count, name, value_each }| {
        let value_each = minor(value_each, args.currency)?;
        Ok(OrderLine { count: *count, value_each, name: name.clone() })
    });
    lines.collect()
}

/// `12.5` percent as 1250 hundredths of a percent.
fn basis_points(text: &str) -> Result<u16, CliError> {
    let wrong = || CliError::Wrong(format!("{text:?} is no share; write it like 15 or 12.5"));
    let share = text.strip_suffix('%').unwrap_or(text);
    let points = parse_percent(&format!("{share}%"), 2).map_err(|_error| wrong())?;
    u16::try_from(points).ok().filter(|points| *points > 0).ok_or_else(wrong)
}
