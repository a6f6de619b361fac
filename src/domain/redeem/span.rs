//! The times it may be: one where the clock is credible, a span of them where it is not.
//!
//! What does not hold at all of them is not taken to hold, and nothing is refused for a time that may be wrong.

use super::facts::{Facts, PlatformFact};
use crate::domain::{
    clock::{SET_BACK_TOLERANCE_S, SKEW_TOLERANCE_S},
    time::Timestamp,
};

/// From the earliest to the latest time that is credible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) earliest: Timestamp,
    pub(super) latest: Timestamp,
}

impl Span {
    /// What this terminal's clock and what is known leave open.
    ///
    /// With the platform's agreement it is the platform's time.
    pub(super) fn of(facts: &Facts, now: Timestamp) -> Self {
        let time = now.max(facts.time_floor);
        let granted = matches!(facts.platform, PlatformFact::Granted { .. });
        let told = facts.time_told.map(|told| told.max(facts.time_sure));
        match told {
            Some(told) if granted => Self::at(told),
            Some(told) if told.since(time).saturating_abs() <= SKEW_TOLERANCE_S => Self::at(time),
            Some(told) => Self { earliest: told.min(time), latest: told.max(time) },
            None if is_set_back(facts, now) => {
                Self { earliest: now.max(facts.time_sure), latest: time }
            }
            None => Self::at(time),
        }
    }

    fn at(time: Timestamp) -> Self {
        Self { earliest: time, latest: time }
    }

    /// The time, where there is no doubt about it.
    pub(super) fn only(self) -> Option<Timestamp> {
        (self.earliest == self.latest).then_some(self.latest)
    }

    /// Whether all of it lies from one time to before another.
    pub(super) fn is_within(self, from: Timestamp, until: Timestamp) -> bool {
        from <= self.earliest && self.latest < until
    }

    /// Whether none of it lies from one time to before another.
    pub(super) fn is_outside(self, from: Timestamp, until: Timestamp) -> bool {
        until <= self.earliest || self.latest < from
    }
}

/// Whether the clock stands before what is known to have passed, or before what it showed itself.
pub(super) fn is_set_back(facts: &Facts, now: Timestamp) -> bool {
    facts.time_floor.since(now) > SET_BACK_TOLERANCE_S
}
