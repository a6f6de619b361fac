//! What can go wrong below the rules.

use std::path::PathBuf;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be opened or read, or a write was not kept.
    #[error("the database failed: {0}")]
    Database(#[source] Source),
    /// Another program holds the database for longer than a write takes.
    #[error("the database is in use by another program; try again")]
    Busy,
    /// Something unique exists already.
    #[error("this exists already")]
    Duplicate,
    /// A row refers to something that is not there, or breaks a rule of the schema.
    #[error("a rule of the database forbids this: {0}")]
    Forbidden(#[source] Source),
    /// What is stored cannot be what was written.
    #[error("the database is damaged: {0}")]
    Damaged(&'static str),
    /// A database that this program did not make.
    #[error("{} is a database of another program; choose another data directory", .0.display())]
    Foreign(PathBuf),
    /// A database of a later version of this program.
    #[error(
        "{} was written by a newer version of this program (schema {found}, this one knows {known})", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The latest schema known here.
        known: i64,
    },
    /// A number beyond what can be stored.
    #[error("a number is too large to be stored")]
    TooLarge,
}

impl StoreError {
    /// Whether the same call may succeed a moment later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy)
    }
}
