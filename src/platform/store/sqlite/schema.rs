//! Opening the file: whose it is, which schema it has, and how it is made durable.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{
    super::{StoreError, Stored},
    FileSystem, from_sqlite,
};
use crate::files;

/// `CSPF`, for the `application_id` of the file's header.
const APPLICATION_ID: i64 = 0x4353_5046;

/// How long a write of another program is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// More than there are different statements in the store.
const STATEMENTS_KEPT: usize = 128;

/// The schema, step by step; steps are added, never changed.
const MIGRATIONS: &[&str] = &[include_str!("sql/0001_init.sql")];

/// Opens the file, or makes it.
pub(super) fn open(path: &Path, system: Option<FileSystem>) -> Stored<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = match system {
        Some(system) => Connection::open_with_flags_and_vfs(path, flags, system.vfs),
        None => Connection::open_with_flags(path, flags),
    };
    let mut connection = opened.map_err(from_sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(from_sqlite)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    check_owner(&connection, path)?;
    configure(&connection)?;
    empty_log(&connection)?;
    migrate(&mut connection, path)?;
    check_wal(&connection)?;
    sync_folder(path, system)?;
    Ok(connection)
}

/// Brings the names of the file and its log to disk. SQLite does so as well, and does not say where it failed.
fn sync_folder(path: &Path, system: Option<FileSystem>) -> Stored<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let sync = system.map_or(files::sync_folder as fn(&Path) -> _, |system| system.sync_folder);
    sync(folder.unwrap_or(Path::new("."))).map_err(|error| StoreError::Database(Box::new(error)))
}

/// Moves what a log holds into the file, and begins the log anew, unless another program uses it.
///
/// Where a sync failed once, the system may show bytes that are not on the disk, and takes them for written: no later sync
/// brings them there. Whoever opens the log first would add to it behind them, and lose that in a power cut.
fn empty_log(connection: &Connection) -> Stored<()> {
    run(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
}

/// Whether commits go to the write-ahead log: in any other mode `synchronous` promises something else.
pub(super) fn check_wal(connection: &Connection) -> Stored<()> {
    if text(connection, "journal_mode")? == "wal" {
        Ok(())
    } else {
        Err(StoreError::Damaged("the write-ahead log is not in use"))
    }
}

/// A file without a schema becomes ours, as one does whose making was cut off; a file that has a schema must be.
fn check_owner(connection: &Connection, path: &Path) -> Stored<()> {
    let owner = number(connection, "application_id").map_err(|error| not_ours(error, path))?;
    let version = number(connection, "schema_version")?;
    if owner == APPLICATION_ID || (owner == 0 && version == 0) {
        Ok(())
    } else {
        Err(StoreError::Foreign(path.to_owned()))
    }
}

/// A file that is no database at all is another program's too.
fn not_ours(error: StoreError, path: &Path) -> StoreError {
    let foreign = if let StoreError::Database(source) = &error {
        is_not_a_database(source.as_ref())
    } else {
        false
    };
    if foreign { StoreError::Foreign(path.to_owned()) } else { error }
}

fn is_not_a_database(source: &(dyn std::error::Error + 'static)) -> bool {
    let code =
        source.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    code == Some(rusqlite::ErrorCode::NotADatabase)
}

fn configure(connection: &Connection) -> Stored<()> {
    set(connection, "journal_mode", "WAL")?;
    set(connection, "synchronous", "EXTRA")?;
    set(connection, "fullfsync", "1")?;
    set(connection, "checkpoint_fullfsync", "1")?;
    set(connection, "foreign_keys", "1")?;
    set(connection, "trusted_schema", "0")?;
    set(connection, "cell_size_check", "1")
}

fn migrate(connection: &mut Connection, path: &Path) -> Stored<()> {
    let known = i64::try_from(MIGRATIONS.len()).map_err(|_error| StoreError::TooLarge)?;
    loop {
        let txn = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(from_sqlite)?;
        let found = number(&txn, "user_version")?;
        if found > known || found < 0 {
            let path = path.to_owned();
            return Err(StoreError::Newer { path, found, known });
        }
        let next = usize::try_from(found).ok().and_then(|at| MIGRATIONS.get(at));
        let Some(step) = next else {
            return Ok(());
        };
        txn.execute_batch(step).map_err(from_sqlite)?;
        set(&txn, "application_id", &APPLICATION_ID.to_string())?;
        set(&txn, "user_version", &found.saturating_add(1).to_string())?;
        txn.commit().map_err(from_sqlite)?;
    }
}

/// Sets a pragma and reads everything it answers: stopping at the first row would lose its errors.
fn set(connection: &Connection, pragma: &str, value: &str) -> Stored<()> {
    run(connection, &format!("PRAGMA {pragma} = {value}"))
}

fn run(connection: &Connection, sql: &str) -> Stored<()> {
    let mut statement = connection.prepare(sql).map_err(from_sqlite)?;
    let mut rows = statement.query([]).map_err(from_sqlite)?;
    while rows.next().map_err(from_sqlite)?.is_some() {}
    Ok(())
}

fn number(connection: &Connection, pragma: &str) -> Stored<i64> {
    let mut found = 0;
    let read = connection.pragma_query(None, pragma, |row| {
        found = row.get(0)?;
        Ok(())
    });
    read.map(|()| found).map_err(from_sqlite)
}

fn text(connection: &Connection, pragma: &str) -> Stored<String> {
    let mut found = String::new();
    let read = connection.pragma_query(None, pragma, |row| {
        found = row.get(0)?;
        Ok(())
    });
    read.map(|()| found).map_err(from_sqlite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("platform.db");
        (dir, path)
    }

    #[test]
    fn a_database_of_another_program_is_left_alone() {
        let (_dir, path) = file();
        let theirs = Connection::open(&path).unwrap();
        theirs.execute_batch("CREATE TABLE notes (a); INSERT INTO notes VALUES (1)").unwrap();
        drop(theirs);
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(open(&path, None), Err(StoreError::Foreign(_))));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_file_that_is_no_database_is_left_alone() {
        let (_dir, path) = file();
        std::fs::write(&path, "a letter to my landlord ".repeat(100)).unwrap();
        assert!(matches!(open(&path, None), Err(StoreError::Foreign(_))));
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let (_dir, path) = file();
        drop(open(&path, None).unwrap());
        let newer = Connection::open(&path).unwrap();
        newer.execute_batch("PRAGMA user_version = 99").unwrap();
        drop(newer);
        assert!(matches!(open(&path, None), Err(StoreError::Newer { found: 99, .. })));
    }

    #[test]
    fn the_file_is_durable_and_ours() {
        let (_dir, path) = file();
        let connection = open(&path, None).unwrap();
        assert_eq!(text(&connection, "journal_mode").unwrap(), "wal");
        // 3 is EXTRA: https://www.sqlite.org/pragma.html#pragma_synchronous
        assert_eq!(number(&connection, "synchronous").unwrap(), 3);
        assert_eq!(number(&connection, "foreign_keys").unwrap(), 1);
        assert_eq!(number(&connection, "application_id").unwrap(), 0x4353_5046);
        assert_eq!(number(&connection, "user_version").unwrap(), 1);
        drop(connection);
        open(&path, None).unwrap();
    }
}
