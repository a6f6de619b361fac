//! The readers of the window: what they deliver goes to the counter, what they show to the screen.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::sync_channel,
    },
    thread,
};

use super::plugged::plugged;

use crate::{
    console::{ReaderArgs, kept::Kept},
    device::{
        camera::{
            CameraError,
            choice::CameraWish,
            watch::{Camera, CameraEvent},
        },
        picture::Luma,
        serial::{Act, DriverChoice, SerialError, SerialEvent, SerialReader, Settings},
    },
    domain::scan::{Delivered, EntryMethod, ScanFailure, TESTS},
    terminal::{
        clock::Clock,
        command::Command,
        engine::Event,
        handle::{TerminalHandle, ViewCell},
        view::{ScanView, VerdictState},
        witness,
    },
    ui::readers::{
        CameraView, Grey, Heard, ReaderCommand, ReadersCell, ReadersHandle, ReadersView,
    },
};

/// Most choices that wait for their turn.
const CHOICES_MAX: usize = 8;

/// Starts the readers that the command line names, or else those that were chosen on the screen; what cannot
/// be started is told there.
///
/// They stop when the last copy of what is returned is dropped. An error means that the computer has no room
/// for another thread.
pub(super) fn start(
    args: &ReaderArgs,
    dir: &Path,
    handle: &TerminalHandle<Event>,
    clock: &Arc<dyn Clock>,
) -> io::Result<ReadersHandle> {
    let args = Kept::load(dir).map_or_else(|| args.clone(), |kept| kept.applied(args));
    let (commands, choices) = sync_channel(CHOICES_MAX);
    let line = Line {
        cell: ReadersCell::new(first(&args)),
        handle: handle.clone(),
        last: Arc::new(AtomicUsize::new(NOBODY)),
        live: Arc::default(),
    };
    let cell = line.cell.clone();
    let mut shelf = Shelf::new(line, args, dir, clock);
    thread::Builder::new().name("readers".to_owned()).spawn(move || {
        shelf.begin();
        for command in choices {
            shelf.act(command);
        }
    })?;
    Ok(ReadersHandle::new(cell, commands))
}

/// Readers on serial ports, in the order in which they were named.
type Serials = Arc<Mutex<Vec<SerialReader>>>;

/// The readers in use, and the choice that made them so.
struct Shelf {
    line: Line,
    args: ReaderArgs,
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    camera: (Line, Option<Camera>),
    serial: (Line, Serials),
}

impl Shelf {
    fn new(line: Line, args: ReaderArgs, dir: &Path, clock: &Arc<dyn Clock>) -> Self {
        let (dir, clock) = (dir.to_owned(), Arc::clone(clock));
        let (camera, serial) = ((line.clone(), None), (line.clone(), Serials::default()));
        Self { line, args, dir, clock, camera, serial }
    }

    fn begin(&mut self) {
        if self.args.feedback {
            beep(&self.line.handle.view, &self.line.last, &self.serial.1);
        }
        self.use_serial();
        self.use_camera();
    }

    fn act(&mut self, command: ReaderCommand) {
        match command {
            ReaderCommand::List => return self.tell(),
            ReaderCommand::Use { method: EntryMethod::Camera, id, used } => {
                self.args.camera = used.then(|| id.parse().ok()).flatten();
                self.use_camera();
            }
            ReaderCommand::Use { id, used, .. } => {
                self.args.serial.retain(|name| *name != id);
                self.args.serial.extend(used.then_some(id));
                self.use_serial();
            }
            ReaderCommand::Size(size) => {
                self.args.camera_sides = size.parse().unwrap_or(self.args.camera_sides);
                self.use_camera();
            }
            ReaderCommand::Barcodes(barcodes) => {
                self.args.barcodes = barcodes;
                self.use_camera();
            }
        }
        if let Err(error) = Kept::of(&self.args).save(&self.dir) {
            tracing::warn!(%error, "the choice of readers cannot be kept");
        }
        self.tell();
    }

