//! Tells a person's scans from a reader that empties its memory.
//!
//! Some cordless readers store scans while they are out of reach and send them all when they are back. Such
//! a burst would redeem vouchers whose customers are long gone. The first code of a burst cannot be told from
//! a scan; the ones that follow within a second wait until it is clear that no more than three came.

use std::collections::VecDeque;

/// The span within which scans are counted, in milliseconds; also the longest wait of one.
pub const PACE_MS: u64 = 1_000;
/// Most different codes a person scans within that span.
pub const PACE_SCANS: usize = 3;

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paced {
    /// This is a scan.
    Scan(String),
    /// More codes came than a person scans: those that waited are dropped; said once for each burst.
    Replayed,
}

/// The scans of one reader in the last second. Times are milliseconds of one monotonic clock.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    times_ms: VecDeque<u64>,
    last: String,
    held: VecDeque<(String, u64)>,
    replaying: bool,
}

impl Pace {
    /// Notes a code that came at `at_ms`.
    pub fn note(&mut self, text: String, at_ms: u64) -> Option<Paced> {
        self.times_ms.retain(|time_ms| at_ms.saturating_sub(*time_ms) < PACE_MS);
        if text == self.last && !self.times_ms.is_empty() {
            // A code that lies before the reader; whoever takes scans tells repeats apart.
            return (self.held.is_empty() && !self.replaying).then_some(Paced::Scan(text));
        }
        self.last.clone_from(&text);
        self.count(at_ms);
        match self.times_ms.len() {
            1 => {
                self.replaying = false;
                Some(Paced::Scan(text))
            }
            _ if self.replaying => None,
            count if count > PACE_SCANS => {
                (self.replaying, self.held) = (true, VecDeque::new());
                Some(Paced::Replayed)
            }
            _ => {
                self.held.push_back((text, at_ms));
                None
            }
        }
    }

    /// A code that waited long enough; ask until there is none.
    pub fn due(&mut self, now_ms: u64) -> Option<Paced> {
        let (_, at_ms) = self.held.front()?;
        let waited = now_ms.saturating_sub(*at_ms) >= PACE_MS;
        let (text, _) = waited.then(|| self.held.pop_front()).flatten()?;
        Some(Paced::Scan(text))
    }

    /// Whether a code waits for [`Self::due`].
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// A flood is counted no further than it takes to know it.
    fn count(&mut self, at_ms: u64) {
        self.times_ms.push_back(at_ms);
        if self.times_ms.len() > PACE_SCANS.saturating_add(1) {
            self.times_ms.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of codes at their times, and when; `!` is a burst that was noticed.
    fn played(codes: &[(&str, u64)]) -> Vec<(String, u64)> {
        let (mut pace, mut told) = (Pace::default(), Vec::new());
        for at_now in (0..6_000).step_by(50) {
            let came = codes.iter().filter(|(_, at_ms)| *at_ms == at_now);
            let mut out: Vec<Paced> =
                came.filter_map(|(code, _)| pace.note((*code).to_owned(), at_now)).collect();
            out.extend(std::iter::from_fn(|| pace.due(at_now)));
            told.extend(out.into_iter().map(|paced| match paced {
                Paced::Scan(text) => (text, at_now),
                Paced::Replayed => ("!".to_owned(), at_now),
            }));
        }
        told
    }

    #[test]
    fn people_and_memories_are_told_apart() {
        for (codes, expected) in [
            (vec![("A", 0), ("B", 1_000), ("C", 2_000)], "A@0 B@1000 C@2000"),
            (vec![("A", 0), ("B", 500)], "A@0 B@1500"),
            (vec![("A", 0), ("B", 300), ("C", 600)], "A@0 B@1300 C@1600"),
            (vec![("A", 0), ("B", 100), ("C", 200), ("D", 300)], "A@0 !@300"),
            (vec![("A", 0), ("B", 0), ("C", 0), ("D", 0), ("E", 50), ("F", 1_000)], "A@0 !@0"),
            (vec![("A", 0), ("B", 0), ("C", 0), ("D", 0), ("E", 2_000)], "A@0 !@0 E@2000"),
            (
                vec![("A", 0), ("A", 100), ("A", 200), ("A", 300), ("A", 400)],
                "A@0 A@100 A@200 A@300 A@400",
            ),
            (vec![("A", 0), ("B", 400), ("C", 800), ("D", 1_200)], "A@0 B@1400 C@1800 D@2200"),
        ] {
            let told =
                played(&codes).iter().map(|(text, at)| format!("{text}@{at}")).collect::<Vec<_>>();
            assert_eq!(told.join(" "), expected, "{codes:?}");
        }
    }

    #[test]
    fn a_flood_is_told_once_and_takes_no_room() {
        let mut pace = Pace::default();
        let told = (0..10_000)
            .filter_map(|number: u32| pace.note(number.to_string(), 0))
            .collect::<Vec<_>>();
        assert_eq!(told, [Paced::Scan("0".to_owned()), Paced::Replayed]);
        assert!(pace.times_ms.len() <= PACE_SCANS + 1 && pace.held.is_empty());
    }
}
