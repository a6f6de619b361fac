#![doc = include_str!("PROTOCOL.md")]

mod intake;
mod message;
mod partial;
mod terminal;
mod version;

pub use intake::{Intake, Ledger, LedgerChange, LedgerUse, Mismatch, ledger_change, plan_intake};
pub use message::{
    BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, CHUNKS_MAX, Claim, ClaimAnswer, ConflictNotice, Evidence,
    LISTED_MAX, Lease, ListName, ListVersion, Listed, MESSAGE_BYTES_MAX, NumberedChunk,
    REQUEST_BYTES_MAX, Reply, ReplyBody, Request, RequestBody, acknowledges,
};
pub use partial::{Reading, read_reply};
pub use terminal::{Exchange, Input, Millis, Syncer, Wanted};
pub use version::PROTOCOL;
