//! Where a store is kept.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, OpenFlags};

use super::open::{StoreError, files_error};
use crate::{domain::crypto::SecretKey, files};

/// Files that are not the operating system's, and that SQLite was told of.
pub trait Drive: fmt::Debug + Send + Sync {
    /// The name SQLite knows them by.
    fn vfs(&self) -> &'static str;

    /// Whether there is such a file.
    fn holds(&self, file: &Path) -> bool;

    /// Brings the names in a folder to disk.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// A folder: the operating system's, unless a [`Drive`] is named.
#[derive(Clone, Debug)]
pub struct Place {
    dir: PathBuf,
    drive: Option<&'static dyn Drive>,
    cipher: Option<Arc<SecretKey>>,
}

impl Place {
    /// A folder of a drive.
    pub fn on(drive: &'static dyn Drive, dir: PathBuf) -> Self {
        Self { dir, drive: Some(drive), cipher: None }
    }

    /// The same folder, with its databases encrypted under a key.
    #[must_use]
    pub fn encrypted(self, key: SecretKey) -> Self {
        Self { cipher: Some(Arc::new(key)), ..self }
    }

    /// Whether its databases are encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.cipher.is_some()
    }

    /// Another folder, kept in the same way.
    #[must_use]
    pub fn moved_to(&self, dir: PathBuf) -> Self {
        Self { dir, ..self.clone() }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A file of this name, where the folder is the operating system's.
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        self.drive.is_none().then(|| self.dir.join(name))
    }

    /// Whether a file of this name is there.
    pub fn holds(&self, name: &str) -> bool {
        let file = self.dir.join(name);
        self.drive.map_or_else(|| file.exists(), |drive| drive.holds(&file))
    }

    /// Brings the names in the folder to disk.
    pub(super) fn sync_folder(&self) -> Result<(), StoreError> {
        let synced = match self.drive {
            Some(drive) => drive.sync_folder(&self.dir),
            None => files::sync_folder(&self.dir),
        };
        synced.map_err(|source| files_error(self, source))
    }

    /// Opens a database of this name, or makes it.
    pub(super) fn connect(&self, name: &str) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let file = self.dir.join(name);
        let opened = match self.drive {
            Some(drive) => Connection::open_with_flags_and_vfs(&file, flags, drive.vfs()),
            None => Connection::open_with_flags(&file, flags),
        };
        let conn = opened.map_err(|source| StoreError::Open { file, source })?;
        self.cipher.as_ref().map_or(Ok(()), |key| unlock(&conn, key))?;
        Ok(conn)
    }
}

impl From<&Path> for Place {
    fn from(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), drive: None, cipher: None }
    }
}

/// Gives the key, raw and so without a slow derivation; SQLCipher wants it before anything else.
#[cfg(feature = "encrypted")]
fn unlock(conn: &Connection, key: &SecretKey) -> Result<(), StoreError> {
    use std::fmt::Write as _;

    use zeroize::Zeroizing;

    let mut raw = Zeroizing::new(String::with_capacity(80));
    write!(raw, "x'{}'", crate::domain::id::Hex(&*key.seed()))
        .map_err(|_error| StoreError::NoCipher)?;
    Ok(conn.pragma_update(None, "key", raw.as_str())?)
}

/// A program that cannot decrypt says so instead of calling the file damaged.
#[cfg(not(feature = "encrypted"))]
fn unlock(_conn: &Connection, _key: &SecretKey) -> Result<(), StoreError> {
    Err(StoreError::NoCipher)
}
