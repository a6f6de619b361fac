//! Taking redemptions back, and the list of the last decisions that it depends on.

use super::Engine;
use crate::{
    domain::{
        id::Seq,
        journal::{Body, Entry},
        redeem::Part,
        voucher::Used,
    },
    store::{Row, StoreError},
    terminal::{
        clock::Now,
        command::UndoReason,
        counter::{Busy, UNDO_WINDOW_S},
        gather::Scene,
        outcome::State,
        rolling::{self, RollBackOrder},
        view::View,
    },
};

impl Engine {
    /// Takes back what was ordered; past the campaign's window a supervisor is asked for.
    pub fn roll_back(&mut self, order: &RollBackOrder, now: Now) {
        self.observe(now);
        let dice = self.dice();
        let Self { store, trust, .. } = self;
        let Some(store) = store else {
            return self.fail(&StoreError::GivenUp, now);
        };
        let scene = Scene { trust, time: now.time, dice };
        match rolling::roll_back(store, scene, order) {
            Ok(written) if matches!(written.outcome.state, State::NeedsInput(_)) => {
                self.last = Some(written.outcome.clone());
                self.counter.wait_for_approval(order.clone(), written.outcome);
            }
            Ok(written) => {
                self.conclude(written, now);
                self.refresh_recent();
            }
            Err(error) => self.fail(&error, now),
        }
    }

    /// What the cashier says of a redemption that may not have been seen: what was not handed over is taken back.
    pub(super) fn handed_over(&mut self, yes: bool, now: Now) {
        let Busy::Interrupted(open) = self.counter.take() else {
            return;
        };
        if !yes {
            let (entry, part) = (open.row.entry.seq, Part::All);
            let reason = UndoReason::NotDelivered.code().to_owned();
            self.roll_back(&RollBackOrder { entry, part, reason, approved_by: None }, now);
        }
    }

    /// Takes back a redemption from the list, unless something else is begun.
    ///
    /// While the platform is asked, the next entry is the answer's.
    pub(super) fn take_back(&mut self, order: &RollBackOrder, now: Now) {
        if self.counter.is_free() {
            self.roll_back(order, now);
        }
    }

    /// Takes back the last acceptance, if it is still the one that was meant.
    pub(super) fn undo(&mut self, (meant, reason): (Seq, UndoReason), now: Now) {
        if self.undoable(now).is_some_and(|(seq, _)| seq == meant) {
            let (part, reason) = (Part::All, reason.code().to_owned());
            let order = RollBackOrder { entry: meant, part, reason, approved_by: None };
            self.take_back(&order, now);
        }
    }

    /// The last acceptance, while it may be undone with one key.
    pub(in crate::terminal) fn undoable(&self, now: Now) -> Option<(Seq, &Row)> {
        let decided = |row: &&Row| {
            let quiet = matches!(
                row.entry.body,
                Body::BundleTaken { .. }
                    | Body::Opened(_)
                    | Body::LeaseEnded { .. }
                    | Body::Recovered(_)
            );
            !quiet
        };
        let row = self.recent.iter().find(decided)?;
        let age = now.time.since(row.entry.at);
        let fresh = (0..UNDO_WINDOW_S).contains(&age) && !row.is_rolled_back();
        let redeemed = matches!(row.entry.body, Body::Redeemed(_));
        (fresh && redeemed).then_some((row.entry.seq, row))
    }

    /// Puts an entry that was just written at the top of the list.
    pub(super) fn list(&mut self, entry: Entry) {
        self.recent.push_front(Row { entry, synced: false, returned: Used::default() });
        self.recent.truncate(View::RECENT_MAX);
    }

    pub(super) fn refresh_recent(&mut self) {
        let rows = self.store.as_ref().map(|store| store.recent(View::RECENT_MAX));
        if let Some(Ok(rows)) = rows {
            self.recent = rows.into();
        }
    }
}
