//! Tickets of which people never came.

use serde::Serialize;

use super::{
    Platform, ServiceError, campaigns::campaign_numbered, settlement::narrow, status::claims_of,
};
use crate::{
    domain::{
        id::{CampaignId, MerchantId},
        money::Money,
        time::Timestamp,
        trust::Status,
        voucher::{Terms, Ticket},
    },
    platform::store::{CampaignRow, EntryAt, Home, StoreError, Txn, VoucherRow},
};

/// How long after the end of a slot journals may still arrive that say who came, in seconds: a day.
pub const GRACE_S: i64 = 86_400;

/// Vouchers that are read at a time.
const PAGE: u32 = 1000;

/// A ticket of which people never came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoShow {
    /// Who minted it.
    pub issuer: String,
    /// The campaign's number.
    pub campaign: u32,
    /// The ticket's id.
    pub voucher: String,
    /// The merchant who is owed; none for a ticket of a group that nobody accepted.
    pub merchant: Option<u32>,
    /// When its slot began, RFC 3339.
    pub starts: String,
    /// The last second the party could come, RFC 3339.
    pub closes: String,
    /// How many people it was for.
    pub party: u32,
    /// How many came.
    pub came: u32,
    /// How many never came.
    pub missing: u32,
    /// What is owed for those, in minor units.
    pub owed_minor: i64,
    /// The same as people write it, without the currency.
    pub owed: String,
    /// ISO 4217 code.
    pub currency: &'static str,
}

impl Platform {
    /// The tickets of a campaign whose slot is over, by so many seconds, with people who never came.
    pub fn no_shows(
        &self,
        campaign: CampaignId,
        grace_s: i64,
    ) -> Result<Vec<NoShow>, ServiceError> {
        let now = self.now();
        self.run(|txn| {
            let row = campaign_numbered(txn, campaign)?;
            let missed = missed(txn, &row, grace_s.max(0))?.into_iter();
            let over = missed.filter(|missed| missed.due < now);
            Ok(over.map(|missed| missed.line(&row)).collect())
        })
    }
}

/// A ticket of which people have not come.
pub(super) struct Missed {
    row: VoucherRow,
    pub(super) ticket: Ticket,
    pub(super) merchant: Option<MerchantId>,
    came: u32,
    /// When it counts as missed.
    pub(super) due: Timestamp,
}

impl Missed {
    fn missing(&self) -> u32 {
        u32::from(self.ticket.party).saturating_sub(self.came)
    }

    /// The campaign's share of the worth of those who never came, rounded half up.
    pub(super) fn owed(&self, campaign: &CampaignRow) -> i64 {
        let share = i128::from(campaign.campaign.policy.rules.no_show_basis_points);
        let worth = i128::from(self.ticket.value_each.minor);
        let all = worth.saturating_mul(i128::from(self.missing())).saturating_mul(share);
        narrow(all.saturating_add(5_000).checked_div(10_000).unwrap_or(0))
    }

    fn line(&self, campaign: &CampaignRow) -> NoShow {
        let owed = self.owed(campaign);
        let currency = self.ticket.value_each.currency;
        NoShow {
            issuer: self.row.key.issuer.to_string(),
            campaign: self.row.key.id.campaign.0,
            voucher: self.row.key.id.to_string(),
            merchant: self.merchant.map(|id| id.0),
            starts: self.ticket.starts.to_string(),
            closes: self.ticket.closes().to_string(),
            party: u32::from(self.ticket.party),
            came: self.came,
            missing: self.missing(),
            owed_minor: owed,
            owed: Money::new(owed, currency).number(),
            currency: currency.code(),
        }
    }
}

/// The tickets of a campaign of which people have not come, whether their slot is over or not.
pub(super) fn missed(
    txn: &mut dyn Txn,
    campaign: &CampaignRow,
    grace_s: i64,
) -> Result<Vec<Missed>, StoreError> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = txn.vouchers_of(campaign.campaign.id, after, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        after = Some(last.key.id.index);
        for row in page.into_iter().filter(|row| row.standing != Status::Revoked) {
            if let Terms::Ticket(ticket) = claims_of(&row)?.terms {
                found.extend(missed_of(txn, row, ticket, grace_s)?);
            }
        }
    }
}

fn missed_of(
    txn: &mut dyn Txn,
    row: VoucherRow,
    ticket: Ticket,
    grace_s: i64,
) -> Result<Option<Missed>, StoreError> {
    let ledger = txn.ledger(&row.key)?;
    let first = ledger.uses.first().map(|used| EntryAt {
        terminal: used.terminal,
        epoch: used.epoch,
        seq: used.seq,
    });
    let accepted = first.map(|at| txn.entry(at)).transpose()?.flatten();
    let merchant = match row.home {
        Home::Merchant(id) => Some(id),
        Home::Group(_) => accepted.map(|entry| entry.merchant),
    };
    let due = ticket.closes().plus(grace_s);
    let missed = Missed { merchant, came: ledger.used().uses, due, ticket, row };
    Ok(Some(missed).filter(|missed| missed.missing() > 0))
}
