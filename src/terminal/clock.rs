//! The one place where the terminal reads the time.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

pub use crate::domain::clock::Now;
use crate::domain::time::Timestamp;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// Reads both clocks.
    fn now(&self) -> Now;

    /// Time since some fixed moment, as fine as it is known.
    fn elapsed(&self) -> Duration;
}

/// The machine's clocks.
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that others take the time from"
    )]
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that others take the time from"
    )]
    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
        let millis = u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now { time, millis }
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that stands until it is moved: for tests and for looking at another time.
#[derive(Debug, Default)]
pub struct ManualClock {
    time: AtomicI64,
    millis: AtomicU64,
}

impl ManualClock {
    /// A clock that shows `time`.
    pub fn at(time: Timestamp) -> Self {
        Self { time: AtomicI64::new(time.0), millis: AtomicU64::new(0) }
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: u32) {
        self.time.fetch_add(i64::from(seconds), Ordering::SeqCst);
        self.millis.fetch_add(u64::from(seconds).saturating_mul(1000), Ordering::SeqCst);
    }

    /// Sets the wall clock, forth or back, and leaves the other alone.
    pub fn set(&self, time: Timestamp) {
        self.time.store(time.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Now {
        let time = Timestamp(self.time.load(Ordering::SeqCst));
        Now { time, millis: self.millis.load(Ordering::SeqCst) }
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.millis.load(Ordering::SeqCst))
    }
}
