//! What readers deliver: bytes of a serial line, keys of a keyboard, and the texts that become of both.

use countersign::domain::scan::{
    Burst, BurstOutput, Debounce, FRAME_MAX, Frame, Framer, IDLE_GAP_MS, KeyPress, SCAN_KEYS_MIN,
    Scanned, ShortCode, Sighting, TEXT_MAX, classify, clean, strip_aim,
};

use super::{chosen, way};

const SERIAL: u8 = 0;
const KEYS: u8 = 1;

pub(crate) fn holds(data: &[u8]) {
    match data.split_first() {
        Some((&SERIAL, chunks)) => serial_holds(chunks),
        Some((&KEYS, presses)) => keys_hold(presses),
        Some((_, text)) => std::str::from_utf8(text).into_iter().for_each(text_holds),
        None => {}
    }
}

/// Chunks with the silence before each: a byte of milliseconds, a byte of length, the bytes; from 240 on, in few inputs, the
/// length is that of one byte repeated, so that overlong frames are within reach.
fn chunks(data: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let (mut rest, mut chunks) = (data, Vec::new());
    while let [gap, length, after @ ..] = rest {
        let here = after.len().min(usize::from(*length % 48));
        let (mut bytes, after) = (after[..here].to_vec(), &after[here..]);
        if *length >= 240 && chunks.is_empty() && chosen(data, 256) {
            bytes.resize(FRAME_MAX - 248 + usize::from(*length), b'A');
        }
        chunks.push((u64::from(*gap), bytes));
        rest = after;
    }
    chunks
}

/// A frame is what stands between two ends, an end being one of five bytes or a silence, however the bytes are dealt out.
fn serial_holds(data: &[u8]) {
    let (mut cutter, mut single) = (Framer::new(IDLE_GAP_MS), Framer::new(IDLE_GAP_MS));
    let (mut frames, mut singles, mut stream) = (Vec::new(), Vec::new(), Vec::new());
    let (mut now, mut last) = (0, 0);
    for (gap, bytes) in chunks(data) {
        now += gap;
        frames.extend(cutter.push(&bytes, now));
        singles.extend(single.push(&[], now));
        singles.extend(bytes.iter().flat_map(|byte| single.push(&[*byte], now)));
        if now >= last + IDLE_GAP_MS {
            stream.push(b'\n');
        }
        last = if bytes.is_empty() { last } else { now };
        stream.extend(bytes);
    }
    frames.extend(cutter.poll(now + IDLE_GAP_MS));
    singles.extend(single.poll(now + IDLE_GAP_MS));
    assert_eq!(cutter.timeout_ms(), None);
    assert_eq!(frames, singles);
    let is_end = |byte: &u8| b"\r\n\t\x03\x04".contains(byte);
    let pieces = stream.split(is_end).map(|piece| {
        let starts = piece.iter().take_while(|byte| **byte == 2).count();
        &piece[starts..]
    });
    let expected: Vec<_> = pieces.filter(|piece| !piece.is_empty()).map(frame).collect();
    assert_eq!(frames, expected);
}

fn frame(piece: &[u8]) -> Frame {
    if piece.len() > FRAME_MAX { Frame::Overlong } else { Frame::Bytes(piece.to_vec()) }
}

/// Presses of two bytes: the milliseconds before, and the key. Every key goes to the field or into a scan, in its order.
fn keys_hold(data: &[u8]) {
    let (mut burst, mut outputs, mut now) = (Burst::new(), Vec::new(), 1_000);
    let mut slow = true;
    let mut pressed = 0_usize;
    for [gap, key] in data.as_chunks::<2>().0 {
        now += u64::from(*gap);
        slow &= *gap >= 200;
        outputs.extend(burst.press(press(*key), pressed, now));
        assert!(burst.timeout_ms().is_none_or(|due| due > now));
        pressed += 1;
    }
    outputs.extend(burst.poll(u64::MAX));
    assert_eq!(burst.timeout_ms(), None);
    let typed: Vec<usize> = outputs.iter().flat_map(|it| typed(it).iter().copied()).collect();
    assert!(typed.is_sorted_by(|a, b| a < b) && typed.last().is_none_or(|last| *last < pressed));
    let scanned: usize = outputs.iter().map(|output| scan(output).chars().count()).sum();
    assert!(typed.len() + scanned <= pressed);
    assert!(!slow || typed.len() == pressed, "no reader is that slow");
    for text in outputs.iter().map(scan).filter(|text| !text.is_empty()) {
        let characters = text.chars().filter(|it| *it != '\n').count();
        assert!((SCAN_KEYS_MIN..=TEXT_MAX).contains(&characters) && text.len() <= TEXT_MAX);
    }
}

