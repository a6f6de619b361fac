//! What waits to be sent, and what the platform acknowledged.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    identity::Identity,
    open::{Store, StoreError},
    position,
};
use crate::domain::{
    id::{Hash, Seq},
    journal::{Body, Head},
    money::Currency,
    redeem::Queue,
    sync::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, PROTOCOL},
    time::Timestamp,
};

/// Redemptions that wait to be sent, by currency: amounts of different currencies are never added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unsent {
    by_currency: BTreeMap<u16, Queue>,
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
pub(super) fn unsent(conn: &Connection, identity: &Identity) -> Result<Unsent, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT currency, count(*), sum(minor) FROM entry WHERE position > ?1 AND kind = 1 GROUP BY currency",
    )?;
    let mut rows = statement.query([position(identity.epoch, identity.acked)])?;
    let mut unsent = Unsent::default();
    while let Some(row) = rows.next()? {
        unsent.count(row.get(0)?, row.get(1)?, row.get(2)?);
    }
    Ok(unsent)
}

/// Whether the journal still holds the entry that was acknowledged last.
pub(super) fn holds_acknowledged(
    conn: &Connection,
    identity: &Identity,
) -> Result<bool, StoreError> {
    let sql = "SELECT acked_seq = 0 OR EXISTS
                   (SELECT 1 FROM entry WHERE position = ?1 AND hash = acked_hash) FROM terminal";
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
        self.head.seq.0.saturating_sub(self.identity.acked.0)
    }

    /// The next run of entries to send after `from`, or after the last acknowledged.
    pub fn batch(&self, from: Option<Seq>) -> Result<Batch, StoreError> {
        let epoch = self.identity.epoch;
        let after = from.unwrap_or(self.identity.acked);
        let hash = self.hash_at(after)?.ok_or(StoreError::Damaged("a gap in the journal"))?;
        let sql = "SELECT bytes FROM entry WHERE position > ?1 ORDER BY position LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows =
            statement.query(params![position(epoch, after), BATCH_ENTRIES_MAX as u64])?;
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

    /// The hash of the entry at a position of the current epoch; zero before the first.
    pub fn hash_at(&self, seq: Seq) -> Result<Option<Hash>, StoreError> {
        if seq == Seq(0) {
            return Ok(Some(Hash::ZERO));
        }
        let sql = "SELECT hash FROM entry WHERE position = ?1";
        let at = position(self.identity.epoch, seq);
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([at], |row| row.get(0)).optional()?.map(Hash))
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
        self.unsent = unsent(&self.conn, &self.identity)?;
        Ok(())
    }

    /// Writes down the platform's clock, as seen in a signed reply: from then on no earlier time is believed.
    pub fn synced(&mut self, time: Timestamp) -> Result<(), StoreError> {
        if self.identity.synced_at.is_some_and(|known| known >= time) {
            return Ok(());
        }
        let tx = self.begin()?;
        tx.tx.execute("UPDATE terminal SET synced_at = ?1", [time.0])?;
        tx.commit()?;
        self.identity.synced_at = Some(time);
        self.time_floor = self.time_floor.max(time);
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
