//! The platform's default store: one `SQLite` file, shared with the administrator's commands.

mod column;
mod journals;
mod leases;
mod ledgers;
mod places;
mod schema;
mod terminals;
mod tokens;
mod vouchers;
mod witnesses;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, ErrorCode, Params, Row};

use super::{Store, StoreError, Stored, Txn};

/// A store in one `SQLite` file.
///
/// It keeps one connection. After a commit that failed the connection is thrown away and the file opened
/// again: what `SQLite` believes of pages whose writing failed is not relied on.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    system: Option<FileSystem>,
    connection: Mutex<Option<Connection>>,
}

/// Files that are not the operating system's.
#[derive(Clone, Copy, Debug)]
pub struct FileSystem {
    /// The name SQLite knows them by.
    pub vfs: &'static str,
    /// Brings the names in a folder to disk.
    pub sync_folder: fn(&Path) -> io::Result<()>,
}

impl SqliteStore {
    /// Opens the file and brings its schema up to date, or makes a new one.
    pub fn open(path: &Path) -> Stored<Self> {
        Self::open_on(path, None)
    }

    /// The same for a file that is not the operating system's.
    pub fn open_on(path: &Path, system: Option<FileSystem>) -> Stored<Self> {
        let connection = Mutex::new(Some(schema::open(path, system)?));
        Ok(Self { path: path.to_owned(), system, connection })
    }

    fn lock(&self) -> Stored<MutexGuard<'_, Option<Connection>>> {
        let mut slot = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            *slot = Some(schema::open(&self.path, self.system)?);
        }
        Ok(slot)
    }
}

impl Store for SqliteStore {
    fn begin(&self) -> Stored<Box<dyn Txn + '_>> {
        let mut txn = SqliteTxn { slot: self.lock()?, open: false };
        let begun = txn.connection()?.execute_batch("BEGIN IMMEDIATE");
        begun.map_err(from_sqlite)?;
        txn.open = true;
        Ok(Box::new(txn))
    }
}

/// An open `IMMEDIATE` transaction; rolled back when dropped.
struct SqliteTxn<'a> {
    slot: MutexGuard<'a, Option<Connection>>,
    open: bool,
}

impl SqliteTxn<'_> {
    fn connection(&self) -> Stored<&Connection> {
        self.slot.as_ref().ok_or(StoreError::Damaged("the connection is closed"))
    }

    /// Runs one statement that writes; how many rows it wrote.
    fn write(&self, sql: &str, params: impl Params) -> Stored<usize> {
        let mut statement = self.connection()?.prepare_cached(sql).map_err(from_sqlite)?;
        statement.execute(params).map_err(from_sqlite)
    }

    /// Runs one `INSERT`; the number of the row.
    fn insert(&self, sql: &str, params: impl Params) -> Stored<i64> {
        self.write(sql, params)?;
        Ok(self.connection()?.last_insert_rowid())
    }

    /// All rows of a query.
    fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Stored<T>,
    ) -> Stored<Vec<T>> {
        let mut statement = self.connection()?.prepare_cached(sql).map_err(from_sqlite)?;
        let mut rows = statement.query(params).map_err(from_sqlite)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    /// The first row of a query.
    fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> Stored<T>,
    ) -> Stored<Option<T>> {
        Ok(self.rows(sql, params, read)?.into_iter().next())
    }
}

impl Txn for SqliteTxn<'_> {
    fn commit(mut self: Box<Self>) -> Stored<()> {
        let done = self.connection()?.execute_batch("COMMIT").map_err(from_sqlite);
        let kept = done.and_then(|()| schema::check_wal(self.connection()?));
        self.open = false;
        if kept.is_err() {
            *self.slot = None;
        }
        kept
    }
}

impl Drop for SqliteTxn<'_> {
    fn drop(&mut self) {
        let rolled_back = self
            .connection()
            .ok()
            .filter(|_| self.open)
            .is_none_or(|connection| connection.execute_batch("ROLLBACK").is_ok());
        if !rolled_back {
            *self.slot = None;
        }
    }
}

fn from_sqlite(error: rusqlite::Error) -> StoreError {
    use rusqlite::ffi;
    let extended = error.sqlite_error().map_or(0, |inner| inner.extended_code);
    match (error.sqlite_error_code(), extended) {
        (Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked), _) => StoreError::Busy,
        (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
            StoreError::Duplicate
        }
        (Some(ErrorCode::ConstraintViolation), _) => StoreError::Forbidden(Box::new(error)),
        _ => StoreError::Database(Box::new(error)),
    }
}

/// Changes a file as nobody should.
#[cfg(test)]
pub(crate) fn tamper(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}
