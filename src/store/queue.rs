//! What waits to be sent, and what the platform acknowledged.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    identity::Identity,
    lives::Lives,
    open::{Store, StoreError},
    position,
};
use crate::domain::{
    clock::{Now, Remembered},
    id::{Epoch, Hash, Seq},
    journal::{Body, Head},
    money::Currency,
    redeem::Queue,
    sync::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, Millis, PROTOCOL, TRAIL_MAX, Trail},
    time::Timestamp,
};

/// Redemptions that wait to be sent, by currency: amounts of different currencies are never added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unsent {
    by_currency: BTreeMap<u16, Queue>,
}

/// What of one life is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Which life.
    pub epoch: Epoch,
    /// From after this position.
    pub after: Seq,
    /// Up to this one.
    pub last: Seq,
}

impl Waiting {
    /// How many entries it has.
    pub fn entries(&self) -> u64 {
        self.last.0.saturating_sub(self.after.0)
    }
}

/// A run of entries to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// What they follow.
    pub after: Head,
    /// Signed entries.
    pub entries: Vec<Vec<u8>>,
}

impl Unsent {
    pub(super) fn add(&mut self, body: &Body) {
        if let Body::Redeemed(redeemed) = body {
            self.count(redeemed.currency.number(), 1, redeemed.used.minor);
        }
    }

    fn count(&mut self, currency: u16, count: u32, minor: i64) {
        let queue = self.by_currency.entry(currency).or_default();
        queue.count = queue.count.saturating_add(count);
        queue.minor = queue.minor.saturating_add(minor);
    }

    /// All redemptions that wait, with the value of those in one currency.
    pub(super) fn queue(&self, currency: Currency) -> Queue {
        let counts = self.by_currency.values().map(|queue| queue.count);
        let count = counts.fold(0, u32::saturating_add);
        let minor = self.by_currency.get(&currency.number()).map_or(0, |queue| queue.minor);
        Queue { count, minor }
    }
}

/// Counts what the platform has not acknowledged; the work grows with that, not with the journal.
pub(super) fn unsent(
    conn: &Connection,
    identity: &Identity,
    lives: &Lives,
) -> Result<Unsent, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT currency, count(*), sum(minor) FROM entry
         WHERE position > ?1 AND position <= ?2 AND kind = 1 GROUP BY currency",
    )?;
    let current = (position(identity.epoch, identity.acked), i64::MAX);
    let mut unsent = Unsent::default();
    for (after, last) in lives.gaps().chain([current]) {
        let mut rows = statement.query([after, last])?;
        while let Some(row) = rows.next()? {
            unsent.count(row.get(0)?, row.get(1)?, row.get(2)?);
        }
    }
    Ok(unsent)
}

/// Whether the journal still holds the entry that was acknowledged last.
pub(super) fn holds_acknowledged(
    conn: &Connection,
    identity: &Identity,
) -> Result<bool, StoreError> {
    if identity.acked == Seq(0) {
        return Ok(true);
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM entry WHERE position = ?1 AND hash = acked_hash)
               FROM terminal";
    let at = position(identity.epoch, identity.acked);
    Ok(conn.query_row(sql, [at], |row| row.get(0))?)
}

impl Store {
    /// Redemptions that wait to be sent, with the value of those in one currency.
    pub fn queue(&self, currency: Currency) -> Queue {
        self.unsent.queue(currency)
    }

    /// Entries that wait to be sent, of all kinds.
    pub fn unsent_entries(&self) -> u64 {
        let (past, _) = self.lives.counts();
        self.head.seq.0.saturating_sub(self.identity.acked.0).saturating_add(past)
    }

    /// Entries the platform acknowledged, of all lives.
    pub fn acknowledged_entries(&self) -> u64 {
        self.identity.acked.0.saturating_add(self.lives.acknowledged())
    }

    pub(super) fn count_unsent(&mut self) -> Result<(), StoreError> {
        self.unsent = unsent(&self.conn, &self.identity, &self.lives)?;
        Ok(())
    }

    /// Which entries are to be sent, life by life: of those that are over, then, where there may be none, of the present one
    /// after `from`, or after the last acknowledged.
    pub fn to_send(&self, from: Option<Seq>) -> Vec<Waiting> {
        self.past_waiting().chain([self.present_waiting(from)]).collect()
    }

    /// The first of them.
    pub fn next_to_send(&self, from: Option<Seq>) -> Waiting {
        self.past_waiting().next().unwrap_or(self.present_waiting(from))
    }

    fn past_waiting(&self) -> impl Iterator<Item = Waiting> {
        let past = self.lives.unsent();
        past.map(|(epoch, life)| Waiting { epoch, after: life.acked, last: life.last })
    }

    fn present_waiting(&self, from: Option<Seq>) -> Waiting {
        let Identity { epoch, acked, .. } = self.identity;
        Waiting { epoch, after: from.unwrap_or(acked), last: self.head.seq }
    }

