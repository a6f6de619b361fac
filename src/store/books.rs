//! The books: sums by voucher, customer and lease, kept in step with the journal in the same transaction.

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::{open::StoreError, pace::unverified, position};
use crate::domain::{
    id::{CampaignId, IssuerName, LeaseId, VoucherKey},
    journal::{Body, Entry, Redeemed, RolledBack},
    redeem::Day,
    voucher::{Customer, LINES_MAX, Limit, Lines, Used},
};

/// Books an entry that was written on a day of the branch.
pub(super) fn book(tx: &Transaction<'_>, entry: &Entry, day: Day) -> Result<(), StoreError> {
    match &entry.body {
        Body::Redeemed(redeemed) => book_redeemed(tx, entry, redeemed, day),
        Body::RolledBack(back) => book_rolled_back(tx, back, day),
        Body::LeaseEnded { lease, .. } => end_lease(tx, *lease),
        Body::Opened(_) | Body::Refused(_) | Body::BundleTaken { .. } | Body::Recovered(_) => {
            Ok(())
        }
    }
}

fn book_redeemed(
    tx: &Transaction<'_>,
    entry: &Entry,
    redeemed: &Redeemed,
    day: Day,
) -> Result<(), StoreError> {
    let (uses_max, minor_max) = match redeemed.limit {
        Limit::Uses(uses) => (Some(uses), None),
        Limit::Balance(balance) => (None, Some(balance)),
        Limit::Lines(lines) => (Some(lines.total()), None),
    };
    let Used { uses, minor, lines } = redeemed.used;
    let key = &redeemed.voucher;
    let lines = if lines == Lines::NONE { None } else { Some(lines_of(tx, key)?.plus(lines)) };
    let mut statement = tx.prepare_cached(
        "INSERT INTO voucher (issuer, id, uses, minor, uses_max, minor_max, last_position, lines, day, day_uses, shown_at, nothing_left)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?3, ?10, ?11)
         ON CONFLICT (issuer, id) DO UPDATE SET
             uses = uses + excluded.uses, minor = minor + excluded.minor,
             uses_max = excluded.uses_max, minor_max = excluded.minor_max,
             last_position = excluded.last_position, nothing_left = excluded.nothing_left, lines = coalesce(excluded.lines, lines),
             day_uses = excluded.day_uses + iif(day = excluded.day, day_uses, 0), day = excluded.day,
             shown_at = coalesce(max(shown_at, excluded.shown_at), shown_at, excluded.shown_at)",
    )?;
    statement.execute(params![
        key.issuer.as_str(),
        key.id.to_bytes(),
        uses,
        minor,
        uses_max,
        minor_max,
        position(entry.epoch, entry.seq),
        lines.map(spell),
        day.0,
        redeemed.shown_at.map(|at| at.0),
        redeemed.left == 0,
    ])?;
    if let Some(customer) = &redeemed.customer {
        tally(tx, customer, (&key.issuer, key.id.campaign), i64::from(uses), day)?;
    }
    take_from_lease(tx, redeemed)
}

/// Counts uses of a customer, of the campaign and anywhere.
fn tally(
    tx: &Transaction<'_>,
    customer: &Customer,
    (issuer, campaign): (&IssuerName, CampaignId),
    uses: i64,
    day: Day,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO tally (customer, issuer, campaign, uses, day, day_uses)
         VALUES (?1, ?2, ?3, max(?4, 0), ?5, max(?4, 0))
         ON CONFLICT (customer, issuer, campaign) DO UPDATE SET
             uses = max(uses + ?4, 0),
             day_uses = max(?4 + iif(day = ?5, day_uses, 0), 0), day = ?5",
    )?;
    statement.execute(params![customer.as_str(), issuer.as_str(), campaign.0, uses, day.0])?;
    statement.execute(params![customer.as_str(), "", 0, uses.signum(), day.0])?;
    Ok(())
}

fn take_from_lease(tx: &Transaction<'_>, redeemed: &Redeemed) -> Result<(), StoreError> {
    let Some(lease) = redeemed.lease else {
        return Ok(());
    };
    let mut statement = tx.prepare_cached(
        "UPDATE lease SET taken_uses = taken_uses + ?2, taken_minor = taken_minor + ?3
         WHERE id = ?1 AND ended = 0",
    )?;
    let taken = statement.execute(params![lease.0, redeemed.used.uses, redeemed.used.minor])?;
    if taken == 1 { Ok(()) } else { Err(StoreError::Damaged("a redemption without its lease")) }
}

fn end_lease(tx: &Transaction<'_>, lease: LeaseId) -> Result<(), StoreError> {
    tx.execute("UPDATE lease SET ended = 1 WHERE id = ?1", [lease.0])?;
    Ok(())
}

