//! What a reader delivers, cleaned and named before anything trusts it.

mod key;

mod burst;
mod framing;

mod aim;
mod debounce;
mod doctor;
mod failure;
mod hint;
mod pace;
mod short_code;
mod trouble;

mod classify;

use std::fmt;

pub use aim::{Symbology, strip_aim};
pub use burst::{Burst, BurstOutput, GAP_MS, SCAN_KEYS_MIN, SILENCE_MS, STUMBLE_MS};
pub use classify::{Scanned, classify, clean};
pub use debounce::{Debounce, SAME_SCAN_MS, Sighting};
pub use doctor::{Diagnosis, Layout, TESTS, diagnose};
pub use failure::ScanFailure;
pub use framing::{FRAME_MAX, Frame, Framer, IDLE_GAP_MS, SLOW_IDLE_GAP_MS};
pub use hint::Hint;
pub use key::{KeyPress, PhysicalKey};
pub use pace::{PACE_MS, PACE_SCANS, Pace, Paced};
pub use short_code::{ShortCode, ShortCodeError};
pub use trouble::{Delivered, ReaderTrouble};

/// Longest scan that is looked at, in characters: a QR code of version 40-L in alphanumeric mode (ISO/IEC 18004).
pub const TEXT_MAX: usize = 4296;

/// How a text came into the terminal.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, minicbor::Encode, minicbor::Decode,
)]
#[cbor(index_only)]
pub enum EntryMethod {
    /// A camera or a picture of a code.
    #[n(0)]
    Camera,
    /// A reader on a serial port.
    #[n(1)]
    Serial,
    /// A reader that types like a keyboard.
    #[n(2)]
    Keyboard,
    /// A person typed or pasted it.
    #[n(3)]
    Typed,
    /// A program passed it as an argument.
    #[n(4)]
    Program,
}

impl fmt::Display for EntryMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Camera => "camera",
            Self::Serial => "serial",
            Self::Keyboard => "keyboard",
            Self::Typed => "typed",
            Self::Program => "program",
        })
    }
}
