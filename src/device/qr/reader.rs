//! The decoder on a thread of its own, so that no picture can hold up or bring down its caller.
//!
//! A thread cannot be killed from outside. A worker that overstays its budget is told to stop and left
//! behind; it ends with its picture, or, when it hangs for good, stays on a short list. A full list
//! ends reading, so that bad pictures cannot eat all cores.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Effort, Look, look};
use crate::device::{
    bars::{self, Way},
    picture::Luma,
};

/// Most workers that may be left behind at one time.
pub const ABANDONED_MAX: usize = 4;

/// How long a frame may take beyond its budget: one foreign call cannot be interrupted.
const GRACE: Duration = Duration::from_millis(500);

/// Why a picture was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The budget ran out before a code was found.
    #[error("no code was found in the picture in time")]
    TimedOut,
    /// The decoder gave up in an unforeseen way; the next picture may well read.
    #[error("the picture could not be read")]
    Crashed,
    /// [`ABANDONED_MAX`] earlier pictures are still being worked on.
    #[error(
        "reading pictures has stopped, because earlier pictures never finished: restart the program"
    )]
    Unavailable,
    /// The system gave no thread for the work.
    #[error("reading pictures could not be started")]
    NoThread(#[source] io::Error),
}

/// Reads the codes in pictures, one picture at a time, on a thread of its own.
#[derive(Debug)]
pub struct Reader {
    barcodes: bool,
    decode: Decode,
    worker: Option<Worker>,
    abandoned: Vec<JoinHandle<()>>,
}

type Decode = fn(&Task, &AtomicBool) -> Look;

/// One picture and what is wanted of it.
struct Task {
    picture: Luma,
    effort: Effort,
    wanted: fn(&str) -> bool,
    barcodes: bool,
}

impl Reader {
    /// Starts the worker thread.
    pub fn start() -> io::Result<Self> {
        Self::with(|task, stop| {
            let stopped = || stop.load(Ordering::Relaxed);
            let mut look = look(&task.picture, task.effort, task.wanted, stopped);
            if task.barcodes && look.texts.is_empty() && !stopped() {
                look.texts = barcodes(&task.picture, task.effort);
            }
            look
        })
    }

    /// Whether pictures without another code are looked at for EAN and Code 128 as well.
    #[must_use]
    pub fn with_barcodes(self, barcodes: bool) -> Self {
        Self { barcodes, ..self }
    }

    fn with(decode: Decode) -> io::Result<Self> {
        let worker = Some(Worker::start(decode)?);
        Ok(Self { barcodes: false, decode, worker, abandoned: Vec::new() })
    }

    /// All distinct texts in the picture, at the latest after `budget`; empty when it shows no code.
    pub fn read(&mut self, picture: Luma, budget: Duration) -> Result<Vec<String>, ReadError> {
        let barcodes = self.barcodes;
        let task = Task { picture, effort: Effort::Full, wanted: |_| true, barcodes };
        self.run(task, budget, None).map(|look| look.texts)
    }

    /// What a frame of a camera shows, looked at for `budget`; `turn` counts the frames.
    ///
    /// A frame whose budget ends between two steps is no error: the look holds what was found until then.
    /// A text for which `wanted` is false does not end the look.
    pub fn read_live(
        &mut self,
        picture: Luma,
        turn: u32,
        wanted: fn(&str) -> bool,
        budget: Duration,
    ) -> Result<Look, ReadError> {
        let task = Task { picture, effort: Effort::Live { turn }, wanted, barcodes: self.barcodes };
        self.run(task, budget, Some(GRACE))
    }

    /// The worker is asked to stop after `budget` and is left behind, at once or after `grace` more.
    fn run(
        &mut self,
        task: Task,
        budget: Duration,
        grace: Option<Duration>,
    ) -> Result<Look, ReadError> {
        let worker = self.take_worker()?;
        let (answer, stop) = worker.begin(task);
        let in_time = answer.recv_timeout(budget).or_else(|error| match error {
            RecvTimeoutError::Timeout => {
                stop.store(true, Ordering::Relaxed);
                grace.map_or(Err(error), |grace| answer.recv_timeout(grace))
            }
            RecvTimeoutError::Disconnected => Err(error),
        });
        match in_time {
            Ok(outcome) => {
                self.worker = Some(worker);
                outcome
            }
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!(?budget, "a picture took longer to read than its budget");
                self.abandoned.push(worker.thread);
                Err(ReadError::TimedOut)
            }
            Err(RecvTimeoutError::Disconnected) => Err(ReadError::Crashed),
        }
    }

    fn take_worker(&mut self) -> Result<Worker, ReadError> {
        self.abandoned.retain(|thread| !thread.is_finished());
        match self.worker.take() {
            Some(worker) => Ok(worker),
            None if self.abandoned.len() >= ABANDONED_MAX => Err(ReadError::Unavailable),
            None => Worker::start(self.decode).map_err(ReadError::NoThread),
        }
    }
}

/// Frames take turns at being looked at across and down.
fn barcodes(picture: &Luma, effort: Effort) -> Vec<String> {
    let ways: &[Way] = match effort {
        Effort::Full => &[Way::Across, Way::Down],
        Effort::Live { turn } if turn.is_multiple_of(2) => &[Way::Across],
        Effort::Live { .. } => &[Way::Down],
    };
    let texts = |way: &Way| Some(bars::texts(picture, *way)).filter(|texts| !texts.is_empty());
    ways.iter().find_map(texts).unwrap_or_default()
}

