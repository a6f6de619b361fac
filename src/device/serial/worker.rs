//! The thread of a reader: opens its port, listens, tells it things, and comes back after unplugging.

use std::{
    io,
    mem::{self, Discriminant},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::Receiver,
    },
    thread,
    time::Duration,
};

use tracing::{debug, info, warn};

use crate::domain::scan::{Pace, Paced};

use super::{
    Settings,
    baud::Rates,
    command::Act,
    discover::Found,
    driver::Driver,
    event::{SerialError, SerialEvent},
    intake::Intake,
    line::{READ_MS, SerialLine},
    outbox::Outbox,
    place::{Meant, Place, Presence},
    replies::Replies,
    status::{Shared, Status, words},
};

/// Lists the ports of the computer, if the system says.
pub(super) type Ports = Box<dyn Fn() -> Option<Vec<Found>> + Send>;

/// How a worker learns what goes on outside.
pub(super) struct Reins {
    /// Lists the ports of the computer.
    pub(super) ports: Ports,
    /// What the reader shall do.
    pub(super) acts: Receiver<Act>,
    /// Whether the worker shall end.
    pub(super) stop: Arc<AtomicBool>,
    /// Where the worker says how it is doing.
    pub(super) status: Shared,
}

/// The reader's thread.
pub(super) struct Worker<C, F> {
    meant: Meant,
    settings: Settings,
    clock: C,
    on_event: F,
    reins: Reins,
    /// Attempts in a row that found no port.
    attempts: u32,
    /// The trouble that was told last, until the port opens again.
    reported: Option<Discriminant<SerialError>>,
    outbox: Option<Outbox>,
    /// Whether the next answer with words in it is how the reader describes itself.
    asked: bool,
    pace: Pace,
}

impl<C: Fn() -> u64, F: FnMut(SerialEvent)> Worker<C, F> {
    /// A worker that has not begun.
    pub(super) fn new(settings: Settings, clock: C, on_event: F, reins: Reins) -> Self {
        let meant = Meant::new(settings.reader.clone());
        let (attempts, reported, outbox, asked) = (0, None, None, false);
        let pace = Pace::default();
        Self { meant, settings, clock, on_event, reins, attempts, reported, outbox, asked, pace }
    }

    /// Works until it is stopped.
    pub(super) fn run(&mut self) {
        while !self.stopped() {
            if let Err(error) = self.serve() {
                self.report(error);
                thread::park_timeout(pause(self.attempts));
                self.attempts = self.attempts.saturating_add(1);
            }
        }
    }

    /// Opens the port and reads it until it fails; the port is closed when this returns.
    fn serve(&mut self) -> Result<(), SerialError> {
        let place = self.meant.place(&(self.reins.ports)().unwrap_or_default())?;
        let no_speed = place.found.as_ref().is_some_and(Found::has_no_speed);
        let rates = Rates::new(self.settings.baud, no_speed);
        let mut line = SerialLine::open(&place.port, rates.current())?;
        info!(port = place.port, baud = rates.current(), "serial reader opened");
        let driver = self.settings.driver.choose(place.found.as_ref());
        self.reins.status.change(|status| {
            let (port, found, baud) = (place.port.clone(), place.found.clone(), rates.current());
            *status = Status { port: Some(port), found, baud: Some(baud), driver, identity: None };
        });
        self.opened(&place, driver);
        let replies = Replies::new(driver.map(Driver::language));
        self.listen(&mut line, &mut Intake::new(rates, replies), &place)?;
        self.farewell(&mut line)
    }

    /// Acts that were asked for while the reader was gone were for scans of before.
    fn opened(&mut self, place: &Place, driver: Option<&'static Driver>) {
        self.meant.saw(place);
        (self.attempts, self.reported, self.asked) = (0, None, false);
        self.pace = Pace::default();
        while self.reins.acts.try_recv().is_ok() {}
        let same = |outbox: &Outbox| driver.is_some_and(|driver| driver.is(outbox.driver()));
        let (kept, modes_set) = (self.outbox.take().filter(same), self.settings.modes_set);
        self.outbox = kept.or_else(|| driver.map(|driver| Outbox::new(driver, modes_set)));
        if let Some(outbox) = &mut self.outbox {
            info!(driver = outbox.driver().name(), "the reader can be told things");
            outbox.reopen();
        }
        (self.on_event)(SerialEvent::Opened);
    }

    fn listen(
        &mut self,
        line: &mut SerialLine,
        intake: &mut Intake,
        place: &Place,
    ) -> Result<(), SerialError> {
        let mut presence = place.found.as_ref().map(|_| Presence::new((self.clock)()));
        while !self.stopped() {
            self.tell(line, intake)?;
            self.hear(line, intake)?;
            let is_listed = || (self.reins.ports)().is_none_or(|ports| is_among(&ports, place));
            let now_ms = (self.clock)();
            if presence.as_mut().is_some_and(|presence| presence.is_gone(now_ms, is_listed)) {
                return Err(line.lost(io::ErrorKind::NotFound.into()));
            }
        }
        Ok(())
    }

