//! Ledgers and claims.

use rusqlite::{Row, params};

use super::{
    SqliteTxn,
    column::{customer, entry_at, get, lines_column, to_sql, used, voucher_key, whole},
};
use crate::{
    domain::{
        id::{Epoch, MerchantId, Seq, TerminalId, VoucherKey},
        redeem::Day,
        sync::{Ledger, LedgerUse},
        time::Timestamp,
        voucher::{Customer, Used},
    },
    platform::store::{ClaimRow, EntryAt, Ledgers, Stored, UseFilter, UseRow},
};

impl Ledgers for SqliteTxn<'_> {
    fn ledger(&mut self, voucher: &VoucherKey) -> Stored<Ledger> {
        let sql = "SELECT * FROM uses WHERE issuer = ?1 AND voucher = ?2 ORDER BY arrival";
        let params = params![voucher.issuer.as_str(), voucher.id.to_bytes()];
        let uses = self.rows(sql, params, |row| {
            let at = entry_at(row)?;
            Ok(LedgerUse { terminal: at.terminal, epoch: at.epoch, seq: at.seq, used: used(row)? })
        })?;
        Ok(Ledger { uses })
    }

    fn add_use(&mut self, row: &UseRow) -> Stored<()> {
        let sql = "INSERT INTO uses (issuer, voucher, terminal, epoch, seq, uses, minor, lines,
                                     campaign, merchant, day, customer, lease)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        let (key, used) = (&row.voucher, &row.used);
        self.write(
            sql,
            params![
                key.issuer.as_str(),
                key.id.to_bytes(),
                used.terminal.0,
                used.epoch.0,
                to_sql(used.seq.0)?,
                used.used.uses,
                used.used.minor,
                lines_column(&used.used),
                key.id.campaign.0,
                row.merchant.0,
                row.day.0,
                row.customer.as_ref().map(Customer::as_str),
                row.lease.map(|id| id.0),
            ],
        )?;
        Ok(())
    }

    fn set_use(&mut self, voucher: &VoucherKey, at: EntryAt, left: Used) -> Stored<bool> {
        let (issuer, id) = (voucher.issuer.as_str(), voucher.id.to_bytes());
        let (terminal, epoch, seq) = (at.terminal.0, at.epoch.0, to_sql(at.seq.0)?);
        let changed = if left.is_nothing() {
            let sql = "DELETE FROM uses WHERE issuer = ?1 AND voucher = ?2
                              AND terminal = ?3 AND epoch = ?4 AND seq = ?5";
            self.write(sql, params![issuer, id, terminal, epoch, seq])?
        } else {
            let sql = "UPDATE uses SET uses = ?6, minor = ?7, lines = ?8
                       WHERE issuer = ?1 AND voucher = ?2
                         AND terminal = ?3 AND epoch = ?4 AND seq = ?5";
            let (uses, minor, lines) = (left.uses, left.minor, lines_column(&left));
            self.write(sql, params![issuer, id, terminal, epoch, seq, uses, minor, lines])?
        };
        Ok(changed > 0)
    }

    fn count_uses(&mut self, filter: &UseFilter) -> Stored<u64> {
        let select = "SELECT coalesce(sum(uses), 0) AS uses FROM uses";
        let sum = self.among(select, filter, |row| whole(row, "uses"))?;
        Ok(sum.into_iter().next().unwrap_or(0))
    }

    fn put_claim(&mut self, row: &ClaimRow) -> Stored<()> {
        let sql = "INSERT INTO claims (issuer, voucher, terminal, epoch, after, uses, minor, lines,
                                       at, campaign, merchant, day, customer)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                   ON CONFLICT (issuer, voucher, terminal, epoch) DO UPDATE
                   SET after = excluded.after, uses = excluded.uses,
                       minor = excluded.minor, lines = excluded.lines, at = excluded.at,
                       merchant = excluded.merchant, day = excluded.day,
                       customer = excluded.customer";
        self.write(
            sql,
            params![
                row.voucher.issuer.as_str(),
                row.voucher.id.to_bytes(),
                row.terminal.0,
                row.epoch.0,
                to_sql(row.after.0)?,
                row.used.uses,
                row.used.minor,
                lines_column(&row.used),
                row.at.0,
                row.voucher.id.campaign.0,
                row.merchant.0,
                row.day.0,
                row.customer.as_ref().map(Customer::as_str),
            ],
        )?;
        Ok(())
    }

    fn claims_of(&mut self, voucher: &VoucherKey) -> Stored<Vec<ClaimRow>> {
        let sql = "SELECT * FROM claims WHERE issuer = ?1 AND voucher = ?2
                   ORDER BY terminal, epoch";
        let params = params![voucher.issuer.as_str(), voucher.id.to_bytes()];
        self.rows(sql, params, claim_row)
    }

    fn claims_among(&mut self, filter: &UseFilter) -> Stored<Vec<ClaimRow>> {
        let mut found = self.among("SELECT * FROM claims", filter, claim_row)?;
        let place = |row: &ClaimRow| (row.voucher.clone(), row.terminal, row.epoch);
        found.sort_by_key(place);
        Ok(found)
    }

    fn claims(&mut self) -> Stored<Vec<ClaimRow>> {
        let sql = "SELECT * FROM claims ORDER BY at, issuer, voucher, terminal, epoch";
        self.rows(sql, [], claim_row)
    }

    fn release_claim(&mut self, voucher: &VoucherKey, terminal: TerminalId) -> Stored<bool> {
        let sql = "DELETE FROM claims WHERE issuer = ?1 AND voucher = ?2 AND terminal = ?3";
        let (issuer, id) = (voucher.issuer.as_str(), voucher.id.to_bytes());
        Ok(self.write(sql, params![issuer, id, terminal.0])? > 0)
    }

    fn release_claims_before(
        &mut self,
        terminal: TerminalId,
        epoch: Epoch,
        head: Seq,
    ) -> Stored<()> {
        let sql = "DELETE FROM claims WHERE terminal = ?1 AND epoch = ?2 AND after < ?3";
        self.write(sql, params![terminal.0, epoch.0, to_sql(head.0)?])?;
        Ok(())
    }
}

