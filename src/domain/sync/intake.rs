//! The platform's side: which entries of a run are new, and which uses go beyond a voucher's limit.

use minicbor::{Decode, Encode};

use crate::domain::{
    id::{Epoch, Hash, Seq, TerminalId},
    journal::{Body, Head, SignedEntry, verify_link},
    voucher::{Limit, Used},
};

/// How a run fails to follow what the platform holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Mismatch {
    /// Entries between the platform's head and the run are missing.
    #[n(0)]
    Gap,
    /// The platform holds other entries at these positions: the journal was restored or cloned.
    #[n(1)]
    Fork,
    /// The run is of another life of the journal than the platform expects.
    #[n(2)]
    Epoch,
}

/// What to do with a run of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intake {
    /// Store these; those before them are held already.
    Store(Vec<SignedEntry>),
    /// Store nothing.
    Mismatch(Mismatch),
}

/// Plans the intake of `entries` that follow `after`, given the head that is held and the hashes at its positions.
///
/// Idempotent: a run that was stored before yields nothing to store.
pub fn plan_intake(
    held: Head,
    held_hash: impl Fn(Seq) -> Option<Hash>,
    after: Head,
    entries: Vec<SignedEntry>,
) -> Intake {
    if after.epoch != held.epoch {
        return Intake::Mismatch(Mismatch::Epoch);
    }
    if after.seq > held.seq {
        return Intake::Mismatch(Mismatch::Gap);
    }
    let hash_at = |seq| {
        if seq == Seq(0) { Some(Hash::ZERO) } else { held_hash(seq) }
    };
    let mut end = after;
    let mut new = Vec::new();
    if hash_at(after.seq) != Some(after.hash) {
        return Intake::Mismatch(Mismatch::Fork);
    }
    for entry in entries {
        let Ok(next) = verify_link(end, &entry) else {
            return Intake::Mismatch(Mismatch::Fork);
        };
        end = next;
        if next.seq > held.seq {
            new.push(entry);
        } else if hash_at(next.seq) != Some(next.hash) {
            return Intake::Mismatch(Mismatch::Fork);
        }
    }
    Intake::Store(new)
}

/// The uses of one voucher, as the platform has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// One row for each redemption that was not rolled back, in the order of arrival.
    pub uses: Vec<LedgerUse>,
}

/// One use of a voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerUse {
    /// Who accepted.
    pub terminal: TerminalId,
    /// In which life of its journal.
    pub epoch: Epoch,
    /// At which position.
    pub seq: Seq,
    /// What was consumed.
    pub used: Used,
}

impl Ledger {
    /// What was consumed in all.
    pub fn used(&self) -> Used {
        self.uses.iter().fold(Used::default(), |sum, row| sum.plus(row.used))
    }

    /// What other terminals than this one consumed.
    pub fn used_elsewhere(&self, terminal: TerminalId) -> Used {
        let others = self.uses.iter().filter(|row| row.terminal != terminal);
        others.fold(Used::default(), |sum, row| sum.plus(row.used))
    }

    /// What this terminal consumed in other epochs than the one given.
    pub fn used_before(&self, terminal: TerminalId, epoch: Epoch) -> Used {
        let own = self.uses.iter().filter(|row| row.terminal == terminal && row.epoch != epoch);
        own.fold(Used::default(), |sum, row| sum.plus(row.used))
    }

    /// Whether one more use would go beyond the limit.
    pub fn would_exceed(&self, limit: Limit, more: Used) -> bool {
        limit.is_exceeded_by(self.used().plus(more))
    }
}

/// What an entry does to its voucher's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerChange {
    /// Nothing.
    None,
    /// A use is added.
    Add(LedgerUse),
    /// The use at this position of the same journal is given back, wholly or in part.
    Return {
        /// Whose.
        terminal: TerminalId,
        /// In which life of its journal.
        epoch: Epoch,
        /// At which position.
        seq: Seq,
        /// How much of it.
        used: Used,
    },
}

/// What an entry does to its voucher's ledger.
pub fn ledger_change(entry: &SignedEntry) -> LedgerChange {
    let entry = &entry.entry;
    match &entry.body {
        Body::Redeemed(redeemed) => LedgerChange::Add(LedgerUse {
            terminal: entry.terminal,
            epoch: entry.epoch,
            seq: entry.seq,
            used: redeemed.used,
        }),
        Body::RolledBack(back) => LedgerChange::Return {
            terminal: entry.terminal,
            epoch: back.of_epoch,
            seq: back.of,
            used: back.used,
        },
        Body::Opened(_)
        | Body::Refused(_)
        | Body::BundleTaken { .. }
        | Body::LeaseEnded { .. }
        | Body::Recovered(_) => LedgerChange::None,
    }
}
