//! The data folder: the device's key file and the store beside it.

use std::path::Path;

use crate::{
    domain::crypto::SecretKey,
    keys::{self, KeyFileError},
    store::{Store, StoreError},
};

/// The key file's name within the data folder.
const KEY_FILE: &str = "device.key";

/// Opens the terminal that was enrolled in `dir`.
pub fn open(dir: &Path) -> Result<Store, SourceError> {
    let file = dir.join(KEY_FILE);
    if !file.exists() {
        return Err(StoreError::NotEnrolled.into());
    }
    Ok(Store::open(dir, keys::load(&file)?)?)
}

/// The device's key; made where there is none, and never replaced.
///
/// It is on disk before the platform hears of it, so that an enrolment whose answer was lost is simply repeated.
pub fn device_key(dir: &Path) -> Result<SecretKey, SourceError> {
    std::fs::create_dir_all(dir)
        .map_err(|source| SourceError::Folder { dir: dir.to_owned(), source })?;
    let file = dir.join(KEY_FILE);
    Ok(if file.exists() { keys::load(&file)? } else { keys::create(&file)? })
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The folder cannot be made.
    #[error("cannot use the folder {}: {source}", dir.display())]
    Folder {
        /// Which folder.
        dir: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key file cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}
