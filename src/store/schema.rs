//! Schema versions: a numbered list of steps, each in one transaction, never edited once released.

use rusqlite::{Connection, TransactionBehavior};

use super::open::StoreError;

/// Marks the file as this program's: `CSgn`.
pub(super) const APPLICATION_ID: i64 = 0x4353_676e;

const MIGRATIONS: &[&str] = &[include_str!("sql/0001_init.sql")];

/// The version this program writes.
pub(super) const NEWEST: usize = MIGRATIONS.len();

/// Refuses a file of another program or of a newer version, before anything is written to it.
pub(super) fn check_owner(conn: &Connection) -> Result<(), StoreError> {
    let found = version(conn)?;
    if found > NEWEST { Err(StoreError::TooNew { found, known: NEWEST }) } else { Ok(()) }
}

/// Brings the file to the newest version.
pub(super) fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    migrate_to(conn, NEWEST)
}

/// Brings the file to a version, which tests want to be an earlier one.
pub(super) fn migrate_to(conn: &mut Connection, target: usize) -> Result<(), StoreError> {
    let version = version(conn)?;
    let steps = MIGRATIONS
        .get(version..target.max(version))
        .ok_or(StoreError::TooNew { found: version, known: NEWEST })?;
    for (number, step) in (version.saturating_add(1)..).zip(steps) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(step)?;
        tx.pragma_update(None, "user_version", i64::try_from(number).unwrap_or(i64::MAX))?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.commit()?;
    }
    Ok(())
}

fn version(conn: &Connection) -> Result<usize, StoreError> {
    let application: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == APPLICATION_ID {
        return usize::try_from(version).map_err(|_error| StoreError::Foreign);
    }
    if tables == 0 && version == 0 { Ok(0) } else { Err(StoreError::Foreign) }
}
