#![doc = include_str!("PROTOCOL.md")]

mod intake;
mod message;
mod parcel;
mod partial;
mod terminal;
mod version;
mod witness;

pub use intake::{Intake, Ledger, LedgerChange, LedgerUse, Mismatch, ledger_change, plan_intake};
pub use message::{
    BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, CHUNKS_MAX, Claim, ClaimAnswer, ConflictNotice, Evidence,
    LISTED_MAX, Lease, ListName, ListVersion, Listed, MESSAGE_BYTES_MAX, NumberedChunk,
    REQUEST_BYTES_MAX, Reply, ReplyBody, Request, RequestBody, TRAIL_MAX, Trail, acknowledges,
};
pub use parcel::{
    PARCEL_BYTES_MAX, PARCEL_MESSAGES_MAX, Parcel, ParcelError, ParcelKind, ParcelName,
};
pub use partial::{Reading, read_reply};
pub use terminal::{Exchange, Input, Millis, Syncer, Wanted};
pub use version::PROTOCOL;
pub use witness::{WITNESS_PATH, WITNESS_URL_MAX, witness_bytes, witness_url};
