//! The terminal's SQLite: one writer, one transaction from check to append.
//!
//! * The file is opened with `locking_mode=EXCLUSIVE`, so a second program is refused, and with
//!   `journal_mode=WAL` and `synchronous=EXTRA`, so that a commit that returned survives a power cut.
//! * Every write runs in an explicit `IMMEDIATE` transaction that ends in [`Txn::commit`]. `INSERT … RETURNING` and
//!   writing pragmas are never run through `query_row`: it can answer Ok for a write that was not kept.
//! * After a commit that failed the handle is given up: [`StoreError::GivenUp`] until the store is opened again. What a
//!   failed sync left in the operating system's cache cannot be trusted, so it is not retried.

mod books;
mod conflicts;
mod facts;
mod identity;
mod journal;
mod lent;
mod open;
mod pace;
mod pins;
mod queue;
mod schema;
mod trust;

pub use conflicts::Told;
pub use facts::LocalUse;
pub use identity::Identity;
pub use journal::{Row, Txn};
pub use open::{Store, StoreError};
pub use pins::PinTry;
pub use queue::Batch;
pub use trust::HeldList;

/// What `epoch` and `seq` are as one number, which is how the journal is keyed.
fn position(epoch: crate::domain::id::Epoch, seq: crate::domain::id::Seq) -> i64 {
    let seq = i64::try_from(seq.0).unwrap_or(i64::MAX) & SEQ_MASK;
    (i64::from(epoch.0) << SEQ_BITS) | seq
}

const SEQ_BITS: u32 = 40;
const SEQ_MASK: i64 = (1 << SEQ_BITS) - 1;

#[cfg(test)]
mod tests;
