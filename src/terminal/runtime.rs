//! Threads around the engine: one that owns it, one for each line to the platform.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

use super::{
    clock::Clock,
    command::Command,
    engine::{Call, Engine, Event, Lane},
    handle::{TerminalHandle, ViewCell},
};
use crate::net::{Transport, TransportError};

/// Events that may wait; a reader that floods is told the queue is full.
const EVENTS_MAX: usize = 256;

/// Calls that may wait on one line.
const CALLS_MAX: usize = 8;

/// Where signed messages are taken.
pub const SYNC_PATH: &str = "/v1/sync";

/// A terminal that runs on its own threads until it is dropped.
///
/// The lines to the platform end by themselves, at the latest when their last call does.
pub struct Runtime {
    handle: TerminalHandle<Event>,
    engine: Option<JoinHandle<()>>,
}

impl Runtime {
    /// Starts the threads.
    pub fn start(
        engine: Engine,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let (events, inbox) = sync_channel(EVENTS_MAX);
        let view = ViewCell::new(engine.view(clock.now()));
        let handle = TerminalHandle::new(view.clone(), events.clone());
        let lines = Lines {
            ask: line("ask", Arc::clone(&transport), events.clone())?,
            sync: line("sync", Arc::clone(&transport), events)?,
        };
        let body = Loop { engine, clock, inbox, lines, view, transport };
        let engine = Builder::new().name("engine".to_owned()).spawn(move || body.run())?;
        Ok(Self { handle, engine: Some(engine) })
    }

    /// What screens and readers hold.
    pub fn handle(&self) -> TerminalHandle<Event> {
        self.handle.clone()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let Some(engine) = self.engine.take() else { return };
        // A full queue empties; an engine that is gone takes no commands.
        while !self.handle.send(Command::Quit) && !engine.is_finished() {
            std::thread::yield_now();
        }
        if engine.join().is_err() {
            tracing::error!("the engine ended by a panic");
        }
    }
}

struct Lines {
    ask: SyncSender<Call>,
    sync: SyncSender<Call>,
}

impl Lines {
    /// Hands a call to its line; one that finds it full comes back as unanswered.
    fn send(&self, call: Call) -> Option<Event> {
        let line = match call.lane {
            Lane::Ask => &self.ask,
            Lane::Sync => &self.sync,
        };
        let nonce = call.nonce;
        let full = line.try_send(call).is_err();
        full.then_some(Event::Answered { nonce, result: Err(TransportError::Timeout) })
    }
}

/// A thread that carries one call at a time.
fn line(
    name: &str,
    transport: Arc<dyn Transport>,
    events: SyncSender<Event>,
) -> io::Result<SyncSender<Call>> {
    let (sender, calls) = sync_channel::<Call>(CALLS_MAX);
    Builder::new().name(name.to_owned()).spawn(move || {
        while let Ok(call) = calls.recv() {
            let timeout = Duration::from_millis(call.timeout_ms);
            let result = transport.call(SYNC_PATH, call.body, timeout);
            if events.send(Event::Answered { nonce: call.nonce, result }).is_err() {
                return;
            }
        }
    })?;
    Ok(sender)
}

struct Loop {
    engine: Engine,
    clock: Arc<dyn Clock>,
    inbox: Receiver<Event>,
    lines: Lines,
    view: ViewCell,
    transport: Arc<dyn Transport>,
}

impl Loop {
    fn run(mut self) {
        self.settle(Event::Tick);
        loop {
            let event = match self.wait() {
                Ok(Event::Command(Command::Quit)) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => Event::Tick,
            };
            self.settle(event);
        }
    }

    fn wait(&self) -> Result<Event, RecvTimeoutError> {
        let now = self.clock.now();
        let wait = self.engine.poll_timeout(now).saturating_sub(now.millis);
        self.inbox.recv_timeout(Duration::from_millis(wait))
    }

    /// The verdict is shown first; moving pages about waits until it is.
    fn settle(&mut self, event: Event) {
        self.engine.handle(event, self.clock.now());
        self.view.set(self.engine.view(self.clock.now()));
        while let Some(call) = self.engine.poll_call() {
            if let Some(unanswered) = self.lines.send(call) {
                self.engine.handle(unanswered, self.clock.now());
            }
        }
        if let Some(time) = self.engine.proven_time() {
            self.transport.learn(time);
        }
        self.engine.rest();
    }
}
