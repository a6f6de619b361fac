//! The bytes of every driver against what is known of each protocol.

use super::*;

fn driver(name: &str) -> &'static Driver {
    Driver::of(name).unwrap()
}

fn bytes(name: &str, act: Act) -> &'static [u8] {
    driver(name).bytes(act).unwrap()
}

#[test]
fn every_driver_has_its_table() {
    for (name, acts) in [
        ("Honeywell", 6),
        ("Zebra SSI", 8),
        ("Datalogic", 8),
        ("Newland", 5),
        ("Grow registers", 3),
        ("Grow SSI", 6),
        ("M3Y", 4),
    ] {
        let had = Act::ALL.iter().filter(|act| driver(name).bytes(**act).is_some()).count();
        assert_eq!(had, acts, "{name}");
    }
    assert_eq!(Driver::all().len(), 7);
}

#[test]
fn known_bytes_are_as_known() {
    for (name, act, expected) in [
        ("Honeywell", Act::TriggerOn, &b"\x16T\r"[..]),
        ("Honeywell", Act::TriggerOff, b"\x16U\r"),
        ("Honeywell", Act::BeepGood, b"\x16\x07\r"),
        ("Honeywell", Act::Identify, b"\x16M\rREVINF."),
        ("Datalogic", Act::BeepRefused, b"F"),
        ("Datalogic", Act::Enable, b"E"),
        ("Datalogic", Act::Disable, b"D"),
        ("Datalogic", Act::TriggerOn, b"T"),
        ("Datalogic", Act::Identify, b"i"),
        ("Newland", Act::TriggerOn, b"~\x010000#SCNTRG1;\x03"),
        ("Newland", Act::TriggerOff, b"~\x010000#SCNTRG0;\x03"),
        ("Zebra SSI", Act::TriggerOn, b"\x04\xe4\x04\x00\xff\x14"),
        ("Grow SSI", Act::TriggerOff, b"\x04\xe5\x04\x00\xff\x13"),
        ("M3Y", Act::Wake, b"SRDF0051"),
    ] {
        assert_eq!(bytes(name, act), expected, "{name} {act:?}");
    }
}

#[test]
fn packets_of_ssi_add_up() {
    for name in ["Zebra SSI", "Grow SSI"] {
        for act in Act::ALL.into_iter().filter(|act| *act != Act::Wake) {
            let Some(packet) = driver(name).bytes(act) else { continue };
            let (body, sum) = packet.split_at(packet.len() - 2);
            assert_eq!(usize::from(body[0]), body.len(), "{name} {act:?}: length");
            assert_eq!(body[2], 0x04, "{name} {act:?}: sender");
            let total: u16 = body.iter().map(|byte| u16::from(*byte)).sum();
            assert_eq!(sum, total.wrapping_neg().to_be_bytes(), "{name} {act:?}");
        }
    }
}

/// CRC-16 of the polynomial 1021 from 0, bit by bit.
fn crc(bytes: &[u8]) -> [u8; 2] {
    let mut crc = 0_u16;
    for byte in bytes {
        for bit in (0..8).rev() {
            let out = (crc >> 15) ^ u16::from(byte >> bit & 1);
            crc = (crc << 1) ^ if out == 1 { 0x1021 } else { 0 };
        }
    }
    crc.to_be_bytes()
}

#[test]
fn commands_for_registers_add_up() {
    assert_eq!(crc(b"\x09\x01\x00\x00\x00"), *b"\xde\xc8", "the example of the manual");
    for act in [Act::TriggerOn, Act::TriggerOff, Act::Identify] {
        let command = bytes("Grow registers", act);
        let (body, sum) = command.split_at(command.len() - 2);
        assert_eq!(body[..2], *b"\x7e\x00", "{act:?}");
        let values = if body[2] == 0x08 { usize::from(body[3]) } else { 1 };
        assert_eq!(body.len(), 6 + values, "{act:?}: type, number, address, values");
        assert_eq!(sum, crc(&body[2..]), "{act:?}");
    }
}

