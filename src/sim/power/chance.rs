//! Chance that a seed decides.

use std::{cell::RefCell, ops::RangeInclusive};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

use crate::terminal::Nonce;

/// A stream of choices.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Chance(pub(super) ChaCha8Rng);

impl Chance {
    /// The stream of a seed that is meant for one purpose.
    pub(in crate::sim) fn new(seed: u64, purpose: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(purpose);
        Self(rng)
    }

    /// A number below `bound`; 0 where there is none.
    pub(in crate::sim) fn below(&mut self, bound: usize) -> usize {
        let number = usize::try_from(self.0.next_u32()).unwrap_or(0);
        number.checked_rem(bound).unwrap_or(0)
    }

    pub(in crate::sim) fn in_range(&mut self, range: RangeInclusive<i64>) -> i64 {
        let width = range.end().saturating_sub(*range.start()).saturating_add(1);
        let step = self.below(usize::try_from(width).unwrap_or(1));
        range.start().saturating_add(i64::try_from(step).unwrap_or(0))
    }

    pub(in crate::sim) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// Takes one out of a list.
    pub(in crate::sim) fn take<T>(&mut self, list: &mut Vec<T>) -> Option<T> {
        let at = self.below(list.len());
        (at < list.len()).then(|| list.swap_remove(at))
    }

    /// One of a list.
    pub(in crate::sim) fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }

    pub(in crate::sim) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

thread_local! {
    static NONCES: RefCell<Chance> = RefCell::new(Chance::new(0, 0));
}

/// Lets [`nonce`] begin anew on this thread.
pub(super) fn seed_nonces(seed: u64) {
    NONCES.set(Chance::new(seed, 1));
}

/// Sixteen bytes for the engine.
pub(super) fn nonce() -> Nonce {
    let mut bytes = [0; 16];
    NONCES.with_borrow_mut(|chance| chance.fill(&mut bytes));
    bytes
}
