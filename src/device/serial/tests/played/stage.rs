//! The stage: a played reader at one end of a pseudo-terminal, ours at the other, and a clock.

use std::{
    io::{self, Read as _, Write as _},
    mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serialport::{SerialPort as _, TTYPort};

use super::super::super::{
    Act, Baud, Driver, DriverChoice, Found, SerialEvent, SerialReader, Settings, known_reader,
};

/// How the played reader behaves when it is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// Answers at once.
    Prompt,
    /// Answers byte by byte.
    Split,
    /// Sends back what it hears.
    Echo,
    /// Says nothing.
    Silent,
    /// Sends rubbish, then its answer.
    Noise,
    /// Sends without end, then its answer.
    Flood,
}

/// The act of a driver that makes the most of a noise.
pub(super) fn loudest(driver: &Driver) -> Act {
    let loud = [Act::BeepRefused, Act::TriggerOn];
    loud.into_iter().find(|act| driver.bytes(*act).is_some()).unwrap()
}

/// All bytes that an act sends.
pub(super) fn whole(driver: &'static Driver, act: Act) -> Vec<u8> {
    driver.steps(act, true).into_iter().flat_map(|step| step.bytes).copied().collect()
}

/// What a reader of this driver says to an act.
pub(super) fn answer(driver: &Driver, act: Act) -> Vec<u8> {
    match driver.name() {
        "Zebra SSI" | "Grow SSI" => b"\x04\xd0\x00\x00\xff\x2c".to_vec(),
        "Datalogic" => b"\x06".to_vec(),
        "Grow registers" => b"\x02\x00\x00\x01\x00\x33\x31".to_vec(),
        "M3Y" => b"\x5a\x01\x00\x02\x90\x00\x93\xa5".to_vec(),
        "Newland" => {
            let body = driver.bytes(act).unwrap().strip_prefix(b"~").unwrap();
            [b"\x02", body.strip_suffix(b";\x03").unwrap(), b"\x06;\x03"].concat()
        }
        _ => Vec::new(),
    }
}

/// What the list of ports says of a reader.
pub(super) fn found(port: &str, id: &str) -> Found {
    let id: crate::device::serial::ReaderId = id.parse().unwrap();
    let known = known_reader(id.vid, id.pid);
    Found { port: port.to_owned(), id: Some(id), product: None, maker: None, known }
}

/// The thread that plays a reader.
pub(super) struct Player {
    heard: Arc<Mutex<Vec<u8>>>,
    lines: SyncSender<Vec<Vec<u8>>>,
    gone: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    fn start(
        mut wire: TTYPort,
        mut respond: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static,
    ) -> Self {
        let (heard, gone) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (lines, script) = sync_channel::<Vec<Vec<u8>>>(16);
        let (ears, leaving) = (Arc::clone(&heard), Arc::clone(&gone));
        wire.set_timeout(Duration::from_millis(5)).unwrap();
        let play = move || {
            while !leaving.load(Ordering::SeqCst) {
                let bytes = listen(&mut wire);
                ears.lock().unwrap().extend(&bytes);
                let answer = if bytes.is_empty() { Vec::new() } else { respond(&bytes) };
                speak(&mut wire, &answer);
                perform(&mut wire, &script);
            }
            perform(&mut wire, &script);
        };
        let thread = thread::Builder::new().spawn(play).unwrap();
        Self { heard, lines, gone, thread: Some(thread) }
    }

    /// Waits until exactly `expected` was heard, and a little longer.
    pub(super) fn hears(&self, expected: &[u8]) {
        let heard = || self.heard.lock().unwrap().clone();
        for _attempt in 0..1_000 {
            if heard().len() >= expected.len() {
                break;
            }
            thread::park_timeout(Duration::from_millis(5));
        }
        assert_eq!(heard(), expected);
    }

    fn end(&mut self) {
        self.gone.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.end();
    }
}

fn listen(wire: &mut TTYPort) -> Vec<u8> {
    let mut buffer = [0; 256];
    let count = wire.read(&mut buffer).unwrap_or_default();
    buffer[..count].to_vec()
}

fn perform(wire: &mut TTYPort, script: &Receiver<Vec<Vec<u8>>>) {
    for line in script.try_iter() {
        speak(wire, &line);
    }
}

/// Each piece arrives by itself; the other end may have gone.
fn speak(wire: &mut TTYPort, pieces: &[Vec<u8>]) {
    for piece in pieces {
        for part in piece.chunks(512) {
            let _written: io::Result<()> = wire.write_all(part);
        }
        thread::park_timeout(Duration::from_millis(3));
    }
}

/// Our reader, the played one, and a clock that ticks as fast as the computer has time.
pub(super) struct Stage {
    pub(super) reader: SerialReader,
    events: Receiver<SerialEvent>,
    ports: Arc<Mutex<Vec<Found>>>,
    clock: Clock,
    player: Player,
}

