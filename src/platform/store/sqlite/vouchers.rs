//! Vouchers issued here and the status lists.

use rusqlite::{Row, params};

use super::{
    SqliteTxn,
    column::{get, to_sql, voucher_key, whole},
};
use crate::{
    domain::{
        id::{CampaignId, MerchantId, VoucherKey},
        trust::{Chunk, Status},
    },
    platform::store::{StoreError, Stored, VoucherRow, Vouchers},
};

impl Vouchers for SqliteTxn<'_> {
    fn add_voucher(&mut self, row: &VoucherRow) -> Stored<()> {
        let sql = "INSERT INTO vouchers (issuer, voucher, campaign, list_index, merchant,
                                         short_code, text, standing)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let id = row.key.id;
        self.write(
            sql,
            params![
                row.key.issuer.as_str(),
                id.to_bytes(),
                id.campaign.0,
                id.index,
                row.merchant.0,
                to_sql(row.short_code)?,
                row.text,
                standing_bits(row.standing),
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

fn voucher_row(row: &Row<'_>) -> Stored<VoucherRow> {
    let standing = match get::<i64>(row, "standing")? {
        0 => Status::Valid,
        1 => Status::Revoked,
        2 => Status::Suspended,
        _other => return Err(StoreError::Damaged("a voucher's standing is none")),
    };
    Ok(VoucherRow {
        key: voucher_key(row)?,
        merchant: MerchantId(whole(row, "merchant")?),
        short_code: whole(row, "short_code")?,
        text: get(row, "text")?,
        standing,
    })
}
