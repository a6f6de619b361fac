//! The times at which a server's certificate is judged: a terminal's clock may be dead, and sync is what corrects it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use rustls::{pki_types::UnixTime, time_provider::TimeProvider};

use crate::domain::time::Timestamp;

/// The wall clock, and the latest time that is proven to have passed because the platform signed it.
#[derive(Clone)]
pub struct Times {
    wall: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    proven: Arc<AtomicI64>,
}

impl Times {
    /// A wall clock, and the time in the platform's last reply, where there was one.
    pub fn new(
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
        proven: Option<Timestamp>,
    ) -> Self {
        let proven = proven.unwrap_or(Timestamp(i64::MIN));
        Self { wall: Arc::new(wall), proven: Arc::new(AtomicI64::new(proven.0)) }
    }

    /// Takes note of a time that the platform signed.
    pub(super) fn learn(&self, time: Timestamp) {
        self.proven.fetch_max(time.0, Ordering::Relaxed);
    }

    pub(super) fn wall(&self) -> Timestamp {
        (self.wall)()
    }

    pub(super) fn proven(&self) -> Option<Timestamp> {
        let proven = Timestamp(self.proven.load(Ordering::Relaxed));
        (proven != Timestamp(i64::MIN)).then_some(proven)
    }

    /// The later of both: what is proven to have passed has passed, whatever the wall clock says.
    pub(super) fn latest(&self) -> Timestamp {
        self.proven().map_or(self.wall(), |proven| proven.max(self.wall()))
    }

    /// The latest time that it may be: a wall clock behind what is proven stands, and says nothing.
    pub(super) fn until(&self) -> Timestamp {
        let wall = self.wall();
        if self.proven().is_some_and(|proven| wall < proven) { Timestamp(i64::MAX) } else { wall }
    }
}

impl TimeProvider for Times {
    fn current_time(&self) -> Option<UnixTime> {
        Some(to_unix(self.latest()))
    }
}

impl fmt::Debug for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Times(wall {}, proven {:?})", self.wall(), self.proven())
    }
}

/// Certificates know no time before 1970.
pub(super) fn to_unix(time: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(time.0).unwrap_or(0)))
}

pub(super) fn from_unix(time: UnixTime) -> Timestamp {
    Timestamp(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}
