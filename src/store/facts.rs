//! What the store knows of a voucher.

use rusqlite::{OptionalExtension as _, params};

use super::{SEQ_BITS, SEQ_MASK, journal::Txn, open::StoreError, position};
use crate::domain::{
    id::{Epoch, Seq, VoucherKey},
    redeem::ListFact,
    time::Timestamp,
    trust::{Status, chunk_of, place_of},
    voucher::Used,
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
    /// When it rolled its last redemption back, as long as the platform has not acknowledged that.
    pub rolled_back_at: Option<Timestamp>,
}

impl Txn<'_> {
    /// What this terminal did with the voucher.
    pub fn local_use(&self, key: &VoucherKey) -> Result<LocalUse, StoreError> {
        let mut statement = self.tx.prepare_cached(
            "SELECT uses, voucher.minor, last_position, entry.at, uses_before, minor_before, back.at
             FROM voucher JOIN entry ON entry.position = last_position
             LEFT JOIN entry AS back ON back.of_position = last_position AND back.position > ?3
             WHERE issuer = ?1 AND id = ?2",
        )?;
        let acked = position(self.identity.epoch, self.identity.acked);
        let which = params![key.issuer.as_str(), key.id.to_bytes(), acked];
        let found = statement.query_row(which, |row| {
            let position: i64 = row.get(2)?;
            Ok(LocalUse {
                used: Used { uses: row.get(0)?, minor: row.get(1)? },
                last: Some((epoch_of(position), seq_of(position), Timestamp(row.get(3)?))),
                before: Used { uses: row.get(4)?, minor: row.get(5)? },
                rolled_back_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
            })
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
