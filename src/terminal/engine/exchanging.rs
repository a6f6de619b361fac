//! The exchanges with the platform that nobody waits for.

use super::{Call, Engine, Lane};
use crate::{
    domain::sync::{Exchange, Input},
    net::TransportError,
    store::StoreError,
    terminal::{
        clock::Now,
        sync_driver::{self, Applied, Nonce, SyncError},
        trust::Trust,
    },
};

impl Engine {
    pub(super) fn start(&mut self, exchange: Exchange, now: Now) {
        let nonce = (self.random)();
        let Some(store) = &self.store else { return };
        if exchange == Exchange::Push && store.unsent_entries() == 0 && self.push_from.is_none() {
            self.syncer.handle(Input::Pushed { more: false }, now.millis);
            return;
        }
        match sync_driver::request(store, &exchange, self.push_from, nonce) {
            Ok(body) => {
                self.in_flight.push((nonce, exchange));
                self.calls.push_back(Call { lane: Lane::Sync, nonce, body, timeout_ms: 30_000 });
            }
            Err(error) => self.fail(&error, now),
        }
    }

    pub(super) fn exchanged(
        &mut self,
        nonce: Nonce,
        result: Result<Vec<u8>, TransportError>,
        now: Now,
    ) {
        let Some(place) = self.in_flight.iter().position(|(sent, _)| *sent == nonce) else {
            return;
        };
        let (_, exchange) = self.in_flight.swap_remove(place);
        let applied = result
            .map_err(|error| error.to_string())
            .and_then(|bytes| self.apply(&bytes, nonce, now).map_err(|error| self.note(&error)));
        match applied {
            Ok(Applied::Pushed { more }) => {
                self.heard();
                self.push_from = None;
                self.refresh_recent();
                self.syncer.handle(Input::Pushed { more }, now.millis);
            }
            Ok(Applied::Pulled { wanted, bundle }) => {
                self.heard();
                self.pulled(bundle, now);
                self.syncer.handle(Input::Pulled { wanted }, now.millis);
            }
            Ok(Applied::Outdated) => {
                self.heard();
                self.syncer.handle(Input::Outdated, now.millis);
            }
            Ok(Applied::Forked) => self.fork(now),
            Err(reason) => {
                tracing::warn!(reason, ?exchange, "an exchange with the platform failed");
                self.reached = Some(false);
                self.arriving.forget();
                let jitter = u32::from_be_bytes(first_four((self.random)()));
                self.syncer.handle(Input::Failed { exchange, jitter }, now.millis);
            }
        }
    }

    fn apply(&mut self, bytes: &[u8], nonce: Nonce, now: Now) -> Result<Applied, SyncError> {
        let Self { store, trust, arriving, .. } = self;
        let store = store.as_mut().ok_or(StoreError::GivenUp)?;
        let reply = sync_driver::open_reply(store, &trust.bundle, bytes, nonce)?;
        arriving.apply(store, &trust.bundle, (reply, bytes), now.time)
    }

    /// A platform that was restored from a backup is sent everything after what it holds.
    fn note(&mut self, error: &SyncError) -> String {
        if let SyncError::Behind(seq) = error {
            self.push_from = Some(*seq);
        }
        error.to_string()
    }

    pub(super) fn heard(&mut self) {
        self.reached = Some(true);
        self.silent_until = 0;
    }

    fn pulled(&mut self, bundle: bool, now: Now) {
        if !bundle {
            return;
        }
        if let Some(newer) = self.store.as_ref().and_then(|store| store.bundle().ok()) {
            self.trust = Trust::new(newer);
        }
        self.refresh_recent();
        self.syncer.handle(Input::Unsent, now.millis);
    }

    fn fork(&mut self, now: Now) {
        self.forked = true;
        self.fault = Some(self.texts.get("fault.forked").to_owned());
        self.syncer.handle(Input::Forked, now.millis);
    }
}

fn first_four([a, b, c, d, ..]: Nonce) -> [u8; 4] {
    [a, b, c, d]
}
