//! Journals, ledgers, claims and conflicts.

use rusqlite::{Row, params};

use super::{
    SqliteTxn,
    column::{entry_at, get, hash, narrow, signed_entry, to_sql, used, voucher_key, whole},
};
use crate::{
    domain::{
        id::{Epoch, Hash, MerchantId, Seq, TerminalId, VoucherKey},
        journal::Head,
        redeem::Liable,
        sync::{Ledger, LedgerUse},
        time::Timestamp,
    },
    platform::store::{
        ArrivedRow, ClaimRow, ConflictRow, Counts, EntryAt, JournalRow, JournalSummary, Journals,
        RedemptionFilter, Stored, kind_code,
    },
};

impl Journals for SqliteTxn<'_> {
    fn head(&mut self, terminal: TerminalId, epoch: Epoch) -> Stored<Head> {
        let sql = "SELECT seq, hash FROM journal WHERE terminal = ?1 AND epoch = ?2
                   ORDER BY seq DESC LIMIT 1";
        let found = self.row(sql, params![terminal.0, epoch.0], |row| {
            Ok(Head { epoch, seq: Seq(whole(row, "seq")?), hash: hash(row, "hash")? })
        })?;
        Ok(found.unwrap_or(Head::start(epoch)))
    }

    fn journal_summary(&mut self, terminal: TerminalId, epoch: Epoch) -> Stored<JournalSummary> {
        let head = self.head(terminal, epoch)?;
        let sql = "SELECT count(*) FILTER (WHERE kind = 'redeemed') AS redeemed,
                          count(*) FILTER (WHERE kind = 'refused') AS refused,
                          count(*) FILTER (WHERE kind = 'rolled_back') AS rolled_back,
                          count(note) AS noted
                   FROM journal WHERE terminal = ?1 AND epoch = ?2";
        let found = self.row(sql, params![terminal.0, epoch.0], |row| {
            Ok(JournalSummary {
                head,
                redeemed: whole(row, "redeemed")?,
                refused: whole(row, "refused")?,
                rolled_back: whole(row, "rolled_back")?,
                noted: whole(row, "noted")?,
            })
        })?;
        Ok(found.unwrap_or(JournalSummary::empty(head)))
    }

    fn append(&mut self, row: &JournalRow) -> Stored<()> {
        let sql = "INSERT INTO journal (terminal, epoch, seq, hash, bytes, merchant, received,
                                        note, kind, branch, at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let entry = &row.signed.entry;
        self.write(
            sql,
            params![
                entry.terminal.0,
                entry.epoch.0,
                to_sql(entry.seq.0)?,
                row.signed.hash.0,
                row.signed.bytes,
                row.merchant.0,
                row.received.0,
                row.note,
                kind_code(&entry.body),
                entry.branch.0,
                entry.at.0,
            ],
        )?;
        Ok(())
    }

    fn entry(&mut self, at: EntryAt) -> Stored<Option<JournalRow>> {
        let sql = "SELECT * FROM journal WHERE terminal = ?1 AND epoch = ?2 AND seq = ?3";
        let params = params![at.terminal.0, at.epoch.0, to_sql(at.seq.0)?];
        self.row(sql, params, journal_row)
    }

    fn entry_hash(&mut self, at: EntryAt) -> Stored<Option<Hash>> {
        let sql = "SELECT hash FROM journal WHERE terminal = ?1 AND epoch = ?2 AND seq = ?3";
        let params = params![at.terminal.0, at.epoch.0, to_sql(at.seq.0)?];
        self.row(sql, params, |row| hash(row, "hash"))
    }

    fn redemptions(&mut self, filter: &RedemptionFilter) -> Stored<Vec<ArrivedRow>> {
        let sql = "SELECT * FROM journal
                   WHERE arrival > ?1 AND kind IN ('redeemed', 'rolled_back')
                     AND (?2 IS NULL OR branch = ?2)
                     AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR at < ?4)
                   ORDER BY arrival LIMIT ?5";
        let branch = filter.branch.map(|id| id.0);
        let since = filter.since.map(|time| time.0);
        let until = filter.until.map(|time| time.0);
        let after = to_sql(filter.after).unwrap_or(i64::MAX);
        let params = params![after, branch, since, until, filter.limit];
        self.rows(sql, params, |row| {
            Ok(ArrivedRow { arrival: whole(row, "arrival")?, row: journal_row(row)? })
        })
    }

    fn ledger(&mut self, voucher: &VoucherKey) -> Stored<Ledger> {
        let sql = "SELECT * FROM uses WHERE issuer = ?1 AND voucher = ?2 ORDER BY arrival";
        let params = params![voucher.issuer.as_str(), voucher.id.to_bytes()];
        let uses = self.rows(sql, params, |row| {
            let at = entry_at(row)?;
            Ok(LedgerUse { terminal: at.terminal, epoch: at.epoch, seq: at.seq, used: used(row)? })
        })?;
        Ok(Ledger { uses })
    }

    fn add_use(&mut self, voucher: &VoucherKey, row: &LedgerUse) -> Stored<()> {
        let sql = "INSERT INTO uses (issuer, voucher, terminal, epoch, seq, uses, minor)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (issuer, id) = (voucher.issuer.as_str(), voucher.id.to_bytes());
        let (terminal, epoch, seq) = (row.terminal.0, row.epoch.0, to_sql(row.seq.0)?);
        let (uses, minor) = (row.used.uses, row.used.minor);
        self.write(sql, params![issuer, id, terminal, epoch, seq, uses, minor])?;
        Ok(())
    }

    fn remove_use(&mut self, voucher: &VoucherKey, at: EntryAt) -> Stored<bool> {
        let sql = "DELETE FROM uses WHERE issuer = ?1 AND voucher = ?2
                          AND terminal = ?3 AND epoch = ?4 AND seq = ?5";
        let (issuer, id) = (voucher.issuer.as_str(), voucher.id.to_bytes());
        let (terminal, epoch, seq) = (at.terminal.0, at.epoch.0, to_sql(at.seq.0)?);
        let removed = self.write(sql, params![issuer, id, terminal, epoch, seq])?;
        Ok(removed > 0)
    }

    fn put_claim(&mut self, row: &ClaimRow) -> Stored<()> {
        let sql = "INSERT INTO claims (issuer, voucher, terminal, epoch, after, uses, minor, at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                   ON CONFLICT (issuer, voucher, terminal) DO UPDATE
                   SET epoch = excluded.epoch, after = excluded.after, uses = excluded.uses,
                       minor = excluded.minor, at = excluded.at";
        let (issuer, id) = (row.voucher.issuer.as_str(), row.voucher.id.to_bytes());
        let (terminal, epoch, after) = (row.terminal.0, row.epoch.0, to_sql(row.after.0)?);
        let (uses, minor, at) = (row.used.uses, row.used.minor, row.at.0);
        self.write(sql, params![issuer, id, terminal, epoch, after, uses, minor, at])?;
        Ok(())
    }

    fn claims_of(&mut self, voucher: &VoucherKey) -> Stored<Vec<ClaimRow>> {
        let sql = "SELECT * FROM claims WHERE issuer = ?1 AND voucher = ?2 ORDER BY terminal";
        let params = params![voucher.issuer.as_str(), voucher.id.to_bytes()];
        self.rows(sql, params, claim_row)
    }

    fn claims(&mut self) -> Stored<Vec<ClaimRow>> {
        let sql = "SELECT * FROM claims ORDER BY at, issuer, voucher, terminal";
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

    fn add_conflict(&mut self, row: &ConflictRow) -> Stored<u64> {
        let first = row.evidence.first();
        let first = first.ok_or(super::StoreError::Damaged("a conflict about no entry"))?;
        let sql = "INSERT INTO conflicts (issuer, voucher, liable, found, terminal, epoch, seq)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (issuer, voucher) = (row.voucher.issuer.as_str(), row.voucher.id.to_bytes());
        let liable = match row.liable {
            Liable::Issuer => 0,
            Liable::Merchant => 1,
        };
        let (terminal, epoch, seq) = (first.terminal.0, first.epoch.0, to_sql(first.seq.0)?);
        let found = row.found.0;
        let id = self.insert(sql, params![issuer, voucher, liable, found, terminal, epoch, seq])?;
        self.add_evidence(id, &row.evidence)?;
        narrow(id)
    }

    fn conflicts(
        &mut self,
        after: u64,
        merchant: Option<MerchantId>,
        limit: u32,
    ) -> Stored<Vec<ConflictRow>> {
        let sql = "SELECT * FROM conflicts
                   WHERE id > ?1 AND (?2 IS NULL OR EXISTS (
                       SELECT 1 FROM conflict_evidence JOIN journal USING (terminal, epoch, seq)
                       WHERE conflict = conflicts.id AND journal.merchant = ?2))
                   ORDER BY id LIMIT ?3";
        let after = to_sql(after).unwrap_or(i64::MAX);
        let merchant = merchant.map(|id| id.0);
        let mut found = self.rows(sql, params![after, merchant, limit], conflict_row)?;
        for row in &mut found {
            row.evidence = self.evidence(row.id)?;
        }
        Ok(found)
    }

    fn counts(&mut self) -> Stored<Counts> {
        let sql = "SELECT (SELECT count(*) FROM vouchers) AS vouchers,
                          (SELECT count(*) FROM journal) AS entries,
                          (SELECT count(*) FROM conflicts) AS conflicts,
                          (SELECT count(*) FROM claims) AS claims";
        let found = self.row(sql, [], |row| {
            Ok(Counts {
                vouchers: whole(row, "vouchers")?,
                entries: whole(row, "entries")?,
                conflicts: whole(row, "conflicts")?,
                claims: whole(row, "claims")?,
            })
        })?;
        Ok(found.unwrap_or_default())
    }
}