#[test]
fn frames_of_the_m3y_add_up() {
    for act in [Act::TriggerOn, Act::TriggerOff, Act::Identify] {
        let frame = bytes("M3Y", act);
        let text = &frame[4..frame.len() - 2];
        assert_eq!(frame[..2], *b"\x5a\x00", "{act:?}");
        assert_eq!(usize::from(frame[3]), text.len(), "{act:?}");
        let sum = frame[1..frame.len() - 2].iter().fold(0, |sum, byte| sum ^ byte);
        assert_eq!(frame[frame.len() - 2..], [sum, 0xa5], "{act:?}");
    }
}

#[test]
fn commands_of_newland_are_temporary_and_framed() {
    for act in Act::ALL {
        let Some(command) = driver("Newland").bytes(act) else { continue };
        assert!(command.starts_with(b"~\x010000#") && command.ends_with(b";\x03"), "{act:?}");
    }
}

#[test]
fn no_command_writes_permanent_memory() {
    for act in Act::ALL {
        let newland = driver("Newland").bytes(act).unwrap_or_default();
        assert!(!newland.contains(&b'@'), "{act:?}");
        let grow = driver("Grow registers").bytes(act).unwrap_or_default();
        assert!(!grow.starts_with(b"\x7e\x00\x09"), "{act:?}");
        let menu = driver("Honeywell").bytes(act).unwrap_or_default();
        assert!(!menu.starts_with(b"\x16M") || menu == b"\x16M\rREVINF.", "{act:?}");
    }
}

#[test]
fn a_sound_that_leaves_the_reader_off_is_followed_by_switching_it_on() {
    assert_eq!(
        driver("Datalogic").steps(Act::BeepRefused, false),
        [
            Step { after_ms: 0, bytes: b"F", owed: false },
            Step { after_ms: 1_000, bytes: b"E", owed: true },
        ]
    );
    assert_eq!(driver("Datalogic").steps(Act::Disable, false).len(), 1);
}

#[test]
fn a_sleeping_reader_is_woken_before_commands_and_not_before_answers() {
    let wake = Step { after_ms: 0, bytes: b"\0", owed: false };
    let steps = driver("Grow SSI").steps(Act::TriggerOn, false);
    assert_eq!(steps[0], wake);
    assert_eq!((steps.len(), steps[1].after_ms), (2, 50));
    assert_eq!(driver("Grow SSI").steps(Act::Wake, false), [wake]);
    assert_eq!(driver("Grow SSI").steps(Act::Acknowledge, false).len(), 1);
    assert_eq!(driver("Zebra SSI").steps(Act::TriggerOn, false).len(), 1);
}

#[test]
fn acts_that_need_a_mode_wait_for_the_owners_word() {
    let honeywell = driver("Honeywell");
    assert_eq!(honeywell.condition(Act::BeepRefused), Some("Host ACK on"));
    assert_eq!(honeywell.steps(Act::BeepRefused, false), []);
    assert_eq!(honeywell.steps(Act::BeepRefused, true)[0].bytes, b"\x1b8,");
    assert_eq!(honeywell.steps(Act::Acknowledge, false), []);
    assert_eq!(honeywell.steps(Act::BeepGood, false).len(), 1);
    assert_eq!(driver("Datalogic").steps(Act::Acknowledge, false), []);
    assert_eq!(driver("Newland").steps(Act::Disable, true), [], "Newland has no such command");
}

#[test]
fn only_what_needs_no_word_of_the_owner_is_chosen_by_itself() {
    let automatic = |vid, pid| {
        let known = super::super::ids::known_reader(vid, pid).unwrap();
        Driver::automatic(&known).map(Driver::name)
    };
    for (vid, pid, expected) in [
        (0x0c2e, 0x0b6a, Some("Honeywell")),
        (0x23d0, 0x0001, Some("Honeywell")),
        (0x05f9, 0x4204, Some("Datalogic")),
        (0x1eab, 0x1a06, Some("Newland")),
        (0x6666, 0x7777, Some("Grow registers")),
        (0x05e0, 0x1701, None),
        (0x1eab, 0x1a03, None),
        (0x0488, 0x5788, None),
        (0x067e, 0x0803, None),
    ] {
        assert_eq!(automatic(vid, pid), expected, "{vid:04x}:{pid:04x}");
    }
    assert!(Driver::of("zebra").unwrap().only_if().is_some());
    assert!(Driver::of("nobody").is_none());
}
