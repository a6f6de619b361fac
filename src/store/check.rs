//! Whether the store may be relied on: its pages, its chain, and the anchor beside it.
//!
//! At every start all pages are looked through once. After an end that was not clean, and once a day, their order and
//! contents are compared too, and the chain is walked from where it was verified last: both bounded, so that a start takes
//! seconds at the most. All of a journal is verified by [`Store::verify_journal`].

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    anchor::{Anchored, Mark},
    identity::Identity,
    lives::Lives,
    open::{Store, StoreError, judge, run_pragma},
    place::Place,
    position,
    recount::recount,
};
use crate::domain::{
    id::Hash,
    journal::{Head, SignedEntry, verify_link},
    time::Timestamp,
};

/// Pages of a store that are compared at a start: 64 MiB, about a second.
const COMPARED_MAX: i64 = 16 * 1024;

/// Entries whose signatures are verified at one start: about half a second.
const WALKED_MAX: i64 = 5_000;

/// Entries of an epoch up to which the books are worked out anew once a day: about a second.
const RECOUNTED_MAX: u64 = 10_000;

/// Seconds after which all is compared again.
const DAY_S: i64 = 86_400;

/// Every page can be read, and is what its place demands.
pub(super) fn quick(conn: &Connection) -> Result<(), StoreError> {
    sound(run_pragma(conn, "PRAGMA quick_check(1)")?)
}

/// What the pages say agrees, and the chain goes on from where it was verified.
pub(super) fn deep(conn: &Connection, lives: &Lives) -> Result<i64, StoreError> {
    let pages: i64 = conn.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    if pages <= COMPARED_MAX {
        sound(run_pragma(conn, "PRAGMA integrity_check(1)")?)?;
    }
    walk(conn, lives)
}

fn sound(answer: String) -> Result<(), StoreError> {
    if answer == "ok" { Ok(()) } else { Err(StoreError::Corrupt(answer)) }
}

/// Verifies signatures and links from the last verified position; gives the position it came to.
fn walk(conn: &Connection, lives: &Lives) -> Result<i64, StoreError> {
    let verified: i64 = conn.query_row("SELECT verified FROM start", [], |row| row.get(0))?;
    let sql = "SELECT bytes FROM entry WHERE position = ?1";
    let before = conn.query_row(sql, [verified], |row| row.get::<_, Vec<u8>>(0)).optional()?;
    let mut head = before.map(|bytes| lives.open(&bytes)).transpose()?.map(|entry| entry.head());
    let sql =
        "SELECT position, hash, bytes FROM entry WHERE position > ?1 ORDER BY position LIMIT ?2";
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([verified, WALKED_MAX])?;
    let mut last = verified;
    while let Some(row) = rows.next()? {
        let entry = lives.open(row.get_ref(2)?.as_blob().unwrap_or_default())?;
        let place = position(entry.entry.epoch, entry.entry.seq);
        if (row.get(0)?, Hash(row.get(1)?)) != (place, entry.hash) {
            return Err(StoreError::Damaged("an entry that stands in another's place"));
        }
        head = Some(follow(head, &entry)?);
        last = place;
    }
    Ok(last)
}

fn follow(head: Option<Head>, entry: &SignedEntry) -> Result<Head, StoreError> {
    let before = head.filter(|head| head.epoch == entry.entry.epoch);
    Ok(verify_link(before.unwrap_or(Head::start(entry.entry.epoch)), entry)?)
}

/// The journal holds what the anchor names, or more.
pub(super) fn anchored(
    conn: &Connection,
    identity: &Identity,
    head: Head,
    found: Anchored,
) -> Result<(), StoreError> {
    let Some(Mark { head: mark, .. }) = found.mark() else {
        return Ok(());
    };
    let set_back = StoreError::SetBack { held: head.seq, anchored: mark.seq };
    if mark.epoch > identity.epoch {
        return Err(set_back);
    }
    if mark.epoch < identity.epoch || mark.seq.0 == 0 {
        return Ok(());
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM entry WHERE position = ?1 AND hash = ?2)";
    let which = params![position(mark.epoch, mark.seq), mark.hash.0];
    if conn.query_row(sql, which, |row| row.get(0))? { Ok(()) } else { Err(set_back) }
}

impl Store {
    /// Closes a store that did not pass its checks and moves it aside; gives what to say.
    pub fn give_up(self, place: &Place, error: StoreError) -> StoreError {
        let public = self.key.public();
        drop(self);
        judge(place, &public, error)
    }

    /// Works the books out anew from the journal, and compares.
    pub fn check_books(&self) -> Result<(), StoreError> {
        recount(&self.conn, &self.lives, (self.identity.epoch, &self.zone))
    }

    fn checked_at(&self) -> Result<Timestamp, StoreError> {
        let sql = "SELECT checked_at FROM start";
        Ok(Timestamp(self.conn.query_row(sql, [], |row| row.get(0))?))
    }

    /// Compares all of it once a day, and walks the chain on; nothing where that was done within the day.
    pub fn check_daily(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if now.since(self.checked_at()?).saturating_abs() < DAY_S {
            return Ok(());
        }
        let verified = deep(&self.conn, &self.lives)?;
        if self.head.seq.0 <= RECOUNTED_MAX {
            self.check_books()?;
        }
        let tx = self.begin()?;
        let sql = "UPDATE start SET checked_at = ?1, verified = ?2";
        tx.tx.execute(sql, params![now.0, verified])?;
        tx.commit()
    }
}
