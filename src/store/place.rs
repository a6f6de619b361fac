//! Where a store is kept.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use super::open::StoreError;

/// Files that are not the operating system's, and that SQLite was told of.
pub trait Drive: fmt::Debug + Send + Sync {
    /// The name SQLite knows them by.
    fn vfs(&self) -> &'static str;

    /// Whether there is such a file.
    fn holds(&self, file: &Path) -> bool;
}

/// A folder: the operating system's, unless a [`Drive`] is named.
#[derive(Clone, Debug)]
pub struct Place {
    dir: PathBuf,
    drive: Option<&'static dyn Drive>,
}

impl Place {
    /// A folder of a drive.
    pub fn on(drive: &'static dyn Drive, dir: PathBuf) -> Self {
        Self { dir, drive: Some(drive) }
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
    pub(super) fn holds(&self, name: &str) -> bool {
        let file = self.dir.join(name);
        self.drive.map_or_else(|| file.exists(), |drive| drive.holds(&file))
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
        opened.map_err(|source| StoreError::Open { file, source })
    }
}

impl From<&Path> for Place {
    fn from(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), drive: None }
    }
}
