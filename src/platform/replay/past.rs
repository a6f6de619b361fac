//! What one terminal did before an entry, as far as it would have done it under the policy.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::tz::TimeZone;

use super::judge::Told;
use crate::domain::{
    id::{CampaignId, Epoch, IssuerName, OperatorId, Seq, VoucherKey},
    journal::{Act, Entry, Redeemed, RolledBack, Waiting},
    money::Currency,
    redeem::{Day, LocalMoment, Tally},
    time::Timestamp,
    voucher::Customer,
};

/// Redemptions whose pace is remembered, as terminals do.
const PACE_MAX: usize = 256;

/// One terminal's past.
#[derive(Debug, Default)]
pub(super) struct Past {
    epoch: Option<Epoch>,
    beats: VecDeque<Beat>,
    /// Redemptions of this epoch.
    redeemed: u64,
    /// Those of them that the policy refuses, by their number.
    refused: Vec<(u64, Currency, i64)>,
    /// Where they stand, so that taking them back changes nothing.
    undone: BTreeSet<(Epoch, Seq)>,
    vouchers: BTreeMap<VoucherKey, DayTally>,
    campaigns: BTreeMap<(IssuerName, CampaignId), DayTally>,
    customers: BTreeMap<(Customer, IssuerName, CampaignId), DayTally>,
    visits: BTreeMap<Customer, u32>,
    whose: BTreeMap<(Epoch, Seq), Customer>,
    lists: BTreeMap<(IssuerName, CampaignId), Timestamp>,
    waiting: Option<u32>,
    act: Option<(Act, Vec<(IssuerName, CampaignId)>)>,
}

#[derive(Debug)]
struct Beat {
    at: Timestamp,
    operator: Option<OperatorId>,
    customer: Option<Customer>,
}

#[derive(Clone, Copy, Debug, Default)]
struct DayTally {
    uses: u32,
    day: Option<Day>,
    today: u32,
}

impl DayTally {
    fn add(&mut self, uses: u32, day: Option<Day>) {
        let before = if self.day == day { self.today } else { 0 };
        self.uses = self.uses.saturating_add(uses);
        (self.today, self.day) = (before.saturating_add(uses), day);
    }

    fn take(&mut self, uses: u32, day: Option<Day>) {
        self.uses = self.uses.saturating_sub(uses);
        if self.day == day {
            self.today = self.today.saturating_sub(uses);
        }
    }

    fn on(self, day: Option<Day>) -> Tally {
        Tally { uses: self.uses, today: if self.day == day { self.today } else { 0 } }
    }
}

/// The date of an entry at its branch; none where the time zone is not known.
pub(super) fn day_of(entry: &Entry, zone: Option<&TimeZone>) -> Option<Day> {
    zone.map(|zone| LocalMoment::of(entry.time_floor, zone).day)
}

impl Past {
    /// Nothing of an earlier epoch waits to be sent in a later.
    pub(super) fn enter(&mut self, epoch: Epoch) {
        if self.epoch != Some(epoch) {
            self.epoch = Some(epoch);
            (self.redeemed, self.waiting) = (0, None);
            self.refused.clear();
        }
    }

    /// Notes a redemption; one that does not count under the policy is only remembered as such.
    pub(super) fn add(
        &mut self,
        entry: &Entry,
        redeemed: &Redeemed,
        (counts, zone): (bool, Option<&TimeZone>),
    ) {
        let (key, at) = (campaign_of(&redeemed.voucher), (entry.epoch, entry.seq));
        if let Some(as_of) = redeemed.list_as_of {
            self.lists.insert(key.clone(), as_of);
        }
        self.waiting = Some(redeemed.waiting.count.saturating_add(1));
        self.note_act(redeemed.act, &key);
        if counts {
            self.count(entry, redeemed, zone);
        } else {
            self.refused.push((self.redeemed, redeemed.currency, redeemed.used.minor));
            self.undone.insert(at);
        }
        self.redeemed = self.redeemed.saturating_add(1);
    }

    fn count(&mut self, entry: &Entry, redeemed: &Redeemed, zone: Option<&TimeZone>) {
        let (day, uses) = (day_of(entry, zone), redeemed.used.uses);
        let key = campaign_of(&redeemed.voucher);
        self.vouchers.entry(redeemed.voucher.clone()).or_default().add(uses, day);
        self.campaigns.entry(key.clone()).or_default().add(uses, day);
        if let Some(customer) = &redeemed.customer {
            let own = (customer.clone(), key.0, key.1);
            self.customers.entry(own).or_default().add(uses, day);
            let visits = self.visits.entry(customer.clone()).or_default();
            *visits = visits.saturating_add(1);
            self.whose.insert((entry.epoch, entry.seq), customer.clone());
        }
        if self.beats.len() >= PACE_MAX {
            self.beats.pop_front();
        }
        let customer = redeemed.customer.clone();
        self.beats.push_back(Beat { at: entry.time_floor, operator: entry.operator, customer });
    }

