//! Journals and conflicts.

use rusqlite::{Row, params};

use super::{
    SqliteTxn,
    column::{entry_at, get, hash, narrow, signed_entry, to_sql, voucher_key, whole},
};
use crate::{
    domain::{
        id::{Epoch, Hash, MerchantId, Seq, TerminalId},
        journal::Head,
        redeem::Liable,
        time::Timestamp,
    },
    platform::store::{
        ArrivedRow, ConflictRow, Counts, EntryAt, JournalRow, JournalSummary, Journals,
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
        // Two plans: all in the order of arrival, or one merchant's.
        let all = "SELECT * FROM journal
                   WHERE arrival > ?1 AND kind IN ('redeemed', 'rolled_back')
                     AND ?8 IS NULL AND (?2 IS NULL OR branch = ?2)
                     AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR at < ?4)
                     AND (?5 IS NULL OR received >= ?5) AND (?6 IS NULL OR received < ?6)
                   ORDER BY arrival LIMIT ?7";
        let owned = "SELECT * FROM journal INDEXED BY journal_of_merchant
                   WHERE merchant = ?8 AND arrival > ?1 AND kind IN ('redeemed', 'rolled_back')
                     AND (?2 IS NULL OR branch = ?2)
                     AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR at < ?4)
                     AND (?5 IS NULL OR received >= ?5) AND (?6 IS NULL OR received < ?6)
                   ORDER BY arrival LIMIT ?7";
        let sql = if filter.merchant.is_some() { owned } else { all };
        let branch = filter.branch.map(|id| id.0);
        let times = [filter.since, filter.until, filter.received_since, filter.received_until];
        let [since, until, from, to] = times.map(|time| time.map(|time| time.0));
        let after = to_sql(filter.after).unwrap_or(i64::MAX);
        let merchant = filter.merchant.map(|id| id.0);
        let params = params![after, branch, since, until, from, to, filter.limit, merchant];
        self.rows(sql, params, |row| {
            Ok(ArrivedRow { arrival: whole(row, "arrival")?, row: journal_row(row)? })
        })
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

    fn conflict(&mut self, id: u64) -> Stored<Option<ConflictRow>> {
        let sql = "SELECT * FROM conflicts WHERE id = ?1";
        let number = to_sql(id).unwrap_or(i64::MAX);
        let Some(mut row) = self.row(sql, params![number], conflict_row)? else {
            return Ok(None);
        };
        row.evidence = self.evidence(row.id)?;
        Ok(Some(row))
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
