//! A place for the newest frame: an older one that nobody took is dropped.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{CameraError, exposure::Exposure};
use crate::device::picture::Luma;

/// What a waiting reader finds.
#[derive(Debug)]
pub(super) enum Taken {
    /// The newest frame.
    Frame(Luma),
    /// The source ended, for this reason.
    Ended(CameraError),
    /// Nothing came in time.
    Nothing,
}

/// The newest frame of one opening of a camera, or why there will be no more.
#[derive(Debug, Default)]
pub(super) struct Slot {
    content: Mutex<Content>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct Content {
    name: String,
    frame: Option<Luma>,
    end: Option<CameraError>,
    /// Set by the reader, who will not come back.
    left: bool,
    /// How the reader wants the next frames to be exposed.
    wanted: Exposure,
}

impl Slot {
    /// Notes the name of the camera that is open now.
    pub(super) fn begin(&self, name: String) {
        self.content().name = name;
    }

    /// The name of the camera.
    pub(super) fn name(&self) -> String {
        self.content().name.clone()
    }

    /// Puts a frame in the place of an older one; false when nobody will take it.
    pub(super) fn put(&self, frame: Luma) -> bool {
        let mut content = self.content();
        content.frame = Some(frame);
        self.filled.notify_one();
        !content.left
    }

    /// Says how the next frames are to be exposed.
    pub(super) fn want(&self, exposure: Exposure) {
        self.content().wanted = exposure;
    }

    /// How the next frame is to be exposed.
    pub(super) fn wanted(&self) -> Exposure {
        self.content().wanted
    }

    /// Says that no frame will follow; the first reason stays.
    pub(super) fn end(&self, why: CameraError) {
        let mut content = self.content();
        content.end.get_or_insert(why);
        self.filled.notify_one();
    }

    /// Says that nobody will take another frame.
    pub(super) fn leave(&self) {
        self.content().left = true;
    }

    /// Takes the newest frame, waiting up to `patience` for one; a frame that is there goes before the end.
    pub(super) fn take(&self, patience: Duration) -> Taken {
        let empty = |content: &mut Content| content.frame.is_none() && content.end.is_none();
        let waited = self.filled.wait_timeout_while(self.content(), patience, empty);
        let (mut content, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match (content.frame.take(), content.end.take()) {
            (Some(frame), end) => {
                content.end = end;
                Taken::Frame(frame)
            }
            (None, Some(end)) => Taken::Ended(end),
            (None, None) => Taken::Nothing,
        }
    }

    /// A panic elsewhere leaves frames and reasons whole.
    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(5);

    fn grey(value: u8) -> Luma {
        Luma::new(1, 1, vec![value]).unwrap()
    }

    fn taken(slot: &Slot) -> Option<u8> {
        let Taken::Frame(frame) = slot.take(SHORT) else {
            return None;
        };
        frame.pixels().first().copied()
    }

    #[test]
    fn only_the_newest_frame_is_there() {
        let slot = Slot::default();
        assert_eq!(taken(&slot), None);
        assert!(slot.put(grey(1)) && slot.put(grey(2)));
        assert_eq!(taken(&slot), Some(2));
        assert_eq!(taken(&slot), None);
    }

    #[test]
    fn the_last_frame_goes_before_the_end_and_the_first_reason_stays() {
        let slot = Slot::default();
        slot.put(grey(1));
        slot.end(CameraError::Crashed);
        slot.end(CameraError::Stalled);
        assert_eq!(taken(&slot), Some(1));
        assert!(matches!(slot.take(SHORT), Taken::Ended(CameraError::Crashed)));
    }

    #[test]
    fn a_source_learns_that_nobody_reads_it() {
        let slot = Slot::default();
        slot.leave();
        assert!(!slot.put(grey(1)));
    }
}
