//! Opening the store: settings, checks, and what can go wrong.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, Row, config::DbConfig, limits::Limit};

use super::{
    anchor::{self, Anchor, Anchored},
    check,
    identity::Identity,
    journal::{Row as JournalRow, last_entry},
    lives::Lives,
    pace::Pace,
    place::Place,
    position, quarantine,
    queue::{Unsent, holds_acknowledged, unsent},
    rights, schema,
    verified::Verified,
};
use crate::domain::{
    clock::{Now, Remembered, TimeSense},
    crypto::{PublicKey, SecretKey},
    envelope::EnvelopeError,
    id::{Epoch, OperatorId, Seq},
    journal::{Body, ChainError, Head, SignedEntry},
    time::Timestamp,
};

/// A terminal's durable memory. Owned by one thread.
pub struct Store {
    pub(super) conn: Connection,
    pub(super) identity: Identity,
    pub(super) lives: Lives,
    pub(super) verified: Verified,
    pub(super) key: SecretKey,
    pub(super) head: Head,
    pub(super) sense: TimeSense,
    pub(super) start: u64,
    pub(super) unsent: Unsent,
    anchor: Option<Anchor>,
    /// Where what was shown ends.
    shown: Head,
    notes: Vec<Note>,
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

    /// Opens the store of an enrolled terminal, once its checks passed.
    ///
    /// A store that does not pass is moved aside. The work does not grow with the journal but for one look at every page:
    /// all of the journal is verified by [`Store::verify_journal`].
    pub fn open(place: impl Into<Place>, key: SecretKey) -> Result<Self, StoreError> {
        let place = place.into();
        let public = key.public();
        if !place.holds(Self::FILE) {
            return Err(absent(&place, &public));
        }
        Self::take_up(&place, key).map_err(|error| judge(&place, &public, error))
    }

    fn take_up(place: &Place, key: SecretKey) -> Result<Self, StoreError> {
        let exposed = rights::secure(place, Self::FILE);
        let exposed = exposed.map_err(|source| files_error(place, source))?;
        let conn = connect(place)?;
        match Identity::read(&conn)? {
            Some(identity) => {
                let mut store = Self::resume(conn, identity, key, place)?;
                store.notes.extend(exposed.into_iter().map(Note::Exposed));
                Ok(store)
            }
            None if was_here(place, &key.public()) => {
                Err(StoreError::Corrupt("it is empty".to_owned()))
            }
            None => Err(StoreError::NotEnrolled),
        }
    }

    /// Takes up the journal where it ends.
    ///
    /// A journal that does not hold what the platform acknowledged was set back.
    pub(super) fn resume(
        conn: Connection,
        mut identity: Identity,
        key: SecretKey,
        place: &Place,
    ) -> Result<Self, StoreError> {
        let lives = Lives::read(&conn)?;
        let last = verified_last(&conn, &lives)?;
        let head = head_in(identity.epoch, last.as_ref());
        let (anchor, found) = open_anchor(place, &key.public());
        check::anchored(&conn, &identity, head, found)?;
        if found.mark().is_some_and(|mark| !mark.clean) {
            check::deep(&conn, &lives)?;
        }
        let sense = TimeSense::new(remembered(&conn, last.as_ref())?);
        let start = conn.query_row("SELECT count FROM start", [], |row| row.get(0))?;
        identity.forked |= !holds_acknowledged(&conn, &identity)?;
        let unsent = unsent(&conn, &identity, &lives)?;
        let mut store = Self {
            conn,
            identity,
            lives,
            verified: Verified::default(),
            key,
            head,
            sense,
            start,
            unsent,
            anchor,
            shown: head,
            notes: Vec::new(),
            given_up: false,
            operator: None,
            zone: TimeZone::UTC,
            pace: Pace::default(),
        };
        store.learn_of_the_bundle()?;
        store.pace = Pace::of(&store.conn, &store.sense)?;
        store.note_anchor(found);
        Ok(store)
    }

    /// Notes what was shown of the journal, and that the program runs.
    fn note_anchor(&mut self, found: Anchored) {
        let interrupted =
            found.mark().filter(|mark| !mark.clean && mark.head.epoch == self.head.epoch);
        if let Some(mark) = interrupted {
            self.shown = mark.head;
        }
        if !self.unshown().is_ok_and(|rows| !rows.is_empty()) {
            self.shown = self.head;
        }
        if found.mark().is_none() && self.anchor.is_some() && self.head.seq > Seq(0) {
            self.notes.push(Note::NoAnchor);
        }
        self.write_anchor((false, true));
    }

