//! One code held before a reader is one scan, however often it is read.

use std::collections::VecDeque;

use super::TEXT_MAX;

/// A text seen again within this time is the same scan, in milliseconds.
pub const SAME_SCAN_MS: u64 = 2_000;

/// Texts remembered at once: more than a counter has readers.
const REMEMBERED: usize = 8;

/// Whether a text is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// A scan of its own.
    First,
    /// The scan before it, read once more.
    Again,
}

/// Remembers the last few texts, whichever reader delivered them.
///
/// Every sighting starts the two seconds anew, so a code that lies before a hands-free reader stays
/// one scan. Give the text as [`super::clean`] leaves it: readers differ in what they put around it.
#[derive(Clone, Debug, Default)]
pub struct Debounce {
    seen: VecDeque<(String, u64)>,
}

impl Debounce {
    /// Notes that `text` was seen at `at_ms`, milliseconds of one monotonic clock.
    ///
    /// A text longer than [`TEXT_MAX`] bytes is always [`Sighting::First`] and not remembered.
    pub fn note(&mut self, text: &str, at_ms: u64) -> Sighting {
        self.seen.retain(|(_, seen_ms)| at_ms.saturating_sub(*seen_ms) < SAME_SCAN_MS);
        if text.len() > TEXT_MAX {
            return Sighting::First;
        }
        let known = self.seen.iter().position(|(seen, _)| seen == text);
        let (entry, sighting) = match known.and_then(|index| self.seen.remove(index)) {
            Some((seen, _)) => (seen, Sighting::Again),
            None => (text.to_owned(), Sighting::First),
        };
        self.seen.push_back((entry, at_ms));
        if self.seen.len() > REMEMBERED {
            self.seen.pop_front();
        }
        sighting
    }

    /// Forgets `text`, so that the next sighting is a scan: the cashier asked for it.
    pub fn forget(&mut self, text: &str) {
        self.seen.retain(|(seen, _)| seen != text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_within_two_seconds_is_the_same_scan() {
        let mut debounce = Debounce::default();
        assert_eq!(debounce.note("CS1:A", 1_000), Sighting::First);
        assert_eq!(debounce.note("CS1:A", 1_000), Sighting::Again);
        assert_eq!(debounce.note("CS1:B", 1_300), Sighting::First, "another code is another scan");
        assert_eq!(debounce.note("CS1:A", 2_999), Sighting::Again);
        assert_eq!(debounce.note("CS1:B", 3_300), Sighting::First, "two seconds have passed");
    }

    #[test]
    fn a_code_left_before_the_reader_stays_one_scan() {
        let mut debounce = Debounce::default();
        debounce.note("CS1:A", 0);
        for second in 1..60 {
            assert_eq!(debounce.note("CS1:A", second * 1_000), Sighting::Again);
        }
        assert_eq!(debounce.note("CS1:A", 59_000 + 2_000), Sighting::First);
    }

    #[test]
    fn a_forgotten_text_is_a_scan_again() {
        let mut debounce = Debounce::default();
        debounce.note("CS1:A", 0);
        debounce.forget("CS1:A");
        assert_eq!(debounce.note("CS1:A", 1), Sighting::First);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let mut debounce = Debounce::default();
        for n in 0..1_000_u64 {
            debounce.note(&n.to_string(), n);
        }
        assert_eq!(debounce.seen.len(), 8);
        assert_eq!(debounce.note("992", 1_000), Sighting::Again);
        assert_eq!(debounce.note("991", 1_000), Sighting::First);
        let huge = "7".repeat(4297);
        assert_eq!(debounce.note(&huge, 1_000), Sighting::First);
        assert_eq!(debounce.note(&huge, 1_000), Sighting::First);
    }

    #[test]
    fn a_clock_set_back_does_not_let_a_second_scan_through() {
        let mut debounce = Debounce::default();
        debounce.note("CS1:A", 5_000);
        assert_eq!(debounce.note("CS1:A", 1_000), Sighting::Again);
    }
}
