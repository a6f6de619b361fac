//! The body of the terminal's one loop: an event in, calls to make and a view to show out.
//!
//! The engine owns the store and knows no thread and no socket. Whoever drives it (the window's runtime, a console
//! command, a test) carries out its [`Call`]s and hands the answers back as [`Event`]s.

use std::{collections::VecDeque, path::Path};

use super::{
    asking::{ASK_DEADLINE_MS, Asking, Question},
    clock::Now,
    command::{Command, UndoReason},
    counter::{Counter, Shown, UNDO_WINDOW_S},
    outcome::{Outcome, State},
    present::{self, Presented, Scene, Step, recognise, scan_hash},
    source::{self, SourceError},
    sync_driver::{self, Applied, Arriving, Nonce, SyncError},
    text::Texts,
    trust::Trust,
};
use crate::{
    domain::{
        id::Seq,
        journal::Body,
        redeem::{PlatformFact, Request},
        scan::{Debounce, EntryMethod, Sighting, clean},
        sync::{Exchange, Input, Millis, ReplyBody, Syncer},
        voucher::Voucher,
    },
    net::TransportError,
    store::{Row, Store, StoreError},
};

/// After a question that went unanswered, the platform is not asked again for so long, unless it was heard of.
const SILENCE_MS: Millis = 10_000;

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
    dir: std::path::PathBuf,
    random: fn() -> Nonce,
    debounce: Debounce,
    arriving: Arriving,
    in_flight: Vec<(Nonce, Exchange)>,
    push_from: Option<Seq>,
    forked: bool,
    silent_until: Millis,
    deferred: VecDeque<Event>,
    calls: VecDeque<Call>,
}

impl Engine {
    /// Takes up the terminal in `dir`; `random` gives sixteen unpredictable bytes.
    pub fn open(dir: &Path, random: fn() -> Nonce, now: Now) -> Result<Self, SourceError> {
        let store = source::open(dir)?;
        let trust = Trust::new(store.bundle()?);
        let recent = store.recent(super::view::View::RECENT_MAX)?.into();
        let mut syncer = Syncer::new(now.millis);
        if store.unsent_entries() > 0 {
            syncer.handle(Input::Unsent, now.millis);
        }
        Ok(Self {
            store: Some(store),
            trust,
            texts: Texts::english(),
            counter: Counter::default(),
            syncer,
            recent,
            fault: None,
            reached: None,
            last: None,
            dir: dir.to_owned(),
            random,
            debounce: Debounce::default(),
            arriving: Arriving::default(),
            in_flight: Vec::new(),
            push_from: None,
            forked: false,
            silent_until: 0,
            deferred: VecDeque::new(),
            calls: VecDeque::new(),
        })
    }

    /// Handles one event. Never waits for the network; waits for the disk only where something must be on it.
    pub fn handle(&mut self, event: Event, now: Now) {
        match event {
            Event::Command(command) => self.command(command, now),
            Event::Answered { nonce, result } => self.answered(nonce, result, now),
            Event::Tick => {}
        }
        self.pass_time(now);
    }

    /// The next message to carry.
    pub fn poll_call(&mut self) -> Option<Call> {
        self.calls.pop_front()
    }

