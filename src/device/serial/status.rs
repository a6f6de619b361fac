//! What is known of a reader at work, for whoever asks from another thread.

use std::sync::{Arc, Mutex, PoisonError};

use super::{discover::Found, driver::Driver};

/// Longest description that a reader gives of itself, in characters.
const IDENTITY_MAX: usize = 400;
/// Fewest characters that describe anything.
const IDENTITY_MIN: usize = 3;

/// How a reader is doing.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The port that is open; none while the reader is gone.
    pub port: Option<String>,
    /// What the list of ports said of it when it was opened.
    pub found: Option<Found>,
    /// The speed of the line, in bits a second.
    pub baud: Option<u32>,
    /// The driver, without which the reader can be told nothing.
    pub driver: Option<&'static Driver>,
    /// How the reader described itself when it was asked to; nothing else vouches for these words.
    pub identity: Option<String>,
}

/// The status, shared between a reader's thread and others.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared(Arc<Mutex<Status>>);

impl Shared {
    /// The status now.
    pub(super) fn get(&self) -> Status {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the status.
    pub(super) fn change(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The words in an answer, in one line without the marks around them.
pub(super) fn words(answer: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(answer);
    let parts = text.split(|typed: char| typed.is_control() || typed == '\u{fffd}');
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    let line: String = parts.join(", ").chars().take(IDENTITY_MAX).collect();
    (line.chars().count() >= IDENTITY_MIN).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_in_one_line() {
        for (answer, expected) in [
            (
                &b"Product Name: X\r\nSerial Number: 1\r\nREVINF\x06."[..],
                Some("Product Name: X, Serial Number: 1, REVINF, ."),
            ),
            (b"\x01\x02iQD2430\r\n\x03\x04", Some("iQD2430")),
            (b"\x04\xd0\x00\x00\xff\x2c", None),
            (b"", None),
        ] {
            assert_eq!(words(answer).as_deref(), expected, "{answer:?}");
        }
        assert_eq!(words(&[b'x'; 9_000]).unwrap().len(), IDENTITY_MAX);
    }
}
