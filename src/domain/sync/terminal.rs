//! The terminal's side: when to push, pull or fetch parts of a list. It knows no socket and no clock.
//!
//! Up and down are two lanes that never wait for each other: a push that fails keeps no revocation from
//! arriving, and the other way round.

use super::message::ListName;

/// Milliseconds on the terminal's monotonic clock.
pub type Millis = u64;

const PULL_EVERY_MS: Millis = 60_000;
const RETRY_FIRST_MS: Millis = 1_000;
const RETRY_MAX_MS: Millis = 60_000;

/// After so many lists that changed while they were fetched, it is left for a while.
const OUTDATED_MAX: u32 = 16;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The journal has entries that were not acknowledged.
    Unsent,
    /// A person wants it now.
    Now,
    /// The network may be used, or not.
    Switch(bool),
    /// The push was answered; `more` where entries are left.
    Pushed {
        /// Whether entries are left to send.
        more: bool,
    },
    /// The pull, or the parts, were answered; these lists lack parts.
    Pulled {
        /// What is still wanted.
        wanted: Vec<Wanted>,
    },
    /// The parts that came are of a newer list than the manifest: a new manifest is wanted at once.
    Outdated,
    /// An exchange failed; `jitter` is any random number.
    Failed {
        /// Which one.
        exchange: Exchange,
        /// Spreads the retries of many terminals.
        jitter: u32,
    },
    /// The platform holds another journal under this terminal's name: nothing may be pushed.
    Forked,
}

/// Parts of a list that a new manifest names and the store lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which list.
    pub list: ListName,
    /// Which parts.
    pub numbers: Vec<u32>,
}

/// One exchange with the platform that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// Send the next run of entries.
    Push,
    /// Ask what is newer.
    Pull,
    /// Fetch parts of a list.
    Chunks(Wanted),
}

/// Decides when to exchange what.
#[derive(Clone, Debug)]
pub struct Syncer {
    enabled: bool,
    forked: bool,
    up: Lane,
    down: Lane,
    wanted: Vec<Wanted>,
    outdated: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    due: Option<Millis>,
    in_flight: bool,
    failures: u32,
}

impl Syncer {
    /// A syncer that pulls at once.
    pub fn new(now: Millis) -> Self {
        let down = Lane { due: Some(now), ..Lane::default() };
        Self {
            enabled: true,
            forked: false,
            up: Lane::default(),
            down,
            wanted: Vec::new(),
            outdated: 0,
        }
    }

    /// Takes note of what happened.
    pub fn handle(&mut self, input: Input, now: Millis) {
        match input {
            Input::Unsent => self.up.want(now),
            Input::Now => self.wake(now),
            Input::Switch(on) => {
                self.enabled = on;
                self.wake(now);
            }
            Input::Pushed { more } => self.up.succeed(more.then_some(now)),
            Input::Pulled { wanted } => {
                self.wanted = wanted;
                let soon = if self.wanted.is_empty() { PULL_EVERY_MS } else { 0 };
                self.down.succeed(Some(now.saturating_add(soon)));
            }
            Input::Outdated => {
                self.wanted.clear();
                self.outdated = self.outdated.wrapping_add(1);
                let patient = self.outdated.is_multiple_of(OUTDATED_MAX);
                let wait = if patient { RETRY_MAX_MS } else { 0 };
                self.down.succeed(Some(now.saturating_add(wait)));
            }
            Input::Failed { exchange: Exchange::Push, jitter } => self.up.fail(now, jitter),
            Input::Failed { exchange: Exchange::Pull | Exchange::Chunks(_), jitter } => {
                self.wanted.clear();
                self.down.fail(now, jitter);
            }
            Input::Forked => {
                self.forked = true;
                self.up.succeed(None);
            }
        }
    }

    /// The next exchange that is due, which is in flight from then on.
    pub fn poll_output(&mut self, now: Millis) -> Option<Exchange> {
        if !self.enabled {
            return None;
        }
        if !self.forked && self.up.start(now) {
            return Some(Exchange::Push);
        }
        if !self.down.start(now) {
            return None;
        }
        Some(self.wanted.pop().map_or(Exchange::Pull, Exchange::Chunks))
    }

    /// When [`Self::poll_output`] should be called again, where nothing else happens before.
    pub fn poll_timeout(&self) -> Option<Millis> {
        let up = self.up.waits().filter(|_| !self.forked);
        let due = [up, self.down.waits()].into_iter().flatten().min();
        due.filter(|_| self.enabled)
    }

    /// Whether the network may be used.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Whether nothing is in flight or due.
    pub fn is_quiet(&self, now: Millis) -> bool {
        let busy = |lane: &Lane| lane.in_flight || lane.due.is_some_and(|due| due <= now);
        !busy(&self.up) && !busy(&self.down)
    }

    fn wake(&mut self, now: Millis) {
        self.up.due = Some(now);
        self.down.due = Some(now);
    }
}

impl Lane {
    fn want(&mut self, now: Millis) {
        if self.due.is_none() {
            self.due = Some(now);
        }
    }

    fn start(&mut self, now: Millis) -> bool {
        let ready = !self.in_flight && self.due.is_some_and(|due| due <= now);
        if ready {
            self.in_flight = true;
            self.due = None;
        }
        ready
    }

    /// Anything wanted while the exchange ran is still wanted.
    fn succeed(&mut self, next: Option<Millis>) {
        let due = [self.due, next].into_iter().flatten().min();
        *self = Self { due, in_flight: false, failures: 0 };
    }

    fn fail(&mut self, now: Millis, jitter: u32) {
        let doubled = RETRY_FIRST_MS.saturating_mul(1 << self.failures.min(6)).min(RETRY_MAX_MS);
        let spread = (doubled / 4).saturating_mul(u64::from(jitter)) >> 32;
        self.due = Some(now.saturating_add(doubled).saturating_add(spread));
        self.in_flight = false;
        self.failures = self.failures.saturating_add(1);
    }

    fn waits(&self) -> Option<Millis> {
        self.due.filter(|_| !self.in_flight)
    }
}
