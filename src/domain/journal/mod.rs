//! The journal: a terminal's append-only log of what it decided, chained by hashes and signed entry by entry.

mod chain;
mod entry;
mod totals;

pub use chain::{ChainError, ENTRY_BYTES_MAX, Head, SignedEntry, append, verify_link};
pub use entry::{
    Act, Body, Entry, Goods, Opened, Outcome, Recovered, Redeemed, Refused, RolledBack, Uptime,
    Waiting,
};
pub use totals::{CampaignTotals, Totals, totals};
