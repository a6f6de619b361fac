//! Scans that came to nothing.

/// Why a reader delivered no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanFailure {
    /// A picture held no readable code, or could not be read.
    Picture,
    /// Bytes that are no text.
    Unreadable,
    /// Far too many bytes or keys.
    Overlong,
    /// More codes at once than a person scans, as from a memory; only the first was looked at.
    Replayed,
}

impl ScanFailure {
    /// Its stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Picture => "picture_unreadable",
            Self::Unreadable => "scan_unreadable",
            Self::Overlong => "too_long",
            Self::Replayed => "scan_replayed",
        }
    }
}
