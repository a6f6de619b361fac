//! Taking redemptions back, and the list of the last decisions that it depends on.

use super::Engine;
use crate::{
    domain::{
        id::Seq,
        journal::{Body, Entry},
    },
    store::{Row, StoreError},
    terminal::{
        clock::Now,
        command::UndoReason,
        counter::UNDO_WINDOW_S,
        outcome::{Outcome, State},
        present,
        view::View,
    },
};

impl Engine {
    /// Takes back the redemption at a position of this journal.
    pub fn roll_back(&mut self, seq: Seq, reason: &str, now: Now) {
        let Self { store, trust, .. } = self;
        let Some(store) = store else {
            return self.fail(&StoreError::GivenUp, now);
        };
        match present::roll_back(store, trust, (seq, reason), now.time) {
            Ok(Some(written)) => {
                self.conclude(written, now);
                self.refresh_recent();
            }
            Ok(None) => {
                let what = Outcome::unverified(State::Refused, "nothing_to_roll_back", now.time);
                self.last = Some(what);
            }
            Err(error) => self.fail(&error, now),
        }
    }

    /// Takes back the last acceptance, if it is still the one that was meant.
    pub(super) fn undo(&mut self, (meant, reason): (Seq, UndoReason), now: Now) {
        // While the platform is asked, the next entry is the answer's.
        let Some((seq, _)) =
            self.undoable(now).filter(|(seq, _)| *seq == meant && !self.counter.is_busy())
        else {
            return;
        };
        self.roll_back(seq, reason.code(), now);
    }

    /// The last acceptance, while it may be undone with one key.
    pub(in crate::terminal) fn undoable(&self, now: Now) -> Option<(Seq, &Row)> {
        let decided =
            |row: &&Row| !matches!(row.entry.body, Body::BundleTaken { .. } | Body::Opened(_));
        let row = self.recent.iter().find(decided)?;
        let age = now.time.since(row.entry.at);
        let fresh = (0..UNDO_WINDOW_S).contains(&age) && !row.rolled_back;
        let redeemed = matches!(row.entry.body, Body::Redeemed(_));
        (fresh && redeemed).then_some((row.entry.seq, row))
    }

    /// Puts an entry that was just written at the top of the list.
    pub(super) fn list(&mut self, entry: Entry) {
        self.recent.push_front(Row { entry, synced: false, rolled_back: false });
        self.recent.truncate(View::RECENT_MAX);
    }

    pub(super) fn refresh_recent(&mut self) {
        let rows = self.store.as_ref().map(|store| store.recent(View::RECENT_MAX));
        if let Some(Ok(rows)) = rows {
            self.recent = rows.into();
        }
    }
}