/// Gives back; what was consumed on another day than today stays in the count of that day.
fn book_rolled_back(tx: &Transaction<'_>, back: &RolledBack, day: Day) -> Result<(), StoreError> {
    let key = &back.voucher;
    let Used { uses, minor, lines } = back.used;
    let lines = if lines == Lines::NONE { None } else { Some(lines_of(tx, key)?.minus(lines)) };
    let mut statement = tx.prepare_cached(
        "UPDATE voucher SET uses = uses - ?3, minor = minor - ?4, lines = coalesce(?5, lines),
             day_uses = iif(day = ?6, max(day_uses - ?3, 0), day_uses), cycles = cycles + 1,
             nothing_left = 0
         WHERE issuer = ?1 AND id = ?2",
    )?;
    let spelled = lines.map(spell);
    let which = (key.issuer.as_str(), key.id.to_bytes());
    let changed = statement.execute(params![which.0, which.1, uses, minor, spelled, day.0])?;
    if changed != 1 {
        return Err(StoreError::Damaged("a roll back without its redemption"));
    }
    if let Some(customer) = note_returned(tx, back)? {
        let campaign = (&key.issuer, key.id.campaign);
        tally(tx, &customer, campaign, i64::from(uses).saturating_neg(), day)?;
    }
    Ok(())
}

/// Adds to what was given back of a redemption, never beyond what it consumed; whose voucher it was.
fn note_returned(tx: &Transaction<'_>, back: &RolledBack) -> Result<Option<Customer>, StoreError> {
    let at = position(back.of_epoch, back.of);
    let (redeemed, before) = returned_before(tx, at)?;
    let returned = before.plus(back.used);
    if !returned.is_within(redeemed.used) {
        return Err(StoreError::Damaged("more is given back than was consumed"));
    }
    let mut statement = tx.prepare_cached(
        "INSERT INTO returned (position, uses, minor, lines, uses_max, minor_max)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (position) DO UPDATE SET
             uses = excluded.uses, minor = excluded.minor, lines = excluded.lines",
    )?;
    let (uses_max, minor_max) = (redeemed.used.uses, redeemed.used.minor);
    let Used { uses, minor, lines } = returned;
    statement.execute(params![at, uses, minor, spell(lines), uses_max, minor_max])?;
    Ok(redeemed.customer)
}

/// The redemption at a position, and what was given back of it.
fn returned_before(tx: &Transaction<'_>, at: i64) -> Result<(Redeemed, Used), StoreError> {
    let sql = "SELECT bytes FROM entry WHERE position = ?1";
    let bytes: Vec<u8> = tx.prepare_cached(sql)?.query_row([at], |row| row.get(0))?;
    let redeemed = redeemed_in(&bytes);
    let redeemed =
        redeemed.ok_or(StoreError::Damaged("a roll back of something that is no redemption"))?;
    let sql = "SELECT uses, minor, lines FROM returned WHERE position = ?1";
    let before = tx.prepare_cached(sql)?.query_row([at], |row| used_at(row, 0)).optional()?;
    Ok((redeemed, before.unwrap_or_default()))
}

/// The redemption that signed bytes of this very journal hold.
fn redeemed_in(bytes: &[u8]) -> Option<Redeemed> {
    match unverified(bytes)?.body {
        Body::Redeemed(redeemed) => Some(redeemed),
        Body::Opened(_)
        | Body::Refused(_)
        | Body::RolledBack(_)
        | Body::BundleTaken { .. }
        | Body::LeaseEnded { .. }
        | Body::Recovered(_) => None,
    }
}

fn lines_of(tx: &Transaction<'_>, key: &VoucherKey) -> Result<Lines, StoreError> {
    let sql = "SELECT lines FROM voucher WHERE issuer = ?1 AND id = ?2";
    let mut statement = tx.prepare_cached(sql)?;
    let which = params![key.issuer.as_str(), key.id.to_bytes()];
    let found = statement.query_row(which, |row| row.get::<_, Option<Vec<u8>>>(0)).optional()?;
    Ok(read_lines(found.flatten().as_deref()))
}

/// Uses, minor units and lines in three columns from `at`; nothing where they are null.
pub(super) fn used_at(row: &Row<'_>, at: usize) -> rusqlite::Result<Used> {
    let uses: Option<u32> = row.get(at)?;
    let minor: Option<i64> = row.get(at.saturating_add(1))?;
    let lines: Option<Vec<u8>> = row.get(at.saturating_add(2))?;
    let lines = read_lines(lines.as_deref());
    Ok(Used { uses: uses.unwrap_or(0), minor: minor.unwrap_or(0), lines })
}

fn read_lines(bytes: Option<&[u8]>) -> Lines {
    let mut lines = Lines::NONE;
    let (pairs, _rest) = bytes.unwrap_or_default().as_chunks::<2>();
    let numbers = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
    lines.0.iter_mut().zip(numbers).for_each(|(line, number)| *line = number);
    lines
}

fn spell(lines: Lines) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LINES_MAX.saturating_mul(2));
    lines.0.iter().for_each(|pieces| bytes.extend(pieces.to_be_bytes()));
    bytes
}
