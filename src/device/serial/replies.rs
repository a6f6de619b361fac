//! Takes what a reader answers to commands out of its bytes, so that no cashier sees it as a code.

use std::{collections::VecDeque, mem};

use super::language::{Awaited, HOLD_MS, Head, Language};
use crate::domain::scan::Framer;

/// How long a command is remembered for its answer, in milliseconds.
const ANSWER_MS: u64 = 1_000;
/// Commands remembered at once.
const REMEMBERED: usize = 4;

/// What the bytes of a line are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes of codes, to be cut.
    Bytes(Vec<u8>),
    /// A whole code that came in a packet.
    Code(Vec<u8>),
    /// A packet with a part of a code, which cannot be put together.
    Broken,
    /// A packet has arrived whole, and the reader waits to be told.
    Arrived,
}

/// The filter, for one line. Times are milliseconds of one monotonic clock.
///
/// Until a command is sent every byte passes, except from readers that speak in packets. Bytes that
/// may become an answer are held back, for less time than ends a code; of those that turn out to be
/// none, nothing is lost.
#[derive(Clone, Debug)]
pub(super) struct Replies {
    language: Option<Language>,
    sent: VecDeque<Sent>,
    /// Whether any command was ever sent.
    spoken: bool,
    held: Vec<u8>,
    /// How long the held bytes wait for more, and whether they are dropped then.
    wait: (u64, bool),
    last_ms: u64,
    /// Whether a code is under way, so that the next byte is not its first.
    inside: bool,
    /// The answer that was taken out last.
    answer: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
struct Sent {
    bytes: Vec<u8>,
    at_ms: u64,
}

impl Replies {
    /// A filter for a reader that speaks `language`, or for one that nothing is sent to.
    pub(super) fn new(language: Option<Language>) -> Self {
        Self {
            language,
            sent: VecDeque::new(),
            spoken: false,
            held: Vec::new(),
            wait: (0, false),
            last_ms: 0,
            inside: false,
            answer: None,
        }
    }

    /// Notes that `bytes` go to the reader at `at_ms`.
    pub(super) fn sent(&mut self, bytes: &[u8], at_ms: u64) {
        self.spoken = true;
        self.sent.push_back(Sent { bytes: bytes.to_vec(), at_ms });
        if self.sent.len() > REMEMBERED {
            self.sent.pop_front();
        }
    }

    /// Takes the bytes that arrived at `at_ms`.
    pub(super) fn push(&mut self, bytes: &[u8], at_ms: u64) -> Vec<Piece> {
        let Some(language) = self.language.filter(|language| self.spoken || language.is_packets())
        else {
            return vec![Piece::Bytes(bytes.to_vec())];
        };
        let mut pieces = self.poll(at_ms);
        if at_ms >= self.last_ms.saturating_add(HOLD_MS) {
            self.inside = false;
        }
        self.held.extend(bytes);
        self.last_ms = at_ms;
        self.sort(language, &mut pieces);
        pieces
    }

    /// Decides on bytes that have waited long enough at `now_ms`.
    pub(super) fn poll(&mut self, now_ms: u64) -> Vec<Piece> {
        if self.timeout_ms().is_none_or(|due_ms| now_ms < due_ms) {
            return Vec::new();
        }
        let (held, (_, dropped)) = (mem::take(&mut self.held), self.wait);
        if dropped {
            return Vec::new();
        }
        self.inside = held.last().is_some_and(|last| !Framer::is_end(*last));
        vec![Piece::Bytes(held)]
    }

    /// When [`Replies::poll`] has something to decide, if no byte comes before.
    pub(super) fn timeout_ms(&self) -> Option<u64> {
        (!self.held.is_empty()).then(|| self.last_ms.saturating_add(self.wait.0))
    }

    /// The last answer since this was asked before.
    pub(super) fn take_answer(&mut self) -> Option<Vec<u8>> {
        self.answer.take()
    }

    /// When the last bytes came: those that [`Replies::poll`] gives back are that old.
    pub(super) fn last_ms(&self) -> u64 {
        self.last_ms
    }

    fn sort(&mut self, language: Language, pieces: &mut Vec<Piece>) {
        let now_ms = self.last_ms;
        self.sent.retain(|sent| now_ms.saturating_sub(sent.at_ms) < ANSWER_MS);
        while !self.held.is_empty() {
            match self.head(language) {
                Head::Code(count) => self.pass(count, pieces),
                Head::Answer(count) => self.answered(language, count),
                Head::Packet(count, piece) => {
                    self.held.drain(..count.min(self.held.len()));
                    pieces.extend(piece.into_iter().chain([Piece::Arrived]));
                }
                Head::Unclear { wait_ms, dropped } => {
                    self.wait = (wait_ms, dropped);
                    return;
                }
            }
        }
    }

    fn head(&self, language: Language) -> Head {
        self.echo().unwrap_or_else(|| language.head(&self.held, self.inside, self.awaited()))
    }

    /// Whether the held bytes begin with a command that came back.
    fn echo(&self) -> Option<Head> {
        self.sent.iter().find_map(|sent| match sent.bytes.as_slice() {
            [byte] => self.echo_of_one(*byte),
            bytes if self.held.starts_with(bytes) => Some(Head::Answer(bytes.len())),
            bytes => bytes.starts_with(&self.held).then_some(Head::MAYBE),
        })
    }

    /// A command of one letter may be the first of a code as well, so it counts only if it comes
    /// all alone; no code begins with a control character.
    fn echo_of_one(&self, byte: u8) -> Option<Head> {
        if self.inside || self.held.first() != Some(&byte) {
            return None;
        }
        if byte.is_ascii_control() {
            return Some(Head::Answer(1));
        }
        (self.held.len() == 1).then_some(Head::ALONE)
    }

    fn awaited(&self) -> Awaited {
        let menu = self.sent.iter().any(|sent| Language::is_menu_command(&sent.bytes));
        match (self.sent.is_empty(), menu) {
            (true, _) => Awaited::Nothing,
            (false, true) => Awaited::Text,
            (false, false) => Awaited::Done,
        }
    }

    fn answered(&mut self, language: Language, count: usize) {
        let answer: Vec<u8> = self.held.drain(..count.min(self.held.len())).collect();
        if language == Language::Menu && Language::ends_menu_answer(&answer) {
            self.sent.retain(|sent| !Language::is_menu_command(&sent.bytes));
        }
        let came_back = self.sent.iter().any(|sent| sent.bytes == answer);
        self.answer = if came_back { self.answer.take() } else { Some(answer) };
    }

    fn pass(&mut self, count: usize, pieces: &mut Vec<Piece>) {
        let passed = self.held.drain(..count.min(self.held.len()));
        match pieces.last_mut() {
            Some(Piece::Bytes(bytes)) => bytes.extend(passed),
            Some(Piece::Code(_) | Piece::Broken | Piece::Arrived) | None => {
                pieces.push(Piece::Bytes(passed.collect()));
            }
        }
        if let Some(Piece::Bytes(bytes)) = pieces.last() {
            self.inside = bytes.last().is_some_and(|last| !Framer::is_end(*last));
        }
    }
}

#[cfg(test)]
mod tests;
