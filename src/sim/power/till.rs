//! A terminal on a disk, and what it had told at which moment.

use std::sync::Arc;

use super::{
    chance::{nonce, seed_nonces},
    error::PowerError,
    mode::Mode,
    shop::Shop,
};
use crate::{
    domain::{
        crypto::SecretKey,
        enrol::EnrolmentCode,
        id::{Epoch, LeaseId, Seq, TerminalId, VoucherKey},
        redeem::Request,
        time::Timestamp,
    },
    net::{Transport, TransportError},
    sim::disk::Disk,
    store::{HeldList, Store},
    terminal::{
        clock::{Clock as _, Now},
        command::Command,
        engine::{Engine, Event, Lane},
        enrolment,
        outcome::{Outcome, State},
        source::Source,
    },
};

/// What a terminal had told by a moment: none of it may be gone afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Changes of the disk before that moment.
    pub(super) change: u64,
    /// Entries in the journal, of all epochs.
    pub(super) entries: usize,
    /// The journal's epoch; 0 before there was one.
    pub(super) epoch: u32,
    /// How many entries of that epoch the platform acknowledged.
    pub(super) acked: u64,
    pub(super) synced_at: Option<Timestamp>,
    pub(super) floor: Timestamp,
    pub(super) bundle: u64,
    pub(super) conflicts: u64,
    pub(super) listed: u64,
    pub(super) leases: Vec<LeaseId>,
    pub(super) lists: Vec<HeldList>,
}

/// An acceptance that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) epoch: Epoch,
    pub(super) entry: Seq,
    pub(super) voucher: VoucherKey,
    pub(super) text: String,
}

/// A terminal of the shop.
pub(super) struct Till {
    pub(super) disk: Disk,
    pub(super) shop: Arc<Shop>,
    pub(super) engine: Option<Engine>,
    pub(super) line: Arc<Line>,
    pub(super) told: Vec<Told>,
    pub(super) shown: Vec<Shown>,
    /// Codes of what was told, in order.
    pub(super) outcomes: Vec<(&'static str, String)>,
    /// Set where nothing may be read from the disk but by the terminal itself.
    pub(super) only_heads: bool,
    mode: Mode,
    /// Entries of earlier epochs.
    before: usize,
}

/// The way to the platform, which can be cut.
pub(super) struct Line {
    pub(super) shop: Arc<Shop>,
    pub(super) down: std::sync::atomic::AtomicBool,
}

impl Transport for Line {
    fn call(
        &self,
        path: &str,
        body: Vec<u8>,
        _timeout: std::time::Duration,
    ) -> Result<Vec<u8>, TransportError> {
        if self.down.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(TransportError::Timeout);
        }
        self.shop.answer(path, &body)
    }
}

/// The device's key, which is on no disk here.
pub(super) fn device() -> SecretKey {
    SecretKey::from_seed(&[9; 32])
}

pub(super) fn source(disk: &Disk) -> Source {
    Source::with_key(disk.place(), device())
}

impl Till {
    pub(super) fn new(shop: &Arc<Shop>, disk: Disk, mode: Mode, seed: u64) -> Self {
        seed_nonces(seed);
        let line = Line { shop: Arc::clone(shop), down: false.into() };
        Self {
            disk,
            shop: Arc::clone(shop),
            engine: None,
            line: Arc::new(line),
            told: Vec::new(),
            shown: Vec::new(),
            outcomes: Vec::new(),
            only_heads: false,
            mode,
            before: 0,
        }
    }

    /// Enrols with a code and opens.
    pub(super) fn enrol(&mut self, code: &EnrolmentCode) -> Result<(), PowerError> {
        let now = self.now().time;
        let store = enrolment::enrol(source(&self.disk), code, &*self.line, now)?;
        self.mode.apply(store.connection())?;
        let told = self.of(&store)?;
        self.told.push(told);
        drop(store);
        self.open()
    }

    /// Starts the program.
    pub(super) fn open(&mut self) -> Result<(), PowerError> {
        let engine = Engine::open(source(&self.disk), nonce, self.now())?;
        if let Some(store) = engine.store() {
            self.mode.apply(store.connection())?;
        }
        self.engine = Some(engine);
        self.note()
    }

    /// Ends the program; killed, it closes nothing.
    pub(super) fn close(&mut self, killed: bool) {
        if killed {
            self.disk.kill();
        }
        self.engine = None;
    }

    pub(super) fn now(&self) -> Now {
        self.shop.clock.now()
    }

    pub(super) fn terminal(&self) -> Option<TerminalId> {
        Some(self.engine.as_ref()?.store()?.identity().terminal)
    }

