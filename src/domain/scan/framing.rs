//! Cuts the bytes of a serial line into the codes that a reader sent.

/// Silence that ends a frame without a terminator, in milliseconds.
pub const IDLE_GAP_MS: u64 = 60;
/// The same for a line of 9600 baud or slower, where readers pause between bytes.
pub const SLOW_IDLE_GAP_MS: u64 = 200;
/// Longest frame that is kept, in bytes.
pub const FRAME_MAX: usize = 8 * 1024;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;

/// What a reader sent between two terminators or silences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The bytes of one code, without start and terminator, never empty.
    Bytes(Vec<u8>),
    /// More than [`FRAME_MAX`] bytes came without an end; said once, and all of them are dropped.
    Overlong,
}

/// The cutter, for one line. Times are milliseconds of one monotonic clock.
///
/// CR, LF, TAB, ETX and EOT end a frame, however many of them follow each other; STX before a frame
/// is left out.
#[derive(Clone, Debug)]
pub struct Framer {
    idle_gap_ms: u64,
    bytes: Vec<u8>,
    overlong: bool,
    last_ms: u64,
}

impl Framer {
    /// A cutter that ends a frame after `idle_gap_ms` without a byte.
    pub fn new(idle_gap_ms: u64) -> Self {
        Self { idle_gap_ms, bytes: Vec::new(), overlong: false, last_ms: 0 }
    }

    /// A cutter for a line of `baud` bits per second.
    pub fn for_baud(baud: u32) -> Self {
        Self::new(if baud <= 9600 { SLOW_IDLE_GAP_MS } else { IDLE_GAP_MS })
    }

    /// Takes the bytes that arrived at `at_ms`.
    pub fn push(&mut self, bytes: &[u8], at_ms: u64) -> Vec<Frame> {
        let mut frames: Vec<Frame> = self.poll(at_ms).into_iter().collect();
        for byte in bytes {
            frames.extend(self.push_byte(*byte));
        }
        if !bytes.is_empty() {
            self.last_ms = self.last_ms.max(at_ms);
        }
        frames
    }

    /// Ends the frame under way if the line has been silent long enough at `now_ms`.
    pub fn poll(&mut self, now_ms: u64) -> Option<Frame> {
        if now_ms < self.timeout_ms()? {
            return None;
        }
        self.end()
    }

    /// When [`Framer::poll`] ends the frame under way, if no byte comes before.
    pub fn timeout_ms(&self) -> Option<u64> {
        let waiting = self.overlong || !self.bytes.is_empty();
        waiting.then(|| self.last_ms.saturating_add(self.idle_gap_ms))
    }

    /// Whether a frame ends with this byte.
    pub fn is_end(byte: u8) -> bool {
        matches!(byte, b'\r' | b'\n' | b'\t' | ETX | EOT)
    }

    fn push_byte(&mut self, byte: u8) -> Option<Frame> {
        match byte {
            _ if Self::is_end(byte) => self.end(),
            STX if self.bytes.is_empty() => None,
            _ if self.overlong => None,
            _ if self.bytes.len() >= FRAME_MAX => {
                self.bytes = Vec::new();
                self.overlong = true;
                Some(Frame::Overlong)
            }
            _ => {
                self.bytes.push(byte);
                None
            }
        }
    }

