//! The same for what stands at the edges of the programs: HTTP, pictures, files.

mod config;
mod http_bodies;
mod import;
mod picture_input;
mod router;

use super::checks::{Check, by_hand, checks, chosen, journal_entry, sync_seeds, way};

/// All checks of the edges.
pub(crate) const ALL: &[Check] = checks![http_bodies, picture_input, config, import];
