//! What is carried by hand.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(in super::super) struct CarryArgs {
    /// The stick.
    pub(in super::super) folder: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum JournalCommand {
    /// Take in what `countersign journal export` wrote, and write an acknowledgement for `countersign carry in`.
    Import {
        /// The exported journal.
        file: PathBuf,
        /// Folder for the acknowledgement; that of the journal where it is not said.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}
