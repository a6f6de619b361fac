//! The engine without threads: for console commands, which do one thing and wait for it.

use std::{path::Path, sync::Arc, time::Duration};

use super::{
    clock::Clock,
    command::Command,
    engine::{Call, Carry, CarryReport, Engine, Event, Lane},
    outcome::Outcome,
    rolling::RollBackOrder,
    runtime::SYNC_PATH,
    source::{Source, SourceError},
    sync_driver::Nonce,
};
use crate::{
    domain::{
        redeem::Request,
        scan::{EntryMethod, ScanFailure},
    },
    net::Transport,
    store::Row,
};

/// Exchanges one command makes at the most, so that a platform that always has more ends it too.
const EXCHANGES_MAX: usize = 10_000;

/// An engine that is driven by hand.
pub struct Session {
    /// The engine.
    pub engine: Engine,
    /// Redemptions that were written down before an earlier program ended, and may not have been seen.
    pub interrupted: Vec<Row>,
    transport: Option<Arc<dyn Transport>>,
    clock: Arc<dyn Clock>,
}

impl Drop for Session {
    /// Whoever held the session has told what came of it, unless something was left to be told.
    fn drop(&mut self) {
        if self.interrupted.is_empty() {
            self.engine.rest();
        }
    }
}

impl Session {
    /// Opens a terminal; without a transport it works without the network.
    pub fn open(
        source: impl Into<Source>,
        transport: Option<Arc<dyn Transport>>,
        random: impl Fn() -> Nonce + Send + 'static,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SourceError> {
        let mut engine = Engine::open(source, random, clock.now())?;
        let interrupted = engine.take_interrupted();
        if transport.is_none() {
            engine.handle(Event::Command(Command::SetNetwork(false)), clock.now());
        }
        Ok(Self { engine, interrupted, transport, clock })
    }

    /// Presents a text and waits for the outcome; only questions about it go out.
    pub fn redeem(&mut self, text: &str, request: Request) -> Option<Outcome> {
        self.engine.present(text, request, self.clock.now());
        while self.carry(Lane::Ask) {}
        self.engine.handle(Event::Command(Command::Dismiss), self.clock.now());
        self.engine.take_outcome()
    }

    /// Writes down that a picture held nothing readable.
    pub fn refuse_unreadable(&mut self, reason: &str, method: EntryMethod) -> Option<Outcome> {
        tracing::info!(reason, "a picture holds nothing readable");
        self.engine.scan_failed((ScanFailure::Picture, method), self.clock.now());
        self.engine.take_outcome()
    }

    /// Takes back what is ordered.
    pub fn roll_back(&mut self, order: &RollBackOrder) -> Option<Outcome> {
        self.engine.roll_back(order, self.clock.now());
        self.engine.handle(Event::Command(Command::Dismiss), self.clock.now());
        self.engine.take_outcome()
    }

    /// Presents several vouchers on one bill, all or nothing, and waits for the outcome.
    pub fn redeem_together(
        &mut self,
        bill: &str,
        vouchers: &[(String, Request)],
    ) -> Option<Outcome> {
        let say = |session: &mut Self, command| {
            session.engine.handle(Event::Command(command), session.clock.now());
            while session.carry(Lane::Ask) {}
        };
        say(self, Command::OpenBill);
        say(self, Command::Answer(bill.to_owned()));
        for (text, request) in vouchers {
            self.engine.present(text, *request, self.clock.now());
            while self.carry(Lane::Ask) {}
        }
        say(self, Command::ConfirmBill);
        let outcome = self.engine.take_outcome();
        say(self, Command::Dismiss);
        say(self, Command::Dismiss);
        outcome
    }

    /// Pushes and pulls until nothing is left; false where something is left, or the platform could not be reached.
    pub fn sync(&mut self) -> bool {
        self.engine.handle(Event::Command(Command::SyncNow), self.clock.now());
        for _ in 0..EXCHANGES_MAX {
            if !self.carry(Lane::Sync) {
                break;
            }
        }
        let sent = self.engine.store().is_some_and(|store| store.unsent_entries() == 0);
        sent && self.engine.reached() == Some(true) && self.engine.fault().is_none()
    }

    /// Takes in parcels from a folder, or writes one into it, or both.
    pub fn carry_by_hand(&mut self, folder: &Path, what: Carry) -> CarryReport {
        self.engine.carry(folder, what, self.clock.now());
        while let Some(errand) = self.engine.poll_errand() {
            self.engine.handle(errand.run(), self.clock.now());
        }
        self.engine.take_carry_report().unwrap_or_default()
    }

    /// What the platform signed tells the transport the time, whatever the clock says.
    fn learn(&self) {
        if let (Some(transport), Some(time)) = (&self.transport, self.engine.proven_time()) {
            transport.learn(time);
        }
    }

    /// Carries the calls that wait on a line; false where there were none.
    fn carry(&mut self, lane: Lane) -> bool {
        let calls: Vec<Call> = std::iter::from_fn(|| self.engine.poll_call()).collect();
        let (now, later): (Vec<_>, Vec<_>) = calls.into_iter().partition(|call| call.lane <= lane);
        let carried = !now.is_empty() && self.transport.is_some();
        for call in now {
            let result = match &self.transport {
                Some(transport) => {
                    let timeout = Duration::from_millis(call.timeout_ms);
                    transport.call(SYNC_PATH, call.body, timeout)
                }
                None => continue,
            };
            self.engine.handle(Event::Answered { nonce: call.nonce, result }, self.clock.now());
            self.learn();
        }
        self.engine.postpone(later);
        carried
    }
}