fn press(key: u8) -> KeyPress {
    let plain = KeyPress::of_char(char::from(key & 0x7f)).or_else(|| KeyPress::of_char('\n'));
    let plain = plain.expect("a keyboard has Enter");
    KeyPress { ctrl: key > 0xe0, repeat: key == 0xff, ..plain }
}

fn typed(output: &BurstOutput<usize>) -> &[usize] {
    if let BurstOutput::Typed(items) = output { items } else { &[] }
}

fn scan(output: &BurstOutput<usize>) -> &str {
    if let BurstOutput::Scan(text) = output { text } else { "" }
}

/// A text keeps what it is through cleaning and naming.
fn text_holds(text: &str) {
    let (symbology, rest) = strip_aim(text);
    assert_eq!(text.len() - rest.len(), if symbology.is_some() { 3 } else { 0 });
    let cleaned = clean(text);
    let blank = |end: Option<char>| end.is_some_and(|it| it.is_whitespace() || it.is_control());
    assert!(!blank(cleaned.chars().next()) && !blank(cleaned.chars().next_back()));
    let named = classify(text);
    assert_eq!(named == Scanned::Empty, cleaned.is_empty());
    assert_eq!(named == Scanned::TooLong, cleaned.chars().count() > TEXT_MAX);
    match named {
        Scanned::Voucher(ours) | Scanned::Enrolment(ours) | Scanned::OperatorBadge(ours) => {
            assert!(ours.eq_ignore_ascii_case(cleaned));
            assert!(["CS1:", "CSP1:", "CSE1:", "CSO1:"].iter().any(|own| ours.starts_with(own)));
            assert_eq!(classify(&ours).code(), classify(text).code());
        }
        Scanned::ShortCode(code) => {
            assert_eq!(ShortCode::parse(&code.to_string()), Ok(code));
            assert_eq!(ShortCode::from_bits(code.bits()), code);
            assert!(code.to_string().ends_with(&code.tail()));
        }
        Scanned::ProductBarcode(digits) => assert_eq!(digits, cleaned),
        Scanned::OtherVersion { version } => assert!((2..1000).contains(&version)),
        Scanned::WebLink
        | Scanned::HealthCertificate
        | Scanned::Contact
        | Scanned::WifiLogin
        | Scanned::Payment
        | Scanned::Empty
        | Scanned::TooLong
        | Scanned::Unknown => {}
    }
    sightings_hold(cleaned);
}

fn sightings_hold(text: &str) {
    let mut debounce = Debounce::default();
    let again = if text.len() > TEXT_MAX { Sighting::First } else { Sighting::Again };
    assert_eq!(debounce.note(text, 5), Sighting::First);
    assert_eq!(debounce.note(text, 6), again);
    debounce.forget(text);
    assert_eq!(debounce.note(text, 7), Sighting::First);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let keys = |text: &str| text.bytes().flat_map(|key| [8, key]).collect::<Vec<_>>();
    let texts = [
        "]Q1CS1:BB8",
        " cs1:bb8\r\n",
        "CSE1:BB8",
        "cso1:x",
        "CS2:X",
        "CSP12:X",
        "DNHE-X1AY-GABH",
        "dnhe x1ay gabh",
        "4006381333931",
        "]E04006381333931",
        "https://shop.example",
        "HC1:6BF",
        "BEGIN:VCARD",
        "WIFI:T:WPA;;",
        "BCD\n002",
        "\u{feff}",
        "upi://pay",
        "96385074",
    ];
    let mut seeds = vec![
        way(SERIAL, b"\x05\x0a\x02CS1:BB8\x03\x0d\x50\x04ABCD\x05\x02EF"),
        way(
            SERIAL,
            &[&[0, 255][..], &[b'A'; 15], &[3, 2, 0x02, 1, 1, 3, b'B', b'\r', b'\n']].concat(),
        ),
        way(KEYS, &keys("CS1:PWGSLKOE6QR836W8\n\t")),
        way(KEYS, &[&keys("CS1:BB8 CS1")[..], &[250, b'a', 250, b'b', 2, 0xff]].concat()),
    ];
    seeds.extend(texts.map(|text| way(2, text.as_bytes())));
    seeds
}
