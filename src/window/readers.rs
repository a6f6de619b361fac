//! The readers of the window: what they deliver goes to the counter, what they show to the screen.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use crate::{
    console::ReaderArgs,
    device::{
        camera::{
            CameraError,
            choice::CameraWish,
            watch::{Camera, CameraEvent},
        },
        picture::Luma,
        serial::{Act, DriverChoice, SerialError, SerialEvent, SerialReader, Settings},
    },
    domain::scan::{Delivered, EntryMethod, TESTS},
    terminal::{
        clock::Clock,
        command::Command,
        engine::Event,
        handle::{TerminalHandle, ViewCell},
        text::Texts,
        view::{ScanView, VerdictState},
        witness,
    },
    ui::readers::{CameraView, Grey, Heard, ReadersCell, ReadersView, failed_key},
};

/// The readers that are in use; they stop when this is dropped.
pub(super) struct Readers {
    /// What the screen shows of them.
    pub(super) cell: ReadersCell,
    _camera: Option<Camera>,
    _serial: Arc<Vec<SerialReader>>,
}

impl Readers {
    /// Starts what the command line names; what cannot be started is told on the screen.
    pub(super) fn start(
        args: &ReaderArgs,
        handle: &TerminalHandle<Event>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let line = Line {
            cell: ReadersCell::new(first(args)),
            handle: handle.clone(),
            texts: Arc::new(Texts::english()),
            last: Arc::new(AtomicUsize::new(NOBODY)),
        };
        let serial = Arc::new(line.serials(args, clock));
        if args.feedback {
            beep(&handle.view, &line.last, &serial);
        }
        let camera = args.camera_wish();
        Self {
            cell: line.cell.clone(),
            _camera: camera.and_then(|wish| line.camera(wish, clock)),
            _serial: serial,
        }
    }
}

/// How to talk with the readers on serial ports: not at all, unless it was asked for.
fn settings(args: &ReaderArgs) -> Settings {
    let driver = match args.driver {
        Some(driver) => DriverChoice::Chosen(driver),
        None if args.feedback => DriverChoice::ByUsb,
        None => DriverChoice::Nothing,
    };
    Settings { driver, modes_set: args.modes_set, ..Settings::of("", args.baud) }
}

/// What is shown before a reader has said anything.
fn first(args: &ReaderArgs) -> ReadersView {
    let camera = args.camera.iter().map(|choice| (EntryMethod::Camera, choice.to_string()));
    let serial = args.serial.iter().map(|name| (EntryMethod::Serial, name.clone()));
    let tests = Arc::new(TESTS.iter().filter_map(|test| witness::code(test)).collect());
    ReadersView { used: camera.chain(serial).collect(), tests, ..ReadersView::default() }
}

/// The way from a reader to the counter and to the screen.
#[derive(Clone)]
struct Line {
    cell: ReadersCell,
    handle: TerminalHandle<Event>,
    texts: Arc<Texts>,
    /// Which serial reader waits for an answer to its scan, or [`NOBODY`].
    last: Arc<AtomicUsize>,
}

/// No serial reader.
const NOBODY: usize = usize::MAX;

impl Line {
    fn camera(&self, wish: CameraWish, clock: &Arc<dyn Clock>) -> Option<Camera> {
        self.show_camera(|_before| CameraView::default());
        let (line, mut number) = (self.clone(), 0);
        let deliver = move |event| {
            number = u64::wrapping_add(number, 1);
            line.seen(event, number);
        };
        let started = Camera::start(wish, millis(clock), deliver);
        started.map_err(|error| self.camera_lost(&error)).ok()
    }

    fn seen(&self, event: CameraEvent, number: u64) {
        match event {
            CameraEvent::Opened { .. } => {
                self.show_camera(|before| CameraView { trouble: None, ..before.clone() });
            }
            CameraEvent::Preview(frame) => self.show_camera(|before| CameraView {
                picture: Some(grey(&frame, number)),
                ..before.clone()
            }),
            CameraEvent::Scan(text) => {
                self.send(Command::Scan { text, method: EntryMethod::Camera });
            }
            CameraEvent::Hint(hint) => {
                self.show_camera(|before| CameraView { hint, ..before.clone() });
            }
            CameraEvent::Lost(error) => self.camera_lost(&error),
        }
    }

