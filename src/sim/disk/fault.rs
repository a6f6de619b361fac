//! Operations that fail.

use std::os::raw::c_int;

use rusqlite::ffi;

/// What a disk can say instead of doing what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// A read fails.
    Read,
    /// A write fails half-way, or a file can be neither made, cut off nor deleted.
    Write,
    /// A sync fails. What was to be synced is lost at the next power cut, however often it is synced afterwards.
    Sync,
    /// A write fails half-way, for want of room.
    Full,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Sync, Self::Full];

    /// What it is called on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Sync => "sync",
            Self::Full => "full",
        }
    }
}

/// One trouble at a chosen operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub trouble: Trouble,
    /// At which operation of those it can happen to, counted from 0.
    pub at: u64,
    /// Whether it goes wrong from then on, or once.
    pub sticky: bool,
}

/// An operation, as far as faults tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Open,
    Read,
    Size,
    Write,
    Truncate,
    Sync,
    SyncFolder,
    Delete,
}

impl Operation {
    /// Whether a trouble can happen to it.
    pub(super) fn can_meet(self, trouble: Trouble) -> bool {
        match trouble {
            Trouble::Read => matches!(self, Self::Read | Self::Size),
            Trouble::Write => {
                matches!(self, Self::Open | Self::Write | Self::Truncate | Self::Delete)
            }
            Trouble::Sync => matches!(self, Self::Sync | Self::SyncFolder),
            Trouble::Full => matches!(self, Self::Open | Self::Write),
        }
    }

    /// What SQLite is told.
    pub(super) fn code(self, trouble: Trouble) -> c_int {
        match (self, trouble) {
            (Self::Open, _) => ffi::SQLITE_CANTOPEN,
            (_, Trouble::Full) => ffi::SQLITE_FULL,
            (Self::Read, _) => ffi::SQLITE_IOERR_READ,
            (Self::Size, _) => ffi::SQLITE_IOERR_FSTAT,
            (Self::Write, _) => ffi::SQLITE_IOERR_WRITE,
            (Self::Truncate, _) => ffi::SQLITE_IOERR_TRUNCATE,
            (Self::Sync, _) => ffi::SQLITE_IOERR_FSYNC,
            (Self::SyncFolder, _) => ffi::SQLITE_IOERR_DIR_FSYNC,
            (Self::Delete, _) => ffi::SQLITE_IOERR_DELETE,
        }
    }
}
