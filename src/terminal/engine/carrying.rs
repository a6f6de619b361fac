//! Carrying by hand: what is done with a folder, one step at a time, so that a slow stick never holds up the counter.

use std::path::{Path, PathBuf};

use super::{Engine, Event};
use crate::{
    carriage::{self, CarriageError},
    domain::sync::{Input, ParcelKind, ParcelName},
    store::StoreError,
    terminal::{
        clock::Now,
        parcels::{Packed, Unpacked, pack, unpack},
    },
};

/// Most parcels that are taken in at once; those before them are older.
const PARCELS_MAX: usize = 16;

/// What is to be done with a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carry {
    /// Take in the platform's answers.
    In,
    /// Write a parcel for the platform.
    Out,
    /// First the one, then the other.
    Both,
}

/// Something to do outside of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Find sticks.
    Find,
    /// List the parcels for this terminal: the names that this one is like, but for the day.
    List(PathBuf, ParcelName),
    /// Read one.
    Read(PathBuf, ParcelName),
    /// Write one.
    Write(PathBuf, ParcelName, Vec<u8>),
}

/// What an errand brought back.
#[derive(Debug)]
pub enum Brought {
    /// Where sticks were found.
    Sticks(Vec<PathBuf>),
    /// Parcels, the latest days first.
    Names(Vec<ParcelName>),
    /// A parcel's content.
    Parcel(Vec<u8>),
    /// It is on the medium.
    Written,
}

impl Errand {
    /// Does it, and says what came of it.
    pub fn run(self) -> Event {
        Event::Brought(self.try_run())
    }

    fn try_run(self) -> Result<Brought, CarriageError> {
        Ok(match self {
            Self::Find => Brought::Sticks(carriage::sticks()),
            Self::List(folder, like) => {
                let own =
                    |name: &ParcelName| (name.terminal, name.key) == (like.terminal, like.key);
                Brought::Names(carriage::names(&folder, like.kind, own)?)
            }
            Self::Read(folder, name) => Brought::Parcel(carriage::read(&folder, &name)?),
            Self::Write(folder, name, bytes) => {
                carriage::write(&folder, &name, &bytes)?;
                Brought::Written
            }
        })
    }
}

/// What carrying came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CarryReport {
    /// What was taken in; none where that was not asked for.
    pub taken: Option<Unpacked>,
    /// What was written, without its content; none where nothing was.
    pub written: Option<Packed>,
    /// Why it ended early, in words.
    pub problem: Option<String>,
}

/// How far it is.
#[derive(Debug, Default)]
pub(in crate::terminal) struct Carrying {
    /// Where sticks were found.
    pub(in crate::terminal) sticks: Vec<PathBuf>,
    /// What is being done.
    pub(in crate::terminal) work: Option<Work>,
    /// What was done last.
    pub(in crate::terminal) report: Option<CarryReport>,
    /// Whether codes for the customer's phone are wanted, who may carry an entry too.
    pub(in crate::terminal) witnessing: bool,
}

/// A folder that is being worked on.
#[derive(Debug)]
pub(in crate::terminal) struct Work {
    folder: PathBuf,
    what: Carry,
    /// Parcels to read, the next one last.
    waiting: Vec<ParcelName>,
    report: CarryReport,
}

impl Engine {
    /// Looks where sticks are.
    pub(super) fn find_sticks(&mut self) {
        self.carrying.report = None;
        self.errands.push_back(Errand::Find);
    }

    /// Begins to carry, unless a folder is being worked on already.
    pub fn carry(&mut self, folder: &Path, what: Carry, now: Now) {
        if self.carrying.work.is_some() {
            return;
        }
        let taken = (what != Carry::Out).then(Unpacked::default);
        let report = CarryReport { taken, ..CarryReport::default() };
        self.carrying.report = None;
        self.carrying.work =
            Some(Work { folder: folder.to_owned(), what, waiting: Vec::new(), report });
        match self.own_parcels(now) {
            Some(_) if what == Carry::Out => self.pack(now),
            Some(like) => self.errands.push_back(Errand::List(folder.to_owned(), like)),
            None => self.end_carrying(Some(StoreError::GivenUp.to_string())),
        }
    }

