//! Folders that carry parcels between terminals and the platform, such as a USB stick.
//!
//! A stick may come from anybody. So nothing is read but plain files with a name of ours, up to the size of a parcel; no link
//! is followed; and nothing is written but one file under one name of ours, which is either whole or not there.

mod folder;
mod sticks;

pub use folder::{names, read, write};
pub use sticks::sticks;

use std::{io, path::PathBuf};

use crate::domain::sync::{PARCEL_BYTES_MAX, ParcelError};

/// Most parcels of a folder that are looked at.
pub const PARCELS_MAX: usize = 256;

/// Most files of a folder whose names are looked at.
const FILES_MAX: usize = 10_000;

/// Why a folder or a parcel in it cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CarriageError {
    /// The folder cannot be listed.
    #[error("the folder {} cannot be read: {source}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A parcel cannot be read.
    #[error("{name} cannot be read: {source}")]
    Read {
        /// Which.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// A link, a folder or a device where a file should be.
    #[error("{0} is not a plain file; it was left alone")]
    NotAFile(String),
    /// Beyond [`PARCEL_BYTES_MAX`].
    #[error("{0} has more than {PARCEL_BYTES_MAX} bytes, which no parcel has; it was left alone")]
    TooLarge(String),
    /// Not a parcel.
    #[error("{name}: {source}")]
    Parcel {
        /// Which.
        name: String,
        /// Why not.
        source: ParcelError,
    },
    /// It could not be written.
    #[error("{name} cannot be written into {}: {source}", folder.display())]
    Write {
        /// Which.
        name: String,
        /// Where.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
