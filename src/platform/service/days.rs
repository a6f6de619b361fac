//! Days of branches: what daily caps are counted by.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::{
    domain::{
        id::BranchId,
        journal::Entry,
        redeem::{Day, LocalMoment},
        time::Timestamp,
    },
    platform::store::{StoreError, Txn},
};

/// The clocks on the branches' walls.
#[derive(Debug)]
pub(super) struct Zones(BTreeMap<BranchId, TimeZone>);

impl Zones {
    pub(super) fn read(txn: &mut dyn Txn) -> Result<Self, StoreError> {
        let rows = txn.branches()?.into_iter();
        let zones = rows.filter_map(|row| {
            let zone = TimeZone::get(&row.branch.time_zone).ok()?;
            Some((row.branch.id, zone))
        });
        Ok(Self(zones.collect()))
    }

    /// The day at the branch when an entry happened: not before what is known to have passed, not after it arrived here.
    pub(super) fn day_of(&self, entry: &Entry, arrived: Timestamp) -> Day {
        self.day(entry.branch, entry.at.max(entry.time_floor).min(arrived))
    }

    /// The day at a branch; that of UTC where the branch is not known.
    pub(super) fn day(&self, branch: BranchId, time: Timestamp) -> Day {
        let utc = TimeZone::UTC;
        LocalMoment::of(time, self.0.get(&branch).unwrap_or(&utc)).day
    }
}