    /// When to send [`Event::Tick`], where nothing else happens before.
    pub fn poll_timeout(&self, now: Now) -> Millis {
        let counter = self.counter.timeout();
        let due = [self.syncer.poll_timeout(), counter].into_iter().flatten().min();
        let idle = now.millis.saturating_add(if self.undoable(now).is_some() { 1_000 } else { 10_000 });
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

    /// The store, unless it failed.
    pub fn store(&self) -> Option<&Store> {
        self.store.as_ref()
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

    /// Decides at another time and without effect.
    pub fn validate(&mut self, text: &str, request: &Request, now: Now) -> Result<Outcome, StoreError> {
        let text = clean(text);
        let voucher = match recognise(&self.trust, text) {
            Presented::Voucher(voucher) => voucher,
            Presented::ShortCode(_) => {
                return Ok(Outcome::unverified(State::CannotCheck, "short_code_offline", now.time));
            }
            Presented::Other(state, code) => return Ok(Outcome::unverified(state, code, now.time)),
        };
        let Self { store, trust, .. } = self;
        let store = store.as_mut().ok_or(StoreError::GivenUp)?;
        let scene = Scene { trust, time: now.time, scan: scan_hash(text) };
        present::validate(store, scene, &voucher, request)
    }

    /// Presents a text with everything a cashier would be asked for already said.
    pub fn present(&mut self, text: &str, request: Request, now: Now) {
        self.begin(clean(text).to_owned(), request, now);
        self.pass_time(now);
    }

    fn command(&mut self, command: Command, now: Now) {
        match command {
            Command::Scan { text, method } => self.scan(&text, method, now),
            Command::ScanFailed { reason } => self.scan_failed(&reason, now),
            Command::Answer(text) => self.answer(&text, now),
            Command::Dismiss => self.dismiss(now),
            Command::Undo(reason) => self.undo(reason, now),
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

    fn scan(&mut self, text: &str, method: EntryMethod, now: Now) {
        let text = clean(text).to_owned();
        if self.debounce.note(&text, now.millis) == Sighting::Again && method != EntryMethod::Typed {
            return;
        }
        if self.counter.hold(&text, method) {
            return;
        }
        self.begin(text, Request::plain(method), now);
    }

    fn scan_failed(&mut self, reason: &str, now: Now) {
        tracing::info!(reason, "a picture could not be read");
        let outcome = Outcome::unverified(State::NotAVoucher, "picture_unreadable", now.time);
        self.conclude(outcome, now);
    }

    fn begin(&mut self, text: String, request: Request, now: Now) {
        match recognise(&self.trust, &text) {
            Presented::Voucher(voucher) => {
                let question = Question { voucher: *voucher, text, request };
                self.decide(question, PlatformFact::NotAsked, now);
            }
            Presented::ShortCode(code) if self.may_ask(now) => {
                let nonce = (self.random)();
                let Some(store) = &self.store else { return self.fail(&StoreError::GivenUp, now) };
                let body = sync_driver::lookup(store, code, nonce);
                self.ask(Asking::Lookup { code, request }, nonce, body, now);
            }
            Presented::ShortCode(_) => {
                self.refuse((State::CannotCheck, "short_code_offline"), &text, request.method, now);
            }
            Presented::Other(state, code) => self.refuse((state, code), &text, request.method, now),
        }
    }

    fn refuse(&mut self, what: (State, &str), text: &str, method: EntryMethod, now: Now) {
        let Self { store, trust, .. } = self;
        let Some(store) = store else { return self.fail(&StoreError::GivenUp, now) };
        let scene = Scene { trust, time: now.time, scan: scan_hash(text) };
        match present::refuse(store, scene, what, method) {
            Ok(outcome) => self.conclude(outcome, now),
            Err(error) => self.fail(&error, now),
        }
    }

    /// Decides with what is known; where the policy wants the platform, asks it or goes on without.
    fn decide(&mut self, question: Question, platform: PlatformFact, now: Now) {
        if self.store.is_none() {
            self.reopen(now);
        }
        let may_ask = self.may_ask(now);
        let platform = if platform == PlatformFact::NotAsked && !may_ask { PlatformFact::Silent } else { platform };
        let Self { store, trust, forked, .. } = self;
        let Some(store) = store.as_mut().filter(|_| !*forked) else {
            return self.fail(&StoreError::GivenUp, now);
        };
        let scene = Scene { trust, time: now.time, scan: scan_hash(&question.text) };
        match present::redeem(store, scene, &question.voucher, (&question.request, platform)) {
            Ok(Step::Ask { asked, after: _, used_here }) => {
                let nonce = (self.random)();
                let claims = question.voucher.claims();
                let which = (claims.key(), claims.terms.limit());
                let body = sync_driver::claim(store, which, (asked, used_here), nonce);
                self.ask(Asking::Claim(Box::new(question)), nonce, body, now);
            }
            Ok(Step::Done(outcome)) => match outcome.state {
                State::NeedsInput(_) => {
                    self.last = Some((*outcome).clone());
                    self.counter.question(question, *outcome);
                }
                State::Accepted(_)
                | State::Refused
                | State::CannotCheck
                | State::NotAVoucher
                | State::RolledBack(_) => self.conclude(*outcome, now),
            },
            Err(error) => self.fail(&error, now),
        }
    }

    fn may_ask(&self, now: Now) -> bool {
        self.syncer.is_enabled() && now.millis >= self.silent_until && !self.forked
    }

    fn ask(&mut self, asking: Asking, nonce: Nonce, body: Vec<u8>, now: Now) {
        let deadline = now.millis.saturating_add(ASK_DEADLINE_MS);
        self.counter.ask(asking, nonce, deadline);
        self.calls.push_back(Call { lane: Lane::Ask, nonce, body, timeout_ms: ASK_DEADLINE_MS });
    }

    /// Goes on without the platform's answer.
    fn unanswered(&mut self, asking: Asking, now: Now) {
        self.silent_until = now.millis.saturating_add(SILENCE_MS);
        self.reached = Some(false);
        match asking {
            Asking::Claim(question) => self.decide(*question, PlatformFact::Silent, now),
            Asking::Lookup { code, request } => {
                let what = (State::CannotCheck, "short_code_offline");
                self.refuse(what, &code.to_string(), request.method, now);
            }
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
        while let Some(event) = self.deferred.pop_front() {
            self.handle(event, now);
        }
    }

    fn asked(&mut self, asking: Asking, nonce: Nonce, result: Result<Vec<u8>, TransportError>, now: Now) {
        let answer = result.map_err(|error| error.to_string()).and_then(|bytes| {
            let store = self.store.as_mut().ok_or_else(|| StoreError::GivenUp.to_string())?;
            sync_driver::open_reply(store, &self.trust.bundle, &bytes, nonce)
                .map_err(|error| error.to_string())
        });
        match (answer.map(|reply| reply.body), asking) {
            (Ok(ReplyBody::Claim(answer)), Asking::Claim(question)) => {
                self.heard();
                self.decide(*question, sync_driver::platform_fact(answer), now);
            }
            (Ok(ReplyBody::Lookup(Some(text))), Asking::Lookup { code, request }) => {
                self.heard();
                self.found(&text, code, request, now);
            }
            (Ok(ReplyBody::Lookup(None)), Asking::Lookup { code, request }) => {
                self.heard();
                let what = (State::Refused, "short_code_unknown");
                self.refuse(what, &code.to_string(), request.method, now);
            }
            (Ok(_), asking) => self.unanswered(asking, now),
            (Err(reason), asking) => {
                tracing::warn!(reason, "a question to the platform went unanswered");
                self.unanswered(asking, now);
            }
        }
    }

    /// A voucher that was looked up must have the code it was looked up by.
    fn found(&mut self, text: &str, code: crate::domain::scan::ShortCode, request: Request, now: Now) {
        let fits = |voucher: &Voucher| voucher.claims().short_code_bits() == code.bits();
        if self.trust.verify(text).ok().as_ref().is_some_and(fits) {
            self.begin(text.to_owned(), request, now);
        } else {
            let what = (State::Refused, "short_code_unknown");
            self.refuse(what, &code.to_string(), request.method, now);
        }
    }

    fn heard(&mut self) {
        self.reached = Some(true);
        self.silent_until = 0;
    }

    fn exchanged(&mut self, nonce: Nonce, result: Result<Vec<u8>, TransportError>, now: Now) {
        let Some(place) = self.in_flight.iter().position(|(sent, _)| *sent == nonce) else { return };
        let (_, exchange) = self.in_flight.swap_remove(place);
        let applied = result.map_err(|error| error.to_string()).and_then(|bytes| {
            self.apply(&bytes, nonce, now).map_err(|error| self.note(&error))
        });
        match applied {
            Ok(Applied::Pushed { more }) => {
                self.heard();
                self.push_from = None;
                self.refresh_recent();
                self.syncer.handle(Input::Pushed { more }, now.millis);
            }
            Ok(Applied::Pulled { wanted, bundle }) => {
                self.heard();
                self.pulled(bundle, now);
                self.syncer.handle(Input::Pulled { wanted }, now.millis);
            }
            Ok(Applied::Forked) => self.fork(now),
            Err(reason) => {
                tracing::warn!(reason, ?exchange, "an exchange with the platform failed");
                self.reached = Some(false);
                self.arriving.forget();
                let jitter = u32::from_be_bytes(first_four((self.random)()));
                self.syncer.handle(Input::Failed { exchange, jitter }, now.millis);
            }
        }
    }

    fn apply(&mut self, bytes: &[u8], nonce: Nonce, now: Now) -> Result<Applied, SyncError> {
        let Self { store, trust, arriving, .. } = self;
        let store = store.as_mut().ok_or(StoreError::GivenUp)?;
        let reply = sync_driver::open_reply(store, &trust.bundle, bytes, nonce)?;
        arriving.apply(store, &trust.bundle, (reply, bytes), now.time)
    }

    /// A platform that was restored from a backup is sent everything after what it holds.
    fn note(&mut self, error: &SyncError) -> String {
        if let SyncError::Behind(seq) = error {
            self.push_from = Some(*seq);
        }
        error.to_string()
    }

    fn pulled(&mut self, bundle: bool, now: Now) {
        if !bundle {
            return;
        }
        if let Some(newer) = self.store.as_ref().and_then(|store| store.bundle().ok()) {
            self.trust = Trust::new(newer);
        }
        self.refresh_recent();
        self.syncer.handle(Input::Unsent, now.millis);
    }

    fn fork(&mut self, now: Now) {
        self.forked = true;
        self.fault = Some(self.texts.get("fault.forked").to_owned());
        self.syncer.handle(Input::Forked, now.millis);
    }

    /// Shows an outcome; what it wrote is on disk.
    fn conclude(&mut self, outcome: Outcome, now: Now) {
        if outcome.entry.is_some() {
            self.refresh_newest();
            self.syncer.handle(Input::Unsent, now.millis);
        }
        self.counter.show(outcome.clone(), now);
        self.last = Some(outcome);
    }

    /// Says that nothing was accepted, and why; the store is opened anew before the next decision.
    fn fail(&mut self, error: &StoreError, now: Now) {
        tracing::error!(%error, "the store failed");
        if !self.forked {
            self.fault = Some(self.texts.fill("fault.store", &[("reason", &error.to_string())]));
            self.store = None;
        }
        let outcome = Outcome::unverified(State::CannotCheck, "store_failed", now.time);
        self.counter.show(outcome.clone(), now);
        self.last = Some(outcome);
    }

    fn reopen(&mut self, now: Now) {
        match source::open(&self.dir) {
            Ok(store) => {
                self.store = Some(store);
                self.fault = None;
                self.refresh_recent();
                self.syncer.handle(Input::Unsent, now.millis);
            }
            Err(error) => tracing::error!(%error, "the store could not be opened again"),
        }
    }

    fn answer(&mut self, text: &str, now: Now) {
        if let Some(question) = self.counter.answer(text, &self.texts) {
            self.decide(question, PlatformFact::NotAsked, now);
        }
    }

    fn dismiss(&mut self, now: Now) {
        if let Some((text, method)) = self.counter.dismiss() {
            self.begin(text, Request::plain(method), now);
        }
    }

    fn undo(&mut self, reason: UndoReason, now: Now) {
        let Some((seq, _)) = self.undoable(now) else { return };
        self.roll_back(seq, reason.code(), now);
    }

    /// Takes back the redemption at a position of this journal.
    pub fn roll_back(&mut self, seq: Seq, reason: &str, now: Now) {
        let Self { store, trust, .. } = self;
        let Some(store) = store else { return self.fail(&StoreError::GivenUp, now) };
        match present::roll_back(store, trust, (seq, reason), now.time) {
            Ok(Some(outcome)) => {
                self.refresh_recent();
                self.conclude(outcome, now);
            }
            Ok(None) => {
                let what = Outcome::unverified(State::Refused, "nothing_to_roll_back", now.time);
                self.last = Some(what);
            }
            Err(error) => self.fail(&error, now),
        }
    }

    /// The last acceptance, while it may be undone with one key.
    pub(super) fn undoable(&self, now: Now) -> Option<(Seq, &Row)> {
        let decided = |row: &&Row| !matches!(row.entry.body, Body::BundleTaken { .. } | Body::Opened(_));
        let row = self.recent.iter().find(decided)?;
        let age = now.time.since(row.entry.at);
        let fresh = (0..UNDO_WINDOW_S).contains(&age) && !row.rolled_back;
        let redeemed = matches!(row.entry.body, Body::Redeemed(_));
        (fresh && redeemed).then_some((row.entry.seq, row))
    }

    fn refresh_newest(&mut self) {
        let newest = self.store.as_ref().and_then(|store| store.recent(1).ok());
        for row in newest.into_iter().flatten() {
            self.recent.push_front(row);
        }
        self.recent.truncate(super::view::View::RECENT_MAX);
    }

    fn refresh_recent(&mut self) {
        let rows = self.store.as_ref().map(|store| store.recent(super::view::View::RECENT_MAX));
        if let Some(Ok(rows)) = rows {
            self.recent = rows.into();
        }
    }

    /// What time alone brings about: deadlines, verdicts that clear, exchanges that are due.
    fn pass_time(&mut self, now: Now) {
        if let Some(asking) = self.counter.overdue(now.millis) {
            self.unanswered(asking, now);
        }
        self.counter.clear_old(now.millis);
        while let Some(exchange) = self.syncer.poll_output(now.millis) {
            self.start(exchange, now);
        }
    }

    fn start(&mut self, exchange: Exchange, now: Now) {
        let nonce = (self.random)();
        let Some(store) = &self.store else { return };
        if exchange == Exchange::Push && store.unsent_entries() == 0 && self.push_from.is_none() {
            self.syncer.handle(Input::Pushed { more: false }, now.millis);
            return;
        }
        match sync_driver::request(store, &exchange, self.push_from, nonce) {
            Ok(body) => {
                self.in_flight.push((nonce, exchange));
                self.calls.push_back(Call { lane: Lane::Sync, nonce, body, timeout_ms: 30_000 });
            }
            Err(error) => self.fail(&error, now),
        }
    }

    /// Moves committed pages where they belong while nobody waits.
    pub fn rest(&mut self) {
        if let Some(Err(error)) = self.store.as_mut().map(Store::tidy_up) {
            tracing::warn!(%error, "the log could not be moved into the store");
        }
    }
}

fn first_four([a, b, c, d, ..]: Nonce) -> [u8; 4] {
    [a, b, c, d]
}

/// What the counter shows, for whoever draws it.
impl Engine {
    pub(super) fn shown(&self) -> Option<&Shown> {
        self.counter.shown()
    }
}
