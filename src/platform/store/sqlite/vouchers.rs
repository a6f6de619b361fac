//! Vouchers issued here and the status lists.

use rusqlite::{Row, params};

use super::{
    SqliteTxn,
    column::{get, home, home_columns, to_sql, voucher_key, whole},
};
use crate::{
    domain::{
        id::{BranchId, CampaignId, VoucherKey},
        trust::{Chunk, Status},
    },
    platform::store::{ListedFilter, StoreError, Stored, VoucherRow, Vouchers},
};

impl Vouchers for SqliteTxn<'_> {
    fn add_voucher(&mut self, row: &VoucherRow) -> Stored<()> {
        let sql = "INSERT INTO vouchers (issuer, voucher, campaign, list_index, merchant, group_id,
                                         branches, short_code, text, standing, loaded)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let id = row.key.id;
        let (merchant, group) = home_columns(row.home);
        self.write(
            sql,
            params![
                row.key.issuer.as_str(),
                id.to_bytes(),
                id.campaign.0,
                id.index,
                merchant,
                group,
                spell_branches(&row.branches),
                to_sql(row.short_code)?,
                row.text,
                standing_bits(row.standing),
                row.loaded,
            ],
        )?;
        Ok(())
    }

    fn voucher(&mut self, key: &VoucherKey) -> Stored<Option<VoucherRow>> {
        let sql = "SELECT * FROM vouchers WHERE issuer = ?1 AND voucher = ?2";
        let params = params![key.issuer.as_str(), key.id.to_bytes()];
        self.row(sql, params, voucher_row)
    }

    fn voucher_by_code(&mut self, short_code: u64) -> Stored<Option<VoucherRow>> {
        let Ok(code) = to_sql(short_code) else {
            return Ok(None);
        };
        let sql = "SELECT * FROM vouchers WHERE short_code = ?1";
        self.row(sql, params![code], voucher_row)
    }

    fn set_standing(&mut self, key: &VoucherKey, standing: Status) -> Stored<()> {
        let sql = "UPDATE vouchers SET standing = ?3 WHERE issuer = ?1 AND voucher = ?2";
        let id = key.id.to_bytes();
        self.write(sql, params![key.issuer.as_str(), id, standing_bits(standing)])?;
        Ok(())
    }

    fn set_loaded(&mut self, key: &VoucherKey, minor: i64) -> Stored<()> {
        let sql = "UPDATE vouchers SET loaded = ?3 WHERE issuer = ?1 AND voucher = ?2";
        self.write(sql, params![key.issuer.as_str(), key.id.to_bytes(), minor])?;
        Ok(())
    }

    fn vouchers_of(
        &mut self,
        campaign: CampaignId,
        after: Option<u32>,
        limit: u32,
    ) -> Stored<Vec<VoucherRow>> {
        let sql = "SELECT * FROM vouchers WHERE campaign = ?1 AND list_index > ?2
                   ORDER BY list_index LIMIT ?3";
        let after = after.map_or(-1, i64::from);
        self.rows(sql, params![campaign.0, after, limit], voucher_row)
    }

    fn list_voucher(&mut self, key: &VoucherKey) -> Stored<()> {
        let sql = "UPDATE vouchers
                   SET listed = (SELECT coalesce(max(listed), 0) + 1 FROM vouchers)
                   WHERE issuer = ?1 AND voucher = ?2";
        self.write(sql, params![key.issuer.as_str(), key.id.to_bytes()])?;
        Ok(())
    }

    fn list_campaign(&mut self, campaign: CampaignId) -> Stored<()> {
        let sql = "UPDATE vouchers SET listed = numbered.number
                   FROM (SELECT issuer, voucher,
                                row_number() OVER (ORDER BY list_index)
                                + (SELECT coalesce(max(listed), 0) FROM vouchers) AS number
                         FROM vouchers WHERE campaign = ?1) AS numbered
                   WHERE vouchers.issuer = numbered.issuer
                     AND vouchers.voucher = numbered.voucher";
        self.write(sql, params![campaign.0])?;
        Ok(())
    }

    fn listed(&mut self, filter: &ListedFilter) -> Stored<Vec<(u64, VoucherRow)>> {
        let sql = "SELECT * FROM vouchers
                   WHERE listed > ?1 AND campaign IN (SELECT value FROM json_each(?2))
                     AND (branches IS NULL OR instr(branches, ?3))
                   ORDER BY listed LIMIT ?4";
        let after = to_sql(filter.after).unwrap_or(i64::MAX);
        let numbers: Vec<_> = filter.campaigns.iter().map(ToString::to_string).collect();
        let campaigns = format!("[{}]", numbers.join(","));
        let branch = format!(",{},", filter.branch);
        self.rows(sql, params![after, campaigns, branch, filter.limit], |row| {
            Ok((whole(row, "listed")?, voucher_row(row)?))
        })
    }

    fn chunk(&mut self, campaign: CampaignId, number: u32) -> Stored<Chunk> {
        let sql = "SELECT bits FROM status_chunks WHERE campaign = ?1 AND number = ?2";
        let bits = self.row(sql, params![campaign.0, number], |row| get(row, "bits"))?;
        let Some(bits) = bits else {
            return Ok(Chunk::default());
        };
        Chunk::from_bytes(bits).ok_or(StoreError::Damaged("a part of a status list is too short"))
    }

    fn put_chunk(&mut self, campaign: CampaignId, number: u32, chunk: &Chunk) -> Stored<()> {
        let sql = "INSERT INTO status_chunks (campaign, number, bits) VALUES (?1, ?2, ?3)
                   ON CONFLICT (campaign, number) DO UPDATE SET bits = excluded.bits";
        self.write(sql, params![campaign.0, number, chunk.as_bytes()])?;
        Ok(())
    }
}

/// The schema refuses the bits of `Redeemed`.
fn standing_bits(standing: Status) -> u8 {
    match standing {
        Status::Valid => 0,
        Status::Revoked => 1,
        Status::Suspended => 2,
        Status::Redeemed => 3,
    }
}

/// Each number between commas, so that one is found by text.
fn spell_branches(branches: &[BranchId]) -> Option<String> {
    let spelled = branches.iter().fold(",".to_owned(), |all, branch| format!("{all}{branch},"));
    (!branches.is_empty()).then_some(spelled)
}

fn read_branches(row: &Row<'_>) -> Stored<Vec<BranchId>> {
    let text = get::<Option<String>>(row, "branches")?.unwrap_or_default();
    let numbers = text.split(',').filter(|number| !number.is_empty()).map(str::parse);
    let read = numbers.collect::<Result<_, _>>();
    read.map_err(|_error| StoreError::Damaged("a voucher's branches are none"))
}

fn voucher_row(row: &Row<'_>) -> Stored<VoucherRow> {
    let standing = match get::<i64>(row, "standing")? {
        0 => Status::Valid,
        1 => Status::Revoked,
        2 => Status::Suspended,
        _other => return Err(StoreError::Damaged("a voucher's standing is none")),
    };
    Ok(VoucherRow {
        key: voucher_key(row)?,
        home: home(row)?,
        branches: read_branches(row)?,
        short_code: whole(row, "short_code")?,
        text: get(row, "text")?,
        standing,
        loaded: get(row, "loaded")?,
    })
}
