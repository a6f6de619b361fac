//! Answers of every family among codes, whole and in pieces.

use proptest::prelude::*;

use super::*;
use crate::device::serial::{command::Act, driver::Driver, packet::packet};

const ACK: &[u8] = b"\x04\xd0\x00\x00\xff\x2c";

/// A filter for the readers of a driver, after it sent an act at 1000.
fn after(driver: &str, act: Act) -> Replies {
    let driver = Driver::of(driver).unwrap();
    let mut replies = Replies::new(Some(driver.language()));
    replies.sent(driver.bytes(act).unwrap(), 1_000);
    replies
}

fn code_bytes(pieces: &[Piece]) -> Vec<u8> {
    let bytes = |piece: &Piece| match piece {
        Piece::Bytes(bytes) => bytes.clone(),
        Piece::Code(_) | Piece::Broken | Piece::Arrived => Vec::new(),
    };
    pieces.iter().flat_map(bytes).collect()
}

/// What is left for the cutter of `bytes` that come in pieces of `size`, and then silence.
fn left(mut replies: Replies, bytes: &[u8], size: usize) -> Vec<u8> {
    let mut pieces = Vec::new();
    for (piece, at_ms) in bytes.chunks(size).zip((1_010..).step_by(2)) {
        pieces.extend(replies.push(piece, at_ms));
    }
    pieces.extend(replies.poll(60_000));
    code_bytes(&pieces)
}

/// Act and answer of each driver.
const ANSWERS: [(&str, Act, &[u8]); 16] = [
    ("Zebra SSI", Act::BeepGood, ACK),
    ("Zebra SSI", Act::Enable, b"\x04\xd1\x00\x00\xff\x2b"),
    ("Zebra SSI", Act::Identify, b"\x06\xa4\x00\x00AB\xfe\xd3"),
    ("Grow SSI", Act::TriggerOn, ACK),
    ("Newland", Act::TriggerOn, b"\x02\x010000#SCNTRG1\x06;\x03"),
    ("Newland", Act::BeepGood, b"\x02\x010000#BEEPON2000F200T20V\x05;\x03"),
    ("Newland", Act::Identify, b"\x02\x010000#QRYSYSProduct: X\r\nSN: 1\r\n\x06;\x03"),
    ("Grow registers", Act::TriggerOn, b"\x02\x00\x00\x01\x00\x33\x31"),
    ("Grow registers", Act::Identify, b"\x02\x00\x00\x01\x69\x10\x11"),
    ("M3Y", Act::TriggerOn, b"\x5a\x01\x00\x02\x90\x00\x93\xa5"),
    ("M3Y", Act::Identify, b"\x5a\x01\x00\x0aV2.3.0.7\r\n\x00\xa5"),
    ("M3Y", Act::Wake, b"\x90\x00"),
    ("Datalogic", Act::Identify, b"\x01\x02iQD2430\r\n\x03\x04"),
    ("Datalogic", Act::BeepGood, b"\x06"),
    ("Honeywell", Act::TriggerOn, b"\x06"),
    ("Honeywell", Act::Identify, b"Product Name: Xenon\r\nSerial Number: 1\r\nREVINF\x06."),
];

#[test]
fn every_answer_is_taken_out_before_after_and_between_codes() {
    for (driver, act, answer) in ANSWERS {
        for size in [1, 2, 3, 5, 100] {
            let bytes = [answer, b"CS1:AB\r\n", answer].concat();
            assert_eq!(left(after(driver, act), answer, size), b"", "{driver} {act:?} {size}");
            let rest = match (driver, act) {
                // Only one answer is due, and marks and text are looked for no longer.
                ("Honeywell" | "Datalogic", _) => [answer, b"CS1:AB\r\n"].concat(),
                _ => bytes,
            };
            assert_eq!(left(after(driver, act), &rest, size), b"CS1:AB\r\n", "{driver} {act:?}");
        }
    }
}

#[test]
fn a_command_that_comes_back_is_taken_out() {
    for driver in Driver::all() {
        for act in Act::ALL {
            let Some(command) = driver.bytes(act) else { continue };
            for size in [1, 4, 100] {
                let rest = left(after(driver.name(), act), command, size);
                assert_eq!(rest, b"", "{} {act:?} {size}", driver.name());
            }
        }
    }
}

#[test]
fn a_letter_that_is_also_a_command_stays_in_a_code() {
    for size in [1, 2, 100] {
        let rest = left(after("Datalogic", Act::BeepRefused), b"FEED\r", size);
        assert_eq!(rest, b"FEED\r", "{size}");
    }
}

#[test]
fn an_answer_in_the_middle_of_a_code_leaves_the_code_whole() {
    for (driver, act, answer) in ANSWERS {
        if matches!(driver, "Honeywell" | "Datalogic") || act == Act::Identify {
            continue;
        }
        let bytes = [b"CS1:A", answer, b"B\r"].concat();
        assert_eq!(left(after(driver, act), &bytes, 100), b"CS1:AB\r", "{driver} {act:?}");
    }
}

#[test]
fn nothing_is_touched_before_a_command_is_sent() {
    for driver in Driver::all().iter().filter(|driver| !driver.language().is_packets()) {
        let mut replies = Replies::new(Some(driver.language()));
        for (_, _, answer) in ANSWERS {
            assert_eq!(replies.push(answer, 5), [Piece::Bytes(answer.to_vec())]);
        }
        assert_eq!(replies.timeout_ms(), None);
    }
}

