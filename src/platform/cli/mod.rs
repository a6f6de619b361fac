//! The administrator's commands: arguments in, text out; each opens the data directory, also while the server runs.

mod args;

mod campaigns;
mod operators;
mod places;
mod policies;
mod setup;
mod terminals;
mod tls;
mod tokens;

mod issue;
mod leases;
mod phones;
mod terms;
mod vouchers;

mod reports;
mod settling;

use std::{
    ffi::OsString,
    io::{self, BufRead, Read as _, Write},
    path::Path,
    process::ExitCode,
};

use clap::Parser as _;
use jiff::tz::TimeZone;

use self::args::{Cli, Command};
use super::{
    clock::Clock,
    entropy::Entropy,
    service::ServiceError,
    site::{Site, SiteError},
};
use crate::issuer::phone::PhoneError;

/// Runs one command, which may read the standard input; exit code 0 when done, 1 when it failed, 2 when it was not
/// understood.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> ExitCode {
    run_with(args, &mut io::BufReader::new(io::stdin()), (out, err))
}

fn run_with(
    args: impl IntoIterator<Item = OsString>,
    input: &mut dyn BufRead,
    (out, err): (&mut dyn Write, &mut dyn Write),
) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(usage) => return explain(&usage, out, err),
    };
    match execute(cli, (input, out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            writeln!(err, "countersign-platform: {}", sentence(&error)).ok();
            ExitCode::FAILURE
        }
    }
}

fn explain(usage: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> ExitCode {
    let to: &mut dyn Write = if usage.use_stderr() { err } else { out };
    write!(to, "{}", usage.render()).ok();
    ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2))
}

fn execute(cli: Cli, (input, out): (&mut dyn BufRead, &mut dyn Write)) -> Result<(), CliError> {
    let data = cli.data.as_path();
    match cli.command {
        Command::Init(args) => setup::init(data, &args, out),
        Command::Serve(args) => setup::serve(&open(data)?, &args, out),
        Command::Token(command) => tokens::token(&open(data)?, &command, out),
        Command::Status => setup::status(&open(data)?, out),
        Command::Merchant(command) => places::merchant(&open(data)?, command, out),
        Command::Branch(command) => places::branch(&open(data)?, command, out),
        Command::Group(command) => places::group(&open(data)?, command, out),
        Command::Operator(command) => operators::operator(&open(data)?, command, (input, out)),
        Command::Issuer(command) => places::issuer(&open(data)?, command, out),
        Command::Key(command) => places::key(&open(data)?, command, out),
        Command::Campaign(command) => campaigns::campaign(&open(data)?, *command, out),
        Command::Policy(command) => policies::policy(data, *command, out),
        Command::Issue(args) => issue::issue(&open(data)?, &args, out),
        Command::EnrolCode(args) => terminals::enrol_code(&open(data)?, args, out),
        Command::Terminal(command) => terminals::terminal(&open(data)?, &command, out),
        Command::Phone(command) => phones::phone(&command, out),
        Command::Voucher(command) => vouchers::voucher(|| open(data), &command, (input, out)),
        Command::Claim(command) => vouchers::claim(&open(data)?, &command, out),
        Command::Lease(command) => leases::lease(&open(data)?, &command, out),
        Command::Redemptions(args) => reports::redemptions(&open(data)?, &args, out),
        Command::Conflicts(args) => reports::conflicts(&open(data)?, &args, out),
        Command::Conflict(command) => settling::conflict(&open(data)?, &command, out),
        Command::Tickets(command) => settling::tickets(&open(data)?, &command, out),
        Command::Settlement(args) => settling::settlement(&open(data)?, &args, out),
    }
}

fn open(data: &Path) -> Result<Site, CliError> {
    Ok(Site::open(data, Clock::system(), Entropy::system())?)
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error("the output could not be written")]
    Output(#[from] io::Error),
    #[error("{path} could not be written")]
    File { path: String, source: io::Error },
    #[error("{path} could not be read")]
    Read { path: String, source: io::Error },
    #[error(transparent)]
    Phone(#[from] PhoneError),
    #[error("the server stopped")]
    Serve(#[source] io::Error),
    #[error("it could not be drawn or listed")]
    Draw(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("{0}")]
    Wrong(String),
}

impl CliError {
    fn draw(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Draw(Box::new(error))
    }

    fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.display().to_string(), source }
    }
}

/// An error with its causes as one sentence, nothing said twice.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let more = deeper.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = deeper.source();
    }
    text
}

/// Most bytes of one line of the input.
const INPUT_MAX: u64 = 16 * 1024;

/// The next line of the input.
fn line_from(input: &mut dyn BufRead) -> Result<String, CliError> {
    let mut line = String::new();
    let read = input.take(INPUT_MAX).read_line(&mut line);
    read.map_err(|source| CliError::Read { path: "the standard input".to_owned(), source })?;
    Ok(line)
}

/// A time zone of the IANA database.
fn zone_named(name: &str) -> Result<TimeZone, CliError> {
    TimeZone::get(name).map_err(|_unknown| {
        let reason = format!("{name:?} is not a time zone; use a name such as Europe/Berlin");
        CliError::Wrong(reason)
    })
}

/// Prints a value as JSON.
fn json<T: serde::Serialize + ?Sized>(value: &T, out: &mut dyn Write) -> Result<(), CliError> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

/// Writes a file, which must not exist.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(bytes));
    written.map_err(|source| CliError::File { path: path.display().to_string(), source })
}

#[cfg(test)]
mod tests;
