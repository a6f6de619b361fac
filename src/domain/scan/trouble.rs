//! What keeps a reader from working.

use super::ScanFailure;

/// Why a reader does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderTrouble {
    /// Nothing is plugged in where it should be, or more than one reader fits its name.
    Absent,
    /// It was unplugged.
    Unplugged,
    /// Another program uses it.
    Taken,
    /// The service for modems of Linux uses it: it takes readers for modems.
    ModemManager,
    /// This user may not open its port.
    Forbidden,
    /// What is plugged in there is no reader.
    Unusable,
    /// The computer could not start it.
    NotStarted,
}

/// What a reader delivered while it was tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// A text.
    Text(String),
    /// None.
    Failed(ScanFailure),
}
