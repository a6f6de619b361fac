//! What the store knows of a voucher.

use rusqlite::{OptionalExtension as _, params};

use super::{
    SEQ_BITS, SEQ_MASK, books::used_at, journal::Txn, open::StoreError, pace::unverified, position,
};
use crate::domain::{
    id::{Epoch, OperatorId, Seq, VoucherId, VoucherKey},
    redeem::{Day, ListFact, Tally},
    time::Timestamp,
    trust::{Status, chunk_of, place_of},
    voucher::{Customer, Limit, Used},
};

/// What this terminal did with a voucher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalUse {
    /// What it consumed, less what it rolled back.
    pub used: Used,
    /// Its last redemption.
    pub last: Option<(Epoch, Seq, Timestamp)>,
    /// What of it was consumed in earlier epochs of the journal.
    pub before: Used,
    /// Uses of it today.
    pub used_today: u32,
    /// What it may be consumed up to, as far as was heard.
    pub known_limit: Option<Limit>,
    /// Whether its last redemption left nothing, with what the platform said of others, and nothing was taken back since.
    pub nothing_left: bool,
    /// The phone's time on its last presentation.
    pub shown_before: Option<Timestamp>,
    /// How often it was taken back.
    pub cycles: u32,
    /// Who worked at the counter when it was last redeemed.
    pub last_operator: Option<OperatorId>,
    /// When it rolled its last redemption back, as long as the platform has not acknowledged that.
    pub rolled_back_at: Option<Timestamp>,
}

impl Txn<'_> {
    /// What this terminal did with the voucher.
    pub fn local_use(&self, key: &VoucherKey, today: Day) -> Result<LocalUse, StoreError> {
        let mut statement = self.tx.prepare_cached(
            "SELECT uses, voucher.minor, lines, uses_before, minor_before, lines_before,
                    last_position, entry.at, entry.bytes,
                    (SELECT max(back.at) FROM entry AS back
                     WHERE back.of_position = last_position AND back.position > ?3),
                    day, day_uses, minor_max, shown_at, cycles, nothing_left
             FROM voucher JOIN entry ON entry.position = last_position
             WHERE issuer = ?1 AND id = ?2",
        )?;
        let acked = position(self.identity.epoch, self.identity.acked);
        let which = params![key.issuer.as_str(), key.id.to_bytes(), acked];
        let found = statement.query_row(which, |row| {
            let position: i64 = row.get(6)?;
            let time =
                |at: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(at)?.map(Timestamp));
            let used_today = if row.get::<_, i32>(10)? == today.0 { row.get(11)? } else { 0 };
            Ok(LocalUse {
                used: used_at(row, 0)?,
                before: used_at(row, 3)?,
                last: Some((epoch_of(position), seq_of(position), Timestamp(row.get(7)?))),
                last_operator: unverified(row.get_ref(8)?.as_blob().unwrap_or_default())
                    .and_then(|entry| entry.operator),
                rolled_back_at: time(9)?,
                used_today,
                known_limit: row.get::<_, Option<i64>>(12)?.map(Limit::Balance),
                shown_before: time(13)?,
                cycles: row.get(14)?,
                nothing_left: row.get(15)?,
            })
        });
        Ok(found.optional()?.unwrap_or_default())
    }

    /// Uses of a voucher's campaign. The work grows with the campaign's vouchers that were redeemed here.
    pub fn campaign_tally(&self, key: &VoucherKey, today: Day) -> Result<Tally, StoreError> {
        let mut statement = self.tx.prepare_cached(
            "SELECT coalesce(sum(uses), 0), coalesce(sum(iif(day = ?4, day_uses, 0)), 0)
             FROM voucher WHERE issuer = ?1 AND id BETWEEN ?2 AND ?3",
        )?;
        let id = |index, random| VoucherId { index, random, ..key.id }.to_bytes();
        let (first, last) = (id(0, 0), id(u32::MAX, u64::MAX));
        let which = params![key.issuer.as_str(), first, last, today.0];
        Ok(statement.query_row(which, |row| Ok(Tally { uses: row.get(0)?, today: row.get(1)? }))?)
    }

    /// Uses of a voucher's campaign by one customer.
    pub fn customer_tally(
        &self,
        customer: &Customer,
        key: &VoucherKey,
        today: Day,
    ) -> Result<Tally, StoreError> {
        self.tally((customer.as_str(), key.issuer.as_str(), key.id.campaign.0), today)
    }

    /// Redemptions of a customer at this terminal.
    pub fn visits(&self, customer: &Customer) -> Result<u32, StoreError> {
        Ok(self.tally((customer.as_str(), "", 0), Day(0))?.uses)
    }

    fn tally(&self, which: (&str, &str, u32), today: Day) -> Result<Tally, StoreError> {
        let mut statement = self.tx.prepare_cached(
            "SELECT uses, iif(day = ?4, day_uses, 0) FROM tally
             WHERE customer = ?1 AND issuer = ?2 AND campaign = ?3",
        )?;
        let (customer, issuer, campaign) = which;
        let found = statement.query_row(params![customer, issuer, campaign, today.0], |row| {
            Ok(Tally { uses: row.get(0)?, today: row.get(1)? })
        });
        Ok(found.optional()?.unwrap_or_default())
    }

    /// What the status list says about the voucher.
    pub fn listed(&self, key: &VoucherKey) -> Result<ListFact, StoreError> {
        let (byte, shift) = place_of(key.id.index);
        let mut statement = self.tx.prepare_cached(
            "SELECT as_of, covered, substr(bits, ?4 + 1, 1)
             FROM status_list LEFT JOIN status_chunk USING (issuer, campaign)
             WHERE issuer = ?1 AND campaign = ?2 AND (number = ?3 OR number IS NULL)",
        )?;
        let name = (key.issuer.as_str(), key.id.campaign.0, chunk_of(key.id.index), byte);
        let found = statement.query_row(name, |row| {
            let bits: Option<Vec<u8>> = row.get(2)?;
            Ok((Timestamp(row.get(0)?), row.get::<_, u32>(1)?, bits))
        });
        let Some((as_of, covered, bits)) = found.optional()? else {
            return Ok(ListFact::NotCovered);
        };
        let bits = bits.and_then(|bits| bits.first().copied());
        Ok(match bits {
            Some(bits) if key.id.index < covered => {
                ListFact::Known { status: Status::from_bits(bits >> shift), as_of }
            }
            _outside => ListFact::NotCovered,
        })
    }
}

fn epoch_of(position: i64) -> Epoch {
    Epoch(u32::try_from(position >> SEQ_BITS).unwrap_or(0))
}

fn seq_of(position: i64) -> Seq {
    Seq(u64::try_from(position & SEQ_MASK).unwrap_or(0))
}
