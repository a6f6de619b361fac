//! Forks: two entries that one terminal signed and that cannot stand in one journal.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Platform, ServiceError};
use crate::{
    domain::{
        id::{Hash, Hex, Seq},
        journal::SignedEntry,
        time::Timestamp,
    },
    platform::store::{EntryAt, ForkRow, StoreError, Txn, WitnessRow},
};

/// A proof that a terminal's journal was restored or copied.
#[derive(Clone, Debug, Serialize)]
pub struct ForkLine {
    /// The terminal's number.
    pub terminal: u32,
    /// Which life of its journal.
    pub epoch: u32,
    /// Where it splits.
    pub seq: u64,
    /// When it was found, RFC 3339.
    pub found: String,
    /// The key that verifies both entries, in hexadecimal digits.
    pub terminal_key: String,
    /// The signed entry that was there first, in hexadecimal digits.
    pub first: String,
    /// The one that came after it.
    pub second: String,
}

impl Platform {
    /// All proofs of forks.
    pub fn forks(&self) -> Result<Vec<ForkLine>, ServiceError> {
        self.run(|txn| {
            let rows = txn.forks(None)?.into_iter();
            let lines = rows.map(|row| {
                let key = txn.terminal_key(row.at.terminal, row.at.epoch)?;
                let key = key.ok_or(StoreError::Damaged("the key of a fork is missing"))?;
                Ok(ForkLine {
                    terminal: row.at.terminal.0,
                    epoch: row.at.epoch.0,
                    seq: row.at.seq.0,
                    found: row.found.to_string(),
                    terminal_key: key.key.to_string(),
                    first: Hex(&row.first).to_string(),
                    second: Hex(&row.second).to_string(),
                })
            });
            lines.collect()
        })
    }
}

/// Whether two entries of one life of a journal cannot both be in it.
pub(super) fn splits(one: &SignedEntry, other: &SignedEntry) -> bool {
    let (a, b) = (&one.entry, &other.entry);
    (a.seq == b.seq && one.hash != other.hash)
        || (a.seq.next() == b.seq && b.prev != one.hash)
        || (b.seq.next() == a.seq && a.prev != other.hash)
}

/// Keeps two entries that cannot stand in one journal.
pub(super) fn note_fork(
    txn: &mut dyn Txn,
    first: &SignedEntry,
    second: &SignedEntry,
    found: Timestamp,
) -> Result<(), StoreError> {
    let at = EntryAt::of(first).min(EntryAt::of(second));
    tracing::warn!(terminal = %at.terminal, epoch = %at.epoch, seq = %at.seq, "a journal is forked");
    let (first, second) = (first.bytes.clone(), second.bytes.clone());
    txn.add_fork(&ForkRow { at, found, first, second })
}

/// Whether a run has an entry that a witnessed one beyond what is held cannot stand beside; both are kept as proof.
pub(super) fn splits_from_witnessed(
    txn: &mut dyn Txn,
    witnessed: &[WitnessRow],
    run: &[SignedEntry],
    (held, now): (Seq, Timestamp),
) -> Result<bool, StoreError> {
    for entry in run.iter().filter(|entry| entry.entry.seq > held) {
        if let Some(row) = witnessed.iter().find(|row| splits(&row.signed, entry)) {
            note_fork(txn, &row.signed, entry, now)?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Keeps the first entry of a run that is another than the one held at its position.
pub(super) fn note_other(
    txn: &mut dyn Txn,
    held: &BTreeMap<Seq, Hash>,
    run: &[SignedEntry],
    now: Timestamp,
) -> Result<(), StoreError> {
    let other =
        |entry: &&SignedEntry| held.get(&entry.entry.seq).is_some_and(|hash| *hash != entry.hash);
    let Some(entry) = run.iter().find(other) else {
        return Ok(());
    };
    match txn.entry(EntryAt::of(entry))? {
        Some(row) => note_fork(txn, &row.signed, entry, now),
        None => Ok(()),
    }
}
