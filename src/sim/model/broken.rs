//! A promise that was broken.

use std::fmt;

/// What was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// What the cashier saw accepted, and what was committed, is on disk.
    Durable,
    /// One terminal never accepts a voucher beyond its limit.
    OneTerminal,
    /// With the platform's word nothing is accepted twice.
    PlatformsWord,
    /// The platform sets nothing aside that is consumed, set aside or lent.
    Claims,
    /// The platform holds a gap-free prefix of what the terminal wrote.
    Prefix,
    /// Every entry takes effect exactly once.
    ExactlyOnce,
    /// Nothing leaves the queue that the platform does not hold.
    Queue,
    /// Every use beyond a limit is reported with all entries, and none falsely.
    Reported,
    /// Reports reach everyone concerned.
    Told,
    /// Versions and the latest known time never go back.
    Ratchet,
    /// Nothing is accepted without the platform beyond what the policy allows.
    OfflineBounds,
    /// Nothing is taken from a lease beyond what was lent, or after it ended.
    Leases,
    /// No voucher is accepted outside its time, as far as it is known.
    Time,
    /// No voucher is accepted where it is not valid.
    Scope,
    /// What was revoked or withdrawn is refused by whoever has heard of it.
    Revoked,
    /// Only what an issuer signed is accepted.
    Genuine,
    /// A refusal by the platform is no silence.
    Refusal,
    /// A journal that was set back or copied is found, and its terminal stops.
    Fork,
    /// No roll back gives back more than was taken.
    RollBack,
    /// Cashier, owner and settlement have the same sums.
    Sums,
    /// Without faults everything arrives, and no terminal waits without a word.
    Liveness,
    /// An enrolment code makes one device a terminal.
    Enrolment,
    /// Nothing panics, and nothing fails that should not.
    Robust,
}

impl Promise {
    /// Stable code, such as `durable`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Durable => "durable",
            Self::OneTerminal => "one_terminal",
            Self::PlatformsWord => "platforms_word",
            Self::Claims => "claims",
            Self::Prefix => "prefix",
            Self::ExactlyOnce => "exactly_once",
            Self::Queue => "queue",
            Self::Reported => "reported",
            Self::Told => "told",
            Self::Ratchet => "ratchet",
            Self::OfflineBounds => "offline_bounds",
            Self::Leases => "leases",
            Self::Time => "time",
            Self::Scope => "scope",
            Self::Revoked => "revoked",
            Self::Genuine => "genuine",
            Self::Refusal => "refusal",
            Self::Fork => "fork",
            Self::RollBack => "roll_back",
            Self::Sums => "sums",
            Self::Liveness => "liveness",
            Self::Enrolment => "enrolment",
            Self::Robust => "robust",
        }
    }
}

/// A promise that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub promise: Promise,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise.code(), self.what)
    }
}

/// Whether a promise was kept.
pub type Kept = Result<(), Broken>;

/// Says that a promise was broken.
pub fn broken<T>(promise: Promise, what: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { promise, what: what.into() })
}

/// A promise is broken unless something holds.
pub fn must(holds: bool, promise: Promise, what: impl FnOnce() -> String) -> Kept {
    if holds { Ok(()) } else { broken(promise, what()) }
}
