//! The books worked out anew from the entries alone, to be compared with those in the store.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rusqlite::{Connection, Row};

use crate::{
    domain::{
        id::VoucherKey,
        journal::{Body, Entry, Redeemed, RolledBack, SignedEntry},
        redeem::LocalMoment,
        voucher::{Limit, Lines, Used},
    },
    store::position,
};

type Bytes = Vec<u8>;

/// Everything a store keeps in step with its journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sim) struct Books {
    vouchers: BTreeMap<(String, Bytes), VoucherBook>,
    tallies: BTreeMap<(String, String, u32), Tally>,
    returned: BTreeMap<i64, Used>,
    leases: BTreeMap<u32, LeaseBook>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct VoucherBook {
    used: Used,
    before: Used,
    uses_max: Option<u32>,
    minor_max: Option<i64>,
    last: i64,
    day: i32,
    day_uses: u32,
    cycles: u32,
    shown_at: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tally {
    uses: i64,
    day: i32,
    day_uses: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct LeaseBook {
    uses: u32,
    minor: i64,
    ended: bool,
}

impl Books {
    /// The books after each number of entries, beginning with none.
    pub(super) fn of(entries: &[Entry], zone: &TimeZone) -> Vec<Self> {
        let mut all = vec![Self::default()];
        let mut books = Self::default();
        for (at, entry) in entries.iter().enumerate() {
            books.book(entry, entries.get(..at).unwrap_or_default(), zone);
            all.push(books.clone());
        }
        all
    }

    /// The books after all entries.
    pub(in crate::sim) fn of_all(entries: &[Entry], zone: &TimeZone) -> Self {
        let mut books = Self::default();
        for (at, entry) in entries.iter().enumerate() {
            books.book(entry, entries.get(..at).unwrap_or_default(), zone);
        }
        books
    }

    fn book(&mut self, entry: &Entry, earlier: &[Entry], zone: &TimeZone) {
        let day = LocalMoment::of(entry.time_floor, zone).day.0;
        match &entry.body {
            Body::Opened(_) => self.begin_epoch(),
            Body::Redeemed(redeemed) => self.redeemed(entry, redeemed, day),
            Body::RolledBack(back) => self.rolled_back(back, earlier, day),
            Body::LeaseEnded { lease, .. } => self.leases.entry(lease.0).or_default().ended = true,
            Body::Refused(_) | Body::BundleTaken { .. } | Body::Recovered(_) => {}
        }
    }

    /// What was consumed so far was consumed before; nothing that was lent to the device before is this one's.
    fn begin_epoch(&mut self) {
        self.vouchers.values_mut().for_each(|book| book.before = book.used);
        self.leases.values_mut().for_each(|book| book.ended = true);
    }

    fn redeemed(&mut self, entry: &Entry, redeemed: &Redeemed, day: i32) {
        let (issuer, id) = (redeemed.voucher.issuer.as_str(), redeemed.voucher.id);
        let book = self.vouchers.entry((issuer.to_owned(), id.to_bytes().to_vec())).or_default();
        book.used = book.used.plus(redeemed.used);
        (book.uses_max, book.minor_max) = match redeemed.limit {
            Limit::Uses(uses) => (Some(uses), None),
            Limit::Balance(minor) => (None, Some(minor)),
            Limit::Lines(lines) => (Some(lines.total()), None),
        };
        book.last = position(entry.epoch, entry.seq);
        let today = if book.day == day { book.day_uses } else { 0 };
        (book.day, book.day_uses) = (day, today.saturating_add(redeemed.used.uses));
        book.shown_at = book.shown_at.max(redeemed.shown_at.map(|at| at.0));
        if let Some(customer) = &redeemed.customer {
            let uses = i64::from(redeemed.used.uses);
            self.tally(customer.as_str(), (issuer, id.campaign.0), (uses, day));
        }
        if let Some(lease) = redeemed.lease {
            let book = self.leases.entry(lease.0).or_default();
            book.uses = book.uses.saturating_add(redeemed.used.uses);
            book.minor = book.minor.saturating_add(redeemed.used.minor);
        }
    }

    fn rolled_back(&mut self, back: &RolledBack, earlier: &[Entry], day: i32) {
        let (issuer, id) = (back.voucher.issuer.as_str(), back.voucher.id);
        let key = (issuer.to_owned(), id.to_bytes().to_vec());
        if let Some(book) = self.vouchers.get_mut(&key) {
            book.used = book.used.minus(back.used);
            if book.day == day {
                book.day_uses = book.day_uses.saturating_sub(back.used.uses);
            }
            book.cycles = book.cycles.saturating_add(1);
        }
        let returned = self.returned.entry(position(back.of_epoch, back.of)).or_default();
        *returned = returned.plus(back.used);
        let is_of = |entry: &&Entry| (entry.epoch, entry.seq) == (back.of_epoch, back.of);
        let of = earlier.iter().find(is_of).map(|entry| &entry.body);
        if let Some(Body::Redeemed(Redeemed { customer: Some(customer), .. })) = of {
            let uses = i64::from(back.used.uses).saturating_neg();
            self.tally(customer.as_str(), (issuer, id.campaign.0), (uses, day));
        }
    }

    /// Of the campaign as many uses as there were, and one visit anywhere.
    fn tally(&mut self, customer: &str, of: (&str, u32), (uses, day): (i64, i32)) {
        for ((issuer, campaign), uses) in [(of, uses), (("", 0), uses.signum())] {
            let key = (customer.to_owned(), issuer.to_owned(), campaign);
            let tally = self.tallies.entry(key).or_default();
            tally.uses = tally.uses.saturating_add(uses).max(0);
            let today = if tally.day == day { tally.day_uses } else { 0 };
            (tally.day, tally.day_uses) = (day, today.saturating_add(uses).max(0));
        }
    }

    /// The books as a store has them.
    pub(in crate::sim) fn read(conn: &Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            vouchers: all(conn, VOUCHERS, |row| Ok(((row.get(0)?, row.get(1)?), voucher(row)?)))?,
            tallies: all(conn, TALLIES, |row| {
                let tally = Tally { uses: row.get(3)?, day: row.get(4)?, day_uses: row.get(5)? };
                Ok(((row.get(0)?, row.get(1)?, row.get(2)?), tally))
            })?,
            returned: all(conn, RETURNED, |row| Ok((row.get(0)?, used(row, 1)?)))?,
            leases: all(conn, LEASES, |row| {
                let book = LeaseBook { uses: row.get(1)?, minor: row.get(2)?, ended: row.get(3)? };
                Ok((row.get(0)?, book))
            })?,
        })
    }

    /// The first difference to what the entries say, in words.
    pub(in crate::sim) fn difference(&self, stored: &Self) -> Option<String> {
        let vouchers = (self.vouchers != stored.vouchers).then_some("vouchers");
        let tallies = (self.tallies != stored.tallies).then_some("tallies of customers");
        let returned = (self.returned != stored.returned).then_some("what was given back");
        let wrong = vouchers.or(tallies).or(returned);
        // A lease that nothing was taken from yet is in no entry.
        let lease = stored.leases.iter().find_map(|(id, book)| {
            let known = self.leases.get(id).cloned().unwrap_or_default();
            let taken = (known.uses, known.minor) == (book.uses, book.minor);
            (!taken || known.ended && !book.ended).then(|| format!("lease {id}: {book:?}"))
        });
        let missing = self.leases.keys().find(|id| !stored.leases.contains_key(id));
        wrong
            .map(|what| format!("the {what} are not those of the entries"))
            .or(lease)
            .or_else(|| missing.map(|id| format!("lease {id} is missing")))
    }
}

