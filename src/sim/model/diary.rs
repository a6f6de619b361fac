//! What one disk must hold: everything its terminal wrote. A copy of the disk takes a copy of the diary along.

use std::collections::BTreeMap;

use crate::domain::{
    id::{CampaignId, Epoch, Hash, LeaseId, Seq, VoucherKey},
    journal::Head,
    time::Timestamp,
    voucher::Used,
};

/// What one disk must hold.
#[derive(Clone, Debug)]
pub struct Diary {
    /// Where the journal ends.
    pub head: Head,
    /// The hashes of the present epoch's entries, in order.
    pub hashes: Vec<Hash>,
    /// Acceptances that a cashier saw, by place.
    pub shown: BTreeMap<(Epoch, Seq), Hash>,
    /// Redemptions by place.
    pub taken: BTreeMap<(Epoch, Seq), Taken>,
    /// What was consumed of each voucher, less what was given back.
    pub used: BTreeMap<VoucherKey, Used>,
    /// When the phone signed what was accepted last.
    pub signed_at: BTreeMap<VoucherKey, Timestamp>,
    /// The last acknowledged position of the present epoch.
    pub acked: Seq,
    /// The time floor of the last entry.
    pub floor: Timestamp,
    /// The platform's time in the latest reply.
    pub synced: Option<Timestamp>,
    /// Time floors up to here are of a clock that was ahead, as an answer of the platform showed.
    pub disowned: Timestamp,
    /// The latest time that entries were written at, or what the platform's clock showed where that was earlier.
    pub marked: Timestamp,
    /// Version of the bundle in force.
    pub bundle: u64,
    /// Versions of the lists in force.
    pub lists: BTreeMap<CampaignId, (u64, Timestamp)>,
    /// Leases that were given back.
    pub ended: Vec<LeaseId>,
    /// What was taken under each lease.
    pub leased: BTreeMap<LeaseId, Used>,
}

/// A redemption.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Of which voucher.
    pub voucher: VoucherKey,
    /// What is left of it after roll backs.
    pub left: Used,
    /// Its worth when it was made, in minor units.
    pub minor: i64,
    /// The number of its currency.
    pub currency: u16,
    /// Whether the platform had agreed.
    pub granted: bool,
}

impl Default for Diary {
    fn default() -> Self {
        Self {
            head: Head::start(Epoch(0)),
            hashes: Vec::new(),
            shown: BTreeMap::new(),
            taken: BTreeMap::new(),
            used: BTreeMap::new(),
            signed_at: BTreeMap::new(),
            acked: Seq(0),
            floor: Timestamp(0),
            synced: None,
            disowned: Timestamp(i64::MIN),
            marked: Timestamp(0),
            bundle: 0,
            lists: BTreeMap::new(),
            ended: Vec::new(),
            leased: BTreeMap::new(),
        }
    }
}

impl Diary {
    /// Begins another epoch of the same journal.
    pub fn next_epoch(&mut self, epoch: Epoch) {
        self.head = Head::start(epoch);
        self.hashes.clear();
        self.acked = Seq(0);
    }

    /// The platform told the time.
    pub fn heard(&mut self, time: Timestamp) {
        if self.synced.is_some_and(|synced| synced >= time) {
            return;
        }
        if self.floor.since(time) > 120 {
            self.disowned = self.floor;
        }
        self.marked = self.marked.min(time);
        self.synced = Some(time);
    }

    /// Redemptions that wait to be sent, with their worth in a currency.
    pub fn waiting(&self, currency: u16, before: Seq) -> (u32, i64) {
        let from = (self.head.epoch, Seq(self.acked.0 + 1));
        let rows = self.taken.range(from..(self.head.epoch, before)).map(|(_, row)| row);
        let worth = |row: &Taken| if row.currency == currency { row.minor } else { 0 };
        rows.fold((0, 0), |(count, minor), row| (count + 1, minor + worth(row)))
    }

    /// What was consumed of a voucher here.
    pub fn used(&self, voucher: &VoucherKey) -> Used {
        self.used.get(voucher).copied().unwrap_or_default()
    }
}