    fn camera_lost(&self, error: &CameraError) {
        let trouble = Some(sentence(&error.to_string()));
        self.show_camera(|_before| CameraView { trouble, ..CameraView::default() });
    }

    fn show_camera(&self, next: impl FnOnce(&CameraView) -> CameraView) {
        self.cell.change(|before| {
            let camera = before.camera.clone().unwrap_or_default();
            ReadersView { camera: Some(next(&camera)), ..before.clone() }
        });
    }

    fn serials(&self, args: &ReaderArgs, clock: &Arc<dyn Clock>) -> Vec<SerialReader> {
        let (mut readers, wish) = (Vec::new(), settings(args));
        for name in &args.serial {
            readers.extend(self.serial((name, readers.len()), &wish, clock));
        }
        readers
    }

    fn serial(
        &self,
        (name, index): (&str, usize),
        wish: &Settings,
        clock: &Arc<dyn Clock>,
    ) -> Option<SerialReader> {
        let (line, own) = (self.clone(), name.to_owned());
        let deliver = move |event| line.scanned((&own, index), event);
        let settings = Settings { reader: name.to_owned(), ..wish.clone() };
        let started = SerialReader::start_with(settings, millis(clock), deliver);
        started.map_err(|error| self.trouble(name, Some(&error))).ok()
    }

    fn scanned(&self, (name, index): (&str, usize), event: SerialEvent) {
        match event {
            SerialEvent::Text(text) => {
                if !self.cell.get().testing {
                    self.last.store(index, Ordering::Release);
                }
                self.send(Command::Scan { text, method: EntryMethod::Serial });
            }
            SerialEvent::Unreadable | SerialEvent::Overlong => self.failed(Delivered::Unreadable),
            SerialEvent::Replayed => self.failed(Delivered::Replayed),
            SerialEvent::Opened => self.trouble(name, None),
            SerialEvent::Lost(error) => self.trouble(name, Some(&error)),
        }
    }

    fn failed(&self, what: Delivered) {
        let method = EntryMethod::Serial;
        if self.cell.get().testing {
            return self.hear(Heard { method, what });
        }
        let reason = self.texts.get(failed_key(&what)).to_owned();
        self.send(Command::ScanFailed { reason, method });
    }

    fn hear(&self, heard: Heard) {
        let heard = Some(heard);
        self.cell.change(|before| ReadersView { heard, ..before.clone() });
    }

    /// Each reader has one line.
    fn trouble(&self, name: &str, error: Option<&SerialError>) {
        self.cell.change(|before| {
            let mut troubles = before.troubles.clone();
            match error {
                Some(error) => troubles.insert(name.to_owned(), error.into()),
                None => troubles.remove(name),
            };
            ReadersView { troubles, ..before.clone() }
        });
    }

    /// While readers are being tested, a scan is shown and nothing else.
    fn send(&self, command: Command) {
        if self.cell.get().testing {
            let Command::Scan { text, method } = command else {
                return;
            };
            return self.hear(Heard { method, what: Delivered::Text(text) });
        }
        if !self.handle.send(command) {
            tracing::warn!("a scan was dropped: the counter is overwhelmed");
        }
    }
}

/// A refusal sounds at the reader that delivered the scan.
fn beep(view: &ViewCell, last: &Arc<AtomicUsize>, readers: &Arc<Vec<SerialReader>>) {
    let (cell, last, readers) = (view.clone(), Arc::clone(last), Arc::downgrade(readers));
    let answered = AtomicU64::new(0);
    view.on_change(move || answer(&cell, (&last, &answered), &readers));
}