    /// Sends what is due.
    fn tell(&mut self, line: &mut SerialLine, intake: &mut Intake) -> Result<(), SerialError> {
        while let Ok(act) = self.reins.acts.try_recv() {
            self.perform(act);
        }
        let now_ms = (self.clock)();
        match self.outbox.as_mut().and_then(|outbox| outbox.due(now_ms)) {
            Some(bytes) => {
                let is_question = |outbox: &Outbox| outbox.is_question(bytes);
                self.asked |= self.outbox.as_ref().is_some_and(is_question);
                intake.sent(bytes, now_ms);
                line.send(bytes)
            }
            None => Ok(()),
        }
    }

    fn perform(&mut self, act: Act) {
        if let Some(outbox) = &mut self.outbox {
            outbox.push(act);
        } else {
            debug!(act = act.name(), "nobody knows how to tell this reader anything");
        }
    }

    /// Waits for bytes, no longer than anything may stay undecided, and says what they are.
    fn hear(&mut self, line: &mut SerialLine, intake: &mut Intake) -> Result<(), SerialError> {
        let wait_ms = self.wait_ms(intake);
        let bytes = line.read(wait_ms)?;
        let now_ms = (self.clock)();
        for event in intake.push(bytes, now_ms) {
            self.pass_on(event, now_ms);
        }
        while let Some(paced) = self.pace.due(now_ms) {
            self.pass_on_paced(paced);
        }
        if let Some(words) = intake.take_answer().filter(|_| self.asked).and_then(|it| words(&it)) {
            self.asked = false;
            self.reins.status.change(|status| status.identity = Some(words));
        }
        for _packet in 0..intake.take_arrived() {
            self.perform(Act::Acknowledge);
        }
        match intake.take_baud() {
            Some(baud) => {
                info!(reader = self.meant.name(), baud, "another speed is tried");
                self.reins.status.change(|status| status.baud = Some(baud));
                line.set_baud(baud)
            }
            None => Ok(()),
        }
    }

    /// A code waits until it is clear that the reader does not empty its memory.
    fn pass_on(&mut self, event: SerialEvent, now_ms: u64) {
        let SerialEvent::Text(text) = event else {
            return (self.on_event)(event);
        };
        if let Some(paced) = self.pace.note(text, now_ms) {
            self.pass_on_paced(paced);
        }
    }

    fn pass_on_paced(&mut self, paced: Paced) {
        (self.on_event)(match paced {
            Paced::Scan(text) => SerialEvent::Text(text),
            Paced::Replayed => SerialEvent::Replayed,
        });
    }

    fn wait_ms(&self, intake: &Intake) -> u64 {
        let sending = self.outbox.as_ref().and_then(Outbox::timeout_ms);
        let due_ms = intake.timeout_ms().into_iter().chain(sending).min();
        due_ms.map_or(READ_MS, |due_ms| due_ms.saturating_sub((self.clock)()))
    }

    /// Leaves the reader switched on.
    fn farewell(&mut self, line: &mut SerialLine) -> Result<(), SerialError> {
        let debt = self.outbox.as_mut().and_then(Outbox::close);
        debt.map_or(Ok(()), |bytes| line.send(bytes))
    }

    /// Says why the reader does not work, once for each reason.
    fn report(&mut self, error: SerialError) {
        self.reins.status.change(|status| status.port = None);
        let reason = mem::discriminant(&error);
        if self.reported != Some(reason) {
            warn!(reader = self.meant.name(), %error, "serial reader lost");
            self.reported = Some(reason);
            (self.on_event)(SerialEvent::Lost(error));
        }
    }

    fn stopped(&self) -> bool {
        self.reins.stop.load(Ordering::Acquire)
    }
}

/// Whether the reader that was found at `place` when it was opened is there still.
fn is_among(ports: &[Found], place: &Place) -> bool {
    place.found.as_ref().is_some_and(|there| {
        ports.iter().any(|found| (&there.port, &there.id) == (&found.port, &found.id))
    })
}

/// Twice a second at first, so that a reader is back at once; a port that never comes costs little.
fn pause(attempts: u32) -> Duration {
    Duration::from_millis(match attempts {
        0..20 => 500,
        20..40 => 1_000,
        40.. => 1_900,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{atomic::AtomicU64, mpsc::sync_channel};

    use serialport::ErrorKind;

    use super::*;

    #[test]
    fn the_same_trouble_is_told_once_and_another_one_again() {
        let told = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&told);
        let count_event = move |_event| {
            count.fetch_add(1, Ordering::SeqCst);
        };
        let (_sender, acts) = sync_channel(1);
        let reins = Reins {
            ports: Box::new(|| None),
            acts,
            stop: Arc::default(),
            status: Shared::default(),
        };
        let mut worker = Worker::new(Settings::of("COM5", 9_600), || 0, count_event, reins);
        for (kind, expected) in [
            (ErrorKind::NoDevice, 1),
            (ErrorKind::NoDevice, 1),
            (ErrorKind::Io(io::ErrorKind::PermissionDenied), 2),
            (ErrorKind::NoDevice, 3),
        ] {
            let source = serialport::Error::new(kind, "");
            worker.report(SerialError::opening("COM5", source));
            assert_eq!(told.load(Ordering::SeqCst), expected, "{kind:?}");
        }
    }

    #[test]
    fn attempts_are_many_at_first_and_never_two_seconds_apart() {
        let pauses: Vec<_> = (0..100).map(pause).collect();
        assert!(pauses.is_sorted() && pauses.iter().all(|pause| pause.as_millis() < 2_000));
        assert_eq!(pauses.iter().take(20).sum::<Duration>(), Duration::from_secs(10));
    }
}