    fn write_anchor(&mut self, how: (bool, bool)) {
        let Self { anchor, key, identity, shown, .. } = self;
        let written =
            anchor.as_mut().map(|anchor| anchor.write(key, (identity.terminal, *shown), how));
        if let Some(Err(error)) = written {
            tracing::warn!(%error, "the second anchor could not be written");
        }
    }

    /// Takes note that everything that was written was shown: the second anchor follows, and nobody waits for it.
    pub fn all_shown(&mut self) {
        if self.shown != self.head {
            self.shown = self.head;
            self.write_anchor((false, false));
        }
    }

    /// Redemptions that were written down when the program ended before it was sure to have shown them, oldest first.
    pub fn unshown(&self) -> Result<Vec<JournalRow>, StoreError> {
        if self.shown == self.head {
            return Ok(Vec::new());
        }
        let after = position(self.shown.epoch, self.shown.seq);
        let mut rows = self.rows("WHERE entry.position > ?1 ORDER BY entry.position", &[after])?;
        rows.retain(|row| matches!(row.entry.body, Body::Redeemed(_)));
        Ok(rows)
    }

    /// What people should know of how the store was found.
    pub fn notes(&self) -> &[Note] {
        &self.notes
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
    let known = conn.query_row(sql, [], |row| {
        let (sure, disowned) = (Timestamp(row.get(0)?), Timestamp(row.get(2)?));
        Ok(Remembered { sure, chain, disowned, skew: row.get(1)? })
    });
    // Before its first epoch a store knows of no time.
    Ok(known.optional()?.unwrap_or_default())
}

/// The last entry, of whichever epoch, verified.
pub(super) fn verified_last(
    conn: &Connection,
    lives: &Lives,
) -> Result<Option<SignedEntry>, StoreError> {
    match last_entry(conn)?.map(|bytes| lives.open(&bytes)).transpose() {
        Err(StoreError::Signature(error)) => Err(StoreError::LastEntry(error)),
        opened => opened,
    }
}

/// Where an epoch's journal ends whose last entry this is.
pub(super) fn head_in(epoch: Epoch, last: Option<&SignedEntry>) -> Head {
    let head = last.map(SignedEntry::head).filter(|head| head.epoch == epoch);
    head.unwrap_or(Head::start(epoch))
}

fn open_anchor(place: &Place, key: &PublicKey) -> (Option<Anchor>, Anchored) {
    match Anchor::open(place, key) {
        Ok(Some((anchor, found))) => (Some(anchor), found),
        Ok(None) => (None, Anchored::Missing),
        Err(error) => {
            tracing::warn!(%error, "the second anchor cannot be used");
            (None, Anchored::Unreadable)
        }
    }
}

/// Whether this terminal has written entries in this folder.
fn was_here(place: &Place, key: &PublicKey) -> bool {
    let found = anchor::read(place, key).unwrap_or(Anchored::Unreadable);
    found.mark().is_some_and(|mark| mark.head.seq > Seq(0))
}

/// Why there is no store in a folder.
pub(super) fn absent(place: &Place, key: &PublicKey) -> StoreError {
    match quarantine::newest(place) {
        Ok(Some((folder, why))) => StoreError::SetAside { folder, why },
        Ok(None) if was_here(place, key) => StoreError::Gone,
        Ok(None) => StoreError::NotEnrolled,
        Err(source) => files_error(place, source),
    }
}

pub(super) fn files_error(place: &Place, source: std::io::Error) -> StoreError {
    StoreError::Files { dir: place.dir().to_owned(), source }
}

/// Whether an error means that the file's content cannot be relied on.
fn is_damage(error: &StoreError, place: &Place, key: &PublicKey) -> bool {
    use StoreError as E;
    let unread = matches!(error, E::Corrupt(_) | E::LastEntry(_) | E::Signature(_) | E::Damaged(_));
    let untrue = matches!(error, E::Chain(_) | E::SetBack { .. });
    // A file that is no database may stand where this terminal's store was.
    unread || untrue || (matches!(error, E::Foreign) && was_here(place, key))
}

/// Moves the store aside where an error means that it cannot be relied on; gives what to say.
pub(super) fn judge(place: &Place, key: &PublicKey, error: StoreError) -> StoreError {
    if !is_damage(&error, place, key) {
        return error;
    }
    tracing::error!(%error, "the store is damaged");
    match quarantine::set_aside(place, &error) {
        Ok(Some(folder)) => StoreError::SetAside { folder, why: error.to_string() },
        Ok(None) => error,
        Err(io) => {
            tracing::error!(error = %io, "the store could not be moved aside");
            error
        }
    }
}

impl Drop for Store {
    /// At an end that is known to be one, the anchor names the very last entry.
    fn drop(&mut self) {
        if !self.given_up && self.shown == self.head {
            self.write_anchor((true, true));
        }
    }
}

/// Opens or creates the file and brings it to the newest schema.
pub(super) fn connect(place: &Place) -> Result<Connection, StoreError> {
    connect_to(place, Store::FILE)
}

/// Opens or creates a store under another name than its own.
pub(super) fn connect_to(place: &Place, name: &str) -> Result<Connection, StoreError> {
    let mut conn = place.connect(name)?;
    schema::check_owner(&conn).map_err(|error| {
        let sealed = place.is_encrypted() && matches!(error, StoreError::Foreign);
        if sealed { StoreError::WrongKey } else { error }
    })?;
    configure(&conn)?;
    check::quick(&conn)?;
    empty_log(&conn)?;
    schema::migrate(&mut conn)?;
    prove_durable(&mut conn)?;
    // SQLite syncs the name of a log that it made, and does not say where that failed.
    place.sync_folder()?;
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

/// Something about how a store was found that people should know, and that stops nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// Others could read a file or folder; they can no more.
    #[error(
        "others could read {} until now; it holds the hashes of PINs, so give supervisors new ones if they may have",
        .0.display()
    )]
    Exposed(PathBuf),
    /// The second anchor was not there, or not this terminal's.
    #[error(
        "the file terminal.head was missing or could not be read: whether this journal was set back shows only at the next sync"
    )]
    NoAnchor,
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
    /// The end of the journal may be lost.
    #[error(
        "the last entries of this terminal may be lost ({0} are known to be); run `countersign sync`, then ask for a new code and run `countersign enrol`"
    )]
    TailLost(u64),
    /// A store that could not be relied on was moved aside.
    #[error(
        "the store could not be relied on: {why}. It was moved to {}; nothing of it is lost. Run `countersign recover`",
        folder.display()
    )]
    SetAside {
        /// Where it is.
        folder: PathBuf,
        /// What was wrong with it.
        why: String,
    },
    /// There was a store here, and it is gone.
    #[error(
        "the store of this terminal is gone from its folder; put terminal.db back, or run `countersign recover`"
    )]
    Gone,
    /// There is a store where one was to be made anew.
    #[error(
        "there is a store in this folder, and it is not known to be damaged: nothing is to be recovered"
    )]
    NothingLost,
    /// The journal ends before an entry that is known to have been written.
    #[error("the journal was set back: it ends at entry {held}, and entry {anchored} was written")]
    SetBack {
        /// Where it ends.
        held: Seq,
        /// An entry that was written.
        anchored: Seq,
    },
    /// The content of the file cannot be read as it was written.
    #[error("the database file is damaged: {0}")]
    Corrupt(String),
    /// The folder or its files cannot be used.
    #[error("cannot use the folder {}: {source}", dir.display())]
    Files {
        /// Which folder.
        dir: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
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
    /// Encryption is for a store that is yet to be made.
    #[error("there is a store in this folder already; only a fresh one can be encrypted")]
    MadeAlready,
    /// Encrypted, and this program cannot decrypt.
    #[error("the store is encrypted, and this program was built without encryption")]
    NoCipher,
    /// Encrypted under another key.
    #[error(
        "the store's key does not open it: it is another terminal's key, or the file is damaged"
    )]
    WrongKey,
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
            Some(Code::NotADatabase) => Self::Foreign,
            Some(Code::DatabaseCorrupt) => Self::Corrupt(error.to_string()),
            Some(Code::DiskFull) => Self::DiskFull,
            _other => Self::Database(error),
        }
    }
}
