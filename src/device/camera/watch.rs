//! A camera at work: its frames are read one at a time, the newest first, and it comes back after trouble.
//!
//! Two threads: one sits in the driver and is left behind when it does not come back; the other reads the
//! codes and is never at the mercy of a driver.

use std::{
    mem::{self, Discriminant},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use image::{GrayImage, imageops::thumbnail};

use super::{
    CameraError,
    choice::{CameraWish, Sides},
    exposure::{Bracket, Exposure},
    hint::Hints,
    open,
    slot::{Slot, Taken},
    steady::{Steady, is_ours},
};
use crate::{
    device::{
        picture::Luma,
        qr::{
            Look,
            reader::{ABANDONED_MAX, ReadError, Reader},
        },
    },
    domain::scan::Hint,
};

/// Longest wait for a frame at a time, so that stopping is quick.
const WAIT: Duration = Duration::from_millis(200);
/// How long a camera may take to its first frame, in milliseconds; Windows takes many seconds at times.
const FIRST_MS: u64 = 15_000;
/// How long a camera may be silent between two frames, in milliseconds.
const SILENT_MS: u64 = 3_000;
/// Wait between two attempts to open a camera.
const RETRY: Duration = Duration::from_secs(1);
/// Shortest time between two pictures of the preview, in milliseconds.
const PREVIEW_MS: u64 = 60;
/// Width of the preview's pictures, in pixels.
const PREVIEW_WIDTH: u32 = 480;
/// How long one frame is looked at; a build without optimisation is many times slower.
pub const FRAME_BUDGET: Duration =
    Duration::from_millis(if cfg!(debug_assertions) { 600 } else { 30 });

/// What a camera has to say.
#[derive(Debug)]
pub enum CameraEvent {
    /// The first frame came, at first or again.
    Opened {
        /// The camera's name.
        name: String,
        /// The size of its frames.
        sides: Sides,
    },
    /// A small copy of what the camera sees now.
    Preview(Arc<Luma>),
    /// A code was held before the camera; a code that stays is told twice a second.
    Scan(String),
    /// What might help now, or that nothing need be said any more.
    Hint(Option<Hint>),
    /// The camera could not be opened or went away; said once for each reason, while attempts go on.
    Lost(CameraError),
}

/// A running camera; dropping it asks its threads to end.
#[derive(Debug)]
pub struct Camera {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Camera {
    /// Reads the camera on threads of its own until this is dropped.
    ///
    /// `clock` gives monotonic milliseconds. `on_event` runs on the reading thread and must not block:
    /// no frame is read while it runs.
    pub fn start(
        wish: CameraWish,
        clock: impl Fn() -> u64 + Send + 'static,
        on_event: impl FnMut(CameraEvent) + Send + 'static,
    ) -> Result<Self, CameraError> {
        let CameraWish { choice, sides, barcodes } = wish;
        let reader = Reader::start().map_err(CameraError::Thread)?;
        let mut reader = reader.with_barcodes(barcodes);
        let read =
            move |frame: &Luma, turn| reader.read_live(frame.clone(), turn, is_ours, FRAME_BUDGET);
        let open = move || open(&choice, sides);
        Self::with(open, read, clock, on_event)
    }

    fn with(
        open: impl Fn() -> Result<super::Opened, CameraError> + Send + Sync + 'static,
        read: impl FnMut(&Luma, u32) -> Result<Look, ReadError> + Send + 'static,
        clock: impl Fn() -> u64 + Send + 'static,
        on_event: impl FnMut(CameraEvent) + Send + 'static,
    ) -> Result<Self, CameraError> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut watch = Watch {
            open: Arc::new(open),
            read,
            clock,
            on_event,
            stop: Arc::clone(&stop),
            left: Vec::new(),
            reported: None,
            turn: 0,
            preview_ms: 0,
            steady: Steady::default(),
            hints: Hints::default(),
            bracket: Bracket::default(),
        };
        let builder = thread::Builder::new().name("camera-codes".to_owned());
        let thread = builder.spawn(move || watch.run()).map_err(CameraError::Thread)?;
        Ok(Self { stop, thread })
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
    }
}

type Open = dyn Fn() -> Result<super::Opened, CameraError> + Send + Sync;

/// The reading thread.
struct Watch<R, C, F> {
    open: Arc<Open>,
    read: R,
    clock: C,
    on_event: F,
    stop: Arc<AtomicBool>,
    /// Threads that did not come back from their driver.
    left: Vec<JoinHandle<()>>,
    /// The trouble that was told last, until frames come again.
    reported: Option<Discriminant<CameraError>>,
    turn: u32,
    preview_ms: u64,
    steady: Steady,
    hints: Hints,
    bracket: Bracket,
}

impl<R, C, F> Watch<R, C, F>
where
    R: FnMut(&Luma, u32) -> Result<Look, ReadError>,
    C: Fn() -> u64,
    F: FnMut(CameraEvent),
{
    fn run(&mut self) {
        while !self.stopped() {
            if let Err(error) = self.serve() {
                self.report(error);
                thread::park_timeout(RETRY);
            }
        }
    }

    /// Opens the camera and reads its frames until it fails.
    fn serve(&mut self) -> Result<(), CameraError> {
        self.left.retain(|thread| !thread.is_finished());
        if self.left.len() >= ABANDONED_MAX {
            return Err(CameraError::Stuck);
        }
        let slot = Arc::new(Slot::default());
        let thread = capture(Arc::clone(&self.open), Arc::clone(&slot))?;
        let served = self.frames(&slot);
        slot.leave();
        self.left.push(thread);
        served
    }

    fn frames(&mut self, slot: &Slot) -> Result<(), CameraError> {
        let (mut heard_ms, mut opened) = ((self.clock)(), false);
        while !self.stopped() {
            match slot.take(WAIT) {
                Taken::Frame(frame) => {
                    heard_ms = (self.clock)();
                    if !mem::replace(&mut opened, true) {
                        self.tell_opened(slot.name(), &frame);
                    }
                    self.frame(&frame)?;
                    slot.want(self.bracket.wanted());
                }
                Taken::Ended(error) => return Err(error),
                Taken::Nothing => {
                    let limit_ms = if opened { SILENT_MS } else { FIRST_MS };
                    if (self.clock)().saturating_sub(heard_ms) > limit_ms {
                        return Err(CameraError::Stalled);
                    }
                }
            }
        }
        Ok(())
    }

    fn tell_opened(&mut self, name: String, frame: &Luma) {
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        let sides = Sides { width: side(frame.width()), height: side(frame.height()) };
        tracing::info!(name, %sides, "camera opened");
        self.reported = None;
        (self.on_event)(CameraEvent::Opened { name, sides });
    }

    fn frame(&mut self, frame: &Luma) -> Result<(), CameraError> {
        let now_ms = (self.clock)();
        if now_ms.saturating_sub(self.preview_ms) >= PREVIEW_MS {
            self.preview_ms = now_ms;
            if let Some(small) = preview(frame) {
                (self.on_event)(CameraEvent::Preview(Arc::new(small)));
            }
        }
        self.turn = self.turn.wrapping_add(1);
        let look = match (self.read)(frame, self.turn) {
            Ok(look) => look,
            Err(ReadError::TimedOut | ReadError::Crashed) => Look::default(),
            Err(error @ (ReadError::Unavailable | ReadError::NoThread(_))) => {
                return Err(CameraError::Unread(error));
            }
        };
        self.consider(look, frame, now_ms);
        Ok(())
    }

    /// A code that was read is told; one that is in view and unread leads to a hint.
    fn consider(&mut self, look: Look, frame: &Luma, now_ms: u64) {
        let before = self.hints.shown();
        if look.texts.is_empty() {
            self.hints.unread(look.seen, frame, now_ms);
            self.bracket.unread(look.seen, now_ms);
        } else {
            self.bracket.read(now_ms);
        }
        if look.texts.iter().any(|text| is_ours(text)) {
            self.hints.read();
        }
        if self.hints.shown() != before {
            (self.on_event)(CameraEvent::Hint(self.hints.shown()));
        }
        if let Some(text) = self.steady.scan(look.texts, now_ms) {
            (self.on_event)(CameraEvent::Scan(text));
        }
    }

    fn report(&mut self, error: CameraError) {
        let reason = mem::discriminant(&error);
        if self.reported != Some(reason) {
            tracing::warn!(%error, "camera lost");
            self.reported = Some(reason);
            (self.on_event)(CameraEvent::Lost(error));
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

/// Opens the camera and fills the slot, on a thread that may never come back.
fn capture(open: Arc<Open>, slot: Arc<Slot>) -> Result<JoinHandle<()>, CameraError> {
    let work = move || {
        let played = catch_unwind(AssertUnwindSafe(|| play(&*open, &slot)));
        if let Err(error) = played.unwrap_or(Err(CameraError::Crashed)) {
            slot.end(error);
        }
    };
    thread::Builder::new().name("camera".to_owned()).spawn(work).map_err(CameraError::Thread)
}

fn play(open: &Open, slot: &Slot) -> Result<(), CameraError> {
    let mut opened = open()?;
    slot.begin(opened.name);
    let mut exposure = Exposure::default();
    while slot.put(opened.source.frame()?) {
        let wanted = slot.wanted();
        if mem::replace(&mut exposure, wanted) != wanted {
            opened.source.expose(wanted);
        }
    }
    Ok(())
}

/// A copy no wider than the preview.
fn preview(frame: &Luma) -> Option<Luma> {
    let (width, height) = (side(frame.width())?, side(frame.height())?);
    let factor = width.div_ceil(PREVIEW_WIDTH).max(1);
    let (small_width, small_height) = (width.div_ceil(factor), height.div_ceil(factor));
    let whole = GrayImage::from_raw(width, height, frame.pixels().to_vec())?;
    let small = thumbnail(&whole, small_width, small_height);
    Luma::new(
        usize::try_from(small_width).ok()?,
        usize::try_from(small_height).ok()?,
        small.into_raw(),
    )
}

fn side(pixels: usize) -> Option<u32> {
    u32::try_from(pixels).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::AtomicU64,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    };

    use super::*;
    use crate::device::camera::{FrameSource, Opened};

    const LONG: Duration = Duration::from_secs(20);

    /// What the camera of a test does next, one act a frame; after the last one it waits for another.
    enum Act {
        Frame(u8),
        Fail,
        Panic,
        Hang,
    }

    struct Played(Arc<Mutex<Receiver<Act>>>);

    impl FrameSource for Played {
        fn frame(&mut self) -> Result<Luma, CameraError> {
            let next = self.0.lock().map(|acts| acts.recv());
            let Ok(Ok(act)) = next else {
                return Err(CameraError::Crashed);
            };
            match act {
                Act::Frame(grey) => Ok(Luma::new(4, 3, vec![grey; 12]).unwrap()),
                Act::Fail => Err(CameraError::Gone { name: "test".into(), reason: "cable".into() }),
                Act::Panic => panic!("on purpose"),
                Act::Hang => loop {
                    thread::park();
                },
            }
        }
    }

    /// A watched camera whose clock moves this much at every look, and when the test says so.
    struct Bench {
        camera: Camera,
        acts: SyncSender<Act>,
        events: Receiver<CameraEvent>,
        time_ms: Arc<AtomicU64>,
    }

    impl Bench {
        fn start() -> Self {
            let (acts, played) = sync_channel(1_000);
            let played = Arc::new(Mutex::new(played));
            let open = move || {
                let source = Box::new(Played(Arc::clone(&played)));
                Ok(Opened { source, name: "test".into() })
            };
            Self::on(open, acts, 0)
        }

        fn on(
            open: impl Fn() -> Result<Opened, CameraError> + Send + Sync + 'static,
            acts: SyncSender<Act>,
            tick_ms: u64,
        ) -> Self {
            let (sender, events) = sync_channel(1_000);
            let time_ms = Arc::new(AtomicU64::new(1_000));
            let clock = Arc::clone(&time_ms);
            let camera = Camera::with(
                open,
                |frame, _turn| Ok(read(frame.pixels()[0])),
                move || clock.fetch_add(tick_ms, Ordering::SeqCst),
                move |event| sender.send(event).unwrap(),
            );
            Self { camera: camera.unwrap(), acts, events, time_ms }
        }

        fn act(&self, act: Act) {
            self.acts.send(act).unwrap();
        }

        /// The next event that is not the preview.
        fn next(&self) -> CameraEvent {
            loop {
                let event = self.events.recv_timeout(LONG).unwrap();
                if !matches!(event, CameraEvent::Preview(_)) {
                    return event;
                }
            }
        }

        fn pass(&self, ms: u64) {
            self.time_ms.fetch_add(ms, Ordering::SeqCst);
        }
    }

    /// A frame of this grey shows the voucher of that number; 200 one that is not read, 255 nothing.
    fn read(grey: u8) -> Look {
        match grey {
            200 => Look { seen: true, ..Look::default() },
            255 => Look::default(),
            number => Look { texts: vec![format!("CS1:{number}")], seen: true, steps: 1 },
        }
    }

    #[test]
    fn frames_are_shown_and_codes_told() {
        let bench = Bench::start();
        bench.act(Act::Frame(7));
        let CameraEvent::Opened { name, sides } = bench.events.recv_timeout(LONG).unwrap() else {
            panic!("the camera was to open first");
        };
        assert_eq!((name.as_str(), sides.to_string().as_str()), ("test", "4x3"));
        let CameraEvent::Preview(shown) = bench.events.recv_timeout(LONG).unwrap() else {
            panic!("a frame was to be shown");
        };
        assert_eq!(shown.pixels(), [7; 12]);
        assert!(matches!(bench.next(), CameraEvent::Scan(text) if text == "CS1:7"));
    }

    /// A camera in which a code is readable at one exposure only.
    struct Dazzled(Exposure);

    impl FrameSource for Dazzled {
        fn frame(&mut self) -> Result<Luma, CameraError> {
            let grey = if self.0 == Exposure::Brighter { 7 } else { 200 };
            thread::park_timeout(Duration::from_millis(1));
            Ok(Luma::new(4, 3, vec![grey; 12]).unwrap())
        }

        fn expose(&mut self, exposure: Exposure) {
            self.0 = exposure;
        }
    }

    #[test]
    fn a_code_that_is_readable_at_another_exposure_is_read() {
        let open = || {
            let source = Box::new(Dazzled(Exposure::Auto));
            Ok(Opened { source, name: "test".into() })
        };
        let bench = Bench::on(open, sync_channel(1).0, 20);
        assert!(matches!(bench.next(), CameraEvent::Opened { .. }));
        assert!(matches!(bench.next(), CameraEvent::Scan(text) if text == "CS1:7"));
    }

    #[test]
    fn a_camera_that_fails_or_panics_is_told_once_and_comes_back() {
        let bench = Bench::start();
        for (act, grey) in [(Act::Fail, 1), (Act::Panic, 2)] {
            bench.act(act);
            assert!(matches!(bench.next(), CameraEvent::Lost(_)));
            bench.act(Act::Frame(grey));
            assert!(matches!(bench.next(), CameraEvent::Opened { .. }));
            assert!(matches!(bench.next(), CameraEvent::Scan(_)));
        }
        for _ in 0..2 {
            bench.act(Act::Fail);
        }
        bench.act(Act::Frame(3));
        assert!(matches!(bench.next(), CameraEvent::Lost(CameraError::Gone { .. })));
        assert!(
            matches!(bench.next(), CameraEvent::Opened { .. }),
            "the second failure is not told"
        );
    }

    #[test]
    fn a_camera_that_stalls_is_left_behind_and_opened_again() {
        let bench = Bench::start();
        bench.act(Act::Frame(255));
        assert!(matches!(bench.next(), CameraEvent::Opened { .. }));
        bench.act(Act::Hang);
        thread::park_timeout(WAIT);
        bench.pass(SILENT_MS + 1);
        assert!(matches!(bench.next(), CameraEvent::Lost(CameraError::Stalled)));
        bench.act(Act::Frame(4));
        assert!(matches!(bench.next(), CameraEvent::Opened { .. }));
        assert!(matches!(bench.next(), CameraEvent::Scan(text) if text == "CS1:4"));
    }

    #[test]
    fn drivers_that_never_come_back_do_not_take_all_threads() {
        let (acts, _none) = sync_channel(1_000);
        let bench = Bench::on(
            || loop {
                thread::park();
            },
            acts,
            FIRST_MS + 1,
        );
        assert!(matches!(bench.next(), CameraEvent::Lost(CameraError::Stalled)));
        assert!(matches!(bench.next(), CameraEvent::Lost(CameraError::Stuck)));
    }

    #[test]
    fn a_code_that_is_not_read_leads_to_a_hint_that_goes_when_it_is() {
        let bench = Bench::start();
        bench.act(Act::Frame(200));
        assert!(matches!(bench.next(), CameraEvent::Opened { .. }));
        for _ in 0..10 {
            thread::park_timeout(Duration::from_millis(20));
            bench.pass(500);
            bench.act(Act::Frame(200));
        }
        assert!(matches!(bench.next(), CameraEvent::Hint(Some(_))));
        bench.act(Act::Frame(9));
        assert!(matches!(bench.next(), CameraEvent::Hint(None)));
        assert!(matches!(bench.next(), CameraEvent::Scan(_)));
    }

    #[test]
    fn dropping_a_camera_ends_its_threads() {
        let bench = Bench::start();
        bench.act(Act::Frame(255));
        assert!(matches!(bench.next(), CameraEvent::Opened { .. }));
        drop(bench.camera);
        loop {
            match bench.events.recv_timeout(LONG) {
                Ok(_) => {}
                Err(ended) => break assert_eq!(ended, RecvTimeoutError::Disconnected),
            }
        }
    }

    #[test]
    fn the_preview_is_small_and_keeps_its_shape() {
        let frame = Luma::new(1280, 720, vec![9; 1280 * 720]).unwrap();
        let small = preview(&frame).unwrap();
        assert_eq!((small.width(), small.height()), (427, 240));
    }
}
