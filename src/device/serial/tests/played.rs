//! Every driver against a reader that a thread plays on a pseudo-terminal, in all its moods.

mod stage;

use serialport::{SerialPort as _, TTYPort};

use super::*;
use stage::{Mood, Stage, answer, loudest, whole};

/// Tells the reader its loudest act and checks that it heard the bytes of the notes, all and only those.
fn told(stage: &Stage, driver: &'static Driver) {
    stage.reader.act(loudest(driver)).unwrap();
    stage.hears(&whole(driver, loudest(driver)));
}

/// Plays the readers of all drivers at once.
fn each(play: impl Fn(&'static Driver) + Sync) {
    thread::scope(|scope| {
        for driver in Driver::all() {
            scope.spawn(|| play(driver));
        }
    });
}

/// Plays every driver in a mood; `check` is given the stage after the act.
fn play(mood: Mood, check: impl Fn(&mut Stage, &'static Driver) + Sync) {
    each(|driver| {
        let mut stage = Stage::of(driver, mood);
        told(&stage, driver);
        check(&mut stage, driver);
    });
}

fn reads_a_code(stage: &mut Stage, driver: &Driver) {
    stage.say(&[b"CS1:AB\r"]);
    assert_eq!(stage.text(), "CS1:AB", "{}", driver.name());
}

#[test]
fn answers_are_no_scans() {
    play(Mood::Prompt, |stage, driver| {
        reads_a_code(stage, driver);
        assert!(stage.is_silent(), "{}", driver.name());
    });
}

#[test]
fn answers_in_pieces_are_no_scans() {
    play(Mood::Split, |stage, driver| {
        reads_a_code(stage, driver);
        assert!(stage.is_silent(), "{}", driver.name());
    });
}

#[test]
fn commands_that_come_back_are_no_scans() {
    play(Mood::Echo, |stage, driver| {
        // An echo of one letter is told from a code by the silence after it.
        assert!(stage.is_silent(), "{}", driver.name());
        reads_a_code(stage, driver);
    });
}

#[test]
fn a_reader_that_does_not_answer_still_reads() {
    play(Mood::Silent, reads_a_code);
}

#[test]
fn noise_is_told_and_the_next_code_is_read() {
    play(Mood::Noise, |stage, driver| {
        let event = stage.next();
        assert!(matches!(event, SerialEvent::Unreadable), "{}: {event:?}", driver.name());
        reads_a_code(stage, driver);
    });
}

#[test]
fn a_flood_is_told_and_the_next_code_is_read() {
    play(Mood::Flood, |stage, driver| {
        let event = stage.next();
        assert!(matches!(event, SerialEvent::Overlong), "{}: {event:?}", driver.name());
        reads_a_code(stage, driver);
    });
}

#[test]
fn a_reader_that_vanishes_in_an_answer_is_told_and_leaves_no_scan() {
    each(|driver| {
        let mut stage = Stage::of(driver, Mood::Silent);
        let answer = answer(driver, loudest(driver));
        let half = answer.split_at(answer.len() / 2).0.to_vec();
        told(&stage, driver);
        stage.say(&[&half, b"CS1:HA"]);
        stage.vanish();
        let event = stage.next();
        let gone = matches!(event, SerialEvent::Lost(SerialError::Unplugged { .. }));
        assert!(gone, "{}: {event:?}", driver.name());
    });
}

#[test]
fn every_act_of_every_driver_arrives_byte_by_byte() {
    each(|driver| {
        let stage = Stage::of(driver, Mood::Silent);
        let mut expected = Vec::new();
        for act in Act::ALL.into_iter().filter(|act| driver.bytes(*act).is_some()) {
            expected.extend(whole(driver, act));
            stage.reader.act(act).unwrap();
            stage.hears(&expected);
        }
    });
}

#[test]
fn a_code_in_a_packet_is_read_and_acknowledged() {
    for name in ["Zebra SSI", "Grow SSI"] {
        let driver = Driver::of(name).unwrap();
        let stage = Stage::of(driver, Mood::Silent);
        let packet = packet::packet(0xf3, 0, b"\x1cCS1:AB\r");
        let (head, tail) = packet.split_at(5);
        stage.say(&[head, tail]);
        assert_eq!(stage.text(), "CS1:AB", "{name}");
        stage.hears(b"\x04\xd0\x04\x00\xff\x28");
    }
}

#[test]
fn a_reader_that_is_asked_says_what_it_is_and_no_cashier_sees_it() {
    for (name, answer, expected) in [
        ("Datalogic", &b"\x01\x02iQD2430\r\n\x03\x04"[..], "iQD2430"),
        ("Honeywell", b"Product Name: X\r\nREVINF\x06.", "Product Name: X, REVINF, ."),
        ("M3Y", b"\x5a\x01\x00\x0aV2.3.0.7\r\n\x5a\xa5", "Z, V2.3.0.7, Z"),
    ] {
        let stage = Stage::of(Driver::of(name).unwrap(), Mood::Silent);
        stage.reader.act(Act::Identify).unwrap();
        stage.hears(Driver::of(name).unwrap().bytes(Act::Identify).unwrap());
        stage.say(&[answer]);
        assert!(stage.is_silent(), "{name}");
        let status = stage.reader.status();
        assert_eq!(status.identity.as_deref(), Some(expected), "{name}");
        assert_eq!(status.driver.map(Driver::name), Some(name));
        assert_eq!((status.baud, status.port.is_some()), (Some(115_200), true));
    }
}

#[test]
fn nothing_is_sent_to_a_reader_that_only_scans() {
    each(|driver| {
        let mut stage = Stage::of(driver, Mood::Prompt);
        reads_a_code(&mut stage, driver);
        assert!(stage.is_silent());
        stage.hears(b"");
    });
}

#[test]
fn a_reader_that_was_switched_off_is_switched_on_at_the_end() {
    for act in [Act::Disable, Act::BeepRefused] {
        let driver = Driver::of("Datalogic").unwrap();
        let (stage, _line_stays_up) = Stage::with(driver.name(), Baud::Fixed(9_600));
        stage.reader.act(act).unwrap();
        stage.hears(driver.bytes(act).unwrap());
        let (reader, player) = stage.part();
        reader.close();
        player.hears(&[driver.bytes(act).unwrap(), b"E"].concat());
    }
}

#[test]
fn the_driver_comes_from_the_usb_numbers() {
    for (id, act, expected) in [
        ("05f9:4204", Act::BeepGood, &b"\x01"[..]),
        ("0c2e:0b6a:SN1", Act::TriggerOn, b"\x16T\r"),
        ("05e0:1701", Act::BeepGood, b""),
        ("1a86:7523", Act::BeepGood, b""),
    ] {
        let stage = Stage::found(id, ToOwned::to_owned);
        stage.reader.act(act).unwrap();
        assert!(stage.is_silent(), "{id}");
        stage.hears(expected);
    }
}

#[test]
fn a_reader_is_back_within_two_seconds_on_another_port() {
    for name in [|_port: &str| "0c2e:0b6a:SN1".to_owned(), |port: &str| port.to_owned()] {
        let mut stage = Stage::found("0c2e:0b6a:SN1", name);
        stage.say(&[b"CS1:AB\r"]);
        assert_eq!(stage.text(), "CS1:AB");
        stage.list(Vec::new());
        stage.vanish();
        assert!(matches!(stage.next(), SerialEvent::Lost(SerialError::Unplugged { .. })));
        let (wire, far_end) = TTYPort::pair().unwrap();
        let plugged_ms = stage.now_ms();
        stage.list(vec![stage::found(&far_end.name().unwrap(), "0c2e:0b6a:SN1")]);
        while !matches!(stage.next(), SerialEvent::Opened) {}
        assert!(stage.now_ms() - plugged_ms < 2_000);
        stage.plug(wire);
        stage.say(&[b"CS1:CD\r"]);
        assert_eq!(stage.text(), "CS1:CD");
    }
}

#[test]
fn a_port_that_leaves_the_list_without_a_word_is_told_within_a_second() {
    let stage = Stage::found("0c2e:0b6a:SN1", ToOwned::to_owned);
    let gone_ms = stage.now_ms();
    stage.list(Vec::new());
    assert!(matches!(stage.next(), SerialEvent::Lost(SerialError::Unplugged { .. })));
    assert!(stage.now_ms() - gone_ms < 1_000);
}

#[test]
fn a_reader_that_is_absent_is_told_and_acts_never_wait() {
    let (sender, events) = sync_channel(4);
    let reader = SerialReader::spawn(
        Settings::of("0c2e:0b6a:SN1", Baud::Probe),
        Box::new(|| Some(Vec::new())),
        || 0,
        move |event| sender.send(event).unwrap(),
    )
    .unwrap();
    let event = events.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(matches!(event, SerialEvent::Lost(SerialError::Absent { .. })), "{event:?}");
    let told: Vec<_> = (0..10).map(|_| reader.act(Act::BeepGood)).collect();
    assert_eq!(told[..8], [Ok(()); 8]);
    assert_eq!(told[8..], [Err(ActError::Busy); 2]);
}

#[test]
fn several_readers_work_side_by_side() {
    let mut stages: Vec<_> =
        Driver::all().iter().map(|driver| Stage::of(driver, Mood::Prompt)).collect();
    for (stage, driver) in stages.iter().zip(Driver::all()) {
        stage.reader.act(loudest(driver)).unwrap();
    }
    for (number, stage) in stages.iter().enumerate() {
        stage.say(&[format!("CS1:{number}\r").as_bytes()]);
    }
    for (number, stage) in stages.iter_mut().enumerate() {
        assert_eq!(stage.text(), format!("CS1:{number}"));
    }
    for (stage, driver) in stages.iter().zip(Driver::all()) {
        stage.hears(&whole(driver, loudest(driver)));
    }
}

#[test]
fn a_line_of_unknown_speed_is_tried_until_a_code_is_read() {
    let (stage, _line_stays_up) = Stage::with("Datalogic", Baud::Probe);
    for _attempt in 0..4 {
        stage.say(&[b"\xf8\x80\xfe\r"]);
        assert!(matches!(stage.next(), SerialEvent::Unreadable));
    }
    stage.say(&[b"CS1:AB\r"]);
    assert_eq!(stage.text(), "CS1:AB");
}
