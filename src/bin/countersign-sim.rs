//! The simulation: tries to break the promises, and says with which seed it did.

use std::{env, io, process::ExitCode};

fn main() -> ExitCode {
    countersign::sim::cli::run(env::args_os(), &mut io::stdout(), &mut io::stderr())
}
