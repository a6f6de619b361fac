//! The body of the terminal's one loop: an event in, calls to make and a view to show out.
//!
//! The engine owns the store and knows no thread and no socket. Whoever drives it (the window's runtime, a console
//! command, a test) carries out its [`Call`]s and hands the answers back as [`Event`]s.

mod presenting;

mod answering;
mod approving;
mod billing;
mod exchanging;
mod undoing;

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

use super::{
    clock::Now,
    command::Command,
    counter::Counter,
    outcome::Outcome,
    pins::PinBook,
    rolling::RollBackOrder,
    source::{self, SourceError},
    sync_driver::{Arriving, Nonce},
    text::Texts,
    trust::Trust,
    view::View,
};
use crate::{
    domain::{
        id::{OperatorId, Seq},
        scan::Debounce,
        sync::{Exchange, Input, Millis, Syncer},
        time::Timestamp,
    },
    net::TransportError,
    store::{Row, Store},
};

/// Everything that can happen to the engine.
#[derive(Debug)]
pub enum Event {
    /// A person or a reader wants something.
    Command(Command),
    /// A call came back.
    Answered {
        /// Which call.
        nonce: Nonce,
        /// The signed reply, not yet verified.
        result: Result<Vec<u8>, TransportError>,
    },
    /// Time has passed.
    Tick,
}

impl From<Command> for Event {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
}

/// Which line a call goes out on; neither waits for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// A cashier waits for the answer.
    Ask,
    /// Nobody waits.
    Sync,
}

/// A message to carry to the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which line it goes out on.
    pub lane: Lane,
    /// Comes back with the answer.
    pub nonce: Nonce,
    /// The signed message.
    pub body: Vec<u8>,
    /// When to give up.
    pub timeout_ms: Millis,
}

/// The terminal, but for threads and sockets.
pub struct Engine {
    pub(super) store: Option<Store>,
    pub(super) trust: Trust,
    pub(super) texts: Texts,
    pub(super) counter: Counter,
    pub(super) syncer: Syncer,
    pub(super) recent: VecDeque<Row>,
    pub(super) fault: Option<String>,
    pub(super) reached: Option<bool>,
    pub(super) last: Option<Outcome>,
    pub(super) operator: Option<OperatorId>,
    dir: PathBuf,
    random: fn() -> Nonce,
    debounce: Debounce,
    arriving: Arriving,
    in_flight: Vec<(Nonce, Exchange)>,
    push_from: Option<Seq>,
    pub(super) look_first: bool,
    pins: PinBook,
    forked: bool,
    greeted: bool,
    silent_until: Millis,
    deferred: VecDeque<Event>,
    calls: VecDeque<Call>,
}

impl Engine {
    /// Takes up the terminal in `dir`; `random` gives sixteen unpredictable bytes.
    pub fn open(dir: &Path, random: fn() -> Nonce, now: Now) -> Result<Self, SourceError> {
        let store = source::open(dir)?;
        let trust = Trust::new(store.bundle()?);
        let recent = store.recent(View::RECENT_MAX)?.into();
        let mut syncer = Syncer::new(now.millis);
        // The first push may be empty: its answer tells whether the platform knows this very journal.
        syncer.handle(Input::Unsent, now.millis);
        let forked = store.identity().forked;
        let pins = PinBook::new(store.pin_tries()?);
        let texts = Texts::english();
        let fault = forked.then(|| texts.get("fault.forked").to_owned());
        Ok(Self {
            store: Some(store),
            trust,
            texts,
            counter: Counter::default(),
            syncer,
            recent,
            fault,
            reached: None,
            last: None,
            operator: None,
            dir: dir.to_owned(),
            random,
            debounce: Debounce::default(),
            arriving: Arriving::default(),
            in_flight: Vec::new(),
            push_from: None,
            look_first: false,
            pins,
            forked,
            greeted: false,
            silent_until: 0,
            deferred: VecDeque::new(),
            calls: VecDeque::new(),
        })
    }

    /// Signs in who works at the counter; false, and nothing changes, where the bundle does not let them work at this branch.
    pub fn sign_in(&mut self, id: OperatorId) -> bool {
        let Some(store) = self.store.as_mut() else {
            return false;
        };
        let allowed = self.trust.bundle.operator(id, store.identity().branch).is_some();
        if allowed {
            store.sign_in(Some(id));
            self.operator = Some(id);
        }
        allowed
    }