impl SqliteTxn<'_> {
    /// The uses, or claims, that a filter lets through.
    fn among<T>(
        &self,
        select: &str,
        filter: &UseFilter,
        read: impl FnMut(&Row<'_>) -> Stored<T>,
    ) -> Stored<Vec<T>> {
        let campaign = filter.campaign.map(|id| id.0);
        let customer = filter.customer.as_ref().map(Customer::as_str);
        let (merchant, day) = (filter.merchant.map(|id| id.0), filter.day.map(|day| day.0));
        // What is not asked for is left out, so that the indexes are found.
        let by_campaign = campaign.map_or("", |_| " AND campaign = ?2");
        let by_customer = customer.map_or("", |_| " AND customer = ?3");
        let sql = format!(
            "{select} WHERE issuer = ?1{by_campaign}{by_customer}
             AND (?4 IS NULL OR merchant = ?4) AND (?5 IS NULL OR day = ?5)"
        );
        let params = params![filter.issuer.as_str(), campaign, customer, merchant, day];
        self.rows(&sql, params, read)
    }
}

fn claim_row(row: &Row<'_>) -> Stored<ClaimRow> {
    Ok(ClaimRow {
        voucher: voucher_key(row)?,
        terminal: TerminalId(whole(row, "terminal")?),
        epoch: Epoch(whole(row, "epoch")?),
        after: Seq(whole(row, "after")?),
        used: used(row)?,
        at: Timestamp(get(row, "at")?),
        merchant: MerchantId(whole(row, "merchant")?),
        day: Day(get(row, "day")?),
        customer: customer(row)?,
    })
}
