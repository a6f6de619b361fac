//! From the bytes of a line to what a reader has to say: answers out, codes cut, speed judged.

use std::mem;

use super::{
    baud::Rates,
    event::SerialEvent,
    replies::{Piece, Replies},
};
use crate::domain::scan::{Frame, Framer};

/// The way in. Times are milliseconds of one monotonic clock.
#[derive(Clone, Debug)]
pub(super) struct Intake {
    replies: Replies,
    framer: Framer,
    rates: Rates,
    new_baud: Option<u32>,
    arrived: usize,
}

impl Intake {
    /// The way in for a line that runs at the first of `rates`.
    pub(super) fn new(rates: Rates, replies: Replies) -> Self {
        let framer = Framer::for_baud(rates.current());
        Self { replies, framer, rates, new_baud: None, arrived: 0 }
    }

    /// Notes that `bytes` go out at `at_ms`.
    pub(super) fn sent(&mut self, bytes: &[u8], at_ms: u64) {
        self.replies.sent(bytes, at_ms);
    }

    /// Takes the bytes that arrived at `at_ms`, which may be none.
    pub(super) fn push(&mut self, bytes: &[u8], at_ms: u64) -> Vec<SerialEvent> {
        let held_ms = self.replies.last_ms();
        let ripe = self.replies.poll(at_ms);
        let mut events = self.cut(ripe, held_ms);
        if bytes.is_empty() {
            let frame = self.framer.poll(at_ms);
            events.extend(frame.map(|frame| self.event(frame)));
        } else {
            let pieces = self.replies.push(bytes, at_ms);
            events.extend(self.cut(pieces, at_ms));
        }
        events
    }

    /// When an empty [`Intake::push`] has something to say, if no byte comes before.
    pub(super) fn timeout_ms(&self) -> Option<u64> {
        self.replies.timeout_ms().into_iter().chain(self.framer.timeout_ms()).min()
    }

    /// How many packets have arrived since this was asked before.
    pub(super) fn take_arrived(&mut self) -> usize {
        mem::take(&mut self.arrived)
    }

    /// The last answer since this was asked before.
    pub(super) fn take_answer(&mut self) -> Option<Vec<u8>> {
        self.replies.take_answer()
    }

    /// The speed to change to, if the present one is wrong; said once.
    pub(super) fn take_baud(&mut self) -> Option<u32> {
        let baud = self.new_baud.take()?;
        self.framer = Framer::for_baud(baud);
        Some(baud)
    }

    fn cut(&mut self, pieces: Vec<Piece>, at_ms: u64) -> Vec<SerialEvent> {
        pieces.into_iter().flat_map(|piece| self.cut_piece(piece, at_ms)).collect()
    }

    fn cut_piece(&mut self, piece: Piece, at_ms: u64) -> Vec<SerialEvent> {
        match piece {
            Piece::Bytes(bytes) => {
                let frames = self.framer.push(&bytes, at_ms);
                frames.into_iter().map(|frame| self.event(frame)).collect()
            }
            Piece::Code(bytes) => vec![self.event(Frame::Bytes(bytes))],
            Piece::Broken => vec![SerialEvent::Unreadable],
            Piece::Arrived => {
                self.arrived = self.arrived.saturating_add(1);
                Vec::new()
            }
        }
    }

    /// While the speed is in doubt, characters that no code has are noise, not a code.
    fn event(&mut self, frame: Frame) -> SerialEvent {
        let event = match frame {
            Frame::Bytes(bytes) => String::from_utf8(bytes)
                .map_or(SerialEvent::Unreadable, |text| self.text_or_noise(text)),
            Frame::Overlong => SerialEvent::Overlong,
        };
        let readable = matches!(&event, SerialEvent::Text(text) if is_plausible(text));
        self.new_baud = self.rates.note(readable).or(self.new_baud);
        event
    }

    fn text_or_noise(&self, text: String) -> SerialEvent {
        let noise = self.rates.in_doubt() && !is_plausible(&text);
        if noise { SerialEvent::Unreadable } else { SerialEvent::Text(text) }
    }
}

/// Whether a text has no control characters but the separators of GS1 and ISO/IEC 15434.
fn is_plausible(text: &str) -> bool {
    !text.chars().any(|typed| typed.is_control() && !('\u{1c}'..='\u{1e}').contains(&typed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::serial::{Act, Baud, Driver, packet::packet};

    fn intake(baud: Baud) -> Intake {
        Intake::new(Rates::new(baud, false), Replies::new(None))
    }

    fn words(events: &[SerialEvent]) -> Vec<String> {
        let word = |event: &SerialEvent| match event {
            SerialEvent::Text(text) => text.clone(),
            SerialEvent::Unreadable => "unreadable".to_owned(),
            SerialEvent::Overlong
            | SerialEvent::Replayed
            | SerialEvent::Opened
            | SerialEvent::Lost(_) => "other".to_owned(),
        };
        events.iter().map(word).collect()
    }

    #[test]
    fn a_wrong_speed_is_told_and_the_next_one_tried() {
        let mut intake = intake(Baud::Probe);
        assert_eq!(words(&intake.push(b"\xf8\x80\x00\xfe\r", 0)), ["unreadable"]);
        assert_eq!(intake.take_baud(), Some(115_200));
        assert_eq!(intake.take_baud(), None);
        assert_eq!(words(&intake.push(b"\x00\x1f\x07x\r", 9)), ["unreadable"]);
        assert_eq!(intake.take_baud(), Some(19_200));
        assert_eq!(words(&intake.push(b"]Q3CS1:A\x1dB\r", 99)), ["]Q3CS1:A\u{1d}B"]);
        assert_eq!(words(&intake.push(b"A\x07B\r", 199)), ["A\u{7}B"], "the speed is sure now");
        assert_eq!(intake.take_baud(), None);
    }

    #[test]
    fn a_given_speed_leaves_every_text_alone() {
        let mut intake = intake(Baud::Fixed(9_600));
        assert_eq!(words(&intake.push(b"A\x07B\r\xff\r", 0)), ["A\u{7}B", "unreadable"]);
        assert_eq!(intake.take_baud(), None);
    }

    #[test]
    fn a_new_speed_has_its_own_silence() {
        let mut intake = intake(Baud::Probe);
        intake.push(b"\xff\r", 0);
        intake.take_baud();
        intake.push(b"CS1:AB", 1_000);
        assert_eq!(intake.timeout_ms(), Some(1_060));
    }

    #[test]
    fn a_character_that_was_held_back_stays_in_its_code() {
        let driver = Driver::of("M3Y").unwrap();
        let replies = Replies::new(Some(driver.language()));
        let mut intake = Intake::new(Rates::new(Baud::Fixed(115_200), false), replies);
        intake.sent(driver.bytes(Act::TriggerOn).unwrap(), 0);
        assert!(intake.push(b"CS1:XYZ", 10).is_empty());
        assert_eq!(intake.timeout_ms(), Some(50));
        // The thread may be late, so that both waits are over.
        assert_eq!(words(&intake.push(b"", 5_000)), ["CS1:XYZ"]);
    }

    #[test]
    fn packets_are_counted_and_their_codes_told() {
        let replies = Replies::new(Some(Driver::of("Zebra").unwrap().language()));
        let mut intake = Intake::new(Rates::new(Baud::Fixed(9_600), false), replies);
        let two = packet(0xf3, 0, b"\x1cCS1:AB\r").repeat(2);
        assert_eq!(words(&intake.push(&two, 0)), ["CS1:AB"; 2]);
        assert_eq!((intake.take_arrived(), intake.take_arrived()), (2, 0));
    }
}