    /// The run of entries of a life after a position, as long as a push may be.
    pub fn batch(&self, (epoch, after): (Epoch, Seq)) -> Result<Batch, StoreError> {
        let hash = self.hash_of(epoch, after)?;
        let hash = hash.ok_or(StoreError::Damaged("a gap in the journal"))?;
        let sql = "SELECT bytes FROM entry WHERE position > ?1 AND position < ?2
                   ORDER BY position LIMIT ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let next = position(Epoch(epoch.0.saturating_add(1)), Seq(0));
        let bounds = params![position(epoch, after), next, BATCH_ENTRIES_MAX as u64];
        let mut rows = statement.query(bounds)?;
        let (mut entries, mut size) = (Vec::new(), 0_usize);
        while let Some(row) = rows.next()? {
            let bytes: Vec<u8> = row.get(0)?;
            size = size.saturating_add(bytes.len());
            if size > BATCH_BYTES_MAX && !entries.is_empty() {
                break;
            }
            entries.push(bytes);
        }
        Ok(Batch { after: Head { epoch, seq: after, hash }, entries })
    }

    /// The hashes from the last entry that was acknowledged on, as far as the platform may hold them.
    pub fn trail(&self) -> Result<Trail, StoreError> {
        let Identity { epoch, acked: since, .. } = self.identity;
        let first = self.hash_at(since)?.ok_or(StoreError::Damaged("a gap in the journal"))?;
        let sql = "SELECT hash FROM entry WHERE position > ?1 ORDER BY position LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let most = TRAIL_MAX.saturating_sub(1) as u64;
        let rest = statement.query_map(params![position(epoch, since), most], |row| row.get(0))?;
        let rest = rest.map(|hash| hash.map(Hash));
        let hashes = std::iter::once(Ok(first)).chain(rest).collect::<Result<_, _>>()?;
        Ok(Trail { since, hashes })
    }

    /// The hash of the entry at a position of the current epoch; zero before the first.
    pub fn hash_at(&self, seq: Seq) -> Result<Option<Hash>, StoreError> {
        self.hash_of(self.identity.epoch, seq)
    }

    /// The hash of the entry at a position of an epoch; zero before the first.
    pub fn hash_of(&self, epoch: Epoch, seq: Seq) -> Result<Option<Hash>, StoreError> {
        if seq == Seq(0) {
            return Ok(Some(Hash::ZERO));
        }
        let sql = "SELECT hash FROM entry WHERE position = ?1";
        let at = position(epoch, seq);
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([at], |row| row.get(0)).optional()?.map(Hash))
    }

    /// The signed bytes of the entry at a position of the current epoch.
    pub fn bytes_at(&self, seq: Seq) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT bytes FROM entry WHERE position = ?1";
        let at = position(self.identity.epoch, seq);
        Ok(self.conn.query_row(sql, [at], |row| row.get(0)).optional()?)
    }

    /// Writes down that the platform holds everything up to `head`, with its signed reply as proof.
    pub fn acknowledged(&mut self, head: Head, reply: &[u8]) -> Result<(), StoreError> {
        if head.seq <= self.identity.acked {
            return Ok(());
        }
        let tx = self.begin()?;
        tx.tx.execute(
            "UPDATE terminal SET acked_seq = ?1, acked_hash = ?2, ack = ?3",
            params![i64::try_from(head.seq.0).unwrap_or(i64::MAX), head.hash.0, reply],
        )?;
        tx.commit()?;
        self.identity.acked = head.seq;
        self.count_unsent()
    }

    /// Writes down the platform's clock, as seen in a signed reply to a question that was sent at a reading of the monotonic
    /// clock: from then on no earlier time is believed.
    pub fn heard(&mut self, time: Timestamp, sent: Millis, now: Now) -> Result<(), StoreError> {
        let before = self.sense.remembered();
        self.sense.hear(time, sent, now);
        self.keep_time(before, time)
    }

    /// Writes down a time that the platform signed in something that took its own way here: from then on no earlier time is
    /// believed.
    pub fn learnt(&mut self, time: Timestamp) -> Result<(), StoreError> {
        let before = self.sense.remembered();
        self.sense.learn(time);
        self.keep_time(before, time)
    }

    fn keep_time(&mut self, before: Remembered, time: Timestamp) -> Result<(), StoreError> {
        let Remembered { sure, skew, disowned, .. } = self.sense.remembered();
        if (sure, skew, disowned) == (before.sure, before.skew, before.disowned) {
            return Ok(());
        }
        let known = self.identity.synced_at.unwrap_or(time);
        let tx = self.begin()?;
        tx.tx.execute(
            "UPDATE terminal SET synced_at = ?1, skew = ?2, disowned = ?3",
            params![known.max(time).0, skew, disowned.0],
        )?;
        tx.commit()?;
        self.identity.synced_at = Some(known.max(time));
        Ok(())
    }

    /// Writes down which version of the protocol the platform was heard to speak or to ask for at the least.
    pub fn heard_protocol(&mut self, least: u32) -> Result<(), StoreError> {
        if self.identity.least_protocol == least {
            return Ok(());
        }
        let tx = self.begin()?;
        tx.tx.execute("UPDATE terminal SET least_protocol = ?1", [least])?;
        tx.commit()?;
        self.identity.least_protocol = least;
        Ok(())
    }

    /// Whether this program is too old for the platform; it goes on with what it knows.
    pub fn is_outdated(&self) -> bool {
        self.identity.least_protocol > PROTOCOL
    }

    /// Writes down that the platform knows another journal under this terminal's name.
    pub fn mark_forked(&mut self) -> Result<(), StoreError> {
        let tx = self.begin()?;
        tx.tx.execute("UPDATE terminal SET forked = 1", [])?;
        tx.commit()?;
        self.identity.forked = true;
        Ok(())
    }

    /// The signed reply that acknowledged the most.
    pub fn last_acknowledgement(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.conn.query_row("SELECT ack FROM terminal", [], |row| row.get(0))?)
    }
}
