//! Commands on their way to a reader: one at a time, not too fast, and none that leaves it off.

use std::collections::VecDeque;

use tracing::warn;

use super::{
    command::Act,
    driver::{Driver, Step},
};

/// Least pause between two commands, in milliseconds: Newland's readers lose faster ones.
const PAUSE_MS: u64 = 50;
/// Steps that may wait at once.
const WAITING_MAX: usize = 16;

/// The queue, for one reader. Times are milliseconds of one monotonic clock.
#[derive(Debug)]
pub(super) struct Outbox {
    driver: &'static Driver,
    /// Whether the owner said that the modes are set which some acts need.
    modes_set: bool,
    steps: VecDeque<Step>,
    sent_ms: Option<u64>,
    /// Whether the reader was told to stay off.
    off: bool,
    /// What switches a reader on again that is off.
    debt: Option<&'static [u8]>,
}

impl Outbox {
    /// An empty queue for a reader of `driver`.
    pub(super) fn new(driver: &'static Driver, modes_set: bool) -> Self {
        Self { driver, modes_set, steps: VecDeque::new(), sent_ms: None, off: false, debt: None }
    }

    /// The driver that it was made for.
    pub(super) fn driver(&self) -> &'static Driver {
        self.driver
    }

    /// Queues what `act` takes. An act that the reader does not know, or for which there is no room,
    /// is left out.
    pub(super) fn push(&mut self, act: Act) {
        let mut steps = self.driver.steps(act, self.modes_set);
        let switched_off = act == Act::Disable && !steps.is_empty();
        let off = switched_off || (self.off && act != Act::Enable);
        // After a sound, a reader that is meant to be off stays off.
        steps.retain(|step| !(off && step.owed));
        if self.steps.len().saturating_add(steps.len()) > WAITING_MAX {
            warn!(act = act.name(), "too many commands are waiting for the reader");
            return;
        }
        self.off = off;
        self.steps.extend(steps);
    }

    /// The bytes to send at `now_ms`, which count as sent with this.
    pub(super) fn due(&mut self, now_ms: u64) -> Option<&'static [u8]> {
        if now_ms < self.timeout_ms()? {
            return None;
        }
        let step = self.steps.pop_front()?;
        self.sent_ms = Some(now_ms);
        self.note_debt(step);
        Some(step.bytes)
    }

    /// When [`Outbox::due`] has something to send.
    pub(super) fn timeout_ms(&self) -> Option<u64> {
        let pause_ms = self.steps.front()?.after_ms.max(PAUSE_MS);
        Some(self.sent_ms.map_or(0, |sent_ms| sent_ms.saturating_add(pause_ms)))
    }

    /// Whether `bytes` ask the reader what it is.
    pub(super) fn is_question(&self, bytes: &[u8]) -> bool {
        self.driver.bytes(Act::Identify) == Some(bytes)
    }

    /// Gives up all that waits, and says what must be sent all the same: a reader that was switched
    /// off would stay off.
    pub(super) fn close(&mut self) -> Option<&'static [u8]> {
        self.steps.clear();
        (self.sent_ms, self.off) = (None, false);
        self.debt.take()
    }

    /// The reader was gone: what waits is for scans of before, and only the debt is kept.
    pub(super) fn reopen(&mut self) {
        let debt = self.close();
        self.steps.extend(debt.map(|bytes| Step { after_ms: 0, bytes, owed: true }));
        self.debt = debt;
    }

    fn note_debt(&mut self, step: Step) {
        let is = |act| self.driver.bytes(act) == Some(step.bytes);
        let follows = self.steps.front().filter(|next| next.owed).map(|next| next.bytes);
        if step.owed || is(Act::Enable) {
            self.debt = None;
        } else if is(Act::Disable) {
            self.debt = self.driver.enabling();
        } else if follows.is_some() {
            self.debt = follows;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(driver: &str) -> Outbox {
        Outbox::new(Driver::of(driver).unwrap(), false)
    }

    /// All that goes out until `end_ms`, with its times.
    fn sent(outbox: &mut Outbox, end_ms: u64) -> Vec<(u64, &'static [u8])> {
        (0..end_ms).filter_map(|now_ms| outbox.due(now_ms).map(|bytes| (now_ms, bytes))).collect()
    }

    #[test]
    fn commands_go_out_in_order_with_a_pause() {
        let mut outbox = outbox("Zebra");
        outbox.push(Act::Enable);
        outbox.push(Act::BeepGood);
        outbox.push(Act::Wake);
        let times: Vec<_> = sent(&mut outbox, 500).into_iter().map(|(at_ms, _)| at_ms).collect();
        assert_eq!(times, [0, 50]);
        assert_eq!(outbox.timeout_ms(), None);
    }

    #[test]
    fn a_reader_that_a_sound_switches_off_is_switched_on() {
        let mut outbox = outbox("Datalogic");
        outbox.push(Act::BeepRefused);
        outbox.push(Act::BeepGood);
        let expected = [(0, &b"F"[..]), (1_000, b"E"), (1_050, b"\x01")];
        assert_eq!(sent(&mut outbox, 2_000), expected);
        assert_eq!(outbox.close(), None);
    }

    #[test]
    fn closing_in_a_hurry_switches_the_reader_on() {
        for act in [Act::BeepRefused, Act::Disable] {
            let mut outbox = outbox("Datalogic");
            outbox.push(act);
            assert_eq!(outbox.close(), None, "nothing was sent yet");
            outbox.push(act);
            assert!(outbox.due(0).is_some());
            assert_eq!(outbox.close(), Some(&b"E"[..]), "{act:?}");
            assert_eq!(outbox.close(), None);
        }
    }

    #[test]
    fn a_reader_that_comes_back_is_switched_on_and_hears_no_old_sounds() {
        let mut outbox = outbox("Datalogic");
        outbox.push(Act::BeepRefused);
        outbox.push(Act::BeepGood);
        outbox.due(0);
        outbox.reopen();
        outbox.reopen();
        assert_eq!(sent(&mut outbox, 5_000), [(0, &b"E"[..])]);
        assert_eq!(outbox.close(), None);
    }

    #[test]
    fn a_reader_that_is_meant_to_be_off_stays_off_after_a_sound() {
        let mut outbox = outbox("Datalogic");
        outbox.push(Act::Disable);
        outbox.push(Act::BeepRefused);
        assert_eq!(sent(&mut outbox, 5_000), [(0, &b"D"[..]), (50, b"F")]);
        outbox.push(Act::Enable);
        assert_eq!(outbox.due(9_000), Some(&b"E"[..]));
        assert_eq!(outbox.close(), None);
    }

    #[test]
    fn a_flood_of_acts_is_bounded() {
        let mut outbox = outbox("Datalogic");
        (0..100).for_each(|_| outbox.push(Act::BeepRefused));
        assert_eq!(outbox.steps.len(), WAITING_MAX);
    }
}
