//! The platform's program: logging and the command line, nothing else.

use std::{
    env,
    io::{self, IsTerminal as _},
    process::ExitCode,
};

use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("COUNTERSIGN_LOG");
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_unset| EnvFilter::new("info")))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    countersign::platform::cli::run(env::args_os(), &mut io::stdout(), &mut io::stderr())
}
