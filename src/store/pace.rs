//! How fast redemptions follow one another: the last of them, by operator and by customer.

use std::collections::VecDeque;

use super::journal::Row;
use crate::domain::{
    id::OperatorId,
    journal::{Body, Entry},
    time::Timestamp,
    voucher::Customer,
};

/// Redemptions that are remembered; a policy that allows more in its span is not enforced beyond.
pub(super) const PACE_MAX: usize = 256;

/// The last redemptions, the oldest first; taking one back does not slow anybody down.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(VecDeque<Beat>);

#[derive(Clone, Debug)]
struct Beat {
    at: Timestamp,
    operator: Option<OperatorId>,
    customer: Option<Customer>,
}

impl Pace {
    /// From the last rows of the journal, the newest first.
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut pace = Self::default();
        for row in rows.iter().rev() {
            pace.add(&row.entry);
        }
        pace
    }

    /// Notes an entry, where it is a redemption.
    pub(super) fn add(&mut self, entry: &Entry) {
        let Body::Redeemed(redeemed) = &entry.body else {
            return;
        };
        if self.0.len() >= PACE_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Beat {
            at: entry.time_floor,
            operator: entry.operator,
            customer: redeemed.customer.clone(),
        });
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
