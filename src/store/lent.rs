//! What the platform put into this terminal's hands beforehand: leases, and listed vouchers by their short codes.

use rusqlite::{OptionalExtension as _, Row, params};

use super::{
    journal::Txn,
    open::{Store, StoreError},
};
use crate::domain::{
    id::{LeaseId, VoucherId, VoucherKey},
    journal::Body,
    redeem::LeaseFact,
    sync::Lease,
    time::Timestamp,
    voucher::Used,
};

impl Store {
    /// The leases held.
    pub fn leases(&self) -> Result<Vec<LeaseId>, StoreError> {
        let sql = "SELECT id FROM lease WHERE ended = 0 ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let ids = statement.query_map([], |row| Ok(LeaseId(row.get(0)?)))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// Writes new leases down; one that was held before stays as it is.
    pub fn take_leases(&mut self, leases: &[Lease]) -> Result<(), StoreError> {
        if leases.is_empty() {
            return Ok(());
        }
        let txn = self.begin()?;
        for lease in leases {
            txn.tx.execute(
                "INSERT INTO lease (id, issuer, campaign, voucher, uses, minor, until)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING",
                params![
                    lease.id.0,
                    lease.campaign.issuer.as_str(),
                    lease.campaign.campaign.0,
                    lease.voucher.map(VoucherId::to_bytes),
                    lease.uses,
                    lease.minor.max(0),
                    lease.until.0,
                ],
            )?;
        }
        txn.commit()
    }

    /// Gives leases back: from this entry on nothing is taken from them.
    pub fn end_leases(&mut self, ids: &[LeaseId], now: Timestamp) -> Result<(), StoreError> {
        for id in ids {
            let sql = "SELECT taken_uses, taken_minor FROM lease WHERE id = ?1 AND ended = 0";
            let taken = |row: &Row<'_>| Ok(Used::new(row.get(0)?, row.get(1)?));
            let taken = self.conn.prepare_cached(sql)?.query_row([id.0], taken).optional()?;
            let Some(used) = taken else {
                continue;
            };
            let mut txn = self.begin()?;
            txn.append(Body::LeaseEnded { lease: *id, used }, now)?;
            txn.commit()?;
        }
        Ok(())
    }

    /// The text of the listed voucher with this short code.
    pub fn listed(&self, code: u64) -> Result<Option<String>, StoreError> {
        let sql = "SELECT text FROM listed WHERE code = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([spelled(code)], |row| row.get(0)).optional()?)
    }

    /// Writes listed vouchers down by their short codes, up to a number of the platform's count.
    pub fn take_listed(
        &mut self,
        vouchers: &[(u64, String)],
        up_to: u64,
    ) -> Result<(), StoreError> {
        // An answer that was carried by hand may come after a later one.
        let up_to = self.identity.listed_after.max(up_to);
        let txn = self.begin()?;
        for (code, text) in vouchers {
            txn.tx.execute(
                "INSERT INTO listed (code, text) VALUES (?1, ?2)
                 ON CONFLICT (code) DO UPDATE SET text = excluded.text",
                params![spelled(*code), text],
            )?;
        }
        txn.tx.execute("UPDATE terminal SET listed_after = ?1", [up_to])?;
        txn.commit()?;
        self.identity.listed_after = up_to;
        Ok(())
    }
}

impl Txn<'_> {
    /// What is lent of the voucher, else of its campaign: the lease that ends last.
    pub fn lease(&self, key: &VoucherKey) -> Result<Option<LeaseFact>, StoreError> {
        let mut statement = self.tx.prepare_cached(
            "SELECT id, uses - taken_uses, minor - taken_minor, until FROM lease
             WHERE issuer = ?1 AND campaign = ?2 AND ended = 0 AND (voucher IS NULL OR voucher = ?3)
             ORDER BY voucher IS NULL, until DESC LIMIT 1",
        )?;
        let which = params![key.issuer.as_str(), key.id.campaign.0, key.id.to_bytes()];
        let found = statement.query_row(which, |row| {
            Ok(LeaseFact {
                id: LeaseId(row.get(0)?),
                uses: row.get(1)?,
                minor: row.get(2)?,
                until: Timestamp(row.get(3)?),
            })
        });
        Ok(found.optional()?)
    }
}

/// A short code has 55 bits.
fn spelled(code: u64) -> i64 {
    i64::try_from(code).unwrap_or(i64::MAX)
}
