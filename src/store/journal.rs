//! Appending to the journal, and reading it.

use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{
    books::{book, used_at},
    identity::Identity,
    lives::Lives,
    open::{Store, StoreError},
    pace::{Beat, Pace},
    position,
    queue::Unsent,
};
use crate::domain::{
    clock::TimeSense,
    crypto::SecretKey,
    id::{Epoch, OperatorId, Seq},
    journal::{Body, Entry, Head, Redeemed, SignedEntry, Uptime, append, verify_link},
    money::Currency,
    redeem::{Day, LocalMoment, Queue},
    time::Timestamp,
    voucher::{Customer, Used},
};

/// One transaction, from the check to the append. Dropped without [`Txn::commit`], it changes nothing.
pub struct Txn<'a> {
    pub(super) tx: Transaction<'a>,
    pub(super) identity: &'a Identity,
    key: &'a SecretKey,
    operator: Option<OperatorId>,
    head: &'a mut Head,
    sense: &'a mut TimeSense,
    start: u64,
    unsent: &'a mut Unsent,
    pace: &'a mut Pace,
    zone: &'a TimeZone,
    given_up: &'a mut bool,
    next: (Head, TimeSense, Unsent),
    beats: Vec<Beat>,
}

/// One line of the journal, for lists and reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The entry.
    pub entry: Entry,
    /// Whether the platform acknowledged it.
    pub synced: bool,
    /// What later entries give back of it.
    pub returned: Used,
}

impl Row {
    /// Whether it was a redemption of which nothing is left.
    pub fn is_rolled_back(&self) -> bool {
        match &self.entry.body {
            Body::Redeemed(redeemed) => redeemed.used.minus(self.returned).is_nothing(),
            Body::Opened(_)
            | Body::Refused(_)
            | Body::RolledBack(_)
            | Body::BundleTaken { .. }
            | Body::LeaseEnded { .. }
            | Body::Recovered(_) => false,
        }
    }
}

impl Store {
    /// Begins a transaction that no other can interfere with.
    pub fn begin(&mut self) -> Result<Txn<'_>, StoreError> {
        if self.given_up {
            return Err(StoreError::GivenUp);
        }
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let next = (self.head, self.sense, self.unsent.clone());
        Ok(Txn {
            tx,
            identity: &self.identity,
            key: &self.key,
            operator: self.operator,
            head: &mut self.head,
            sense: &mut self.sense,
            start: self.start,
            unsent: &mut self.unsent,
            pace: &mut self.pace,
            zone: &self.zone,
            given_up: &mut self.given_up,
            next,
            beats: Vec::new(),
        })
    }

    /// The last entries, newest first.
    pub fn recent(&self, count: usize) -> Result<Vec<Row>, StoreError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.rows("ORDER BY entry.position DESC LIMIT ?1", &[count])
    }

    /// The entries of a span of time, oldest first.
    pub fn between(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Row>, StoreError> {
        // No entry before this place is as late as `from`: its floor is not, and the floor is never below the clock.
        let sql = "SELECT position FROM entry WHERE position & 63 = 0 AND floor < ?1
                   ORDER BY floor DESC LIMIT 1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let start = statement.query_row([from.0], |row| row.get(0)).optional()?;
        let start: i64 = start.unwrap_or(0);
        let clause = "WHERE entry.position >= ?1 AND at >= ?2 AND at < ?3 ORDER BY entry.position";
        self.rows(clause, &[start, from.0, until.0])
    }

    /// The row at a position of the current epoch, where it is a redemption.
    pub fn redemption(&self, seq: Seq) -> Result<Option<(Row, Redeemed)>, StoreError> {
        let at = position(self.identity.epoch, seq);
        let row = self.rows("WHERE entry.position = ?1", &[at])?.into_iter().next();
        Ok(row.and_then(|row| match row.entry.body.clone() {
            Body::Redeemed(redeemed) => Some((row, redeemed)),
            Body::Opened(_)
            | Body::Refused(_)
            | Body::RolledBack(_)
            | Body::BundleTaken { .. }
            | Body::LeaseEnded { .. }
            | Body::Recovered(_) => None,
        }))
    }

    /// Calls `visit` with every signed entry in order and the head it leads to; stops at the first that does not verify.
    pub fn verify_journal(&self, visit: impl FnMut(&SignedEntry)) -> Result<Head, StoreError> {
        let head = verify_journal(&self.conn, &self.lives, visit)?;
        Ok(head.unwrap_or(Head::start(self.identity.epoch)))
    }

    fn is_synced(&self, entry: &Entry) -> bool {
        if entry.epoch == self.identity.epoch {
            return entry.seq <= self.identity.acked;
        }
        self.lives.get(entry.epoch).is_some_and(|life| entry.seq <= life.acked)
    }

    pub(super) fn rows(
        &self,
        clause: &'static str,
        values: &[i64],
    ) -> Result<Vec<Row>, StoreError> {
        let columns = "SELECT bytes, returned.uses, returned.minor, returned.lines
                       FROM entry LEFT JOIN returned ON returned.position = entry.position ";
        let mut statement = self.conn.prepare_cached(&[columns, clause].concat())?;
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        let mut list = Vec::new();
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(0)?.as_blob().unwrap_or_default();
            let entry = self.verified.open(bytes, &self.lives)?;
            let synced = self.is_synced(&entry);
            list.push(Row { entry, synced, returned: used_at(row, 1)? });
        }
        Ok(list)
    }
}

