//! Which of the texts in the frames are scans.
//!
//! A camera sees more than what the customer holds up: a poster, a parcel, the till's own screen. A voucher
//! is a scan at once; a code of any other kind is one only when it stays in view, so that somebody who
//! shows the wrong code is told so.

use std::collections::BTreeMap;

/// How long a code that is not ours must stay in view, in milliseconds.
const STEADY_MS: u64 = 1_000;
/// Longest pause between two frames that show it, in milliseconds.
const PAUSE_MS: u64 = 500;
/// Shortest time between two scans of one code that stays, in milliseconds; whoever takes scans tells repeats apart.
const REPEAT_MS: u64 = 500;
/// Codes followed at once: more than one picture holds.
const FOLLOWED_MAX: usize = 16;

/// Follows the codes that are in view.
#[derive(Debug, Default)]
pub(super) struct Steady {
    seen: BTreeMap<String, Seen>,
    /// The last scan, and when it was told.
    told: Option<(String, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    first_ms: u64,
    last_ms: u64,
}

impl Steady {
    /// The text of a frame that is a scan, if there is one: a voucher, or else what stayed.
    pub(super) fn scan(&mut self, texts: Vec<String>, now_ms: u64) -> Option<String> {
        self.seen.retain(|_, seen| now_ms.saturating_sub(seen.last_ms) <= PAUSE_MS);
        let (ours, others): (Vec<_>, Vec<_>) = texts.into_iter().partition(|text| is_ours(text));
        let stayed = others.into_iter().filter(|text| self.stays(text, now_ms)).collect::<Vec<_>>();
        let scan = ours.into_iter().chain(stayed).next()?;
        let repeated = self.told.as_ref().is_some_and(|(text, told_ms)| {
            *text == scan && now_ms.saturating_sub(*told_ms) < REPEAT_MS
        });
        if repeated {
            return None;
        }
        self.told = Some((scan.clone(), now_ms));
        Some(scan)
    }

    fn stays(&mut self, text: &str, now_ms: u64) -> bool {
        if self.seen.len() >= FOLLOWED_MAX && !self.seen.contains_key(text) {
            return false;
        }
        let fresh = Seen { first_ms: now_ms, last_ms: now_ms };
        let seen = self.seen.entry(text.to_owned()).or_insert(fresh);
        seen.last_ms = now_ms;
        now_ms.saturating_sub(seen.first_ms) >= STEADY_MS
    }
}

/// Whether a text has the beginning of our codes.
pub(super) fn is_ours(text: &str) -> bool {
    text.starts_with("CS")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(steady: &mut Steady, text: &str, now_ms: u64) -> Option<String> {
        steady.scan(vec![text.to_owned()], now_ms)
    }

    #[test]
    fn a_voucher_is_a_scan_at_once_and_goes_first() {
        let mut steady = Steady::default();
        let texts = vec!["https://example.com".to_owned(), "CS1:A".to_owned()];
        assert_eq!(steady.scan(texts, 0).as_deref(), Some("CS1:A"));
    }

    #[test]
    fn a_voucher_that_stays_is_told_twice_a_second() {
        let mut steady = Steady::default();
        let told = |now_ms: &u64| scan(&mut steady, "CS1:A", *now_ms).is_some();
        let times: Vec<u64> = (0..1_100).step_by(100).filter(told).collect();
        assert_eq!(times, [0, 500, 1_000]);
    }

    #[test]
    fn another_code_is_a_scan_when_it_stays() {
        let mut steady = Steady::default();
        for at_ms in [0, 400, 900] {
            assert_eq!(scan(&mut steady, "poster", at_ms), None, "{at_ms}");
        }
        assert_eq!(scan(&mut steady, "poster", 1_000).as_deref(), Some("poster"));
    }

    #[test]
    fn a_pause_begins_the_wait_anew() {
        let mut steady = Steady::default();
        assert_eq!(scan(&mut steady, "poster", 0), None);
        assert_eq!(scan(&mut steady, "poster", 501), None);
        assert_eq!(scan(&mut steady, "poster", 1_000), None);
        assert_eq!(scan(&mut steady, "poster", 1_500), None);
        assert_eq!(scan(&mut steady, "poster", 1_501).as_deref(), Some("poster"));
    }

    #[test]
    fn a_wall_of_codes_is_bounded() {
        let mut steady = Steady::default();
        for number in 0..1_000 {
            scan(&mut steady, &number.to_string(), 0);
        }
        assert_eq!(steady.seen.len(), FOLLOWED_MAX);
    }
}