    /// The camera before is let go first: no system opens one twice.
    fn use_camera(&mut self) {
        self.camera.0.live.store(false, Ordering::Release);
        self.camera = (self.line.anew(), None);
        self.line.cell.change(|before| ReadersView { camera: None, ..before.clone() });
        let wish = self.args.camera_wish();
        self.camera.1 = wish.and_then(|wish| self.camera.0.camera(wish, &self.clock));
    }

    fn use_serial(&mut self) {
        self.serial.0.live.store(false, Ordering::Release);
        self.serial.0 = self.line.anew();
        let (line, readers) = &self.serial;
        let mut readers = readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.clear();
        self.line.cell.change(|before| ReadersView { troubles: BTreeMap::new(), ..before.clone() });
        *readers = line.serials(&self.args, &self.clock);
    }

    /// Shows what is plugged in and what of it is used.
    fn tell(&self) {
        let plugged = plugged(&self.args);
        let ReadersView { used, barcodes, .. } = first(&self.args);
        self.line.cell.change(|before| ReadersView { used, plugged, barcodes, ..before.clone() });
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
    let (used, barcodes) = (camera.chain(serial).collect(), args.barcodes);
    ReadersView { used, barcodes, tests, ..ReadersView::default() }
}

/// The way from a reader to the counter and to the screen.
#[derive(Clone)]
struct Line {
    cell: ReadersCell,
    handle: TerminalHandle<Event>,
    /// Which serial reader waits for an answer to its scan, or [`NOBODY`].
    last: Arc<AtomicUsize>,
    /// Whether what comes this way still counts: a reader that was let go may have something left to say.
    live: Arc<AtomicBool>,
}

/// No serial reader.
const NOBODY: usize = usize::MAX;

impl Line {
    /// A way of its own for readers that begin.
    fn anew(&self) -> Self {
        Self { live: Arc::new(AtomicBool::new(true)), ..self.clone() }
    }

    /// Changes what is shown, unless the reader was let go.
    fn change(&self, next: impl FnOnce(&ReadersView) -> ReadersView) {
        self.cell.change(|before| {
            if self.live.load(Ordering::Acquire) { next(before) } else { before.clone() }
        });
    }

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
        self.change(|before| {
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
            SerialEvent::Unreadable => self.failed(ScanFailure::Unreadable),
            SerialEvent::Overlong => self.failed(ScanFailure::Overlong),
            SerialEvent::Replayed => self.failed(ScanFailure::Replayed),
            SerialEvent::Opened => self.trouble(name, None),
            SerialEvent::Lost(error) => self.trouble(name, Some(&error)),
        }
    }

    fn failed(&self, why: ScanFailure) {
        let method = EntryMethod::Serial;
        if self.cell.get().testing {
            return self.hear(Heard { method, what: Delivered::Failed(why) });
        }
        self.send(Command::ScanFailed { why, method });
    }

    fn hear(&self, heard: Heard) {
        let heard = Some(heard);
        self.change(|before| ReadersView { heard, ..before.clone() });
    }

    /// Each reader has one line.
    fn trouble(&self, name: &str, error: Option<&SerialError>) {
        self.change(|before| {
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
        if self.live.load(Ordering::Acquire) && !self.handle.send(command) {
            tracing::warn!("a scan was dropped: the counter is overwhelmed");
        }
    }
}

/// A refusal sounds at the reader that delivered the scan.
fn beep(view: &ViewCell, last: &Arc<AtomicUsize>, readers: &Serials) {
    let (cell, last, readers) = (view.clone(), Arc::clone(last), Arc::downgrade(readers));
    let answered = AtomicU64::new(0);
    view.on_change(move || answer(&cell, (&last, &answered), &readers));
}

fn answer(
    view: &ViewCell,
    (last, answered): (&AtomicUsize, &AtomicU64),
    readers: &Weak<Mutex<Vec<SerialReader>>>,
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
        && let Some(reader) = readers.lock().unwrap_or_else(PoisonError::into_inner).get(scanned)
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
mod tests;
