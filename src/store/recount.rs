//! The books worked out anew from the journal: a byte that changed in a sum is found by nothing else.

use jiff::tz::TimeZone;
use rusqlite::{Connection, TransactionBehavior, types::Value};

use super::{lives::Lives, open::StoreError, rebuild::Books, schema};
use crate::domain::{id::Epoch, journal::SignedEntry};

/// What must agree. Days are left out: they are counted in the branch's time zone, which may have been another one.
const AGREE: &[&str] = &[
    "SELECT issuer, id, uses, minor, uses_max, minor_max, last_position, uses_before, minor_before, lines, cycles, shown_at,
            nothing_left
     FROM voucher ORDER BY issuer, id",
    "SELECT customer, issuer, campaign, uses FROM tally ORDER BY customer, issuer, campaign",
    "SELECT position, uses, minor, lines, uses_max, minor_max FROM returned ORDER BY position",
    "SELECT id, taken_uses, taken_minor FROM lease WHERE taken_uses > 0 OR taken_minor > 0 ORDER BY id",
];

/// Whether the books are those of the journal, whose signatures are verified on the way.
pub(super) fn recount(
    conn: &Connection,
    lives: &Lives,
    (epoch, zone): (Epoch, &TimeZone),
) -> Result<(), StoreError> {
    let mut fresh = Connection::open_in_memory()?;
    schema::migrate(&mut fresh)?;
    // Entries of a journal whose beginning another device wrote may refer to what is not there.
    let tx = fresh.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut books = Books::new(zone.clone());
    let mut statement = conn.prepare("SELECT bytes FROM entry ORDER BY position")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let entry: SignedEntry = lives.open(row.get_ref(0)?.as_blob().unwrap_or_default())?;
        books.take(&tx, &entry)?;
    }
    books.turn(&tx, epoch)?;
    tx.commit()?;
    for sql in AGREE {
        if table(conn, sql)? != table(&fresh, sql)? {
            return Err(StoreError::Damaged("the books, which do not agree with the journal"));
        }
    }
    Ok(())
}

fn table(conn: &Connection, sql: &str) -> Result<Vec<Value>, StoreError> {
    let mut statement = conn.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            values.push(row.get(column)?);
        }
    }
    Ok(values)
}
