//! The terminal's SQLite: one writer, one transaction from check to append.
//!
//! * The file is opened with `locking_mode=EXCLUSIVE`, so a second program is refused, and with
//!   `journal_mode=WAL` and `synchronous=EXTRA`, so that a commit that returned survives a power cut.
//! * Every write runs in an explicit `IMMEDIATE` transaction that ends in [`Txn::commit`]. `INSERT … RETURNING` and
//!   writing pragmas are never run through `query_row`: it can answer Ok for a write that was not kept.
//! * A store that cannot be relied on is moved aside whole, never deleted and never replaced by an empty one; `terminal.head`
//!   beside it tells at the next start when it was set back.
//! * After a commit that failed the handle is given up: [`StoreError::GivenUp`] until the store is opened again. What a
//!   failed sync left in the operating system's cache cannot be trusted, so it is not retried.
//! * A log that is found when the store is opened is moved into the file before anything is added to it: it may end with
//!   what a failed sync left in the cache only, and what followed that would be lost with it.

mod anchor;
mod archive;
mod books;
mod carried;
mod check;
mod conflicts;
mod facts;
mod identity;
mod journal;
mod lent;
mod lives;
mod open;
mod pace;
mod pins;
mod place;
mod quarantine;
mod queue;
mod rebuild;
mod recount;
mod rights;
mod salvage;
mod schema;
mod trust;
mod verified;

pub use anchor::{Anchored, Mark};
pub use archive::Archive;
pub use conflicts::Told;
pub use facts::LocalUse;
pub use identity::Identity;
pub use journal::{Row, Txn};
pub use lives::Life;
pub use open::{Note, Store, StoreError};
pub use pins::PinTry;
pub use place::{Drive, Place};
pub use queue::{Batch, Waiting};
pub use rebuild::Rebuild;
pub use salvage::{Salvaged, salvage};
pub use trust::HeldList;

/// What `epoch` and `seq` are as one number, which is how the journal is keyed.
pub(crate) fn position(epoch: crate::domain::id::Epoch, seq: crate::domain::id::Seq) -> i64 {
    let seq = i64::try_from(seq.0).unwrap_or(i64::MAX) & SEQ_MASK;
    (i64::from(epoch.0) << SEQ_BITS) | seq
}

const SEQ_BITS: u32 = 40;
const SEQ_MASK: i64 = (1 << SEQ_BITS) - 1;

#[cfg(test)]
mod tests;
