//! The body of the terminal's one loop: an event in, calls to make and a view to show out.
//!
//! The engine owns the store and knows no thread and no socket. Whoever drives it (the window's runtime, a console
//! command, a test) carries out its [`Call`]s and hands the answers back as [`Event`]s.

mod presenting;

mod answering;
mod approving;
mod billing;
mod carrying;
mod exchanging;
mod undoing;

use std::{collections::VecDeque, path::Path};

pub use carrying::{Brought, Carry, CarryReport, Errand};

use super::{
    clock::Now,
    command::Command,
    counter::Counter,
    outcome::Outcome,
    pins::PinBook,
    rolling::RollBackOrder,
    source::{Source, SourceError},
    sync_driver::{Arriving, Nonce},
    text::Texts,
    trust::Trust,
    view::View,
};
use crate::{
    carriage::CarriageError,
    domain::{
        id::{OperatorId, Seq},
        scan::{Debounce, EntryMethod, ScanFailure},
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
    /// An errand came back.
    Brought(Result<Brought, CarriageError>),
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

/// An exchange that was not answered yet.
struct InFlight {
    nonce: Nonce,
    exchange: Exchange,
    sent: Millis,
}

/// The terminal, but for threads and sockets.
pub struct Engine {
    pub(super) store: Option<Store>,
    pub(super) trust: Trust,
    pub(super) texts: Texts,
    pub(super) counter: Counter,
    pub(super) syncer: Syncer,
    pub(super) recent: VecDeque<Row>,
    /// Redemptions that were written down before the program ended, and may not have been seen.
    pub(super) interrupted: VecDeque<Row>,
    /// How codes came that are to be warned of once nothing else is on the screen: they would hide what their first one came to.
    warn_of_replay: Option<EntryMethod>,
    pub(super) fault: Option<String>,
    pub(super) reached: Option<bool>,
    pub(super) last: Option<Outcome>,
    pub(super) operator: Option<OperatorId>,
    source: Source,
    random: Box<dyn Fn() -> Nonce + Send>,
    debounce: Debounce,
    arriving: Arriving,
    in_flight: Vec<InFlight>,
    push_from: Option<Seq>,
    pub(super) look_first: bool,
    pins: PinBook,
    forked: bool,
    greeted: bool,
    silent_until: Millis,
    deferred: VecDeque<Event>,
    calls: VecDeque<Call>,
    pub(super) carrying: carrying::Carrying,
    errands: VecDeque<Errand>,
}

impl Engine {
    /// Takes up a terminal; `random` gives sixteen unpredictable bytes.
    pub fn open(
        source: impl Into<Source>,
        random: impl Fn() -> Nonce + Send + 'static,
        now: Now,
    ) -> Result<Self, SourceError> {
        let source = source.into();
        let store = take_up(&source, now)?;
        let trust = Trust::new(store.bundle()?);
        let recent = store.recent(View::RECENT_MAX)?.into();
        let interrupted = store.unshown()?.into();
        let mut syncer = Syncer::new(now.millis);
        // The first push may be empty: its answer tells whether the platform knows this very journal.
        syncer.handle(Input::Unsent, now.millis);
        let forked = store.identity().forked || store.identity().lost.is_some();
        let pins = PinBook::new(store.pin_tries()?);
        let texts = Texts::english();
        let fault = standing_fault(&store, &texts);
        Ok(Self {
            store: Some(store),
            trust,
            texts,
            counter: Counter::default(),
            syncer,
            recent,
            interrupted,
            warn_of_replay: None,
            fault,
            reached: None,
            last: None,
            operator: None,
            source,
            random: Box::new(random),
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
            carrying: carrying::Carrying::default(),
            errands: VecDeque::new(),
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
        self.observe(now);
        match event {
            Event::Command(command) => self.command(command, now),
            Event::Answered { nonce, result } => self.answered(nonce, result, now),
            Event::Brought(brought) if self.counter.is_asking() => {
                // As with answers: nothing may be written before the end of a claim.
                self.deferred.push_back(Event::Brought(brought));
            }
            Event::Brought(brought) => self.brought(brought, now),
            Event::Tick => {}
        }
        self.pass_time(now);
        if !self.counter.is_asking()
            && let Some(event) = self.deferred.pop_front()
        {
            self.handle(event, now);
        }
    }

    /// Takes note of the clocks: entries carry them, and decisions compare them.
    pub(super) fn observe(&mut self, now: Now) {
        if let Some(store) = &mut self.store {
            store.observe(now);
        }
    }

    /// The next message to carry.
    pub fn poll_call(&mut self) -> Option<Call> {
        self.calls.pop_front()
    }

    /// When to send [`Event::Tick`], where nothing else happens before.
    pub fn poll_timeout(&self, now: Now) -> Millis {
        // Without a store no exchange begins, however long it has been due.
        let exchange = self.store.as_ref().and_then(|_| self.syncer.poll_timeout());
        let due = [exchange, self.counter.timeout()].into_iter().flatten().min();
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

    /// Redemptions that were written down before the program ended, and may not have been seen; whoever takes them tells of
    /// them.
    pub fn take_interrupted(&mut self) -> Vec<Row> {
        self.interrupted.drain(..).collect()
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
            Command::ScanFailed { why, method } => self.scan_failed((why, method), now),
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
            Command::ShowWitness(on) => self.carrying.witnessing = on,
            Command::FindSticks => self.find_sticks(),
            Command::Carry(folder) => self.carry(Path::new(&folder), Carry::Both, now),
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
            match self.interrupted.pop_front() {
                Some(row) => self.counter.interrupted(row),
                None => self.next_turn(now),
            }
            if let Some(method) = self.warn_of_replay.take_if(|_| self.counter.is_ready()) {
                self.refuse_failed((ScanFailure::Replayed, method), now);
            }
        }
        while let Some(exchange) = self.next_exchange(now) {
            self.start(exchange, now);
        }
    }

    /// Moves committed pages where they belong while nobody waits.
    pub fn rest(&mut self) {
        let seen = self.interrupted.is_empty() && !self.counter.is_interrupted();
        let Some(store) = &mut self.store else {
            return;
        };
        if seen {
            store.all_shown();
        }
        if let Err(error) = store.tidy_up() {
            tracing::warn!(%error, "the log could not be moved into the store");
        }
    }
}

/// Opens the store, and checks all of it where that is due.
fn take_up(source: &Source, now: Now) -> Result<Store, SourceError> {
    let mut store = source.open()?;
    store.observe(now);
    let Err(error) = store.check_daily(now.time) else {
        return Ok(store);
    };
    Err(store.give_up(&source.place(), error).into())
}

/// What keeps a store that was opened from taking entries.
fn standing_fault(store: &Store, texts: &Texts) -> Option<String> {
    let identity = store.identity();
    let lost = identity.lost.map(|lost| texts.fill("fault.lost", &[("count", &lost.to_string())]));
    if identity.forked { Some(texts.get("fault.forked").to_owned()) } else { lost }
}
