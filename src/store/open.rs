//! Opening the store: settings, checks, and what can go wrong.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use rusqlite::{Connection, Row, config::DbConfig, limits::Limit};

use super::{
    identity::Identity,
    journal::last_entry,
    pace::Pace,
    place::Place,
    queue::{Unsent, holds_acknowledged, unsent},
    schema,
};
use crate::domain::{
    clock::{Now, Remembered, TimeSense},
    crypto::{PublicKey, SecretKey},
    envelope::EnvelopeError,
    id::OperatorId,
    journal::{ChainError, Head, SignedEntry},
    time::Timestamp,
};

/// A terminal's durable memory. Owned by one thread.
pub struct Store {
    pub(super) conn: Connection,
    pub(super) identity: Identity,
    pub(super) key: SecretKey,
    pub(super) head: Head,
    pub(super) sense: TimeSense,
    pub(super) start: u64,
    pub(super) unsent: Unsent,
    pub(super) given_up: bool,
    pub(super) operator: Option<OperatorId>,
    pub(super) zone: TimeZone,
    pub(super) pace: Pace,
}

/// Pages in the log from which they are moved into the database file: 4 MiB.
const LOG_MAX: u32 = 1024;

impl Store {
    /// The file's name within the data folder.
    pub const FILE: &str = "terminal.db";

    /// Opens the store of an enrolled terminal.
    ///
    /// The work does not grow with the journal: its last entry is verified here, all of it by
    /// [`Store::verify_journal`].
    pub fn open(place: impl Into<Place>, key: SecretKey) -> Result<Self, StoreError> {
        let place = place.into();
        if !place.holds(Self::FILE) {
            return Err(StoreError::NotEnrolled);
        }
        let conn = connect(&place)?;
        let identity = Identity::read(&conn)?.ok_or(StoreError::NotEnrolled)?;
        Self::resume(conn, identity, key)
    }

    /// Takes up the journal where it ends.
    ///
    /// A journal that does not hold what the platform acknowledged was set back.
    pub(super) fn resume(
        conn: Connection,
        mut identity: Identity,
        key: SecretKey,
    ) -> Result<Self, StoreError> {
        let last = last_entry(&conn)?;
        let last = last.map(|bytes| verify_last(&bytes, &key.public())).transpose()?;
        let head = last.as_ref().map(SignedEntry::head).filter(|head| head.epoch == identity.epoch);
        let head = head.unwrap_or(Head::start(identity.epoch));
        let sense = TimeSense::new(remembered(&conn, last.as_ref())?);
        let start = conn.query_row("SELECT count FROM start", [], |row| row.get(0))?;
        identity.forked |= !holds_acknowledged(&conn, &identity)?;
        let unsent = unsent(&conn, &identity)?;
        let mut store = Self {
            conn,
            identity,
            key,
            head,
            sense,
            start,
            unsent,
            given_up: false,
            operator: None,
            zone: TimeZone::UTC,
            pace: Pace::default(),
        };
        store.zone = store.branch_zone()?;
        store.learn_of_the_bundle()?;
        store.pace = Pace::of(&store.conn, &store.sense)?;
        Ok(store)
    }

    /// Who this terminal is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The database, for checks that look at it from outside.
    #[cfg(feature = "sim")]
    pub(crate) fn connection(&self) -> &Connection {
        &self.conn
    }

    /// The device's key.
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// Sets who works at the counter; entries carry it until the store is closed.
    pub fn sign_in(&mut self, operator: Option<OperatorId>) {
        self.operator = operator;
    }

    /// Where the journal ends.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The latest time that is known to have passed.
    pub fn time_floor(&self) -> Timestamp {
        self.sense.floor()
    }

    /// What is known of the time.
    pub fn sense(&self) -> &TimeSense {
        &self.sense
    }

    /// Takes note of a reading of the clocks; entries carry the last one.
    pub fn observe(&mut self, now: Now) {
        self.sense.observe(now);
    }

