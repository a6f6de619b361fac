//! Why programs could not be tried.

use std::path::PathBuf;

use crate::{
    platform::{service::ServiceError, site::SiteError},
    store::StoreError,
    terminal::source::SourceError,
};

/// Why programs could not be tried, or what they broke.
#[derive(Debug, thiserror::Error)]
pub enum KillError {
    /// A program is not where it should be.
    #[error("{} is not there; build it, or name its folder with --programs", .0.display())]
    NoProgram(PathBuf),
    /// A program cannot be run, or the output not be written.
    #[error("the system: {0}")]
    Io(#[from] std::io::Error),
    /// The platform's folder cannot be used.
    #[error("the platform: {0}")]
    Site(#[from] SiteError),
    /// The platform would not do what is needed.
    #[error("the platform: {0}")]
    Service(#[from] ServiceError),
    /// The terminal's folder cannot be opened.
    #[error("the terminal: {0}")]
    Source(#[from] SourceError),
    /// Its store cannot be read.
    #[error("the terminal's store: {0}")]
    Store(#[from] StoreError),
    /// A promise was broken.
    #[error("{0}")]
    Broken(String),
}

impl From<rusqlite::Error> for KillError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}