    /// The next thing to do outside.
    pub fn poll_errand(&mut self) -> Option<Errand> {
        self.errands.pop_front()
    }

    /// What carrying came to, once it is over.
    pub fn take_carry_report(&mut self) -> Option<CarryReport> {
        self.carrying.report.take()
    }

    /// Goes on with what an errand brought.
    pub(super) fn brought(&mut self, brought: Result<Brought, CarriageError>, now: Now) {
        match brought {
            Ok(Brought::Sticks(sticks)) => self.carrying.sticks = sticks,
            Ok(Brought::Names(names)) => {
                if let Some(work) = &mut self.carrying.work {
                    work.waiting = names;
                    // What is left out is older than all that is read. The oldest of these comes first.
                    work.waiting.truncate(PARCELS_MAX);
                }
                self.next_parcel(now);
            }
            Ok(Brought::Parcel(bytes)) => self.unpack(&bytes, now),
            Ok(Brought::Written) => self.end_carrying(None),
            Err(error) => self.not_brought(&error, now),
        }
    }

    /// A parcel that cannot be read is told and passed over; a folder that cannot be is the end.
    fn not_brought(&mut self, error: &CarriageError, now: Now) {
        tracing::warn!(%error, "carrying by hand");
        let passed_over = match error {
            CarriageError::Read { .. }
            | CarriageError::NotAFile(_)
            | CarriageError::TooLarge(_)
            | CarriageError::Parcel { .. } => true,
            CarriageError::Folder { .. } | CarriageError::Write { .. } => false,
        };
        let taken = self.carrying.work.as_mut().and_then(|work| work.report.taken.as_mut());
        match taken {
            Some(taken) if passed_over => {
                taken.problems.push(error.to_string());
                self.next_parcel(now);
            }
            _other => {
                if let Some(work) = &mut self.carrying.work {
                    work.report.written = None;
                }
                self.end_carrying(Some(error.to_string()));
            }
        }
    }

    fn next_parcel(&mut self, now: Now) {
        let Some(work) = &mut self.carrying.work else {
            return;
        };
        match work.waiting.pop() {
            Some(name) => self.errands.push_back(Errand::Read(work.folder.clone(), name)),
            None if work.what == Carry::Both => self.pack(now),
            None => self.end_carrying(None),
        }
    }

    fn unpack(&mut self, bytes: &[u8], now: Now) {
        let Self { store: Some(store), carrying, .. } = self else {
            return self.end_carrying(Some(StoreError::GivenUp.to_string()));
        };
        let report = carrying.work.as_mut().and_then(|work| work.report.taken.as_mut());
        let Some(report) = report else {
            return;
        };
        let unpacked = unpack(store, bytes, now.time, report);
        let forked = report.forked;
        self.refresh_trust(now);
        self.refresh_recent();
        self.syncer.handle(Input::Unsent, now.millis);
        if forked && !self.forked {
            self.fork(now);
        }
        match unpacked {
            Ok(()) => self.next_parcel(now),
            Err(error) => {
                self.lose_store(&error);
                self.end_carrying(Some(error.to_string()));
            }
        }
    }

    fn pack(&mut self, now: Now) {
        let (Some(store), Some(work)) = (&mut self.store, &mut self.carrying.work) else {
            return self.end_carrying(Some(StoreError::GivenUp.to_string()));
        };
        match pack(store, &self.random, now.time) {
            Ok(mut packed) => {
                let bytes = std::mem::take(&mut packed.bytes);
                self.errands.push_back(Errand::Write(work.folder.clone(), packed.name, bytes));
                work.report.written = Some(packed);
            }
            Err(error) => {
                self.lose_store(&error);
                self.end_carrying(Some(error.to_string()));
            }
        }
    }

    fn end_carrying(&mut self, problem: Option<String>) {
        let report = self.carrying.work.take().map(|work| work.report);
        self.carrying.report = report.map(|report| CarryReport { problem, ..report });
    }

    /// The names that answers to this terminal's parcels have, but for the day.
    fn own_parcels(&self, now: Now) -> Option<ParcelName> {
        let store = self.store.as_ref()?;
        let (terminal, key) = (store.identity().terminal, store.key().public().id());
        Some(ParcelName::new(terminal, key, ParcelKind::Replies, now.time))
    }
}
