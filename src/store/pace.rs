//! How fast redemptions follow one another: the last of them, by operator and by customer.

use std::collections::VecDeque;

use rusqlite::Connection;

use super::open::StoreError;
use crate::domain::{
    clock::TimeSense,
    envelope::{Envelope, decode},
    id::OperatorId,
    journal::{Body, Entry},
    time::Timestamp,
    voucher::Customer,
};

/// Redemptions that are remembered; a policy that allows more in its span is not enforced beyond.
const PACE_MAX: usize = 256;

/// The entry in signed bytes of this very journal.
pub(super) fn unverified(bytes: &[u8]) -> Option<Entry> {
    decode(Envelope::parse(bytes).ok()?.unverified_payload()).ok()
}

/// The last redemptions, the oldest first; taking one back does not slow anybody down.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(VecDeque<Beat>);

/// One redemption.
#[derive(Clone, Debug)]
pub(super) struct Beat {
    at: Timestamp,
    operator: Option<OperatorId>,
    customer: Option<Customer>,
}

impl Beat {
    /// What an entry written at a time adds to the pace, where it is a redemption.
    pub(super) fn of(entry: &Entry, at: Timestamp) -> Option<Self> {
        let Body::Redeemed(redeemed) = &entry.body else {
            return None;
        };
        let customer = redeemed.customer.clone();
        Some(Self { at, operator: entry.operator, customer })
    }
}

impl Pace {
    /// From the last entries of the journal. Only the last one's signature was checked: the pace is a bound, no evidence.
    pub(super) fn of(conn: &Connection, sense: &TimeSense) -> Result<Self, StoreError> {
        let sql = "SELECT bytes FROM entry ORDER BY position DESC LIMIT ?1";
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query([PACE_MAX as u64])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.extend(unverified(row.get_ref(0)?.as_blob().unwrap_or_default()));
        }
        let mut pace = Self::default();
        let beats = entries.iter().rev();
        let beats =
            beats.filter_map(|entry| Beat::of(entry, sense.of_entry(entry.at, entry.time_floor)));
        beats.for_each(|beat| pace.add(beat));
        Ok(pace)
    }

    /// Notes a redemption.
    pub(super) fn add(&mut self, beat: Beat) {
        if self.0.len() >= PACE_MAX {
            self.0.pop_front();
        }
        self.0.push_back(beat);
    }

    /// Redemptions since a time by an operator, or by nobody in particular.
    pub(super) fn by_operator(&self, operator: Option<OperatorId>, since: Timestamp) -> u32 {
        self.count(since, |beat| beat.operator == operator)
    }

    /// Redemptions since a time by a customer; none where none is named.
    pub(super) fn by_customer(&self, customer: Option<&Customer>, since: Timestamp) -> u32 {
        self.count(since, |beat| customer.is_some() && beat.customer.as_ref() == customer)
    }

    fn count(&self, since: Timestamp, of: impl Fn(&Beat) -> bool) -> u32 {
        let recent = self.0.iter().rev().take_while(|beat| beat.at > since);
        u32::try_from(recent.filter(|beat| of(beat)).count()).unwrap_or(u32::MAX)
    }
}
