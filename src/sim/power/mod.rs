//! Power cuts in the middle of a shop's day.
//!
//! A day of a terminal is lived through once, on a [`super::disk::Disk`] that keeps what was on it before every change.
//! Then the power is cut before each of them, several times with different luck, the store is opened with the
//! program's own code, and all of it is compared with what had been told by then. Ways of keeping a store that are
//! known to lose something run beside ours: where they lose nothing, the cuts prove nothing.

mod args;
mod chance;
mod error;
mod mode;

mod day;
mod shop;
mod till;

mod books;
mod check;
mod deep;
mod film;

mod cuts;
mod faults;
mod known;
mod platform;

#[cfg(test)]
mod tests;

pub use args::{PowerArgs, run};
pub use error::PowerError;
pub(super) use {books::Books, chance::Chance};