#[test]
fn what_may_be_an_answer_waits_less_than_ends_a_code() {
    let mut replies = after("M3Y", Act::TriggerOn);
    assert_eq!(replies.push(b"CS1:XYZ", 2_000), [Piece::Bytes(b"CS1:XY".to_vec())]);
    assert_eq!(replies.timeout_ms(), Some(2_040));
    assert_eq!(replies.poll(2_039), []);
    assert_eq!(replies.poll(2_040), [Piece::Bytes(b"Z".to_vec())]);
    assert_eq!(replies.last_ms(), 2_000);
}

#[test]
fn an_answer_that_breaks_off_is_dropped() {
    for (driver, act, part) in [
        ("Newland", Act::TriggerOn, &b"\x02\x010000#SCN"[..]),
        ("Zebra SSI", Act::TriggerOn, b"\x04\xd0\x00\x00"),
        ("Grow registers", Act::TriggerOn, b"\x02\x00\x00\x01"),
        ("M3Y", Act::TriggerOn, b"\x5a\x01\x00\x02\x90"),
        ("Datalogic", Act::Identify, b"\x01\x02iQD"),
    ] {
        let mut replies = after(driver, act);
        assert_eq!(replies.push(part, 1_010), [], "{driver}");
        assert_eq!(replies.poll(1_210), [], "{driver}");
        let code = replies.push(b"CS1:AB\r", 1_300);
        assert_eq!(code_bytes(&code), b"CS1:AB\r", "{driver}");
    }
}

#[test]
fn text_without_its_mark_is_given_back() {
    let mut replies = after("Honeywell", Act::Identify);
    assert_eq!(replies.push(b"CS1:AB\r", 1_100), []);
    assert_eq!(replies.poll(1_300), [Piece::Bytes(b"CS1:AB\r".to_vec())]);
    let late = replies.push(b"CS1:CD\r", 2_100);
    assert_eq!(code_bytes(&late), b"CS1:CD\r", "nothing is awaited after a second");
}

#[test]
fn a_packet_with_a_code_is_the_code_and_wants_to_be_acknowledged() {
    let whole = packet(0xf3, 0x00, b"\x1cCS1:AB\r");
    for size in [1, 3, 100] {
        let mut replies = Replies::new(Some(Language::Packets));
        let pieces: Vec<_> =
            whole.chunks(size).flat_map(|piece| replies.push(piece, 1_000)).collect();
        assert_eq!(pieces, [Piece::Code(b"CS1:AB".to_vec()), Piece::Arrived], "{size}");
    }
}

#[test]
fn a_packet_with_a_wrong_sum_is_neither_code_nor_acknowledged() {
    let mut wrong = packet(0xf3, 0x00, b"\x1cCS1:AB");
    wrong[6] ^= 1;
    let mut replies = Replies::new(Some(Language::Packets));
    assert_eq!(replies.push(&wrong, 1_000), []);
    let right = packet(0xf3, 0x01, b"\x1cCS1:AB");
    assert_eq!(replies.push(&right, 1_100), [Piece::Code(b"CS1:AB".to_vec()), Piece::Arrived]);
}

#[test]
fn a_code_of_several_packets_is_told_to_be_broken() {
    let mut replies = Replies::new(Some(Language::Packets));
    let first = packet(0xf3, 0x02, b"\x1cCS1:AB");
    assert_eq!(replies.push(&first, 1_000), [Piece::Broken, Piece::Arrived]);
    assert_eq!(replies.push(&packet(0xf3, 0x00, b""), 1_000), [Piece::Broken, Piece::Arrived]);
}

#[test]
fn raw_codes_of_a_reader_that_speaks_in_packets_pass() {
    for bytes in [&b"CS1:AB\r\nCS1:CD\r\n"[..], b"\x02CS1:AB\x03\x04CS1:CD\x04"] {
        for size in [1, 4, 100] {
            let replies = Replies::new(Some(Language::Packets));
            assert_eq!(left(replies, bytes, size), bytes, "{size}");
        }
    }
}

proptest! {
    #[test]
    fn printable_codes_always_pass_whole(
        codes in proptest::collection::vec("[ -~]{1,60}\r\n?", 1..5),
        size in 1_usize..50,
        driver in 0_usize..7,
    ) {
        let driver = &Driver::all()[driver];
        let mut replies = Replies::new(Some(driver.language()));
        replies.sent(driver.bytes(Act::TriggerOn).unwrap(), 1_000);
        let bytes = codes.concat().into_bytes();
        prop_assert_eq!(left(replies, &bytes, size), bytes);
    }

    #[test]
    fn noise_never_holds_more_than_an_answer(
        noise in proptest::collection::vec(any::<u8>(), 0..6_000),
        size in 1_usize..1_024,
        driver in 0_usize..7,
    ) {
        let driver = &Driver::all()[driver];
        let mut replies = Replies::new(Some(driver.language()));
        replies.sent(driver.bytes(Act::TriggerOn).unwrap(), 1_000);
        for piece in noise.chunks(size) {
            replies.push(piece, 1_000);
            prop_assert!(replies.held.len() < 2_100);
        }
    }
}
