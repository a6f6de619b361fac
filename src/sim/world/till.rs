//! A terminal of a world: its computer, its program while that runs, its clocks, and who stands behind it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use super::{dice::Dice, machine::Machine, shape::START};
use crate::{
    domain::{
        id::{Epoch, Seq, TerminalId, VoucherKey},
        time::Timestamp,
    },
    sim::model::Diary,
    terminal::{Nonce, clock::Now, engine::Engine},
};

/// What has become of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is what it was when it was enrolled.
    Honest,
    /// It goes on from an old copy of its disk, or beside a copy.
    Disturbed,
    /// It was revoked.
    Revoked,
    /// It is gone for good.
    Gone,
}

/// A terminal of a world.
pub struct Till {
    /// Its number at the platform and the life of its journal.
    pub name: (TerminalId, Epoch),
    /// Which branch of the shape.
    pub branch: usize,
    /// Which merchant of the shape.
    pub merchant: usize,
    /// Its computer.
    pub machine: Machine,
    /// Its program, while it runs.
    pub engine: Option<Engine>,
    /// Grows with every start of the program: what was for an earlier one is lost.
    pub life: u32,
    /// Its clocks.
    pub clock: Clocks,
    /// Questions that no answer came to.
    pub waiting: BTreeMap<Nonce, Asked>,
    /// Until when it is awake.
    pub awake_until: u64,
    /// The tick that counts; earlier ones are void.
    pub tick: u64,
    /// What its disk must hold.
    pub diary: Diary,
    /// What has become of it.
    pub standing: Standing,
    /// The cashier's chance.
    pub cashier: Dice,
    /// The vouchers that the answer being handled set aside.
    pub granted: BTreeSet<VoucherKey>,
    /// What was shown as accepted and has not been read in the journal yet.
    pub unread: Vec<((Epoch, Seq), Option<VoucherKey>)>,
    /// Whether the answer being handled refuses the question for good.
    pub told_off: bool,
    /// Whether the program is killed before the next acceptance is seen.
    pub kill_unseen: bool,
    /// Whether the cashier leaves the next question open.
    pub abandon: bool,
    /// An earlier state of the disk.
    pub copy: Option<Copy>,
    randomness: Arc<Mutex<Dice>>,
}

/// An earlier state of a disk, with what it must hold.
pub struct Copy {
    /// The disk.
    pub image: crate::sim::disk::Image,
    /// The diary.
    pub diary: Diary,
}

/// What a question that is out was.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Whether a customer waits.
    pub asking: bool,
    /// The signed question.
    pub body: Arc<[u8]>,
}

impl Till {
    /// A fresh device.
    pub fn new(
        seed: u64,
        number: u64,
        (branch, merchant): (usize, usize),
        machine: Machine,
    ) -> Self {
        let dice = |stream| Dice::new(seed, stream + number);
        Self {
            name: (TerminalId(0), Epoch(0)),
            branch,
            merchant,
            machine,
            engine: None,
            life: 0,
            clock: Clocks::default(),
            waiting: BTreeMap::new(),
            awake_until: 0,
            tick: 0,
            diary: Diary::default(),
            standing: Standing::Honest,
            cashier: dice(super::shape::stream::CASHIERS),
            granted: BTreeSet::new(),
            unread: Vec::new(),
            told_off: false,
            kill_unseen: false,
            abandon: false,
            copy: None,
            randomness: Arc::new(Mutex::new(dice(super::shape::stream::TILLS))),
        }
    }

    /// Where the program gets its random bytes from.
    pub fn random(&self) -> impl Fn() -> Nonce + Send + 'static {
        let dice = Arc::clone(&self.randomness);
        move || dice.lock().unwrap_or_else(PoisonError::into_inner).bytes()
    }

    /// The answer that was being handled is dealt with.
    pub fn forget_answer(&mut self) {
        self.granted.clear();
        self.told_off = false;
    }

    /// Whether the device and its journal are what they should be.
    pub fn is_honest(&self) -> bool {
        matches!(self.standing, Standing::Honest | Standing::Revoked)
    }

    /// Both clocks at a true time.
    pub fn now(&self, true_ms: u64) -> Now {
        self.clock.read(true_ms)
    }
}

/// The clocks of a computer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clocks {
    /// How far the wall clock is ahead, in milliseconds.
    pub ahead_ms: i64,
    /// How much faster it runs, in millionths.
    pub drift_ppm: i64,
    /// How long the computer slept, its monotonic clock with it.
    pub slept_ms: u64,
    /// Whether it sleeps whenever nobody is there.
    pub sleeps: bool,
    /// When it was last awake.
    pub awake_ms: u64,
}

impl Clocks {
    /// Somebody is there: whatever slept wakes up.
    pub fn wake(&mut self, true_ms: u64) {
        if self.sleeps {
            self.slept_ms += true_ms - self.awake_ms;
        }
        self.awake_ms = true_ms;
    }

    fn read(&self, true_ms: u64) -> Now {
        let drift = (true_ms as i64 / 1_000_000) * self.drift_ppm;
        let wall = true_ms as i64 + self.ahead_ms + drift;
        let time = START.plus(wall.div_euclid(1000));
        Now { time: time.max(Timestamp(0)), millis: true_ms - self.slept_ms.min(true_ms) }
    }
}
