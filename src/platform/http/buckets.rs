//! Budgets that fill again with time: how often somebody may do something. Pure; the time is an argument.

use std::collections::BTreeMap;

/// Milliseconds since some fixed moment.
pub(super) type Millis = u64;

/// Most names that budgets are kept for. Where more come, those with a full budget are forgotten first.
const NAMES_MAX: usize = 16_384;

/// How much at once, and how much in the long run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// Most at once.
    pub(super) burst: u32,
    /// How long it takes until there is one more.
    pub(super) each_ms: Millis,
}

impl Rate {
    fn whole(self) -> Millis {
        self.each_ms.saturating_mul(u64::from(self.burst))
    }
}

/// One budget a name.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    rate: Rate,
    /// When each budget is full again; a name that is not here has a full one.
    full_at: BTreeMap<K, Millis>,
}

impl<K: Ord + Clone> Buckets<K> {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, full_at: BTreeMap::new() }
    }

    /// How long to wait until something is left; none where something is.
    pub(super) fn wait(&self, name: &K, now: Millis) -> Option<Millis> {
        let full_at = self.full_at.get(name).copied().unwrap_or(0);
        let missing = full_at.saturating_sub(now).saturating_add(self.rate.each_ms);
        let wait = missing.saturating_sub(self.rate.whole());
        (wait > 0).then_some(wait)
    }

    /// Takes from a budget, at the most all of it: nobody waits longer than for one.
    pub(super) fn charge(&mut self, name: &K, cost: u32, now: Millis) {
        let taken = self.rate.each_ms.saturating_mul(u64::from(cost));
        let full_at = self.full_at.get(name).copied().unwrap_or(0).max(now);
        let empty = now.saturating_add(self.rate.whole());
        self.make_room(name, now);
        self.full_at.insert(name.clone(), full_at.saturating_add(taken).min(empty));
    }

    fn make_room(&mut self, name: &K, now: Millis) {
        if self.full_at.len() < NAMES_MAX || self.full_at.contains_key(name) {
            return;
        }
        self.full_at.retain(|_, full_at| *full_at > now);
        // More at once than can be told apart: all begin anew.
        if self.full_at.len() >= NAMES_MAX {
            self.full_at.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, each_ms: 1_000 };

    #[test]
    fn a_budget_is_spent_and_fills_again() {
        let mut buckets = Buckets::new(RATE);
        for _ in 0..3 {
            assert_eq!(buckets.wait(&"a", 0), None);
            buckets.charge(&"a", 1, 0);
        }
        assert_eq!(buckets.wait(&"a", 0), Some(1_000));
        assert_eq!(buckets.wait(&"a", 400), Some(600));
        assert_eq!(buckets.wait(&"a", 1_000), None);
        assert_eq!(buckets.wait(&"b", 0), None, "everyone has their own");
        buckets.charge(&"a", 1, 1_000);
        assert_eq!(buckets.wait(&"a", 1_000), Some(1_000));
        assert_eq!(buckets.wait(&"a", 10_000), None);
    }

    #[test]
    fn nobody_owes_more_than_one_budget() {
        let mut buckets = Buckets::new(RATE);
        for _ in 0..1_000 {
            buckets.charge(&"a", u32::MAX, 5);
        }
        assert_eq!(buckets.wait(&"a", 5), Some(1_000));
        assert_eq!(buckets.wait(&"a", 1_005), None);
    }

    #[test]
    fn a_million_names_take_bounded_room() {
        let mut buckets = Buckets::new(RATE);
        for name in 0..1_000_000_u32 {
            buckets.charge(&name, 3, u64::from(name) / 1_000);
        }
        assert!(buckets.full_at.len() <= NAMES_MAX);
    }
}