    /// Presents a text with everything that would be asked already said.
    pub(super) fn present(&mut self, text: &str, request: Request) -> Result<(), PowerError> {
        self.drive(|engine, now| engine.present(text, request, now))?;
        self.settle(Lane::Ask)?;
        self.say(Command::Dismiss)
    }

    pub(super) fn say(&mut self, command: Command) -> Result<(), PowerError> {
        self.drive(|engine, now| engine.handle(Event::Command(command), now))
    }

    /// Carries what waits, and what comes of it, until nothing does.
    pub(super) fn settle(&mut self, lane: Lane) -> Result<(), PowerError> {
        for _ in 0..1_000 {
            let Some(engine) = self.engine.as_mut() else {
                return Ok(());
            };
            let calls: Vec<_> = std::iter::from_fn(|| engine.poll_call()).collect();
            let (now, later): (Vec<_>, Vec<_>) =
                calls.into_iter().partition(|call| call.lane <= lane);
            engine.postpone(later);
            if now.is_empty() {
                return Ok(());
            }
            for call in now {
                let timeout = std::time::Duration::from_millis(call.timeout_ms);
                let result = self.line.call("/v1/sync", call.body, timeout);
                let answered = Event::Answered { nonce: call.nonce, result };
                self.drive(|engine, now| engine.handle(answered, now))?;
            }
        }
        Err(PowerError::Day("the exchanges with the platform do not end".to_owned()))
    }

    /// One turn of the engine; what it told is noted.
    pub(super) fn drive(&mut self, turn: impl FnOnce(&mut Engine, Now)) -> Result<(), PowerError> {
        let now = self.now();
        let Some(engine) = self.engine.as_mut() else {
            return Ok(());
        };
        turn(engine, now);
        if let Some(outcome) = engine.take_outcome() {
            self.hear(&outcome);
        }
        self.note()
    }

    fn hear(&mut self, outcome: &Outcome) {
        let epoch = self.epoch();
        self.outcomes.push((outcome.state.code(), outcome.code.clone()));
        let accepted = match &outcome.state {
            State::Accepted(_) => std::slice::from_ref(outcome),
            State::Together(together) => &together.vouchers,
            State::Refused
            | State::CannotCheck
            | State::NeedsInput(_)
            | State::NotAVoucher
            | State::RolledBack(_) => &[],
        };
        for outcome in accepted {
            if let (Some(entry), Some(voucher)) = (outcome.entry, outcome.key()) {
                let mut stock = self.shop.stock.iter();
                let issued = stock.find(|issued| issued.claims.key() == voucher);
                let text = issued.map_or_else(String::new, |issued| issued.text.clone());
                self.shown.push(Shown { epoch, entry, voucher, text });
            }
        }
    }

    fn epoch(&self) -> Epoch {
        let store = self.engine.as_ref().and_then(Engine::store);
        store.map_or(Epoch(0), |store| store.identity().epoch)
    }

    /// Writes down what was told by this moment.
    pub(super) fn note(&mut self) -> Result<(), PowerError> {
        let Some(engine) = self.engine.take() else {
            return Ok(());
        };
        let told = engine.store().map(|store| self.of(store)).transpose();
        self.engine = Some(engine);
        self.told.extend(told?);
        Ok(())
    }

    fn of(&mut self, store: &Store) -> Result<Told, PowerError> {
        if let Some(last) = self.told.last().filter(|last| last.epoch < store.identity().epoch.0) {
            self.before = last.entries;
        }
        let change = self.disk.counts().changes;
        let heads = Told::heads(store, self.before, change);
        if self.only_heads { Ok(heads) } else { heads.with_lists(store) }
    }
}

impl Told {
    /// What a store knows without looking, with so many entries in earlier epochs.
    pub(super) fn heads(store: &Store, before: usize, change: u64) -> Self {
        let identity = store.identity();
        let seq = usize::try_from(store.head().seq.0).unwrap_or(usize::MAX);
        Self {
            change,
            entries: before.saturating_add(seq),
            epoch: identity.epoch.0,
            acked: identity.acked.0,
            synced_at: identity.synced_at,
            floor: store.time_floor(),
            bundle: 0,
            conflicts: identity.conflicts_after,
            listed: identity.listed_after,
            leases: Vec::new(),
            lists: Vec::new(),
        }
    }

    /// The same with what stands in the store's tables.
    pub(super) fn with_lists(self, store: &Store) -> Result<Self, PowerError> {
        let bundle = bundle_version(store)?;
        Ok(Self { bundle, leases: store.leases()?, lists: store.lists()?, ..self })
    }
}

/// Read without its signature, which the store verified when it was opened or took it.
fn bundle_version(store: &Store) -> Result<u64, PowerError> {
    let sql = "SELECT version FROM bundle";
    let version = store.connection().query_row(sql, [], |row| row.get(0));
    Ok(version.map_err(crate::store::StoreError::from)?)
}
