//! How fast a serial line is: told by the owner, or found by trying.

/// For ports on USB, where speed means nothing and a short silence ends a code.
const USB: u32 = 115_200;
/// What readers leave the factory with comes first, then what is set most often.
const TRIED: [u32; 5] = [9_600, 115_200, 19_200, 38_400, 57_600];
/// Unreadable codes in a row after which a speed that once was right is doubted.
const PATIENCE: u8 = 3;

/// The speed of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baud {
    /// Always this one.
    Fixed(u32),
    /// Found out: another one is tried after each unreadable code.
    Probe,
}

impl From<u32> for Baud {
    fn from(baud: u32) -> Self {
        Self::Fixed(baud)
    }
}

impl From<Option<u32>> for Baud {
    /// A speed that nobody said is found out.
    fn from(baud: Option<u32>) -> Self {
        baud.map_or(Self::Probe, Self::Fixed)
    }
}

/// The speed now and how sure it is.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    current: u32,
    /// Speeds still to try, in a ring; empty if the speed is given.
    next: Vec<u32>,
    settled: bool,
    misses: u8,
}

impl Rates {
    /// The first speed for a line; `no_speed` if bytes come over USB all the way.
    pub(super) fn new(baud: Baud, no_speed: bool) -> Self {
        let ring = match baud {
            Baud::Fixed(baud) => vec![baud],
            Baud::Probe if no_speed => vec![USB],
            Baud::Probe => TRIED.to_vec(),
        };
        let (current, next) = ring.split_first().map_or((USB, &[][..]), |(now, rest)| (*now, rest));
        Self { current, next: next.to_vec(), settled: next.is_empty(), misses: 0 }
    }

    /// Bits a second.
    pub(super) fn current(&self) -> u32 {
        self.current
    }

    /// Whether no code has shown yet that the speed is right.
    pub(super) fn in_doubt(&self) -> bool {
        !self.settled
    }

    /// Takes whether a code could be read, and says which speed to change to.
    pub(super) fn note(&mut self, readable: bool) -> Option<u32> {
        if self.next.is_empty() {
            return None;
        }
        if readable {
            (self.settled, self.misses) = (true, 0);
            return None;
        }
        self.misses = self.misses.saturating_add(1);
        if self.settled && self.misses < PATIENCE { None } else { self.turn() }
    }

    fn turn(&mut self) -> Option<u32> {
        self.next.push(self.current);
        self.next.rotate_left(1);
        self.current = self.next.pop()?;
        (self.settled, self.misses) = (false, 0);
        Some(self.current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_speed_is_tried_in_turn_and_then_again() {
        let mut rates = Rates::new(Baud::Probe, false);
        let mut tried = vec![rates.current()];
        tried.extend((0..6).map(|_| rates.note(false).unwrap()));
        assert_eq!(tried, [9_600, 115_200, 19_200, 38_400, 57_600, 9_600, 115_200]);
    }

    #[test]
    fn a_speed_that_was_right_is_kept_until_three_codes_in_a_row_are_not() {
        let mut rates = Rates::new(Baud::Probe, false);
        assert!(rates.in_doubt());
        assert_eq!(rates.note(false), Some(115_200));
        let steps = [
            (true, None),
            (false, None),
            (false, None),
            (true, None),
            (false, None),
            (false, None),
            (false, Some(19_200)),
        ];
        for (index, (readable, expected)) in steps.into_iter().enumerate() {
            assert_eq!(rates.note(readable), expected, "{index}");
        }
        assert!(rates.in_doubt());
    }

    #[test]
    fn a_given_speed_and_a_port_without_speed_never_change() {
        for (baud, no_speed, expected) in [
            (Baud::Fixed(9_600), true, 9_600),
            (Baud::from(38_400), false, 38_400),
            (Baud::from(Some(19_200)), true, 19_200),
            (Baud::from(None), true, 115_200),
        ] {
            let mut rates = Rates::new(baud, no_speed);
            assert!((0..9).all(|_| rates.note(false).is_none()));
            assert_eq!((rates.current(), rates.in_doubt()), (expected, false));
        }
    }
}
