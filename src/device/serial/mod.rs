//! A reader on a serial port: a thread that cuts its bytes into texts, can tell it a few things, and
//! comes back after unplugging.
//!
//! Each reader has a thread of its own, so several work side by side. Nothing is sent to a reader
//! unless [`SerialReader::act`] is called, or the owner chose a driver for packets, which are
//! acknowledged.

pub mod ids;

pub mod discover;

mod command;
mod language;
mod packet;
mod replies;

pub mod driver;
mod outbox;

mod baud;
mod event;
mod holder;
mod intake;
mod line;
mod place;
mod status;

mod worker;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use tracing::warn;

use status::Shared;
use worker::{Ports, Reins, Worker};

pub use baud::Baud;
pub use command::Act;
pub use discover::{ANY, Found, ReaderId, ReaderIdError, of_ports, plugged_in, resolve};
pub use driver::{Driver, Step};
pub use event::{ActError, SerialError, SerialEvent};
pub use ids::{KnownReader, Mode, known_reader};
pub use status::Status;

/// Acts that may wait for the thread of a reader.
const ACTS_MAX: usize = 8;

/// Which driver a reader gets.
#[derive(Clone, Copy, Debug, Default)]
pub enum DriverChoice {
    /// The one for its USB numbers, if that needs no word of the owner.
    #[default]
    ByUsb,
    /// The one that the owner chose.
    Chosen(&'static Driver),
    /// None: the reader is only listened to.
    Nothing,
}

impl DriverChoice {
    fn choose(self, found: Option<&Found>) -> Option<&'static Driver> {
        match self {
            Self::ByUsb => Driver::automatic(found?.known.as_ref()?),
            Self::Chosen(driver) => Some(driver),
            Self::Nothing => None,
        }
    }
}

/// Which reader, and how to talk with it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A port such as `/dev/ttyACM0` or `COM5`, or the id of a reader such as `0c2e:0b6a:SN123`.
    pub reader: String,
    /// The speed of the line.
    pub baud: Baud,
    /// The driver.
    pub driver: DriverChoice,
    /// Whether the owner says that the modes are set at the reader which [`Driver::condition`] names.
    pub modes_set: bool,
}

impl Settings {
    /// The settings of a reader of which nothing but its place and speed was said.
    pub fn of(reader: impl Into<String>, baud: impl Into<Baud>) -> Self {
        let (reader, baud) = (reader.into(), baud.into());
        Self { reader, baud, driver: DriverChoice::default(), modes_set: false }
    }
}

/// A running reader; dropping it asks its thread to close the port within a read time-out.
#[derive(Debug)]
pub struct SerialReader {
    acts: SyncSender<Act>,
    status: Shared,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SerialReader {
    /// Reads `reader` (such as `/dev/ttyACM0`, `COM5` or `0c2e:0b6a`) on a thread of its own until stopped.
    ///
    /// `clock` gives monotonic milliseconds. `on_event` runs on the reader's thread and must not
    /// block: no byte is read while it runs.
    pub fn start(
        reader: impl Into<String>,
        baud: impl Into<Baud>,
        clock: impl Fn() -> u64 + Send + 'static,
        on_event: impl FnMut(SerialEvent) + Send + 'static,
    ) -> Result<Self, SerialError> {
        Self::start_with(Settings::of(reader, baud), clock, on_event)
    }

    /// [`SerialReader::start`] with more to say about the reader.
    pub fn start_with(
        settings: Settings,
        clock: impl Fn() -> u64 + Send + 'static,
        on_event: impl FnMut(SerialEvent) + Send + 'static,
    ) -> Result<Self, SerialError> {
        Self::spawn(settings, Box::new(discover::list), clock, on_event)
    }

    fn spawn(
        settings: Settings,
        ports: Ports,
        clock: impl Fn() -> u64 + Send + 'static,
        on_event: impl FnMut(SerialEvent) + Send + 'static,
    ) -> Result<Self, SerialError> {
        let (sender, acts) = sync_channel(ACTS_MAX);
        let stop = Arc::new(AtomicBool::new(false));
        let status = Shared::default();
        let reins = Reins { ports, acts, stop: Arc::clone(&stop), status: status.clone() };
        let mut worker = Worker::new(settings, clock, on_event, reins);
        let thread = thread::Builder::new()
            .name("serial-reader".to_owned())
            .spawn(move || worker.run())
            .map_err(SerialError::Thread)?;
        Ok(Self { acts: sender, status, stop, thread: Some(thread) })
    }

    /// Asks the reader to do something, within 50 ms if nothing is under way; never waits.
    ///
    /// A reader of unknown make, or one that cannot do it, does nothing.
    pub fn act(&self, act: Act) -> Result<(), ActError> {
        self.acts.try_send(act).map_err(|error| match error {
            TrySendError::Full(_) => ActError::Busy,
            TrySendError::Disconnected(_) => ActError::Stopped,
        })
    }

    /// How the reader is doing now.
    pub fn status(&self) -> Status {
        self.status.get()
    }

    /// Stops and waits until the port is closed, so that it can be opened again at once.
    pub fn close(mut self) {
        self.ask_to_stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            warn!("the serial reader's thread ended in a panic");
        }
    }

    fn ask_to_stop(&self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for SerialReader {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
