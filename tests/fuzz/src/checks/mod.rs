//! What must hold of any input to a parser. The fuzzer brings inputs by the million; the tests bring the seeds.
//!
//! The first byte of most inputs says at which depth the rest is handed in: nobody guesses a signature or the hash under
//! which a part is taken, so what lies behind them has a way of its own.

mod bundle;
pub(crate) mod by_hand;
mod enrolment;
pub(crate) mod journal_entry;
mod presentation;
mod serial_framing;
mod status_list;
mod sync_messages;
pub(crate) mod sync_seeds;
mod token;

use std::{
    fmt::Debug,
    sync::atomic::{AtomicBool, Ordering},
};

use countersign::domain::envelope::{decode, encode};

/// One parser's promise.
pub(crate) struct Check {
    /// The name of its fuzz target.
    pub(crate) name: &'static str,
    /// Panics where the promise is broken.
    pub(crate) holds: fn(&[u8]),
    /// Real inputs to begin with.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
}

/// The checks in the modules of these names.
macro_rules! checks {
    ($($name:ident),*) => {
        &[$(Check { name: stringify!($name), holds: $name::holds, seeds: $name::seeds }),*]
    };
}
pub(crate) use checks;

/// The checks of what the rules read, which need no more of the programs than the domain.
pub(crate) const ALL: &[Check] = checks![
    token,
    presentation,
    bundle,
    status_list,
    journal_entry,
    sync_messages,
    serial_framing,
    enrolment
];

/// Whether [`chosen`] chooses; where not, it takes every input.
pub(crate) static SELDOM: AtomicBool = AtomicBool::new(false);

/// Whether this input is one of the few that get a costly look; the same input always is or is not.
pub(crate) fn chosen(data: &[u8], one_in: u64) -> bool {
    let word = |part: &[u8]| part.iter().fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
    let mix = |sum: u64, part: &[u8]| (sum ^ word(part)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    !SELDOM.load(Ordering::Relaxed) || (data.chunks(8).fold(0, mix) >> 32) % one_in == 0
}

/// What was read is written and read again as the same, in deterministic CBOR.
pub(crate) fn comes_back<T>(value: &T, data: &[u8])
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> + PartialEq + Debug,
{
    let written = encode(value);
    let again: T = decode(&written).expect("what we write is read");
    assert_eq!(again, *value);
    if chosen(data, 64) {
        by_hand::assert_deterministic(&written);
    }
}

/// The same of bytes, where they are read at all.
fn part_holds<T>(bytes: &[u8])
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> + PartialEq + Debug,
{
    if let Ok(part) = decode::<T>(bytes) {
        comes_back(&part, bytes);
    }
}

/// An input that takes the way with this number.
pub(crate) fn way(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number], bytes].concat()
}
