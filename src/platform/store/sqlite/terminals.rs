//! Terminals, their keys and enrolment codes.

use rusqlite::{Row, params};

use super::{
    SqliteTxn,
    column::{get, hash, narrow, public_key, whole},
};
use crate::{
    domain::{
        id::{BranchId, Epoch, Hash, MerchantId, TerminalId},
        time::Timestamp,
    },
    platform::store::{
        EnrolmentRow, EnrolmentUse, StoreError, Stored, TerminalKeyRow, TerminalRow, Terminals,
    },
};

impl Terminals for SqliteTxn<'_> {
    fn add_enrolment(&mut self, row: &EnrolmentRow) -> Stored<()> {
        let sql = "INSERT INTO enrolments (secret_hash, merchant, branch, name, terminal, expires)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let terminal = row.terminal.map(|id| id.0);
        let (merchant, branch) = (row.merchant.0, row.branch.0);
        let hash = row.secret_hash.0;
        self.write(sql, params![hash, merchant, branch, row.name, terminal, row.expires.0])?;
        Ok(())
    }

    fn enrolment(&mut self, secret_hash: Hash) -> Stored<Option<EnrolmentRow>> {
        let sql = "SELECT * FROM enrolments WHERE secret_hash = ?1";
        self.row(sql, params![secret_hash.0], enrolment_row)
    }

    fn use_enrolment(&mut self, secret_hash: Hash, used: EnrolmentUse) -> Stored<()> {
        let sql = "UPDATE enrolments SET used_key = ?2, used_terminal = ?3, used_epoch = ?4
                   WHERE secret_hash = ?1 AND used_key IS NULL";
        let key = used.key.to_bytes();
        let changed =
            self.write(sql, params![secret_hash.0, key, used.terminal.0, used.epoch.0])?;
        if changed == 1 { Ok(()) } else { Err(StoreError::Duplicate) }
    }

    fn add_terminal(&mut self, row: &TerminalRow) -> Stored<TerminalId> {
        let sql = "INSERT INTO terminals (merchant, branch, name, epoch, last_contact, software)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let contact = row.last_contact.map(|time| time.0);
        let (merchant, branch) = (row.merchant.0, row.branch.0);
        let (epoch, software) = (row.epoch.0, &row.software);
        let id = self.insert(sql, params![merchant, branch, row.name, epoch, contact, software])?;
        narrow(id).map(TerminalId)
    }

    fn put_terminal(&mut self, row: &TerminalRow) -> Stored<()> {
        let sql = "UPDATE terminals SET merchant = ?2, branch = ?3, name = ?4, epoch = ?5,
                          last_contact = ?6, software = ?7 WHERE id = ?1";
        let contact = row.last_contact.map(|time| time.0);
        let (merchant, branch) = (row.merchant.0, row.branch.0);
        let (id, epoch) = (row.id.0, row.epoch.0);
        self.write(sql, params![id, merchant, branch, row.name, epoch, contact, row.software])?;
        Ok(())
    }

    fn terminal(&mut self, id: TerminalId) -> Stored<Option<TerminalRow>> {
        let sql = "SELECT * FROM terminals WHERE id = ?1";
        self.row(sql, params![id.0], terminal_row)
    }

    fn terminals(&mut self) -> Stored<Vec<TerminalRow>> {
        self.rows("SELECT * FROM terminals ORDER BY id", [], terminal_row)
    }

    fn add_terminal_key(&mut self, row: &TerminalKeyRow) -> Stored<()> {
        let sql = "INSERT INTO terminal_keys (terminal, epoch, public, enrolled_at, revoked)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let key = row.key.to_bytes();
        let (id, epoch) = (row.terminal.0, row.epoch.0);
        self.write(sql, params![id, epoch, key, row.enrolled_at.0, row.revoked])?;
        Ok(())
    }

    fn terminal_key(&mut self, id: TerminalId, epoch: Epoch) -> Stored<Option<TerminalKeyRow>> {
        let sql = "SELECT * FROM terminal_keys WHERE terminal = ?1 AND epoch = ?2";
        self.row(sql, params![id.0, epoch.0], |row| {
            Ok(TerminalKeyRow {
                terminal: TerminalId(whole(row, "terminal")?),
                epoch: Epoch(whole(row, "epoch")?),
                key: public_key(row, "public")?,
                enrolled_at: Timestamp(get(row, "enrolled_at")?),
                revoked: get(row, "revoked")?,
            })
        })
    }

    fn revoke_terminal(&mut self, id: TerminalId) -> Stored<u64> {
        let sql = "UPDATE terminal_keys SET revoked = 1 WHERE terminal = ?1 AND revoked = 0";
        let changed = self.write(sql, params![id.0])?;
        u64::try_from(changed).map_err(|_error| StoreError::TooLarge)
    }
}

fn enrolment_row(row: &Row<'_>) -> Stored<EnrolmentRow> {
    let used = match get::<Option<u32>>(row, "used_terminal")? {
        None => None,
        Some(terminal) => Some(EnrolmentUse {
            key: public_key(row, "used_key")?,
            terminal: TerminalId(terminal),
            epoch: Epoch(whole(row, "used_epoch")?),
        }),
    };
    Ok(EnrolmentRow {
        secret_hash: hash(row, "secret_hash")?,
        merchant: MerchantId(whole(row, "merchant")?),
        branch: BranchId(whole(row, "branch")?),
        name: get(row, "name")?,
        terminal: get::<Option<u32>>(row, "terminal")?.map(TerminalId),
        expires: Timestamp(get(row, "expires")?),
        used,
    })
}

fn terminal_row(row: &Row<'_>) -> Stored<TerminalRow> {
    Ok(TerminalRow {
        id: TerminalId(whole(row, "id")?),
        merchant: MerchantId(whole(row, "merchant")?),
        branch: BranchId(whole(row, "branch")?),
        name: get(row, "name")?,
        epoch: Epoch(whole(row, "epoch")?),
        last_contact: get::<Option<i64>>(row, "last_contact")?.map(Timestamp),
        software: get(row, "software")?,
    })
}
