//! What a reader has to say, and why it does not work.

use std::io;

use serialport::ErrorKind;
use thiserror::Error;

use super::holder::modem_manager_runs;
use crate::domain::scan::ReaderTrouble;

/// What a reader has to say.
#[derive(Debug)]
pub enum SerialEvent {
    /// The port is open, at first or again.
    Opened,
    /// The reader delivered a code.
    Text(String),
    /// The reader delivered bytes that are no UTF-8: wrong baud rate, or a code of raw bytes.
    Unreadable,
    /// The reader sent more than a code can hold, without an end; all of it was dropped.
    Overlong,
    /// The reader sent more codes at once than a person scans, as from its memory; they are dropped.
    Replayed,
    /// The port could not be opened or went away; said once for each reason, while attempts go on.
    Lost(SerialError),
}

/// Why a serial reader does not work, in words for the operator.
#[derive(Debug, Error)]
pub enum SerialError {
    /// The port exists and is taken, or Windows does not say which.
    #[error("the reader on {port} is used by another program or is not plugged in")]
    Unavailable {
        /// The port as it was named.
        port: String,
        /// What the system said.
        source: serialport::Error,
    },
    /// The port exists and is taken, and the service for modems of Linux runs.
    #[error("ModemManager holds {port}: it takes the reader for a modem")]
    TakenForModem {
        /// The port as it was named.
        port: String,
        /// What the system said.
        source: serialport::Error,
    },
    /// There is no such port.
    #[error("no reader is plugged in on {port}")]
    NotFound {
        /// The port as it was named.
        port: String,
        /// What the system said.
        source: serialport::Error,
    },
    /// The user may not use the port; `firmware-notes/udev` has the cure for Linux.
    #[error("this user may not open {port}")]
    Forbidden {
        /// The port as it was named.
        port: String,
        /// What the system said.
        source: serialport::Error,
    },
    /// The port could not be set up, for example because it is no serial port.
    #[error("{port} cannot be used as a reader")]
    Unusable {
        /// The port as it was named.
        port: String,
        /// What the system said.
        source: serialport::Error,
    },
    /// The port was open and then failed.
    #[error("the reader on {port} was unplugged")]
    Unplugged {
        /// The port as it was named.
        port: String,
        /// What the system said.
        source: io::Error,
    },
    /// No port has the reader that is named, or it cannot be told which of several is meant.
    #[error("the reader {name} is not plugged in, or more than one is")]
    Absent {
        /// The reader as it was named.
        name: String,
    },
    /// The computer has no room for another thread.
    #[error("the reader cannot be started")]
    Thread(#[source] io::Error),
}

impl SerialError {
    /// Why `port` could not be opened.
    pub(super) fn opening(port: &str, source: serialport::Error) -> Self {
        let port = port.to_owned();
        match source.kind {
            ErrorKind::NoDevice if modem_manager_runs() => Self::TakenForModem { port, source },
            ErrorKind::NoDevice => Self::Unavailable { port, source },
            ErrorKind::Io(io::ErrorKind::NotFound) => Self::NotFound { port, source },
            ErrorKind::Io(io::ErrorKind::PermissionDenied) => Self::Forbidden { port, source },
            ErrorKind::InvalidInput | ErrorKind::Unknown | ErrorKind::Io(_) => {
                Self::Unusable { port, source }
            }
        }
    }
}

impl From<&SerialError> for ReaderTrouble {
    fn from(error: &SerialError) -> Self {
        match error {
            SerialError::Unavailable { .. } => Self::Taken,
            SerialError::TakenForModem { .. } => Self::ModemManager,
            SerialError::NotFound { .. } | SerialError::Absent { .. } => Self::Absent,
            SerialError::Forbidden { .. } => Self::Forbidden,
            SerialError::Unusable { .. } => Self::Unusable,
            SerialError::Unplugged { .. } => Self::Unplugged,
            SerialError::Thread(_) => Self::NotStarted,
        }
    }
}

/// Why a reader was not told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ActError {
    /// It has not done yet what it was told before, or it is not plugged in.
    #[error("the reader has not done yet what it was told before")]
    Busy,
    /// Its thread has ended.
    #[error("the reader is stopped")]
    Stopped,
}
