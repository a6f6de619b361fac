//! What merchants are owed: for what they accepted, and for those who never came.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Platform, ServiceError, no_shows::missed, oddities::booked, reports::LIST_MAX};
use crate::{
    domain::{
        id::{CampaignId, IssuerName, MerchantId},
        journal::Body,
        money::{Currency, Money},
        time::Timestamp,
    },
    platform::store::{JournalRow, RedemptionFilter, StoreError, Txn},
};

/// A span of time by the platform's clock: what arrived in it is settled with it, so that nothing is settled twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First second.
    pub from: Timestamp,
    /// First second after it.
    pub until: Timestamp,
    /// How long after the end of its slot a ticket counts as missed, such as [`super::GRACE_S`], in seconds.
    pub grace_s: i64,
}

/// What a merchant is owed for one campaign in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettlementLine {
    /// The merchant whose terminals accepted; none for missed tickets of a group that nobody accepted.
    pub merchant: Option<u32>,
    /// The merchant's name.
    pub merchant_name: String,
    /// Who minted the vouchers.
    pub issuer: String,
    /// The campaign's number.
    pub campaign: u32,
    /// What customers call it, where it is known here.
    pub title: String,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// Redemptions.
    pub redeemed: u64,
    /// Their worth, in minor units.
    pub redeemed_minor: i64,
    /// Roll-backs.
    pub rolled_back: u64,
    /// Their worth, in minor units.
    pub rolled_back_minor: i64,
    /// Tickets of which people never came.
    pub no_shows: u64,
    /// What is owed for those, in minor units.
    pub no_shows_minor: i64,
    /// What is owed in all, in minor units.
    pub net_minor: i64,
    /// The same as people write it, without the currency.
    pub net: String,
}

impl Platform {
    /// What merchants are owed for a span of time, by merchant, campaign and currency.
    pub fn settlement(&self, span: &Span) -> Result<Vec<SettlementLine>, ServiceError> {
        let now = self.now();
        self.run(|txn| {
            let mut sums = Sums::default();
            add_entries(txn, span, &mut sums)?;
            for row in txn.campaigns()? {
                let missed = missed(txn, &row, span.grace_s.max(0))?.into_iter();
                let span = span.from..span.until.min(now);
                for missed in missed.filter(|missed| span.contains(&missed.due)) {
                    let (issuer, id) = (row.campaign.issuer.clone(), row.campaign.id);
                    let key = (missed.merchant, issuer, id, missed.ticket.value_each.currency);
                    let owed = missed.owed(&row);
                    sums.0.entry(key).or_default().no_shows.add(owed);
                }
            }
            lines(txn, sums)
        })
    }
}

/// A number of things and their worth in minor units, wide enough never to wrap.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    count: u64,
    minor: i128,
}

impl Sum {
    fn add(&mut self, minor: i64) {
        self.count = self.count.saturating_add(1);
        self.minor = self.minor.saturating_add(i128::from(minor));
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Owed {
    redeemed: Sum,
    rolled_back: Sum,
    no_shows: Sum,
}

type Key = (Option<MerchantId>, IssuerName, CampaignId, Currency);

#[derive(Debug, Default)]
struct Sums(BTreeMap<Key, Owed>);

impl Sums {
    fn add(&mut self, row: &JournalRow) {
        let (voucher, currency) = match &row.signed.entry.body {
            Body::Redeemed(redeemed) => (&redeemed.voucher, redeemed.currency),
            Body::RolledBack(back) => (&back.voucher, back.currency),
            Body::Opened(_)
            | Body::Refused(_)
            | Body::BundleTaken { .. }
            | Body::LeaseEnded { .. }
            | Body::Recovered(_) => return,
        };
        let key = (Some(row.merchant), voucher.issuer.clone(), voucher.id.campaign, currency);
        let owed = self.0.entry(key).or_default();
        match &row.signed.entry.body {
            Body::Redeemed(redeemed) => owed.redeemed.add(booked(redeemed.used).minor),
            // What gave nothing back takes nothing away.
            Body::RolledBack(_) if row.note.as_deref() == Some("rollback_unmatched") => {}
            Body::RolledBack(back) => owed.rolled_back.add(back.used.minor),
            Body::Opened(_)
            | Body::Refused(_)
            | Body::BundleTaken { .. }
            | Body::LeaseEnded { .. }
            | Body::Recovered(_) => {}
        }
    }
}

fn add_entries(txn: &mut dyn Txn, span: &Span, sums: &mut Sums) -> Result<(), StoreError> {
    let mut filter = RedemptionFilter {
        received_since: Some(span.from),
        received_until: Some(span.until),
        limit: LIST_MAX,
        ..RedemptionFilter::default()
    };
    loop {
        let page = txn.redemptions(&filter)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        filter.after = last.arrival;
        for arrived in &page {
            sums.add(&arrived.row);
        }
    }
}

fn lines(txn: &mut dyn Txn, sums: Sums) -> Result<Vec<SettlementLine>, ServiceError> {
    let merchants: BTreeMap<_, _> =
        txn.merchants()?.into_iter().map(|row| (row.id, row.name)).collect();
    let titles: BTreeMap<_, _> = txn
        .campaigns()?
        .into_iter()
        .map(|row| ((row.campaign.issuer, row.campaign.id), row.campaign.title))
        .collect();
    let lines = sums.0.into_iter().map(|((merchant, issuer, campaign, currency), owed)| {
        let Owed { redeemed, rolled_back, no_shows } = owed;
        let net = redeemed.minor.saturating_add(no_shows.minor).saturating_sub(rolled_back.minor);
        let name = merchant.and_then(|id| merchants.get(&id)).cloned();
        SettlementLine {
            merchant: merchant.map(|id| id.0),
            merchant_name: name.unwrap_or_default(),
            campaign: campaign.0,
            currency: currency.code(),
            redeemed: redeemed.count,
            redeemed_minor: narrow(redeemed.minor),
            rolled_back: rolled_back.count,
            rolled_back_minor: narrow(rolled_back.minor),
            no_shows: no_shows.count,
            no_shows_minor: narrow(no_shows.minor),
            net_minor: narrow(net),
            net: Money::new(narrow(net), currency).number(),
            issuer: issuer.to_string(),
            title: titles.get(&(issuer, campaign)).cloned().unwrap_or_default(),
        }
    });
    Ok(lines.collect())
}

/// Stops at the ends of the range.
pub(super) fn narrow(minor: i128) -> i64 {
    i64::try_from(minor).unwrap_or(if minor < 0 { i64::MIN } else { i64::MAX })
}
