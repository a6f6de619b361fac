//! The lives of the journal: under which key each was signed, and what of those that are over was not sent yet.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, Transaction, params};

use super::{
    open::{Store, StoreError},
    position,
};
use crate::domain::{
    crypto::PublicKey,
    envelope::{Envelope, EnvelopeError, decode},
    id::{Epoch, Seq},
    journal::{Entry, Head, SignedEntry},
};

/// One life of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Whose signature its entries carry.
    pub key: PublicKey,
    /// Position of its last entry; 0 for the life that goes on.
    pub last: Seq,
    /// Position of the last entry the platform acknowledged, of a life that is over.
    pub acked: Seq,
    /// Whether the platform holds other entries of it, so that these can only be handed over as a file.
    pub forked: bool,
}

impl Life {
    /// Entries of a life that is over which the platform has not acknowledged.
    fn unsent(&self) -> u64 {
        self.last.0.saturating_sub(self.acked.0)
    }
}

/// All lives of a journal by their epochs.
#[derive(Clone, Debug, Default)]
pub(super) struct Lives(BTreeMap<Epoch, Life>);

impl Lives {
    pub(super) fn read(conn: &Connection) -> Result<Self, StoreError> {
        let sql = "SELECT epoch, key, last, acked, forked FROM life";
        let mut statement = conn.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut lives = BTreeMap::new();
        while let Some(row) = rows.next()? {
            lives.insert(Epoch(row.get(0)?), life(row)?);
        }
        Ok(Self(lives))
    }

    /// The entry in signed bytes, when the key of its own life signed it.
    pub(super) fn open(&self, bytes: &[u8]) -> Result<SignedEntry, StoreError> {
        let claimed: Entry =
            decode(Envelope::parse(bytes)?.unverified_payload()).map_err(EnvelopeError::Shape)?;
        let life = self.0.get(&claimed.epoch);
        let life = life.ok_or(StoreError::Damaged("an entry of an unknown epoch"))?;
        Ok(SignedEntry::open(bytes, &life.key)?)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = (Epoch, PublicKey)> {
        self.0.iter().map(|(epoch, life)| (*epoch, life.key))
    }

    pub(super) fn get(&self, epoch: Epoch) -> Option<&Life> {
        self.0.get(&epoch)
    }

    /// Lives that are over and were not sent to their end.
    pub(super) fn unsent(&self) -> impl Iterator<Item = (Epoch, &Life)> {
        let waiting = self.0.iter().filter(|(_, life)| life.unsent() > 0 && !life.forked);
        waiting.map(|(epoch, life)| (*epoch, life))
    }

    /// Entries of lives that are over which the platform acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.0.values().map(|life| life.acked.0).fold(0, u64::saturating_add)
    }

    /// Entries of lives that are over which the platform has not acknowledged: those it can be sent, and all.
    pub(super) fn counts(&self) -> (u64, u64) {
        let sum = |lives: &mut dyn Iterator<Item = &Life>| {
            lives.map(Life::unsent).fold(0, u64::saturating_add)
        };
        let mut open = self.0.values().filter(|life| !life.forked);
        (sum(&mut open), sum(&mut self.0.values()))
    }

    /// The positions of what was not sent of lives that are over, from after the first to the second.
    pub(super) fn gaps(&self) -> impl Iterator<Item = (i64, i64)> {
        let over = self.0.iter().filter(|(_, life)| life.unsent() > 0);
        over.map(|(epoch, life)| (position(*epoch, life.acked), position(*epoch, life.last)))
    }
}

fn life(row: &Row<'_>) -> Result<Life, StoreError> {
    let key = PublicKey::from_bytes(&row.get(1)?);
    let key = key.map_err(|_error| StoreError::Damaged("a terminal's key"))?;
    Ok(Life { key, last: Seq(row.get(2)?), acked: Seq(row.get(3)?), forked: row.get(4)? })
}

impl Store {
    /// A life of the journal.
    pub fn life(&self, epoch: Epoch) -> Option<Life> {
        self.lives.get(epoch).copied()
    }

    /// Entries of earlier lives that the platform refused to take in order, so that they go to it as a file.
    pub fn stranded_entries(&self) -> u64 {
        let (open, all) = self.lives.counts();
        all.saturating_sub(open)
    }

    /// Writes down how much of a life that is over the platform holds.
    pub fn acknowledged_past(&mut self, head: Head) -> Result<(), StoreError> {
        let tx = self.begin()?;
        tx.tx.execute(
            "UPDATE life SET acked = max(acked, ?2) WHERE epoch = ?1",
            params![head.epoch.0, i64::try_from(head.seq.0).unwrap_or(i64::MAX)],
        )?;
        tx.commit()?;
        self.reload_lives()
    }

    /// Writes down that the platform, which went on from a backup, holds no more of a life that is over than this.
    pub fn lacks_past(&mut self, head: Head) -> Result<(), StoreError> {
        let tx = self.begin()?;
        tx.tx.execute(
            "UPDATE life SET acked = ?2 WHERE epoch = ?1 AND last >= ?2",
            params![head.epoch.0, i64::try_from(head.seq.0).unwrap_or(i64::MAX)],
        )?;
        tx.commit()?;
        self.reload_lives()
    }

    /// No longer takes it for granted that the platform holds what it acknowledged of lives that are over.
    pub fn doubt_past(&mut self) -> Result<(), StoreError> {
        let present = self.identity.epoch;
        let tx = self.begin()?;
        doubt_before(&tx.tx, present)?;
        tx.commit()?;
        self.reload_lives()
    }

    /// Writes down that the platform holds other entries of a life that is over.
    pub fn mark_past_forked(&mut self, epoch: Epoch) -> Result<(), StoreError> {
        let tx = self.begin()?;
        tx.tx.execute("UPDATE life SET forked = 1 WHERE epoch = ?1", [epoch.0])?;
        tx.commit()?;
        self.reload_lives()
    }

    pub(super) fn reload_lives(&mut self) -> Result<(), StoreError> {
        self.lives = Lives::read(&self.conn)?;
        self.count_unsent()
    }
}

/// The last entry of each life before an epoch is sent once more: a platform that went on from a backup answers it with
/// where its own entries end.
pub(super) fn doubt_before(tx: &Transaction<'_>, epoch: Epoch) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE life SET acked = last - 1
         WHERE epoch < ?1 AND last > 0 AND acked = last AND NOT forked",
        [epoch.0],
    )?;
    Ok(())
}
