//! The terminal as an application: commands in, views out, one engine thread that owns the store.
//!
//! ```text
//!   screen, readers ──Command──▶ engine thread ──Call──▶ "ask" thread  ──▶ platform
//!         ▲                        │    ▲       ──Call──▶ "sync" thread ──▶ platform
//!         └────────View────────────┘    └──────Event::Answered──────────────┘
//! ```

pub mod command;
pub mod handle;
pub mod text;
pub mod view;

pub mod clock;
pub mod outcome;
pub mod wording;

pub mod engine;
pub mod pictures;
pub mod runtime;
pub mod session;

pub mod enrolment;
pub mod recovery;
pub mod server;
pub mod source;

mod asking;
mod carry_words;
mod counter;
mod gather;
mod parcels;
mod pins;
mod present;
mod publish;
mod receipt;
mod record;
mod rolling;
mod sync_driver;
mod trust;
pub mod witness;

pub use asking::ASK_DEADLINE_MS;
pub use parcels::{Packed, Unpacked};
pub use rolling::RollBackOrder;
pub use sync_driver::Nonce;
pub use trust::Trust;
pub use witness::code;
