//! What a terminal knows of the time: its own clock, the times the platform signed, and how long it has been running.
//!
//! No clock is believed. Three things are known, each worth something else:
//!
//! * *sure*: the latest time the platform signed, and since then what the monotonic clock counted. It is not earlier.
//! * *mark*: the latest time this terminal's own clock showed. A clock that stands before it was set back, or was wrong
//!   then.
//! * *told*: what the platform's clock shows, worked out from its last answer: for a quarter of an hour exact to the length of
//!   the question's way, later only as good as this clock's difference was when it was measured.

use super::{sync::Millis, time::Timestamp};

/// Seconds by which this clock may differ from the platform's before people are told.
pub const SKEW_TOLERANCE_S: i64 = 120;

/// Seconds this clock may stand behind the latest known time before it is suspect.
pub const SET_BACK_TOLERANCE_S: i64 = 300;

/// How long the platform's answer tells the time.
const FRESH_MS: Millis = 15 * 60 * 1000;

/// An answer that took longer says nothing about the difference of two clocks.
const ROUND_TRIP_MAX_MS: Millis = 60_000;

/// A monotonic clock runs too fast by less than one part in so many.
const DRIFT: i64 = 10_000;

/// A reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The wall clock, which people and other programs may set.
    pub time: Timestamp,
    /// Milliseconds since some fixed moment, never going back.
    pub millis: Millis,
}

/// A time as it was at a reading of the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    time: Timestamp,
    at: Millis,
}

impl Known {
    /// What it has become, at the least.
    fn by(self, millis: Millis) -> Timestamp {
        let elapsed = seconds(millis.saturating_sub(self.at));
        self.time.plus(elapsed.saturating_sub(elapsed / DRIFT))
    }

    fn raise(&mut self, time: Timestamp, millis: Millis) {
        if time > self.by(millis) {
            *self = Self { time, at: millis };
        }
    }
}

/// What is remembered of the time across restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// The latest time that the platform signed.
    pub sure: Timestamp,
    /// The time floor of the last entry.
    pub chain: Timestamp,
    /// Time floors up to here were set by a clock that is known to have been ahead.
    pub disowned: Timestamp,
    /// Seconds by which this clock was ahead of the platform's when they were last compared; negative where it was behind.
    pub skew: Option<i64>,
}

/// What is wrong with a clock, and by how many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockTrouble {
    /// It stands before what is known to have passed, or before what it showed itself.
    SetBack(i64),
    /// It is ahead of the platform's.
    Ahead(i64),
    /// It is behind the platform's.
    Behind(i64),
}

/// A terminal's knowledge of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSense {
    now: Option<Now>,
    sure: Known,
    mark: Known,
    told: Option<Known>,
    remembered: Remembered,
}

impl TimeSense {
    /// What is known before the clocks were read.
    pub fn new(remembered: Remembered) -> Self {
        let Remembered { sure, chain, disowned, .. } = remembered;
        let mark = if chain > disowned { chain } else { Timestamp(i64::MIN) };
        let (sure, mark) = (Known { time: sure, at: 0 }, Known { time: mark, at: 0 });
        Self { now: None, sure, mark, told: None, remembered }
    }

    /// Takes note of a reading of both clocks.
    pub fn observe(&mut self, now: Now) {
        if self.now.is_none() {
            // The monotonic clock counts from some moment before this start.
            (self.sure.at, self.mark.at) = (now.millis, now.millis);
        }
        self.now = Some(now);
        self.showed(now.time);
    }

    /// Takes note of a time that the platform signed at some time before.
    pub fn learn(&mut self, signed: Timestamp) {
        self.sure.raise(signed, self.millis());
        self.remembered.sure = self.remembered.sure.max(signed);
    }