    /// Takes note of a time that is known to have passed.
    pub fn learn(&mut self, passed: Timestamp) {
        self.sense.learn(passed);
    }

    /// Moves committed pages from the log into the database file, between two scans rather than within one.
    pub fn tidy_up(&mut self) -> Result<(), StoreError> {
        if self.unmoved()? < LOG_MAX {
            return Ok(());
        }
        self.move_log()
    }

    /// Moves the pages of the log into the database file, however few they are.
    pub(crate) fn move_log(&self) -> Result<(), StoreError> {
        run_pragma(&self.conn, "PRAGMA wal_checkpoint(PASSIVE)").map(drop)
    }

    /// Pages in the log that were not moved yet.
    fn unmoved(&self) -> Result<u32, StoreError> {
        let counts = |row: &Row<'_>| Ok((row.get::<_, u32>(1)?, row.get::<_, u32>(2)?));
        let (log, moved) = self.conn.query_row("PRAGMA wal_checkpoint(NOOP)", [], counts)?;
        Ok(log.saturating_sub(moved))
    }

    /// Reads every page once; false where the file is damaged.
    pub fn is_sound(&self) -> Result<bool, StoreError> {
        Ok(run_pragma(&self.conn, "PRAGMA quick_check(1)")? == "ok")
    }
}

/// What the store holds of the time.
fn remembered(conn: &Connection, last: Option<&SignedEntry>) -> Result<Remembered, StoreError> {
    let chain = last.map_or(Timestamp(0), |last| last.entry.time_floor.max(last.entry.at));
    let sql =
        "SELECT max(coalesce(synced_at, 0), coalesce((SELECT max(as_of) FROM status_list), 0)),
                      skew, disowned FROM terminal";
    Ok(conn.query_row(sql, [], |row| {
        let (sure, disowned) = (Timestamp(row.get(0)?), Timestamp(row.get(2)?));
        Ok(Remembered { sure, chain, disowned, skew: row.get(1)? })
    })?)
}

fn verify_last(bytes: &[u8], key: &PublicKey) -> Result<SignedEntry, StoreError> {
    SignedEntry::open(bytes, key).map_err(StoreError::LastEntry)
}

/// Opens or creates the file and brings it to the newest schema.
pub(super) fn connect(place: &Place) -> Result<Connection, StoreError> {
    let mut conn = place.connect(Store::FILE)?;
    schema::check_owner(&conn)?;
    configure(&conn)?;
    empty_log(&conn)?;
    schema::migrate(&mut conn)?;
    prove_durable(&mut conn)?;
    Ok(conn)
}

/// Moves what a log holds into the file, and begins the log anew.
///
/// Where a sync failed once, the system may show bytes that are not on the disk, and takes them for written: no later sync
/// brings them there. A power cut would end the log in front of them, whatever was added and synced since.
fn empty_log(conn: &Connection) -> Result<(), StoreError> {
    let busy = run_pragma(conn, "PRAGMA wal_checkpoint(TRUNCATE)")?;
    if busy == "0" { Ok(()) } else { Err(StoreError::InUse) }
}

fn configure(conn: &Connection) -> Result<(), StoreError> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // Plans do not depend on bound values, so that a cached statement is not compiled anew for every voucher.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_limit(Limit::SQLITE_LIMIT_LENGTH, 32 * 1024 * 1024)?;
    conn.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    run_pragma(conn, "PRAGMA locking_mode=EXCLUSIVE")?;
    let mode = run_pragma(conn, "PRAGMA journal_mode=WAL")?;
    if mode != "wal" {
        return Err(StoreError::NoWal(mode));
    }
    for pragma in [
        "PRAGMA synchronous=EXTRA",
        "PRAGMA fullfsync=1",
        "PRAGMA checkpoint_fullfsync=1",
        "PRAGMA foreign_keys=1",
        "PRAGMA cell_size_check=1",
        "PRAGMA mmap_size=0",
        "PRAGMA cache_size=-65536",
        // Checkpoints are run by `tidy_up`, between scans.
        "PRAGMA wal_autocheckpoint=0",
    ] {
        run_pragma(conn, pragma)?;
    }
    Ok(())
}

