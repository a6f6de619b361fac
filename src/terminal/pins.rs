//! How wrong PINs slow down those who type them: whoever says whose PIN it is waits for their own mistakes only.

use std::collections::BTreeMap;

use super::clock::Now;
use crate::{
    domain::{
        id::OperatorId,
        pin::{TRIES_FREE, wait_s},
        sync::Millis,
        time::Timestamp,
    },
    store::PinTry,
};

/// Wrong PINs are forgotten after so long without another, in seconds.
const FORGOTTEN_S: u64 = 24 * 3600;

/// Whose PIN it was said to be.
pub(super) type Whose = Option<OperatorId>;

/// The wrong PINs in a row.
#[derive(Debug, Default)]
pub(super) struct PinBook(BTreeMap<Whose, Tried>);

#[derive(Clone, Copy, Debug)]
struct Tried {
    wrong: u32,
    at: Timestamp,
    /// On the clock that nobody sets; none for what was typed before the program was started.
    since: Option<Millis>,
}

impl PinBook {
    /// As the store has it.
    pub(super) fn new(tries: Vec<PinTry>) -> Self {
        let kept = |row: PinTry| Tried { wrong: row.wrong, at: row.at, since: None };
        Self(tries.into_iter().map(|row| (row.operator, kept(row))).collect())
    }

    /// Seconds until a PIN is taken again; none where it is.
    pub(super) fn wait(&self, whose: Whose, now: Now) -> Option<u64> {
        let tried = self.0.get(&whose)?;
        let wait = u64::from(wait_s(tried.wrong)).checked_sub(tried.age(now))?;
        (wait > 0).then_some(wait)
    }

    /// Tries before the next wait.
    pub(super) fn left(&self, whose: Whose) -> u32 {
        TRIES_FREE.saturating_sub(self.0.get(&whose).map_or(0, |tried| tried.wrong))
    }

    /// Counts one more as wrong, until it proves right; what the store is to hold.
    pub(super) fn count(&mut self, whose: Whose, now: Now) -> PinTry {
        let before = self.0.get(&whose).filter(|tried| tried.age(now) < FORGOTTEN_S);
        let wrong = before.map_or(0, |tried| tried.wrong).saturating_add(1);
        self.0.insert(whose, Tried { wrong, at: now.time, since: Some(now.millis) });
        PinTry { operator: whose, wrong, at: now.time }
    }

    /// It was right; what the store is to hold.
    pub(super) fn forget(&mut self, whose: Whose, now: Now) -> PinTry {
        self.0.remove(&whose);
        PinTry { operator: whose, wrong: 0, at: now.time }
    }
}

impl Tried {
    /// Seconds since the last. A wall clock that was set back says that it was this very moment.
    fn age(self, now: Now) -> u64 {
        match self.since {
            Some(since) => now.millis.saturating_sub(since) / 1000,
            None => u64::try_from(now.time.since(self.at)).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIRA: Whose = Some(OperatorId(1));

    fn at(seconds: u32) -> Now {
        let time = Timestamp(1_000_000).plus(i64::from(seconds));
        Now { time, millis: u64::from(seconds).saturating_mul(1000) }
    }

    fn typed(book: &mut PinBook, whose: Whose, times: u32, now: Now) {
        (0..times).for_each(|_| {
            book.count(whose, now);
        });
    }

    #[test]
    fn waits_grow_and_are_for_those_who_were_named() {
        let mut book = PinBook::default();
        typed(&mut book, None, 4, at(0));
        assert_eq!((book.wait(None, at(0)), book.left(None)), (None, 1));
        typed(&mut book, None, 1, at(0));
        assert_eq!((book.wait(None, at(0)), book.left(None)), (Some(30), 0));
        assert_eq!((book.wait(MIRA, at(0)), book.left(MIRA)), (None, 5), "she is not to blame");
        assert_eq!(book.wait(None, at(29)), Some(1));
        assert_eq!(book.wait(None, at(30)), None);
        typed(&mut book, None, 1, at(30));
        assert_eq!(book.wait(None, at(30)), Some(60));
        typed(&mut book, None, 1000, at(100));
        assert_eq!(book.wait(None, at(100)), Some(300), "never longer");
    }

    #[test]
    fn a_restart_and_a_clock_that_is_set_back_give_nothing_back() {
        let mut book = PinBook::default();
        typed(&mut book, MIRA, 4, at(0));
        let kept = book.count(MIRA, at(0));
        let again = PinBook::new(vec![kept]);
        assert_eq!(again.wait(MIRA, Now { millis: 0, ..at(10) }), Some(20));
        let back = Now { time: Timestamp(0), millis: 0 };
        assert_eq!(again.wait(MIRA, back), Some(30));
        // Within one run of the program the wall clock says nothing.
        let ahead = Now { time: Timestamp(i64::MAX), millis: 10_000 };
        assert_eq!(book.wait(MIRA, ahead), Some(20));
    }

    #[test]
    fn a_right_pin_or_a_day_ends_it() {
        let mut book = PinBook::default();
        typed(&mut book, MIRA, 9, at(0));
        assert_eq!(book.count(MIRA, at(24 * 3600)).wrong, 1);
        typed(&mut book, MIRA, 9, at(24 * 3600));
        assert_eq!(book.forget(MIRA, at(24 * 3600)).wrong, 0);
        assert_eq!((book.wait(MIRA, at(24 * 3600)), book.left(MIRA)), (None, 5));
    }
}
