//! The terminal: the counter screen, the demo, and the console commands.

use std::{
    io::{Write as _, stderr, stdout},
    process::ExitCode,
};

use clap::Parser as _;
use countersign::console::{self, Action, Args};

fn main() -> ExitCode {
    start_log();
    let args = Args::parse();
    let result = match &args.action {
        Some(Action::Console(command)) => console::run(&args, command, &mut stdout().lock())
            .map(console::Exit::code)
            .map_err(|error| (error.code(), error.to_string())),
        Some(Action::Demo(options)) => demo(&args, options),
        None => window(&args),
    };
    let code = result.unwrap_or_else(|(code, message)| {
        // Where even this cannot be written, the exit status still tells.
        drop(writeln!(stderr(), "countersign: {message}"));
        code
    });
    ExitCode::from(code)
}

type Outcome = Result<u8, (u8, String)>;

/// Warnings go to standard error unless `COUNTERSIGN_LOG` says otherwise.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("COUNTERSIGN_LOG")
        .unwrap_or_else(|_error| tracing_subscriber::EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).init();
}

#[cfg(feature = "window")]
fn window(args: &Args) -> Outcome {
    countersign::window::run(args).map(|()| 0).map_err(|error| (error.code(), error.to_string()))
}

#[cfg(not(feature = "window"))]
fn window(_args: &Args) -> Outcome {
    Err((
        2,
        "this program was built without the window; use a console command, see --help".to_owned(),
    ))
}

#[cfg(feature = "demo")]
#[cfg_attr(
    not(feature = "window"),
    expect(unused_variables, reason = "readers are for the window")
)]
fn demo(args: &Args, options: &console::DemoArgs) -> Outcome {
    #[cfg(feature = "window")]
    if !options.console && countersign::window::has_display() {
        match countersign::window::demo(args) {
            Err(countersign::window::WindowError::Screen(error)) => {
                // A display that cannot be drawn on is as good as none.
                drop(writeln!(stderr(), "countersign: no window ({error}); here is the console"));
            }
            shown => return shown.map(|()| 0).map_err(|error| (1, error.to_string())),
        }
    }
    let clock = std::sync::Arc::new(countersign::terminal::clock::SystemClock::default());
    let right = countersign::demo::run(clock, &mut stdout().lock());
    right.map(|right| u8::from(!right)).map_err(|error| (1, error.to_string()))
}

#[cfg(not(feature = "demo"))]
fn demo(_args: &Args, _options: &console::DemoArgs) -> Outcome {
    Err((2, "this program was built without the demo".to_owned()))
}