    /// Gives back what a redemption consumed; its pace stays.
    pub(super) fn take_back(&mut self, entry: &Entry, back: &RolledBack, zone: Option<&TimeZone>) {
        let at = (back.of_epoch, back.of);
        if self.undone.contains(&at) {
            return;
        }
        let (day, uses) = (day_of(entry, zone), back.used.uses);
        let key = campaign_of(&back.voucher);
        if let Some(tally) = self.vouchers.get_mut(&back.voucher) {
            tally.take(uses, day);
        }
        if let Some(tally) = self.campaigns.get_mut(&key) {
            tally.take(uses, day);
        }
        let Some(customer) = self.whose.get(&at).cloned() else {
            return;
        };
        if let Some(visits) = self.visits.get_mut(&customer) {
            *visits = visits.saturating_sub(u32::from(uses > 0));
        }
        if let Some(tally) = self.customers.get_mut(&(customer, key.0, key.1)) {
            tally.take(uses, day);
        }
    }

    /// What would wait to be sent, where so much waited: less what the policy refuses of it.
    pub(super) fn queue(&self, waiting: Waiting, currency: Currency) -> Waiting {
        let oldest = self.redeemed.saturating_sub(u64::from(waiting.count));
        let refused = self.refused.iter().rev().take_while(|(number, ..)| *number >= oldest);
        refused.fold(waiting, |left, (_, of, minor)| Waiting {
            count: left.count.saturating_sub(1),
            minor: left.minor.saturating_sub(if *of == currency { *minor } else { 0 }),
        })
    }

    /// The most that may wait to be sent where an entry does not say it; none where nothing is known.
    pub(super) fn waiting_at_most(&self) -> Option<u32> {
        self.waiting
    }

    /// The time of the last status list of a campaign that an entry names: later ones are not older.
    pub(super) fn list_at_least(&self, voucher: &VoucherKey) -> Option<Timestamp> {
        self.lists.get(&campaign_of(voucher)).copied()
    }

    /// Uses of a voucher.
    pub(super) fn voucher(&self, key: &VoucherKey, day: Option<Day>) -> Tally {
        self.vouchers.get(key).copied().unwrap_or_default().on(day)
    }

    /// Uses of a campaign.
    pub(super) fn campaign(&self, key: &VoucherKey, day: Option<Day>) -> Tally {
        self.campaigns.get(&campaign_of(key)).copied().unwrap_or_default().on(day)
    }

    /// Uses of a campaign by a customer.
    pub(super) fn customer(&self, who: &Customer, key: &VoucherKey, day: Option<Day>) -> Tally {
        let (issuer, campaign) = campaign_of(key);
        let own = (who.clone(), issuer, campaign);
        self.customers.get(&own).copied().unwrap_or_default().on(day)
    }

    /// Redemptions by a customer.
    pub(super) fn visits(&self, who: &Customer) -> u32 {
        self.visits.get(who).copied().unwrap_or(0)
    }

    /// Redemptions by an operator after a time.
    pub(super) fn by_operator(&self, operator: Option<OperatorId>, since: Timestamp) -> u32 {
        self.recent(since, |beat| beat.operator == operator)
    }

    /// Redemptions by a customer after a time.
    pub(super) fn by_customer(&self, customer: &Customer, since: Timestamp) -> u32 {
        self.recent(since, |beat| beat.customer.as_ref() == Some(customer))
    }

    /// The campaigns of the vouchers that were redeemed before this one in the same act.
    pub(super) fn on_bill(&self, act: Option<Act>) -> &[(IssuerName, CampaignId)] {
        match (&self.act, act) {
            (Some((open, campaigns)), Some(own)) if *open == own => campaigns,
            _other => &[],
        }
    }

    fn note_act(&mut self, act: Option<Act>, campaign: &(IssuerName, CampaignId)) {
        let Some(own) = act else {
            self.act = None;
            return;
        };
        match &mut self.act {
            Some((open, campaigns)) if *open == own => campaigns.push(campaign.clone()),
            other => *other = Some((own, vec![campaign.clone()])),
        }
    }

    fn recent(&self, since: Timestamp, of: impl Fn(&Beat) -> bool) -> u32 {
        let recent = self.beats.iter().rev().take_while(|beat| beat.at > since);
        u32::try_from(recent.filter(|beat| of(beat)).count()).unwrap_or(u32::MAX)
    }
}

pub(super) fn campaign_of(key: &VoucherKey) -> (IssuerName, CampaignId) {
    (key.issuer.clone(), key.id.campaign)
}

/// Whether a cap is passed with so many uses more.
pub(super) fn over(cap: u32, before: u32, uses: u32) -> Told {
    Told::from(cap > 0 && before.saturating_add(uses) > cap)
}
