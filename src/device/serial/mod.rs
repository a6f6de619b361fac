//! A reader on a serial port: a thread that cuts its bytes into texts and comes back after unplugging.

pub mod discover;
pub mod driver;
pub mod ids;

use std::{
    io::{self, Read as _, Write as _},
    mem::{self, Discriminant},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serialport::{
    ClearBuffer, DataBits, ErrorKind, FlowControl, Parity, SerialPort, SerialPortBuilder, StopBits,
};
use thiserror::Error;
use tracing::{debug, info, warn};

use self::{
    discover::{plugged_in, port_of},
    driver::{Act, Driver, Replies},
};
use crate::domain::scan::{Frame, Framer, Pace, Paced};

/// Longest wait for a byte, in milliseconds; also how long stopping may take.
const READ_MS: u64 = 50;
/// Wait before the first attempts to open a port that is gone.
const RETRY: Duration = Duration::from_millis(500);
/// Wait between two attempts, once [`SOON`] of them were in vain.
const RETRY_LATER: Duration = Duration::from_secs(2);
/// Attempts that follow each other soon.
const SOON: u32 = 20;
/// Speed of a port on USB, where it does not matter, and of one on a line, unless said otherwise, in bits per second.
const USUAL_BAUD: [u32; 2] = [115_200, 9_600];

/// Acts that may wait for a reader.
const ACTS_MAX: usize = 8;

/// What a reader has to say.
#[derive(Debug)]
pub enum SerialEvent {
    /// The port is open, at first or again.
    Opened,
    /// The reader delivered a code.
    Text(String),
    /// The reader delivered bytes that are no UTF-8: wrong baud rate, or a code of raw bytes.
    Unreadable,
    /// The reader sent more than a code can hold, without an end; all of it was dropped.
    Overlong,
    /// The reader sent more codes at once than a person scans, as from its memory; they are dropped.
    Replayed,
    /// The port could not be opened or went away; said once for each reason, while attempts go on.
    Lost(SerialError),
}

/// Why a serial reader does not work, in words for the operator.
#[derive(Debug, Error)]
pub enum SerialError {
    /// The port exists and is taken, or Windows does not say which.
    #[error("the reader on {port} is used by another program or is not plugged in")]
    Unavailable {
        /// The port as it was named.
        port: String,
        /// What the system said.
        source: serialport::Error,
    },
    /// There is no such port.
    #[error("no reader is plugged in on {port}")]
    NotFound {
        /// The port as it was named.
        port: String,
        /// What the system said.
        source: serialport::Error,
    },
    /// None of the ports has the reader that was named.
    #[error("the reader {name} is not plugged in")]
    Absent {
        /// The name as it was given.
        name: String,
    },
    /// The user may not use the port; `firmware-notes/udev` has the cure for Linux.
    #[error("this user may not open {port}")]
    Forbidden {
        /// The port as it was named.
        port: String,
        /// What the system said.
        source: serialport::Error,
    },
    /// The port could not be set up, for example because it is no serial port.
    #[error("{port} cannot be used as a reader")]
    Unusable {
        /// The port as it was named.
        port: String,
        /// What the system said.
        source: serialport::Error,
    },
    /// The port was open and then failed.
    #[error("the reader on {port} was unplugged")]
    Unplugged {
        /// The port as it was named.
        port: String,
        /// What the system said.
        source: io::Error,
    },
    /// The computer has no room for another thread.
    #[error("the reader cannot be started")]
    Thread(#[source] io::Error),
}

/// A running reader; dropping it asks its thread to close the port within a read time-out.
#[derive(Debug)]
pub struct SerialReader {
    stop: Arc<AtomicBool>,
    acts: SyncSender<Act>,
    thread: Option<JoinHandle<()>>,
}

impl SerialReader {
    /// Reads a reader on a thread of its own until stopped: the one on a port such as `/dev/ttyACM0` or
    /// `COM5`, one named by its [`discover::ReaderId`], or with [`discover::ANY`] the first known one.
    ///
    /// Without `baud` a port on USB gets 115 200, where it does not matter, and a line 9600, the speed
    /// most readers have from the factory.
    ///
    /// `clock` gives monotonic milliseconds. `on_event` runs on the reader's thread and must not
    /// block: no byte is read while it runs.
    pub fn start(
        port: impl Into<String>,
        baud: Option<u32>,
        clock: impl Fn() -> u64 + Send + 'static,
        on_event: impl FnMut(SerialEvent) + Send + 'static,
    ) -> Result<Self, SerialError> {
        let (port, stop) = (port.into(), Arc::new(AtomicBool::new(false)));
        let (acts, asked) = sync_channel(ACTS_MAX);
        let mut worker = Worker {
            port,
            baud,
            clock,
            on_event,
            stop: Arc::clone(&stop),
            reported: None,
            tries: 0,
            pace: Pace::default(),
            asked,
        };
        let thread = thread::Builder::new()
            .name("serial-reader".to_owned())
            .spawn(move || worker.run())
            .map_err(SerialError::Thread)?;
        Ok(Self { stop, acts, thread: Some(thread) })
    }

    /// Asks the reader to do something, where its driver knows how and the port is open; never waits.
    pub fn act(&self, act: Act) {
        if self.acts.try_send(act).is_err() {
            debug!(?act, "the reader is not asked: it has enough to do");
        }
    }

    /// Stops and waits until the port is closed, so that it can be opened again at once.
    pub fn close(mut self) {
        self.ask_to_stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            warn!("the serial reader's thread ended in a panic");
        }
    }

    fn ask_to_stop(&self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for SerialReader {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}

/// An open port and the code under way on it.
pub struct SerialLine {
    port_name: String,
    port: Box<dyn SerialPort>,
    framer: Framer,
    replies: Replies,
}

impl SerialLine {
    /// Opens `port_name` for one program alone: 8 data bits, no parity, 1 stop bit, DTR and RTS raised.
    ///
    /// What was scanned before nobody asked for, so it is dropped. Opening may take seconds on a
    /// device that sleeps.
    pub fn open(port_name: &str, baud: u32) -> Result<Self, SerialError> {
        let mut port = builder(port_name, baud)
            .open()
            .map_err(|source| open_error(port_name.to_owned(), source))?;
        if let Err(error) = port.write_request_to_send(true) {
            // Pseudo-terminals and some adapters have no such line, and most readers need none.
            debug!(port = port_name, %error, "RTS cannot be raised");
        }
        if let Err(error) = port.clear(ClearBuffer::Input) {
            debug!(port = port_name, %error, "older input cannot be dropped");
        }
        Ok(Self {
            port_name: port_name.to_owned(),
            port,
            framer: Framer::for_baud(baud),
            replies: Replies::default(),
        })
    }

    /// Waits for bytes, 50 ms at most, and returns what they complete.
    pub fn read(&mut self, clock: impl Fn() -> u64) -> Result<Vec<SerialEvent>, SerialError> {
        let mut buffer = [0_u8; 1024];
        let count = match self.read_some(&mut buffer, clock()) {
            Ok(count) => count,
            Err(error) if is_quiet(&error) => 0,
            Err(source) => return Err(self.unplugged(source)),
        };
        let now_ms = clock();
        let codes = self.replies.strip(buffer.get(..count).unwrap_or_default(), now_ms);
        Ok(self.framer.push(&codes, now_ms).into_iter().map(event).collect())
    }

    /// Sends the commands of an act; their replies are no codes.
    pub fn act(&mut self, driver: &Driver, act: Act, now_ms: u64) -> Result<(), SerialError> {
        for command in driver.commands(act) {
            self.replies.expect(command, now_ms);
            self.port.write_all(&command.bytes).map_err(|source| self.unplugged(source))?;
        }
        Ok(())
    }

    fn unplugged(&self, source: io::Error) -> SerialError {
        SerialError::Unplugged { port: self.port_name.clone(), source }
    }

    /// Waits no longer than the code under way may stay silent, so that its end is seen in time.
    fn read_some(&mut self, buffer: &mut [u8], now_ms: u64) -> io::Result<usize> {
        let silence_ms = self.framer.timeout_ms().map(|due_ms| due_ms.saturating_sub(now_ms));
        let wait_ms = silence_ms.unwrap_or(READ_MS).clamp(1, READ_MS);
        self.port.set_timeout(Duration::from_millis(wait_ms))?;
        match self.port.read(buffer)? {
            // The end of a port that is gone would otherwise be read over and over.
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }
}

/// DTR is asked for because Windows leaves it off, and many USB readers send nothing without it.
fn builder(port_name: &str, baud: u32) -> SerialPortBuilder {
    let builder = serialport::new(port_name, baud)
        .data_bits(DataBits::Eight)
        .parity(Parity::None)
        .stop_bits(StopBits::One)
        .flow_control(FlowControl::None)
        .dtr_on_open(true)
        .timeout(Duration::from_millis(READ_MS));
    // Windows gives a port to one program alone whatever is asked.
    #[cfg(unix)]
    let builder = builder.exclusive(true);
    builder
}

fn open_error(port: String, source: serialport::Error) -> SerialError {
    match source.kind {
        ErrorKind::NoDevice => SerialError::Unavailable { port, source },
        ErrorKind::Io(io::ErrorKind::NotFound) => SerialError::NotFound { port, source },
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => SerialError::Forbidden { port, source },
        ErrorKind::InvalidInput | ErrorKind::Unknown | ErrorKind::Io(_) => {
            SerialError::Unusable { port, source }
        }
    }
}

fn is_quiet(error: &io::Error) -> bool {
    [io::ErrorKind::TimedOut, io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted]
        .contains(&error.kind())
}

fn event(frame: Frame) -> SerialEvent {
    match frame {
        Frame::Bytes(bytes) => {
            String::from_utf8(bytes).map_or(SerialEvent::Unreadable, SerialEvent::Text)
        }
        Frame::Overlong => SerialEvent::Overlong,
    }
}

/// The port of a reader, its speed, and what can be said to it.
struct Port {
    name: String,
    baud: u32,
    driver: Option<&'static Driver>,
}

/// The reader's thread.
struct Worker<C, F> {
    port: String,
    baud: Option<u32>,
    clock: C,
    on_event: F,
    stop: Arc<AtomicBool>,
    /// The trouble that was told last, until the port opens again.
    reported: Option<Discriminant<SerialError>>,
    /// Attempts in vain since the port was open.
    tries: u32,
    pace: Pace,
    asked: Receiver<Act>,
}

impl<C: Fn() -> u64, F: FnMut(SerialEvent)> Worker<C, F> {
    fn run(&mut self) {
        while !self.stopped() {
            if let Err(error) = self.serve() {
                self.report(error);
                self.tries = self.tries.saturating_add(1);
                thread::park_timeout(if self.tries > SOON { RETRY_LATER } else { RETRY });
            }
        }
    }

    /// Opens the port and reads it until it fails; the port is closed when this returns.
    fn serve(&mut self) -> Result<(), SerialError> {
        let Port { name, baud, driver } = self.port_now()?;
        let mut line = SerialLine::open(&name, baud)?;
        info!(port = name, baud, "serial reader opened");
        (self.reported, self.tries, self.pace) = (None, 0, Pace::default());
        (self.on_event)(SerialEvent::Opened);
        while !self.stopped() {
            for event in line.read(&self.clock)? {
                self.tell(event);
            }
            while let Some(paced) = self.pace.due((self.clock)()) {
                self.tell_paced(paced);
            }
            for (act, driver) in self.asked.try_iter().filter_map(|act| Some((act, driver?))) {
                line.act(driver, act, (self.clock)())?;
            }
        }
        Ok(())
    }

    /// The port of the reader at this moment, and its speed.
    fn port_now(&self) -> Result<Port, SerialError> {
        let ports = plugged_in();
        let port = port_of(&self.port, &ports)
            .ok_or_else(|| SerialError::Absent { name: self.port.clone() })?;
        let found = ports.iter().find(|found| found.port == port);
        let usb = found.is_some_and(|found| found.id.is_some());
        let [on_usb, on_line] = USUAL_BAUD;
        let baud = self.baud.unwrap_or(if usb { on_usb } else { on_line });
        let known = found.and_then(|found| found.known);
        Ok(Port { name: port, baud, driver: known.and_then(|known| Driver::of(known.maker)) })
    }

    fn tell(&mut self, event: SerialEvent) {
        let SerialEvent::Text(text) = event else {
            return (self.on_event)(event);
        };
        if let Some(paced) = self.pace.note(text, (self.clock)()) {
            self.tell_paced(paced);
        }
    }

    fn tell_paced(&mut self, paced: Paced) {
        (self.on_event)(match paced {
            Paced::Scan(text) => SerialEvent::Text(text),
            Paced::Replayed => SerialEvent::Replayed,
        });
    }

    fn report(&mut self, error: SerialError) {
        let reason = mem::discriminant(&error);
        if self.reported != Some(reason) {
            warn!(port = self.port, %error, "serial reader lost");
            self.reported = Some(reason);
            (self.on_event)(SerialEvent::Lost(error));
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{
        io::Write as _,
        os::unix::fs::symlink,
        path::Path,
        sync::{
            atomic::AtomicU64,
            mpsc::{Receiver, RecvTimeoutError, sync_channel},
        },
    };

    use serialport::TTYPort;

    use super::*;

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
                Some(baud),
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
    fn the_port_is_opened_with_dtr_raised_and_for_one_program() {
        let builder = format!("{:?}", builder("COM5", 9_600));
        assert!(builder.contains("dtr_on_open: Some(true)"), "{builder}");
        assert!(builder.contains("exclusive: true"), "{builder}");
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
        assert_eq!(bench.text(), "CS1:EF", "once it is clear that no burst follows");
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
    fn what_is_said_to_each_reader_arrives_and_its_reply_is_no_code() {
        for maker in ["Honeywell", "Zebra", "Datalogic", "Newland", "Grow"] {
            let (mut wire, far_end) = TTYPort::pair().unwrap();
            let mut line = SerialLine::open(&far_end.name().unwrap(), 115_200).unwrap();
            let driver = Driver::of(maker).unwrap();
            for act in Act::ALL {
                line.act(driver, act, 1_000).unwrap();
                for command in driver.commands(act) {
                    let mut heard = vec![0; command.bytes.len()];
                    wire.read_exact(&mut heard).unwrap();
                    assert_eq!(heard, command.bytes, "{maker} {act:?}");
                    wire.write_all(command.reply.as_deref().unwrap_or_default()).unwrap();
                }
                wire.write_all(b"CS1:A\r").unwrap();
                let events: Vec<SerialEvent> =
                    std::iter::repeat_with(|| line.read(|| 1_001).unwrap())
                        .find(|events| !events.is_empty())
                        .unwrap();
                assert!(
                    matches!(&events[..], [SerialEvent::Text(text)] if text == "CS1:A"),
                    "{maker} {act:?}: {events:?}"
                );
            }
        }
    }

    #[test]
    fn a_memory_that_is_emptied_redeems_no_more_than_its_first_code() {
        let mut bench = Bench::start(115_200);
        bench.send(b"CS1:A\rCS1:B\rCS1:C\rCS1:D\rCS1:E\r");
        assert_eq!(bench.text(), "CS1:A");
        assert!(matches!(bench.next(), SerialEvent::Replayed));
        bench.pass(5_000);
        assert!(bench.is_silent(), "the others are dropped");
        bench.send(b"CS1:F\r");
        assert_eq!(bench.text(), "CS1:F");
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

    #[test]
    fn the_same_trouble_is_told_once_and_another_one_again() {
        let told = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&told);
        let mut worker = Worker {
            port: "COM5".to_owned(),
            baud: Some(9_600),
            clock: || 0,
            on_event: move |_event| {
                count.fetch_add(1, Ordering::SeqCst);
            },
            stop: Arc::default(),
            reported: None,
            tries: 0,
            pace: Pace::default(),
            asked: sync_channel(1).1,
        };
        for (kind, expected) in [
            (ErrorKind::NoDevice, 1),
            (ErrorKind::NoDevice, 1),
            (ErrorKind::Io(io::ErrorKind::PermissionDenied), 2),
            (ErrorKind::NoDevice, 3),
        ] {
            let source = serialport::Error::new(kind, "");
            worker.report(open_error("COM5".to_owned(), source));
            assert_eq!(told.load(Ordering::SeqCst), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_file_is_no_reader() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let opened = SerialLine::open(file.path().to_str().unwrap(), 9_600).map(|_| ());
        assert!(matches!(opened, Err(SerialError::Unusable { .. })), "{opened:?}");
    }
}
