//! Liveness by running on: from any state, when faults cease, everything arrives.

use crate::{
    config::Config,
    state::{State, Till},
    steps::Action,
};

/// Exchanges after which a terminal that is heard must have nothing left to say.
const ROUNDS: usize = 6;

/// Whether all is well once every terminal has had a few exchanges that nothing disturbs.
pub(crate) fn is_settled(config: &Config, state: &State) -> bool {
    if !state.replies.is_empty() {
        // The same state without them is looked at.
        return true;
    }
    let mut state = state.clone();
    let slots = 0..state.tills.len() as u8;
    for slot in slots.clone() {
        state.step(config, Action::TimeOut(slot));
    }
    for slot in slots.clone().chain(slots) {
        state.exchange(config, slot);
    }
    state.tills.iter().all(|till| is_done(&state, till))
}

fn is_done(state: &State, till: &Till) -> bool {
    let current = state.platform.epochs[usize::from(till.number)] == till.epoch;
    let told = till.told == state.platform.conflicts || !current;
    let same = state.platform.log(till.owner()) == till.journal;
    till.forked || (till.unsent() == 0 && same && told)
}

impl State {
    /// Pushes until nothing is left, pulls, and pushes what the pull made it write.
    fn exchange(&mut self, config: &Config, slot: u8) {
        let doubtful = self.ghost.platform_restored || self.ghost.tampered > 0;
        let running = &mut self.till(slot).running;
        (running.push, running.pull) = (None, None);
        // A terminal with nothing to say finds out that somebody was set back when it is started, or writes an entry.
        running.greeted &= !doubtful;
        for _ in 0..ROUNDS {
            if !self.till(slot).wants_push() {
                break;
            }
            self.carry(config, slot, Action::Push(slot));
        }
        if !self.till(slot).forked {
            self.carry(config, slot, Action::Pull(slot));
        }
        if self.till(slot).wants_push() {
            self.carry(config, slot, Action::Push(slot));
        }
    }

    /// A question there and its answer back.
    fn carry(&mut self, config: &Config, slot: u8, question: Action) {
        self.step(config, question);
        let running = &self.till(slot).running;
        if let Some(place) = running.push.or(running.pull) {
            self.step(config, Action::Deliver(slot, place));
            self.step(config, Action::Answer(0));
        }
    }
}