impl Txn<'_> {
    /// Writes the next entry; it is durable once [`Txn::commit`] returns.
    pub fn append(&mut self, body: Body, now: Timestamp) -> Result<SignedEntry, StoreError> {
        if self.identity.forked {
            return Err(StoreError::Forked);
        }
        if let Some(lost) = self.identity.lost {
            return Err(StoreError::TailLost(lost));
        }
        let (head, sense, unsent) = &mut self.next;
        let entry = Entry {
            terminal: self.identity.terminal,
            epoch: head.epoch,
            seq: head.seq.next(),
            prev: head.hash,
            at: now,
            time_floor: sense.next_floor(now),
            branch: self.identity.branch,
            operator: self.operator,
            body,
            uptime: Uptime { start: self.start, millis: sense.millis() },
        };
        let signed = append(self.key, entry);
        insert(&self.tx, &signed)?;
        unsent.add(&signed.entry.body);
        *head = signed.head();
        sense.wrote(now, signed.entry.time_floor);
        let at = sense.floor().max(now);
        let day = LocalMoment::of(at, self.zone).day;
        book(&self.tx, &signed.entry, day)?;
        self.beats.extend(Beat::of(&signed.entry, at));
        Ok(signed)
    }

    /// Position of the entry that would be appended.
    pub fn next_seq(&self) -> Seq {
        self.next.0.seq.next()
    }

    /// The latest time that is known to have passed, with what this transaction appended.
    pub fn time_floor(&self) -> Timestamp {
        self.next.1.floor()
    }

    /// What is known of the time.
    pub fn sense(&self) -> &TimeSense {
        &self.next.1
    }

    /// Redemptions that wait to be sent, with what this transaction appended.
    pub fn queue(&self, currency: Currency) -> Queue {
        self.next.2.queue(currency)
    }

    /// Redemptions since a time: by who works at the counter, and by a customer.
    pub fn pace(&self, customer: Option<&Customer>, since: Timestamp) -> (u32, u32) {
        let mut pace = self.pace.clone();
        for beat in &self.beats {
            pace.add(beat.clone());
        }
        (pace.by_operator(self.operator, since), pace.by_customer(customer, since))
    }

    /// The date at the branch.
    pub fn day(&self, now: Timestamp) -> Day {
        LocalMoment::of(now.max(self.time_floor()), self.zone).day
    }

    /// The time zone of the branch.
    pub fn zone(&self) -> &TimeZone {
        self.zone
    }

    /// Makes all of it durable, or none.
    pub fn commit(self) -> Result<(), StoreError> {
        let Self { tx, head, sense, unsent, pace, given_up, next, beats, .. } = self;
        if let Err(error) = tx.commit() {
            *given_up = true;
            return Err(error.into());
        }
        (*head, *sense, *unsent) = next;
        for beat in beats {
            pace.add(beat);
        }
        Ok(())
    }
}

/// Calls `visit` with every signed entry in order; gives the head it leads to, where there are any.
pub(super) fn verify_journal(
    conn: &Connection,
    lives: &Lives,
    mut visit: impl FnMut(&SignedEntry),
) -> Result<Option<Head>, StoreError> {
    let mut statement = conn.prepare("SELECT bytes FROM entry ORDER BY position")?;
    let mut rows = statement.query([])?;
    let mut head: Option<Head> = None;
    while let Some(row) = rows.next()? {
        let entry = lives.open(row.get_ref(0)?.as_blob().unwrap_or_default())?;
        let before = head.filter(|head| head.epoch == entry.entry.epoch);
        head = Some(verify_link(before.unwrap_or(Head::start(entry.entry.epoch)), &entry)?);
        visit(&entry);
    }
    Ok(head)
}

/// The last signed entry, of whichever epoch.
pub(super) fn last_entry(conn: &Connection) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT bytes FROM entry ORDER BY position DESC LIMIT 1";
    Ok(conn.query_row(sql, [], |row| row.get(0)).optional()?)
}

pub(super) fn insert(tx: &Transaction<'_>, signed: &SignedEntry) -> Result<(), StoreError> {
    let entry = &signed.entry;
    let (kind, money, of) = columns(&entry.body);
    let mut statement = tx.prepare_cached(
        "INSERT INTO entry (position, hash, prev, bytes, at, floor, kind, minor, currency, of_position)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    statement.execute(params![
        position(entry.epoch, entry.seq),
        signed.hash.0,
        entry.prev.0,
        signed.bytes,
        entry.at.0,
        entry.time_floor.0,
        kind,
        money.map(|(minor, _)| minor),
        money.map(|(_, currency)| currency.number()),
        of.map(|(epoch, seq)| position(epoch, seq)),
    ])?;
    Ok(())
}

type Columns = (i64, Option<(i64, Currency)>, Option<(Epoch, Seq)>);

/// Kind, money and the entry referred to, as they stand beside the signed bytes.
fn columns(body: &Body) -> Columns {
    match body {
        Body::Opened(_) => (0, None, None),
        Body::Redeemed(redeemed) => (1, Some((redeemed.used.minor, redeemed.currency)), None),
        Body::Refused(_) => (2, None, None),
        Body::RolledBack(back) => {
            (3, Some((back.used.minor, back.currency)), Some((back.of_epoch, back.of)))
        }
        Body::BundleTaken { .. } => (4, None, None),
        Body::LeaseEnded { .. } => (5, None, None),
        Body::Recovered(_) => (6, None, None),
    }
}