    fn end(&mut self) -> Option<Frame> {
        self.overlong = false;
        let bytes = std::mem::take(&mut self.bytes);
        (!bytes.is_empty()).then_some(Frame::Bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn frames(bytes: &[u8]) -> Vec<Frame> {
        Framer::new(IDLE_GAP_MS).push(bytes, 0)
    }

    fn texts(texts: &[&str]) -> Vec<Frame> {
        texts.iter().map(|text| Frame::Bytes(text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn every_terminator_ends_a_frame_and_repeats_count_once() {
        for end in ["\r", "\n", "\r\n", "\t", "\r\t", "\x03", "\x04", "\x03\x04", "\n\r\n\r"] {
            let bytes = format!("AB{end}CD{end}");
            assert_eq!(frames(bytes.as_bytes()), texts(&["AB", "CD"]), "{end:?}");
        }
    }

    #[test]
    fn a_start_mark_is_left_out_before_a_frame_and_kept_inside() {
        assert_eq!(frames(b"\x02AB\x03\x02\x02CD\x04"), texts(&["AB", "CD"]));
        assert_eq!(frames(b"A\x02B\r"), texts(&["A\x02B"]));
    }

    #[test]
    fn other_control_characters_and_high_bytes_pass_untouched() {
        let bytes = [0x00, 0x1d, 0x7f, 0x80, 0xff];
        let mut sent = bytes.to_vec();
        sent.push(b'\r');
        assert_eq!(frames(&sent), [Frame::Bytes(bytes.to_vec())]);
    }

    #[test]
    fn silence_ends_a_frame() {
        let mut framer = Framer::for_baud(115_200);
        assert_eq!(framer.push(b"AB", 1_000), []);
        assert_eq!(framer.push(b"CD", 1_059), []);
        assert_eq!(framer.timeout_ms(), Some(1_119));
        assert_eq!(framer.poll(1_118), None);
        assert_eq!(framer.poll(1_119), Some(Frame::Bytes(b"ABCD".to_vec())));
        assert_eq!(framer.timeout_ms(), None);
        assert_eq!(framer.poll(9_999), None);
    }

    #[test]
    fn bytes_after_a_silence_nobody_polled_are_a_new_frame() {
        let mut framer = Framer::new(IDLE_GAP_MS);
        framer.push(b"AB", 0);
        assert_eq!(framer.push(b"CD\r", 60), texts(&["AB", "CD"]));
    }

    #[test]
    fn a_slow_line_may_pause_longer() {
        let mut framer = Framer::for_baud(9_600);
        framer.push(b"AB", 0);
        assert_eq!(framer.push(b"CD\r", 199), texts(&["ABCD"]));
    }

    #[test]
    fn eight_kibibytes_fit_and_one_byte_more_does_not() {
        let mut full = vec![b'7'; 8192];
        full.push(b'\r');
        assert_eq!(frames(&full), [Frame::Bytes(vec![b'7'; 8192])]);

        let mut framer = Framer::new(IDLE_GAP_MS);
        assert_eq!(framer.push(&vec![b'7'; 100_000], 0), [Frame::Overlong]);
        assert_eq!(framer.push(&vec![b'7'; 100_000], 1), []);
        assert_eq!(framer.push(b"\rAB\r", 2), texts(&["AB"]));
    }

    #[test]
    fn silence_ends_an_overlong_frame_too() {
        let mut framer = Framer::new(IDLE_GAP_MS);
        framer.push(&vec![b'7'; 10_000], 0);
        assert_eq!(framer.poll(60), None);
        assert_eq!(framer.timeout_ms(), None);
        assert_eq!(framer.push(b"AB\r", 61), texts(&["AB"]));
    }

    proptest! {
        #[test]
        fn the_cut_does_not_depend_on_how_the_bytes_arrive(
            bytes in vec(prop_oneof![3 => any::<u8>(), 1 => Just(b'\r')], 0..400),
            pieces in vec(1_usize..40, 1..50),
        ) {
            let whole = frames(&bytes);
            let mut framer = Framer::new(IDLE_GAP_MS);
            let (mut split, mut rest, mut pieces) = (Vec::new(), bytes.as_slice(), pieces.iter().cycle());
            while !rest.is_empty() {
                let (piece, tail) = rest.split_at(rest.len().min(*pieces.next().unwrap()));
                split.extend(framer.push(piece, 0));
                rest = tail;
            }
            prop_assert_eq!(split, whole);
            prop_assert!(framer.bytes.len() <= FRAME_MAX);
        }
    }
}
