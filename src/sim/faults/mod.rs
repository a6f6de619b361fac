//! What goes wrong: every kind by name, how often it did, and the deliberate mistakes that must be caught.

mod kind;
mod mistake;
mod tally;

pub use kind::Fault;
pub use mistake::Mistake;
pub use tally::Tally;