type Outcome = Result<Look, ReadError>;

struct Job {
    task: Task,
    stop: Arc<AtomicBool>,
    answer: SyncSender<Outcome>,
}

#[derive(Debug)]
struct Worker {
    jobs: SyncSender<Job>,
    thread: JoinHandle<()>,
}

impl Worker {
    fn start(decode: Decode) -> io::Result<Self> {
        let (jobs, queue) = sync_channel(1);
        let work = move || queue.into_iter().for_each(|job: Job| job.run(decode));
        let thread = thread::Builder::new().name("qr-reader".to_owned()).spawn(work)?;
        Ok(Self { jobs, thread })
    }

    fn begin(&self, task: Task) -> (Receiver<Outcome>, Arc<AtomicBool>) {
        let stop = Arc::new(AtomicBool::new(false));
        let (answer, answered) = sync_channel(1);
        let job = Job { task, stop: Arc::clone(&stop), answer };
        // A refused job drops its sender, which the receiver reports as a crash.
        drop(self.jobs.try_send(job));
        (answered, stop)
    }
}

impl Job {
    fn run(self, decode: Decode) {
        let work = AssertUnwindSafe(|| decode(&self.task, &self.stop));
        let outcome = catch_unwind(work).map_err(|_panic| ReadError::Crashed);
        if self.answer.try_send(outcome).is_err() {
            tracing::debug!("a picture was read after its budget; the result is dropped");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_mins(1);

    const READABLE: u8 = 0;
    const PANICS: u8 = 1;
    const HANGS: u8 = 2;
    const SLOW: u8 = 3;

    #[test]
    fn a_reader_serves_many_pictures() {
        let mut reader = Reader::with(by_first_pixel).unwrap();
        for _ in 0..100 {
            assert_eq!(reader.read(picture(READABLE), LONG).unwrap(), ["text"]);
        }
    }

    #[test]
    fn a_panic_is_one_failed_picture() {
        let mut reader = Reader::with(by_first_pixel).unwrap();
        for _ in 0..=ABANDONED_MAX {
            assert!(matches!(reader.read(picture(PANICS), LONG), Err(ReadError::Crashed)));
        }
        assert_eq!(reader.read(picture(READABLE), LONG).unwrap(), ["text"]);
    }

    #[test]
    fn a_hanging_picture_is_left_behind() {
        let mut reader = Reader::with(by_first_pixel).unwrap();
        assert!(matches!(reader.read(picture(HANGS), SHORT), Err(ReadError::TimedOut)));
        assert_eq!(reader.read(picture(READABLE), LONG).unwrap(), ["text"]);
    }

    #[test]
    fn hanging_pictures_cannot_take_all_cores() {
        let mut reader = Reader::with(by_first_pixel).unwrap();
        for _ in 0..ABANDONED_MAX {
            assert!(matches!(reader.read(picture(HANGS), SHORT), Err(ReadError::TimedOut)));
        }
        for _ in 0..3 {
            assert!(matches!(reader.read(picture(READABLE), LONG), Err(ReadError::Unavailable)));
        }
    }

    #[test]
    fn pictures_that_heed_the_stop_flag_are_not_counted() {
        let mut reader = Reader::with(by_first_pixel).unwrap();
        for _ in 0..3 * ABANDONED_MAX {
            assert!(matches!(reader.read(picture(SLOW), SHORT), Err(ReadError::TimedOut)));
        }
        assert_eq!(reader.read(picture(READABLE), LONG).unwrap(), ["text"]);
    }

    #[test]
    fn a_frame_that_heeds_its_budget_keeps_what_was_found() {
        let mut reader = Reader::with(by_first_pixel).unwrap();
        for turn in 0..3 {
            let look = reader.read_live(picture(SLOW), turn, |_| true, SHORT).unwrap();
            assert_eq!(look.texts, ["text"]);
        }
    }

    #[test]
    fn a_hanging_frame_is_left_behind() {
        let mut reader = Reader::with(by_first_pixel).unwrap();
        let frame = reader.read_live(picture(HANGS), 0, |_| true, SHORT);
        assert!(matches!(frame, Err(ReadError::TimedOut)));
        assert_eq!(reader.read(picture(READABLE), LONG).unwrap(), ["text"]);
    }

    #[test]
    fn a_live_look_takes_its_steps() {
        let mut reader = Reader::start().unwrap();
        let paper = Luma::new(40, 30, vec![255; 1200]).unwrap();
        let look = reader.read_live(paper, 1, |_| true, LONG).unwrap();
        assert_eq!(look, Look { texts: vec![], seen: false, steps: 7 });
    }

    #[test]
    fn the_real_decoder_finds_nothing_on_white_paper() {
        let mut reader = Reader::start().unwrap();
        assert_eq!(reader.read(picture(255), LONG).unwrap(), [""; 0]);
    }

    fn picture(grey: u8) -> Luma {
        Luma::new(2, 2, vec![grey; 4]).unwrap()
    }

    fn by_first_pixel(task: &Task, stop: &AtomicBool) -> Look {
        let first = task.picture.pixels()[0];
        assert_ne!(first, PANICS, "on purpose");
        while first == HANGS || (first == SLOW && !stop.load(Ordering::Relaxed)) {
            thread::park_timeout(Duration::from_millis(1));
        }
        Look { texts: vec!["text".to_owned()], seen: true, steps: 1 }
    }
}
