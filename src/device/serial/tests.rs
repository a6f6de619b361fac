//! The reader on a pseudo-terminal, without commands.

mod played;

use std::{
    io::Write as _,
    mem,
    os::unix::fs::symlink,
    path::Path,
    sync::{
        atomic::AtomicU64,
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    time::Duration,
};

use serialport::{SerialPort as _, TTYPort};

use super::{line::SerialLine, *};

/// A reader on a pseudo-terminal, with a clock that only the test moves.
struct Bench {
    wire: TTYPort,
    time_ms: Arc<AtomicU64>,
    events: Receiver<SerialEvent>,
    reader: SerialReader,
}

impl Bench {
    fn start(baud: u32) -> Self {
        let (wire, far_end) = TTYPort::pair().unwrap();
        let bench = Self::on(&far_end.name().unwrap(), baud, wire);
        assert!(matches!(bench.next(), SerialEvent::Opened));
        bench
    }

    fn on(port: &str, baud: u32, wire: TTYPort) -> Self {
        let time_ms = Arc::new(AtomicU64::new(1_000));
        let (sender, events) = sync_channel(64);
        let clock = Arc::clone(&time_ms);
        let reader = SerialReader::start(
            port,
            baud,
            move || clock.load(Ordering::SeqCst),
            move |event| sender.send(event).unwrap(),
        );
        Self { wire, time_ms, events, reader: reader.unwrap() }
    }

    fn send(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(512) {
            self.wire.write_all(piece).unwrap();
        }
    }

    fn pass(&self, gap_ms: u64) {
        self.time_ms.fetch_add(gap_ms, Ordering::SeqCst);
    }

    fn next(&self) -> SerialEvent {
        self.events.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    fn text(&self) -> String {
        let event = self.next();
        let SerialEvent::Text(text) = event else {
            panic!("a text was due, not {event:?}");
        };
        text
    }

    /// Long enough for the thread to have read what was sent.
    fn is_silent(&self) -> bool {
        let waited = self.events.recv_timeout(Duration::from_millis(250));
        matches!(waited, Err(RecvTimeoutError::Timeout))
    }
}

#[test]
fn a_code_that_arrives_in_pieces_is_one_text() {
    let mut bench = Bench::start(115_200);
    bench.send(b"\x02CS1:AB");
    assert!(bench.is_silent());
    bench.pass(59);
    bench.send(b"CD\r\nCS1:EF\r");
    assert_eq!(bench.text(), "CS1:ABCD");
    bench.pass(1_000);
    assert_eq!(bench.text(), "CS1:EF");
}

#[test]
fn a_code_without_an_end_is_complete_after_the_silence() {
    let mut bench = Bench::start(115_200);
    bench.send(b"CS1:AB");
    assert!(bench.is_silent());
    bench.pass(60);
    assert_eq!(bench.text(), "CS1:AB");
}

#[test]
fn noise_is_told_and_never_decoded_by_halves() {
    let mut bench = Bench::start(115_200);
    bench.send(b"CS1:\xff\xfe\x80\r");
    assert!(matches!(bench.next(), SerialEvent::Unreadable));
    bench.send("Grüße\r".as_bytes());
    assert_eq!(bench.text(), "Grüße");
}

#[test]
fn a_flood_is_told_once_and_the_next_code_is_read() {
    let mut bench = Bench::start(115_200);
    bench.send(&vec![b'7'; 40_000]);
    assert!(matches!(bench.next(), SerialEvent::Overlong));
    assert!(bench.is_silent());
    bench.send(b"\rCS1:AB\r");
    assert_eq!(bench.text(), "CS1:AB");
}

#[test]
fn a_second_program_is_told_that_the_port_is_taken() {
    let (wire, far_end) = TTYPort::pair().unwrap();
    let port = far_end.name().unwrap();
    let bench = Bench::on(&port, 9_600, wire);
    assert!(matches!(bench.next(), SerialEvent::Opened));
    let second = SerialLine::open(&port, 9_600).map(|_| ());
    assert!(matches!(second, Err(SerialError::Unavailable { .. })), "{second:?}");
    bench.reader.close();
    assert!(SerialLine::open(&port, 9_600).is_ok(), "close gives the port back at once");
}

#[test]
fn a_reader_that_is_unplugged_is_told_once_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("reader");
    let (wire, far_end) = TTYPort::pair().unwrap();
    symlink(far_end.name().unwrap(), &port).unwrap();
    let mut bench = Bench::on(port.to_str().unwrap(), 115_200, wire);
    assert!(matches!(bench.next(), SerialEvent::Opened));

    bench.send(b"CS1:HA");
    assert!(bench.is_silent());
    let wire = replug(&port, &mut bench);
    assert!(matches!(bench.next(), SerialEvent::Lost(SerialError::Unplugged { .. })));
    bench.wire = wire;
    assert!(matches!(bench.next(), SerialEvent::Opened));
    bench.send(b"CS1:WHOLE\r");
    assert_eq!(bench.text(), "CS1:WHOLE", "the half code is gone");
}

/// Points the port to a new pseudo-terminal and takes the old one away.
fn replug(port: &Path, bench: &mut Bench) -> TTYPort {
    let (wire, far_end) = TTYPort::pair().unwrap();
    std::fs::remove_file(port).unwrap();
    symlink(far_end.name().unwrap(), port).unwrap();
    drop(mem::replace(&mut bench.wire, far_end));
    wire
}

#[test]
fn a_port_that_never_was_is_told_and_stopping_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("nothing");
    let (wire, _far_end) = TTYPort::pair().unwrap();
    let bench = Bench::on(port.to_str().unwrap(), 9_600, wire);
    let event = bench.next();
    assert!(matches!(event, SerialEvent::Lost(SerialError::NotFound { .. })), "{event:?}");
    drop(bench.reader);
    let ended = bench.events.recv_timeout(Duration::from_secs(1));
    assert!(matches!(ended, Err(RecvTimeoutError::Disconnected)), "the thread has ended");
}
