//! `report`: a day's totals, by the same fold the platform uses.

use jiff::{Timestamp as Instant, civil::Date, tz::TimeZone};
use serde_json::json;

use super::{Console, ConsoleError, Exit, args::ReportArgs};
use crate::{
    domain::{
        journal::{Totals, totals},
        time::Timestamp,
    },
    store::{Store, StoreError},
    terminal::Trust,
};

pub(super) fn run(console: &mut Console<'_>, args: &ReportArgs) -> Result<Exit, ConsoleError> {
    let session = console.session()?;
    let store = session.engine.store().ok_or(StoreError::GivenUp)?;
    let zone = zone(store, session.engine.trust());
    let date = date(args.date.as_deref(), console.clock.now().time, &zone)?;
    let (from, until) = span(date, &zone)?;
    let rows = store.between(from, until)?;
    let totals = totals(rows.iter().map(|row| &row.entry));
    if console.json {
        as_json(console, date, &totals)?;
    } else {
        as_text(console, date, &totals, session.engine.trust())?;
    }
    Ok(Exit::Done)
}

fn zone(store: &Store, trust: &Trust) -> TimeZone {
    let branch = trust.branch(store.identity().branch);
    branch.and_then(|branch| TimeZone::get(&branch.time_zone).ok()).unwrap_or(TimeZone::UTC)
}

fn date(text: Option<&str>, now: Timestamp, zone: &TimeZone) -> Result<Date, ConsoleError> {
    let Some(text) = text else {
        let now = Instant::from_second(now.0).unwrap_or(Instant::UNIX_EPOCH);
        return Ok(now.to_zoned(zone.clone()).date());
    };
    text.parse()
        .map_err(|_error| ConsoleError::Usage("the day is written like 2026-11-22".to_owned()))
}

/// From the day's first moment to the next day's, which are 23 to 25 hours apart.
fn span(date: Date, zone: &TimeZone) -> Result<(Timestamp, Timestamp), ConsoleError> {
    let start = |date: Date| {
        let zoned = date.to_zoned(zone.clone());
        zoned.map(|zoned| Timestamp(zoned.timestamp().as_second()))
    };
    let both = date.tomorrow().and_then(|next| Ok((start(date)?, start(next)?)));
    both.map_err(|_error| ConsoleError::Usage("that day is out of range".to_owned()))
}

fn as_json(console: &mut Console<'_>, date: Date, totals: &Totals) -> Result<(), ConsoleError> {
    let campaigns = totals.campaigns.iter().map(|((issuer, campaign, currency), sums)| {
        json!({
            "issuer": issuer.as_str(),
            "campaign": campaign.0,
            "currency": currency.code(),
            "uses": sums.uses,
            "amount_minor": i64::try_from(sums.minor).unwrap_or(i64::MAX),
        })
    });
    console.line(json!({
        "date": date.to_string(),
        "redeemed": totals.redeemed,
        "rolled_back": totals.rolled_back,
        "offline": totals.offline,
        "refused": totals.refused,
        "cannot_check": totals.cannot_check,
        "not_a_voucher": totals.not_a_voucher,
        "campaigns": campaigns.collect::<Vec<_>>(),
    }))
}

fn as_text(
    console: &mut Console<'_>,
    date: Date,
    totals: &Totals,
    trust: &Trust,
) -> Result<(), ConsoleError> {
    console.line(format_args!("{date}"))?;
    let (redeemed, offline, back) = (totals.redeemed, totals.offline, totals.rolled_back);
    console.line(format_args!("redeemed {redeemed} ({offline} offline), rolled back {back}"))?;
    for ((issuer, campaign, currency), sums) in &totals.campaigns {
        let title =
            trust.bundle.campaign(issuer, *campaign).map_or("", |found| found.title.as_str());
        let minor = i64::try_from(sums.minor).unwrap_or(i64::MAX);
        let amount = crate::domain::money::Money::new(minor, *currency);
        console.line(format_args!("  {:>5} × {title:<32} {amount}", sums.uses))?;
    }
    for (code, count) in totals.refused.iter().chain(&totals.cannot_check) {
        console.line(format_args!("  {count:>5} × not honoured: {code}"))?;
    }
    console.line(format_args!("  {:>5} × not a voucher", totals.not_a_voucher))
}
