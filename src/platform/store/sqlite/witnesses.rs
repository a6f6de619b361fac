//! Witnessed entries and proofs of forks.

use rusqlite::{Row, params};

use super::{
    SqliteTxn,
    column::{
        customer, entry_at, get, lines_column, signed_entry, to_sql, used, voucher_key, whole,
    },
};
use crate::{
    domain::{
        id::{Epoch, Hash, LeaseId, MerchantId, TerminalId, VoucherKey},
        redeem::Day,
        time::Timestamp,
        voucher::Customer,
    },
    platform::store::{EntryAt, ForkRow, Stored, UseFilter, WitnessRow, Witnesses},
};

impl Witnesses for SqliteTxn<'_> {
    fn add_witness(&mut self, row: &WitnessRow) -> Stored<()> {
        let sql = "INSERT INTO witnesses (terminal, epoch, seq, hash, bytes, received, issuer, voucher,
                                          uses, minor, lines, campaign, merchant, day, customer, lease)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
        let (entry, key) = (&row.signed.entry, &row.voucher);
        self.write(
            sql,
            params![
                entry.terminal.0,
                entry.epoch.0,
                to_sql(entry.seq.0)?,
                row.signed.hash.0,
                row.signed.bytes,
                row.received.0,
                key.issuer.as_str(),
                key.id.to_bytes(),
                row.used.uses,
                row.used.minor,
                lines_column(&row.used),
                key.id.campaign.0,
                row.merchant.0,
                row.day.0,
                row.customer.as_ref().map(Customer::as_str),
                row.lease.map(|id| id.0),
            ],
        )?;
        Ok(())
    }

    fn remove_witness(&mut self, at: EntryAt, hash: Hash) -> Stored<bool> {
        let sql = "DELETE FROM witnesses
                   WHERE terminal = ?1 AND epoch = ?2 AND seq = ?3 AND hash = ?4";
        let params = params![at.terminal.0, at.epoch.0, to_sql(at.seq.0)?, hash.0];
        Ok(self.write(sql, params)? > 0)
    }

    fn witnesses_of(&mut self, terminal: TerminalId, epoch: Epoch) -> Stored<Vec<WitnessRow>> {
        let sql = "SELECT * FROM witnesses WHERE terminal = ?1 AND epoch = ?2 ORDER BY seq, hash";
        self.rows(sql, params![terminal.0, epoch.0], witness_row)
    }

    fn witnessed(&mut self, voucher: &VoucherKey) -> Stored<Vec<WitnessRow>> {
        let sql = "SELECT * FROM witnesses WHERE issuer = ?1 AND voucher = ?2
                   ORDER BY terminal, epoch, seq, hash";
        let params = params![voucher.issuer.as_str(), voucher.id.to_bytes()];
        self.rows(sql, params, witness_row)
    }

    fn witnessed_among(&mut self, filter: &UseFilter) -> Stored<Vec<WitnessRow>> {
        let mut found = self.among("SELECT * FROM witnesses", filter, witness_row)?;
        found.sort_by_key(|row| (EntryAt::of(&row.signed), row.signed.hash));
        Ok(found)
    }

    fn add_fork(&mut self, row: &ForkRow) -> Stored<()> {
        let sql = "INSERT INTO forks (terminal, epoch, seq, found, first, second)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (terminal, epoch, seq) DO NOTHING";
        let (terminal, epoch, seq) = (row.at.terminal.0, row.at.epoch.0, to_sql(row.at.seq.0)?);
        self.write(sql, params![terminal, epoch, seq, row.found.0, row.first, row.second])?;
        Ok(())
    }

    fn forks(&mut self, terminal: Option<TerminalId>) -> Stored<Vec<ForkRow>> {
        let sql = "SELECT * FROM forks WHERE ?1 IS NULL OR terminal = ?1
                   ORDER BY terminal, epoch, seq";
        self.rows(sql, params![terminal.map(|id| id.0)], |row| {
            Ok(ForkRow {
                at: entry_at(row)?,
                found: Timestamp(get(row, "found")?),
                first: get(row, "first")?,
                second: get(row, "second")?,
            })
        })
    }
}

fn witness_row(row: &Row<'_>) -> Stored<WitnessRow> {
    let lease: Option<u32> = get(row, "lease")?;
    Ok(WitnessRow {
        signed: signed_entry(row)?,
        voucher: voucher_key(row)?,
        used: used(row)?,
        merchant: MerchantId(whole(row, "merchant")?),
        day: Day(get(row, "day")?),
        customer: customer(row)?,
        lease: lease.map(LeaseId),
        received: Timestamp(get(row, "received")?),
    })
}