/// Writes once and looks at the journal mode again: an error that SQLite met while it changed the mode shows only then.
fn prove_durable(conn: &mut Connection) -> Result<(), StoreError> {
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    tx.execute("UPDATE start SET count = count + 1", [])?;
    tx.commit()?;
    let mode = run_pragma(conn, "PRAGMA journal_mode")?;
    if mode == "wal" { Ok(()) } else { Err(StoreError::NoWal(mode)) }
}

/// Runs a pragma to its end, where its errors are told, and gives its first answer.
pub(super) fn run_pragma(conn: &Connection, pragma: &str) -> Result<String, StoreError> {
    let mut statement = conn.prepare(pragma)?;
    let mut rows = statement.query([])?;
    let mut first = None;
    while let Some(row) = rows.next()? {
        let value = row.get_ref(0)?;
        let text = match value {
            rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            rusqlite::types::ValueRef::Null
            | rusqlite::types::ValueRef::Real(_)
            | rusqlite::types::ValueRef::Blob(_) => String::new(),
        };
        first.get_or_insert(text);
    }
    Ok(first.unwrap_or_default())
}

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no terminal in this folder yet.
    #[error(
        "this terminal is not enrolled yet; run `countersign enrol` with the code from the platform"
    )]
    NotEnrolled,
    /// There is one already, of another platform.
    #[error("this folder holds another terminal; choose another folder with --data")]
    OtherPlatform,
    /// The platform knows another journal under this terminal's name.
    #[error("this journal is not the one the platform knows; export it and enrol in a new folder")]
    Forked,
    /// A new epoch may not begin before the old one was sent.
    #[error(
        "{0} entries of this terminal were not sent yet; run `countersign sync` first, or keep this folder and enrol in another one"
    )]
    Unsent(u64),
    /// The file cannot be opened.
    #[error("cannot open the store {}: {source}", file.display())]
    Open {
        /// Which file.
        file: PathBuf,
        /// What the database said.
        source: rusqlite::Error,
    },
    /// Another program has it open.
    #[error("another Countersign is using this store; close it first")]
    InUse,
    /// Not this program's file.
    #[error(
        "the file is not a Countersign store, or it is damaged; choose another folder with --data"
    )]
    Foreign,
    /// Written by a newer program.
    #[error(
        "the store was written by a newer Countersign (schema {found}, this one knows {known}); update this program"
    )]
    TooNew {
        /// Its schema.
        found: usize,
        /// The newest known here.
        known: usize,
    },
    /// The file system does not let SQLite write ahead.
    #[error("the store cannot be kept safe on this file system (journal mode {0})")]
    NoWal(String),
    /// The journal's last entry is not what this terminal signed.
    #[error("the journal's last entry is not this terminal's: {0}")]
    LastEntry(#[source] EnvelopeError),
    /// The journal does not hold together.
    #[error("the journal does not hold together: {0}")]
    Chain(#[from] ChainError),
    /// A signed thing in the store does not verify.
    #[error("the store holds something that is not signed as it should be: {0}")]
    Signature(#[from] EnvelopeError),
    /// A value in the store is not what it should be.
    #[error("the store is damaged: {0}")]
    Damaged(&'static str),
    /// A write failed before; the store must be opened again.
    #[error("the store was closed after a failed write; restart the terminal")]
    GivenUp,
    /// The disk is full.
    #[error("the disk is full; free some space")]
    DiskFull,
    /// Anything else the database says.
    #[error("the store failed: {0}")]
    Database(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::InUse,
            Some(Code::NotADatabase | Code::DatabaseCorrupt) => Self::Foreign,
            Some(Code::DiskFull) => Self::DiskFull,
            _other => Self::Database(error),
        }
    }
}