impl Stage {
    /// A reader of `driver` whose owner has set all modes.
    pub(super) fn of(driver: &'static Driver, mood: Mood) -> Self {
        let (wire, far_end) = TTYPort::pair().unwrap();
        let settings = Settings {
            driver: DriverChoice::Chosen(driver),
            modes_set: true,
            ..Settings::of(far_end.name().unwrap(), 115_200)
        };
        let player = Player::start(wire, character(driver, mood));
        Self::open(settings, Vec::new(), player)
    }

    /// A silent reader of a driver on a line of some speed. While the end that is given back is
    /// held, what was sent last can be heard after our reader has left.
    pub(super) fn with(driver: &str, baud: Baud) -> (Self, TTYPort) {
        let (wire, far_end) = TTYPort::pair().unwrap();
        let driver = DriverChoice::Chosen(Driver::of(driver).unwrap());
        let settings = Settings { driver, ..Settings::of(far_end.name().unwrap(), baud) };
        (Self::open(settings, Vec::new(), Player::start(wire, |_| Vec::new())), far_end)
    }

    /// A silent reader that is in the list of ports, and is named by what `name` makes of its port.
    pub(super) fn found(id: &str, name: impl Fn(&str) -> String) -> Self {
        let (wire, far_end) = TTYPort::pair().unwrap();
        let port = far_end.name().unwrap();
        let settings = Settings::of(name(&port), 115_200);
        Self::open(settings, vec![found(&port, id)], Player::start(wire, |_| Vec::new()))
    }

    fn open(settings: Settings, ports: Vec<Found>, player: Player) -> Self {
        let (sender, events) = sync_channel(64);
        let (ports, clock) = (Arc::new(Mutex::new(ports)), Clock::start());
        let (listed, now_ms) = (Arc::clone(&ports), Arc::clone(&clock.now_ms));
        let reader = SerialReader::spawn(
            settings,
            Box::new(move || Some(listed.lock().unwrap().clone())),
            move || now_ms.load(Ordering::SeqCst),
            move |event| drop(sender.send(event)),
        );
        let stage = Self { reader: reader.unwrap(), events, ports, clock, player };
        assert!(matches!(stage.next(), SerialEvent::Opened));
        stage
    }

    pub(super) fn say(&self, pieces: &[&[u8]]) {
        self.player.lines.send(pieces.iter().map(|piece| piece.to_vec()).collect()).unwrap();
    }

    pub(super) fn hears(&self, expected: &[u8]) {
        self.player.hears(expected);
    }

    pub(super) fn next(&self) -> SerialEvent {
        self.events.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    pub(super) fn text(&self) -> String {
        let event = self.next();
        let SerialEvent::Text(text) = event else {
            panic!("a text was due, not {event:?}");
        };
        text
    }

    /// Longer than anything may be held back.
    pub(super) fn is_silent(&self) -> bool {
        let waited = self.events.recv_timeout(Duration::from_millis(400));
        matches!(waited, Err(RecvTimeoutError::Timeout))
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.clock.now_ms.load(Ordering::SeqCst)
    }

    pub(super) fn list(&self, ports: Vec<Found>) {
        *self.ports.lock().unwrap() = ports;
    }

    /// Takes the played reader away as soon as it has said all that it was given to say.
    pub(super) fn vanish(&mut self) {
        self.player.end();
    }

    /// Puts another one in its place.
    pub(super) fn plug(&mut self, wire: TTYPort) {
        self.player = Player::start(wire, |_| Vec::new());
    }

    /// Our reader and the played one.
    pub(super) fn part(self) -> (SerialReader, Player) {
        (self.reader, self.player)
    }
}

/// What a reader in a mood does with what it hears.
fn character(driver: &'static Driver, mood: Mood) -> impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send {
    let mut outbursts = match mood {
        Mood::Noise => vec![b"\xff\xfe\x80\r".to_vec()],
        Mood::Flood => vec![vec![b'7'; 20_000], b"\r".to_vec()],
        Mood::Prompt | Mood::Split | Mood::Echo | Mood::Silent => Vec::new(),
    };
    move |heard| {
        let answer = answer(driver, loudest(driver));
        match mood {
            Mood::Split => answer.into_iter().map(|byte| vec![byte]).collect(),
            Mood::Echo => vec![heard.to_vec()],
            Mood::Silent => Vec::new(),
            Mood::Prompt | Mood::Noise | Mood::Flood => {
                mem::take(&mut outbursts).into_iter().chain([answer]).collect()
            }
        }
    }
}

/// Milliseconds that pass with the computer's, or slower where it is busy.
struct Clock {
    now_ms: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Clock {
    fn start() -> Self {
        let (now_ms, stop) = (Arc::new(AtomicU64::new(1_000)), Arc::new(AtomicBool::new(false)));
        let (hand, stopped) = (Arc::clone(&now_ms), Arc::clone(&stop));
        let tick = move || {
            while !stopped.load(Ordering::SeqCst) {
                thread::park_timeout(Duration::from_millis(5));
                hand.fetch_add(5, Ordering::SeqCst);
            }
        };
        let _ticking: JoinHandle<()> = thread::Builder::new().spawn(tick).unwrap();
        Self { now_ms, stop }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}
