//! Console commands: for scripts, and for shops that wire redeeming to their own till.
//!
//! Exit status: 0 accepted or done, 1 failure, 2 wrong use, 3 refused, 4 cannot check or needs input.

mod args;
mod carry;
mod decode;
mod enrol;
mod inspect;
mod journal;
mod json;
pub mod kept;
mod readers;
mod recover;
mod redeem;
mod report;
mod status;
mod voucher;
mod witness;

use std::{
    fmt,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use args::{Action, Args, Command, DemoArgs, EffortArg, ReaderArgs};

use crate::{
    domain::id::OperatorId,
    net::Transport,
    store::StoreError,
    terminal::{
        Nonce,
        clock::{Clock, SystemClock},
        engine::Engine,
        enrolment::EnrolmentError,
        recovery::RecoveryError,
        server::{self, ServerError},
        session::Session,
        source::{self, SourceError},
    },
};

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Accepted, or done.
    Done,
    /// Neither yes nor no.
    CannotCheck,
    /// Refused.
    Refused,
}

impl Exit {
    /// The process's exit status.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 3,
            Self::CannotCheck => 4,
        }
    }
}

/// The surroundings of a command.
pub struct Console<'a> {
    /// Where results go.
    pub out: &'a mut dyn Write,
    /// The data folder.
    pub data: PathBuf,
    /// One JSON object a line instead of sentences.
    pub json: bool,
    /// Never use the network.
    pub offline: bool,
    /// Who works at the counter.
    pub operator: Option<OperatorId>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

/// Runs one command. The window and the demo are not among them.
pub fn run(args: &Args, command: &Command, out: &mut dyn Write) -> Result<Exit, ConsoleError> {
    let mut console = Console {
        out,
        data: args.data_dir(),
        json: args.json,
        offline: args.offline,
        operator: args.operator,
        clock: Arc::new(SystemClock::default()),
    };
    match command {
        Command::Enrol(args) => enrol::run(&mut console, args),
        Command::Validate(args) => redeem::validate(&mut console, args),
        Command::Redeem(args) => redeem::redeem(&mut console, args),
        Command::Rollback(args) => redeem::roll_back(&mut console, args),
        Command::Sync => status::sync(&mut console),
        Command::Carry(args) => carry::run(&mut console, args),
        Command::Witness(args) => witness::run(&mut console, args),
        Command::Status => status::status(&mut console),
        Command::Recover => recover::run(&mut console),
        Command::Report(args) => report::run(&mut console, args),
        Command::Inspect(args) => inspect::run(&mut console, args),
        Command::Journal(args) => journal::run(&mut console, args),
        Command::Readers => readers::run(&mut console),
        Command::Decode(pictures) => decode::run(&mut console, pictures, args.readers.barcodes),
    }
}

impl Console<'_> {
    /// The terminal of the data folder with the operator signed in, with the network unless it is not wanted.
    pub fn session(&self) -> Result<Session, ConsoleError> {
        let mut session = self.unattended()?;
        sign_in(&mut session.engine, self.operator)?;
        Ok(session)
    }

    /// The same with nobody signed in, for exchanges that fetch who may sign in.
    pub fn unattended(&self) -> Result<Session, ConsoleError> {
        let transport = if self.offline { None } else { Some(self.transport()?) };
        Ok(Session::open(&self.data, transport, random, Arc::clone(&self.clock))?)
    }

    /// The same without the network, for what is carried by hand.
    pub fn by_hand(&self) -> Result<Session, ConsoleError> {
        Ok(Session::open(&self.data, None, random, Arc::clone(&self.clock))?)
    }

    fn transport(&self) -> Result<Arc<dyn Transport>, ConsoleError> {
        let identity = source::open(&self.data)?.identity().clone();
        let clock = Arc::clone(&self.clock);
        let way = server::transport(&self.data, &identity.url, identity.synced_at, clock)?;
        Ok(Arc::new(way))
    }

    /// Writes one line.
    pub fn line(&mut self, text: impl fmt::Display) -> Result<(), ConsoleError> {
        Ok(writeln!(self.out, "{text}")?)
    }
}

/// Signs in the operator of the command line, where one is named.
pub fn sign_in(engine: &mut Engine, operator: Option<OperatorId>) -> Result<(), ConsoleError> {
    match operator {
        Some(id) if !engine.sign_in(id) => Err(ConsoleError::Usage(format!(
            "operator {id} is not known at this branch; `countersign sync` fetches who works here"
        ))),
        Some(_) | None => Ok(()),
    }
}

/// Sixteen bytes of the operating system's randomness.
pub fn random() -> Nonce {
    let mut nonce = Nonce::default();
    if let Err(error) = getrandom::fill(&mut nonce) {
        // Without randomness a reply can still only be the platform's own, to an older question.
        tracing::error!(%error, "the system has no randomness");
    }
    nonce
}

/// Where the data is kept unless something else is said.
pub fn default_data_dir() -> PathBuf {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("APPDATA"));
    home.map_or_else(
        || PathBuf::from("countersign-data"),
        |home| Path::new(&home).join(".countersign"),
    )
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no way to the platform.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The enrolment failed.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// The store was not made anew.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// A picture gave no code.
    #[error("{path}: {reason}")]
    Picture {
        /// Which picture.
        path: String,
        /// Why.
        reason: String,
    },
    /// Something on the command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] std::io::Error),
}

impl ConsoleError {
    /// The process's exit status.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Source(_)
            | Self::Store(_)
            | Self::Server(_)
            | Self::Enrolment(_)
            | Self::Recovery(_)
            | Self::Picture { .. }
            | Self::Output(_) => 1,
        }
    }
}