fn answer(
    view: &ViewCell,
    (last, answered): (&AtomicUsize, &AtomicU64),
    readers: &Weak<Vec<SerialReader>>,
) {
    let view = view.get();
    let ScanView::Verdict(verdict) = &view.scan else {
        return;
    };
    if answered.swap(verdict.serial, Ordering::AcqRel) == verdict.serial {
        return;
    }
    let scanned = last.swap(NOBODY, Ordering::AcqRel);
    let refused = match verdict.state {
        VerdictState::AlreadyUsed | VerdictState::NotValid | VerdictState::CannotCheck => true,
        VerdictState::Accepted | VerdictState::NeedsInput | VerdictState::NotAVoucher => false,
    };
    if let Some(readers) = readers.upgrade().filter(|_| refused)
        && let Some(reader) = readers.get(scanned)
        && let Err(error) = reader.act(Act::BeepRefused)
    {
        tracing::debug!(%error, "a refusal is not heard at the reader");
    }
}

fn millis(clock: &Arc<dyn Clock>) -> impl Fn() -> u64 + Send + 'static {
    let clock = Arc::clone(clock);
    move || clock.now().millis
}

fn grey(frame: &Luma, number: u64) -> Grey {
    Grey { number, width: frame.width(), pixels: frame.pixels().into() }
}

/// With a capital letter, as it stands alone on the screen.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
#[cfg(all(unix, feature = "demo"))]
mod tests {
    use std::{io::Write as _, path::Path, thread, time::Duration};

    use clap::Parser as _;
    use serialport::{SerialPort as _, TTYPort};

    use super::*;
    use crate::{
        console::{Args, random},
        demo::Shop,
        device::{picture, qr::reader::Reader},
        terminal::{clock::SystemClock, engine::Engine, runtime::Runtime, view::View},
    };

    /// Asks twenty times a second until it is so, for half a minute.
    fn until(what: &str, so: impl Fn() -> bool) {
        let patience = (0..600).map(|_| thread::park_timeout(Duration::from_millis(50)));
        assert!(patience.into_iter().any(|()| so()), "{what} did not come");
    }

    fn accepted(view: &View) -> Option<u64> {
        let ScanView::Verdict(verdict) = &view.scan else {
            return None;
        };
        (verdict.state == VerdictState::Accepted).then_some(verdict.serial)
    }

    fn text_of(png: &[u8]) -> String {
        let luma = picture::load(png).unwrap();
        let texts = Reader::start().unwrap().read(luma, Duration::from_mins(1)).unwrap();
        texts.first().unwrap().clone()
    }

    fn args(camera: &Path, serial: &str) -> ReaderArgs {
        let camera = format!("file:{}", camera.display());
        let line = ["countersign", "--camera", &camera, "--serial", serial, "--feedback"];
        Args::parse_from(line).readers
    }

    #[test]
    fn what_a_camera_sees_and_a_reader_sends_is_redeemed_at_the_counter() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let shop = Shop::open(Arc::clone(&clock)).unwrap();
        let mut engine = Engine::open(&shop.counter_dir(), random, clock.now()).unwrap();
        shop.sign_in(&mut engine).unwrap();
        let transport = shop.transport().unwrap();
        let runtime = Runtime::start(engine, transport, Arc::clone(&clock)).unwrap();
        let [first, second] = [0, 1].map(|card| shop.show(&shop.cards[card]).unwrap().png);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("card.png"), &first).unwrap();
        let (mut wire, far_end) = TTYPort::pair().unwrap();
        let port = far_end.name().unwrap();

        let readers = Readers::start(&args(folder.path(), &port), &runtime.handle(), &clock);
        let view = || runtime.handle().view.get();
        until("the camera's redemption", || accepted(&view()).is_some());
        let shown = readers.cell.get();
        assert!(shown.camera.as_ref().is_some_and(|camera| camera.picture.is_some()), "{shown:?}");
        assert!(shown.troubles.is_empty(), "{shown:?}");

        let by_camera = accepted(&view());
        wire.write_all(format!("{}\r", text_of(&second)).as_bytes()).unwrap();
        until("the reader's redemption", || {
            accepted(&view()).is_some_and(|serial| Some(serial) != by_camera)
        });
        drop((wire, far_end));
        until("the word that the reader is gone", || !readers.cell.get().troubles.is_empty());
    }
}