/// What entries consumed of each voucher, less what they gave back.
pub(super) fn consumed(journal: &[SignedEntry]) -> Vec<(VoucherKey, Used)> {
    let mut sums: Vec<(VoucherKey, Used)> = Vec::new();
    for signed in journal {
        let (key, used, back) = match &signed.entry.body {
            Body::Redeemed(redeemed) => (&redeemed.voucher, redeemed.used, Used::default()),
            Body::RolledBack(back) => (&back.voucher, Used::default(), back.used),
            Body::Opened(_)
            | Body::Refused(_)
            | Body::BundleTaken { .. }
            | Body::LeaseEnded { .. }
            | Body::Recovered(_) => continue,
        };
        match sums.iter_mut().find(|(known, _)| known == key) {
            Some((_, sum)) => *sum = sum.plus(used).minus(back),
            None => sums.push((key.clone(), used.minus(back))),
        }
    }
    sums
}

const VOUCHERS: &str = "SELECT issuer, id, uses, minor, lines, uses_before, minor_before,
    lines_before, uses_max, minor_max, last_position, day, day_uses, cycles, shown_at FROM voucher";
const TALLIES: &str = "SELECT customer, issuer, campaign, uses, day, day_uses FROM tally";
const RETURNED: &str = "SELECT position, uses, minor, lines FROM returned";
const LEASES: &str = "SELECT id, taken_uses, taken_minor, ended FROM lease";

fn all<K: Ord, V>(
    conn: &Connection,
    sql: &str,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<(K, V)>,
) -> rusqlite::Result<BTreeMap<K, V>> {
    conn.prepare(sql)?.query_map([], |row| read(row))?.collect()
}

fn voucher(row: &Row<'_>) -> rusqlite::Result<VoucherBook> {
    Ok(VoucherBook {
        used: used(row, 2)?,
        before: used(row, 5)?,
        uses_max: row.get(8)?,
        minor_max: row.get(9)?,
        last: row.get(10)?,
        day: row.get(11)?,
        day_uses: row.get(12)?,
        cycles: row.get(13)?,
        shown_at: row.get(14)?,
    })
}

/// Uses, minor units and lines in three columns.
fn used(row: &Row<'_>, at: usize) -> rusqlite::Result<Used> {
    let lines: Option<Bytes> = row.get(at.saturating_add(2))?;
    let (pairs, _) = lines.as_deref().unwrap_or_default().as_chunks::<2>();
    let pieces: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    let lines = Lines::from_slice(&pieces).unwrap_or(Lines::NONE);
    Ok(Used { uses: row.get(at)?, minor: row.get(at.saturating_add(1))?, lines })
}
