//! Numbers of versions: of bundles and of status lists.

use crate::domain::time::Timestamp;

/// The number after `last`: the second it was made in, or one more where that is not higher.
///
/// A platform that goes on from an old backup gives out higher numbers than any it has forgotten, so that terminals that
/// hold those take what is new.
pub fn next_version(last: u64, now: Timestamp) -> u64 {
    last.saturating_add(1).max(u64::try_from(now.0).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_with_the_clock_and_without_it() {
        let now = Timestamp(1_800_000_000);
        assert_eq!(next_version(0, now), 1_800_000_000);
        assert_eq!(next_version(1_800_000_000, now), 1_800_000_001);
        assert_eq!(next_version(7, Timestamp(-1)), 8);
        assert_eq!(next_version(u64::MAX, now), u64::MAX);
    }
}
