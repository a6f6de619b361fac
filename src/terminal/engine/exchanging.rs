//! The exchanges with the platform that nobody waits for.

use super::{Call, Engine, InFlight, Lane};
use crate::{
    domain::sync::{Exchange, Input, Millis},
    net::TransportError,
    store::{Store, StoreError},
    terminal::{
        clock::Now,
        sync_driver::{self, Applied, Nonce, SyncError},
        trust::Trust,
    },
};

impl Engine {
    /// The exchange that is due; none while there is no store to answer from.
    pub(super) fn next_exchange(&mut self, now: Now) -> Option<Exchange> {
        self.store.as_ref()?;
        self.syncer.poll_output(now.millis)
    }

    pub(super) fn start(&mut self, exchange: Exchange, now: Now) {
        let nonce = (self.random)();
        let Some(store) = &self.store else {
            return self.put_off(exchange, now);
        };
        let nothing = store.unsent_entries() == 0 && self.push_from.is_none() && self.greeted;
        if exchange == Exchange::Push && nothing {
            self.syncer.handle(Input::Pushed { more: false }, now.millis);
            return;
        }
        match sync_driver::request(store, &exchange, self.push_from, nonce) {
            Ok(body) => {
                self.in_flight.push(InFlight { nonce, exchange, sent: now.millis });
                self.calls.push_back(Call { lane: Lane::Sync, nonce, body, timeout_ms: 30_000 });
            }
            Err(error) => {
                self.lose_store(&error);
                self.put_off(exchange, now);
            }
        }
    }

    pub(super) fn exchanged(
        &mut self,
        nonce: Nonce,
        result: Result<Vec<u8>, TransportError>,
        now: Now,
    ) {
        let Some(place) = self.in_flight.iter().position(|call| call.nonce == nonce) else {
            return;
        };
        let InFlight { exchange, sent, .. } = self.in_flight.swap_remove(place);
        let applied = match result {
            Ok(bytes) => self.apply((&bytes, nonce), (sent, now)),
            Err(error) => Err(SyncError::Transport(error)),
        };
        self.refresh_trust(now);
        match applied {
            Ok(applied) => {
                self.heard();
                self.take_effect(applied, now);
            }
            Err(error) => {
                tracing::warn!(%error, ?exchange, "an exchange with the platform failed");
                if let SyncError::Store(error) = &error {
                    self.lose_store(error);
                }
                self.reached = Some(false);
                self.arriving.forget();
                self.put_off(exchange, now);
            }
        }
    }

    fn take_effect(&mut self, applied: Applied, now: Now) {
        let input = match applied {
            Applied::Pushed { more, from } => {
                self.greeted = true;
                self.push_from = from;
                self.refresh_recent();
                Input::Pushed { more }
            }
            Applied::Past { more } => {
                self.refresh_recent();
                Input::Pushed { more: more || self.push_from.is_some() || !self.greeted }
            }
            Applied::Pulled { wanted, more } => {
                self.syncer.handle(Input::Pulled { wanted }, now.millis);
                // What was lent and given back stands in the journal, and more may be waiting.
                self.syncer.handle(Input::Unsent, now.millis);
                if more {
                    self.syncer.handle(Input::Now, now.millis);
                }
                self.refresh_recent();
                return;
            }
            Applied::Outdated => Input::Outdated,
            Applied::Forked => return self.fork(now),
        };
        self.syncer.handle(input, now.millis);
    }

    fn put_off(&mut self, exchange: Exchange, now: Now) {
        let jitter = u32::from_be_bytes(first_four((self.random)()));
        self.syncer.handle(Input::Failed { exchange, jitter }, now.millis);
    }

    fn apply(
        &mut self,
        (bytes, nonce): (&[u8], Nonce),
        (sent, now): (Millis, Now),
    ) -> Result<Applied, SyncError> {
        let Self { store, trust, arriving, .. } = self;
        let store = store.as_mut().ok_or(StoreError::GivenUp)?;
        let read = sync_driver::open_reply(store, &trust.bundle, (bytes, nonce), (sent, now))?;
        arriving.apply(store, &trust.bundle, (read, bytes), now.time)
    }

    pub(super) fn heard(&mut self) {
        self.reached = Some(true);
        self.silent_until = 0;
    }

    /// Puts a bundle that was written down in force, also where the rest of its pull failed.
    pub(super) fn refresh_trust(&mut self, now: Now) {
        let another = |store: &&Store| {
            store.bundle_version().is_ok_and(|version| version != self.trust.bundle.version)
        };
        let newer = self.store.as_ref().filter(another).and_then(|store| store.bundle().ok());
        if let Some(bundle) = newer {
            self.trust = Trust::new(bundle);
            self.refresh_recent();
            self.syncer.handle(Input::Unsent, now.millis);
        }
    }

    pub(super) fn fork(&mut self, now: Now) {
        self.forked = true;
        if let Some(Err(error)) = self.store.as_mut().map(Store::mark_forked) {
            tracing::error!(%error, "the fork could not be written down");
        }
        self.fault = Some(self.texts.get("fault.forked").to_owned());
        self.syncer.handle(Input::Forked, now.millis);
    }
}

fn first_four([a, b, c, d, ..]: Nonce) -> [u8; 4] {
    [a, b, c, d]
}
