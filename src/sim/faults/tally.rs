//! How often each kind of fault was there.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "a run that counts to the end of the range never ends"
)]

use std::collections::BTreeMap;

use super::Fault;

/// Counters by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<Fault, u64>);

impl Tally {
    /// Counts one.
    pub fn count(&mut self, fault: Fault) {
        *self.0.entry(fault).or_default() += 1;
    }

    /// Adds another run's counters.
    pub fn add(&mut self, other: &Self) {
        for (fault, count) in &other.0 {
            *self.0.entry(*fault).or_default() += count;
        }
    }

    /// How often a kind was there.
    pub fn of(&self, fault: Fault) -> u64 {
        self.0.get(&fault).copied().unwrap_or(0)
    }

    /// How many there were in all.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}