impl SqliteTxn<'_> {
    fn add_evidence(&self, conflict: i64, evidence: &[EntryAt]) -> Stored<()> {
        let sql = "INSERT INTO conflict_evidence (conflict, position, terminal, epoch, seq)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        for (position, at) in (0_i64..).zip(evidence) {
            let (terminal, epoch, seq) = (at.terminal.0, at.epoch.0, to_sql(at.seq.0)?);
            self.write(sql, params![conflict, position, terminal, epoch, seq])?;
        }
        Ok(())
    }

    fn evidence(&self, conflict: u64) -> Stored<Vec<EntryAt>> {
        let sql = "SELECT * FROM conflict_evidence WHERE conflict = ?1 ORDER BY position";
        self.rows(sql, params![to_sql(conflict)?], entry_at)
    }
}

fn journal_row(row: &Row<'_>) -> Stored<JournalRow> {
    Ok(JournalRow {
        signed: signed_entry(row)?,
        merchant: MerchantId(whole(row, "merchant")?),
        received: Timestamp(get(row, "received")?),
        note: get(row, "note")?,
    })
}

fn claim_row(row: &Row<'_>) -> Stored<ClaimRow> {
    Ok(ClaimRow {
        voucher: voucher_key(row)?,
        terminal: TerminalId(whole(row, "terminal")?),
        epoch: Epoch(whole(row, "epoch")?),
        after: Seq(whole(row, "after")?),
        used: used(row)?,
        at: Timestamp(get(row, "at")?),
    })
}

/// Without its evidence.
fn conflict_row(row: &Row<'_>) -> Stored<ConflictRow> {
    let liable = match get::<i64>(row, "liable")? {
        0 => Liable::Issuer,
        _one => Liable::Merchant,
    };
    Ok(ConflictRow {
        id: whole(row, "id")?,
        voucher: voucher_key(row)?,
        liable,
        found: Timestamp(get(row, "found")?),
        evidence: Vec::new(),
    })
}
