//! The simulation's command line.

use std::{ffi::OsString, io::Write, process::ExitCode};

use clap::{Parser, Subcommand};

use super::{
    faults::Mistake,
    kill::{self, KillArgs},
    power::{self, PowerArgs},
    report::{Ask, terminal_years},
};

/// Try to break a shop's promises; every case can be run again from its seed.
#[derive(Debug, Parser)]
#[command(
    name = "countersign-sim",
    version,
    about,
    max_term_width = 100,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    /// Where chance begins; the same seed, the same run.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Years of one terminal to live through, over all worlds.
    #[arg(long, default_value_t = 1.0)]
    pub years: f64,
    /// Worlds at a time.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Live through the world of this seed alone, and reduce it to the events that break a promise.
    #[arg(long)]
    pub replay: Option<u64>,
    /// Leave out a rule of the protocol, which must be noticed.
    #[arg(long)]
    pub mistake: Option<Mistake>,
    /// What to do instead.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to try beside the life of a shop.
#[derive(Debug, Subcommand)]
pub enum Command {
    Power(PowerArgs),
    Kill(KillArgs),
}

/// Runs one command; exit code 0 when every promise held, 1 when one was broken, 2 when the command was not understood.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(usage) => {
            let to: &mut dyn Write = if usage.use_stderr() { err } else { out };
            write!(to, "{}", usage.render()).ok();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    let held = match &cli.command {
        Some(Command::Power(args)) => power::run(args, out).map_err(|error| error.to_string()),
        Some(Command::Kill(args)) => kill::run(args, out).map_err(|error| error.to_string()),
        None => shop(&cli, out).map_err(|error| error.to_string()),
    };
    match held {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            writeln!(err, "countersign-sim: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

/// Lives through the years of a shop.
fn shop(cli: &Cli, mut out: &mut dyn Write) -> std::io::Result<bool> {
    let Cli { seed, years, threads, replay, mistake, .. } = *cli;
    terminal_years(&Ask { seed, years, threads, replay, mistake }, &mut out)
}
