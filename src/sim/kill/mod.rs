//! The programs themselves, killed at any moment.
//!
//! A platform's program serves on this machine, a terminal's program redeems against it, and one or the other is killed
//! while it works, thousands of times. After each time the terminal's folder is opened: everything that was printed as
//! accepted must be in the journal. In the end the platform must hold every entry, once.

mod account;
mod error;
mod programs;
mod round;

use std::{io::Write, path::PathBuf};

use clap::Args;

pub use error::KillError;

use self::{account::Account, programs::Programs, round::Round};

/// Kill both programs at random moments while they redeem.
#[derive(Clone, Debug, Args)]
pub struct KillArgs {
    /// How many times.
    #[arg(long, default_value_t = 200)]
    pub times: u32,
    /// What chance begins with.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where the programs are; beside this one where it is not said.
    #[arg(long, value_name = "DIR")]
    pub programs: Option<PathBuf>,
}

/// Runs the command; false where a promise was broken.
pub fn run(args: &KillArgs, out: &mut dyn Write) -> Result<bool, KillError> {
    let programs = Programs::new(args.programs.as_deref())?;
    let mut round = Round::new(args.seed, programs)?;
    let mut account = Account::default();
    for number in 0..args.times {
        if let Err(broken) = round.go(&mut account) {
            writeln!(out, "broken after {number} rounds of seed {}: {broken}", args.seed)?;
            return Ok(false);
        }
    }
    let ended = round.end(&mut account);
    writeln!(out, "terminals killed     {:>8}", account.terminals)?;
    writeln!(out, "platforms killed     {:>8}", account.platforms)?;
    writeln!(out, "finished before      {:>8}", account.finished)?;
    writeln!(out, "acceptances printed  {:>8}", account.printed)?;
    writeln!(out, "entries written      {:>8}", account.entries())?;
    writeln!(out, "of them unsent, most {:>8}", account.most_unsent)?;
    match ended {
        Ok(()) => writeln!(out, "every entry is at the platform, once")?,
        Err(ref broken) => writeln!(out, "broken at the end of seed {}: {broken}", args.seed)?,
    }
    Ok(ended.is_ok())
}