    /// Compares the clocks by an answer of the platform to a question that was sent at a reading of the monotonic clock.
    ///
    /// The platform's time lies in the middle of the way there and back.
    pub fn hear(&mut self, platform: Timestamp, sent: Millis, now: Now) {
        self.observe(now);
        self.learn(platform);
        let trip = now.millis.saturating_sub(sent);
        if trip > ROUND_TRIP_MAX_MS {
            return;
        }
        let told = platform.plus(seconds(trip / 2));
        self.told = Some(Known { time: told, at: now.millis });
        self.remembered.skew = Some(now.time.since(told));
        if self.mark.by(now.millis) > told {
            self.mark = Known { time: told, at: now.millis };
        }
        if self.remembered.chain.since(told) > SKEW_TOLERANCE_S {
            self.remembered.disowned = self.remembered.chain;
        }
    }

    /// Takes note of an entry that was written at a time of this clock, with its time floor.
    pub fn wrote(&mut self, at: Timestamp, floor: Timestamp) {
        self.showed(at);
        self.remembered.chain = self.remembered.chain.max(floor);
    }

    /// The latest time that is known to have passed, or that this clock showed.
    pub fn floor(&self) -> Timestamp {
        self.sure().max(self.mark.by(self.millis()))
    }

    /// It is not earlier than this, by the platform's word.
    pub fn sure(&self) -> Timestamp {
        self.sure.by(self.millis())
    }

    /// The time floor of the next entry, written at a time of this clock: it never falls within a journal.
    pub fn next_floor(&self, at: Timestamp) -> Timestamp {
        self.remembered.chain.max(self.floor()).max(at)
    }

    /// What the platform's clock shows, as far as that is known better than by this terminal's own clock.
    pub fn told(&self) -> Option<Timestamp> {
        self.fresh().or_else(|| {
            let skew = self.remembered.skew?;
            let wrong = skew.saturating_abs() > SKEW_TOLERANCE_S;
            let now = self.now.filter(|_| wrong)?;
            Some(now.time.plus(skew.saturating_neg()))
        })
    }

    /// Seconds by which this clock was ahead of the platform's when they were last compared; negative where it was behind.
    pub fn skew(&self) -> Option<i64> {
        self.remembered.skew
    }

    /// What is wrong with this clock, as far as is known.
    pub fn trouble(&self) -> Option<ClockTrouble> {
        let behind = self.now.map(|now| self.floor().since(now.time));
        if let Some(seconds) = behind.filter(|behind| *behind > SET_BACK_TOLERANCE_S) {
            return Some(ClockTrouble::SetBack(seconds));
        }
        let skew = self.skew().filter(|skew| skew.saturating_abs() > SKEW_TOLERANCE_S)?;
        Some(if skew > 0 {
            ClockTrouble::Ahead(skew)
        } else {
            ClockTrouble::Behind(skew.saturating_neg())
        })
    }

    /// The time an entry was written at, with what was found out about the clock since.
    pub fn of_entry(&self, at: Timestamp, floor: Timestamp) -> Timestamp {
        if floor > self.remembered.disowned { floor } else { at }
    }

    /// Milliseconds on the monotonic clock at the last reading.
    pub fn millis(&self) -> Millis {
        self.now.map_or(0, |now| now.millis)
    }

    /// What is to be remembered across restarts.
    pub fn remembered(&self) -> Remembered {
        self.remembered
    }

    fn fresh(&self) -> Option<Timestamp> {
        let millis = self.millis();
        let told = self.told.filter(|told| millis.saturating_sub(told.at) <= FRESH_MS)?;
        Some(told.by(millis))
    }

    /// A time this clock showed is no knowledge where the platform has just said otherwise.
    fn showed(&mut self, time: Timestamp) {
        let contradicted = self.fresh().is_some_and(|told| time.since(told) > SKEW_TOLERANCE_S);
        if !contradicted {
            self.mark.raise(time, self.millis());
        }
    }
}

fn seconds(millis: Millis) -> i64 {
    i64::try_from(millis / 1000).unwrap_or(i64::MAX)
}
