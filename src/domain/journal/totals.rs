//! Totals and reports: folds over entries, so that cashier, owner and platform read the same sums.

use std::collections::BTreeMap;

use super::entry::{Body, Entry, Outcome};
use crate::domain::{
    id::{CampaignId, IssuerName},
    money::Currency,
    voucher::Used,
};

/// Sums over a run of entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Redemptions, counting those that were rolled back.
    pub redeemed: u64,
    /// Roll-backs.
    pub rolled_back: u64,
    /// Refusals by reason.
    pub refused: BTreeMap<String, u64>,
    /// Scans that could not be decided, by reason.
    pub cannot_check: BTreeMap<String, u64>,
    /// Scans that were no voucher.
    pub not_a_voucher: u64,
    /// Redemptions decided without the platform.
    pub offline: u64,
    /// Sums by campaign and currency, less what was rolled back.
    pub campaigns: BTreeMap<(IssuerName, CampaignId, Currency), CampaignTotals>,
}

/// Sums of one campaign in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CampaignTotals {
    /// Uses, people and pieces less what was rolled back.
    pub uses: i64,
    /// Value less what was rolled back, in minor units; wide enough never to wrap.
    pub minor: i128,
}

impl Totals {
    /// The value in each currency, less what was rolled back.
    pub fn by_currency(&self) -> BTreeMap<Currency, i128> {
        let mut sums = BTreeMap::<_, i128>::new();
        for ((_, _, currency), totals) in &self.campaigns {
            let sum = sums.entry(*currency).or_default();
            *sum = sum.saturating_add(totals.minor);
        }
        sums
    }

    fn add(&mut self, entry: &Entry) {
        match &entry.body {
            Body::Opened(_)
            | Body::BundleTaken { .. }
            | Body::LeaseEnded { .. }
            | Body::Recovered(_) => {}
            Body::Redeemed(redeemed) => {
                self.redeemed = self.redeemed.saturating_add(1);
                self.offline = self.offline.saturating_add(u64::from(!redeemed.online));
                let key = (redeemed.voucher.issuer.clone(), redeemed.voucher.id.campaign);
                self.book(key, redeemed.currency, redeemed.used, 1);
            }
            Body::RolledBack(back) => {
                self.rolled_back = self.rolled_back.saturating_add(1);
                let key = (back.voucher.issuer.clone(), back.voucher.id.campaign);
                self.book(key, back.currency, back.used, -1);
            }
            Body::Refused(refused) => self.count_refusal(refused.outcome, &refused.code),
        }
    }

    fn book(
        &mut self,
        (issuer, campaign): (IssuerName, CampaignId),
        currency: Currency,
        used: Used,
        sign: i64,
    ) {
        let totals = self.campaigns.entry((issuer, campaign, currency)).or_default();
        let minor = i128::from(used.minor).saturating_mul(i128::from(sign));
        let count = i64::from(used.uses).saturating_mul(sign);
        totals.uses = totals.uses.saturating_add(count);
        totals.minor = totals.minor.saturating_add(minor);
    }

    fn count_refusal(&mut self, outcome: Outcome, code: &str) {
        let count = match outcome {
            Outcome::Refused => self.refused.entry(code.to_owned()).or_default(),
            Outcome::CannotCheck => self.cannot_check.entry(code.to_owned()).or_default(),
            Outcome::NotAVoucher => &mut self.not_a_voucher,
        };
        *count = count.saturating_add(1);
    }
}

/// The totals of a run of entries.
pub fn totals<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Totals {
    let mut totals = Totals::default();
    entries.into_iter().for_each(|entry| totals.add(entry));
    totals
}