    /// Handles one event. Never waits for the network; waits for the disk only where something must be on it.
    pub fn handle(&mut self, event: Event, now: Now) {
        match event {
            Event::Command(command) => self.command(command, now),
            Event::Answered { nonce, result } => self.answered(nonce, result, now),
            Event::Tick => {}
        }
        self.pass_time(now);
        if !self.counter.is_asking()
            && let Some(event) = self.deferred.pop_front()
        {
            self.handle(event, now);
        }
    }

    /// The next message to carry.
    pub fn poll_call(&mut self) -> Option<Call> {
        self.calls.pop_front()
    }

    /// When to send [`Event::Tick`], where nothing else happens before.
    pub fn poll_timeout(&self, now: Now) -> Millis {
        let counter = self.counter.timeout();
        let due = [self.syncer.poll_timeout(), counter].into_iter().flatten().min();
        let idle =
            now.millis.saturating_add(if self.undoable(now).is_some() { 1_000 } else { 10_000 });
        due.map_or(idle, |due| due.min(idle)).max(now.millis)
    }

    /// The last outcome, once.
    pub fn take_outcome(&mut self) -> Option<Outcome> {
        self.last.take()
    }

    /// Puts calls back that are not to be carried yet.
    pub fn postpone(&mut self, calls: Vec<Call>) {
        calls.into_iter().rev().for_each(|call| self.calls.push_front(call));
    }

    /// What keeps the terminal from redeeming, in words.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// The store, unless it failed.
    pub fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    /// The platform's time in its last reply.
    pub fn proven_time(&self) -> Option<Timestamp> {
        self.store.as_ref()?.identity().synced_at
    }

    /// The bundle in force.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Whether nothing is under way with the platform and nothing is due.
    pub fn is_quiet(&self, now: Now) -> bool {
        self.calls.is_empty() && self.in_flight.is_empty() && self.syncer.is_quiet(now.millis)
    }

    /// Whether the last exchange with the platform worked; none before the first.
    pub fn reached(&self) -> Option<bool> {
        self.reached
    }

    fn command(&mut self, command: Command, now: Now) {
        match command {
            Command::Scan { text, method } => self.scan(&text, method, now),
            Command::ScanFailed { reason, method } => self.scan_failed((&reason, method), now),
            Command::Answer(text) => self.answer(&text, now),
            Command::Say(yes) => self.say(yes, now),
            Command::Pieces(pieces) => self.pieces(&pieces, now),
            Command::Dismiss => self.dismiss(now),
            Command::OpenBill => self.open_bill(now),
            Command::RemoveLast => self.remove_last(now),
            Command::ConfirmBill => self.confirm_bill(now),
            Command::LookFirst(on) => self.look_first = on,
            Command::Undo { entry, reason } => self.undo((Seq(entry), reason), now),
            Command::RollBack { entry, reason, part } => {
                let (entry, reason) = (Seq(entry), reason.code().to_owned());
                let order = RollBackOrder { entry, part, reason, approved_by: None };
                self.take_back(&order, now);
            }
            Command::SyncNow => {
                self.silent_until = 0;
                self.syncer.handle(Input::Now, now.millis);
            }
            Command::SetNetwork(on) => {
                self.silent_until = 0;
                self.syncer.handle(Input::Switch(on), now.millis);
            }
            Command::Quit => {}
        }
    }

    fn answered(&mut self, nonce: Nonce, result: Result<Vec<u8>, TransportError>, now: Now) {
        if self.counter.is_asking() && !self.counter.is_asking_with(nonce) {
            // The platform takes the next entry for the end of the claim: nothing else may be written before it.
            self.deferred.push_back(Event::Answered { nonce, result });
            return;
        }
        match self.counter.take_asking(nonce) {
            Some(asking) => self.asked(asking, nonce, result, now),
            None => self.exchanged(nonce, result, now),
        }
    }

    /// What time alone brings about: deadlines, verdicts that clear, exchanges that are due.
    fn pass_time(&mut self, now: Now) {
        if let Some(asking) = self.counter.overdue(now.millis) {
            self.unanswered(asking, now);
        }
        if self.counter.clear_old(now.millis) {
            self.preview(now);
        }
        if self.counter.is_ready() {
            self.next_turn(now);
        }
        while let Some(exchange) = self.next_exchange(now) {
            self.start(exchange, now);
        }
    }

    /// Moves committed pages where they belong while nobody waits.
    pub fn rest(&mut self) {
        if let Some(Err(error)) = self.store.as_mut().map(Store::tidy_up) {
            tracing::warn!(%error, "the log could not be moved into the store");
        }
    }
}
