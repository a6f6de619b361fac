//! Ways to keep a store: ours, and those that must be caught losing something.

use rusqlite::Connection;

use super::error::PowerError;
use crate::store::StoreError;

/// How the day's store is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As the program keeps it.
    Ours,
    /// The log is synced when it is moved, not at every commit.
    Normal,
    /// Nothing is synced.
    Off,
    /// The disk says it synced and did not.
    LyingDisk,
    /// A rollback journal whose deletion is not synced.
    DeletedJournal,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Ours, Self::Normal, Self::Off, Self::LyingDisk, Self::DeletedJournal];

    /// What it is called on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "wal-extra",
            Self::Normal => "wal-normal",
            Self::Off => "wal-off",
            Self::LyingDisk => "lying-disk",
            Self::DeletedJournal => "delete-full",
        }
    }

    /// Whether power cuts must be seen to lose something.
    pub fn must_lose(self) -> bool {
        self != Self::Ours
    }

    /// Turns a store that was opened as ours into one of this mode.
    pub(super) fn apply(self, conn: &Connection) -> Result<(), PowerError> {
        let pragmas: &[&str] = match self {
            Self::Ours | Self::LyingDisk => &[],
            Self::Normal => &["PRAGMA synchronous=NORMAL"],
            Self::Off => &["PRAGMA synchronous=OFF"],
            // The rollback journal is deleted only where the file is given free after each transaction.
            Self::DeletedJournal => &[
                "PRAGMA journal_mode=DELETE",
                "PRAGMA locking_mode=NORMAL",
                "PRAGMA synchronous=FULL",
                "SELECT count(*) FROM start",
            ],
        };
        for pragma in pragmas {
            run(conn, pragma).map_err(StoreError::from)?;
        }
        Ok(())
    }
}

fn run(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}
