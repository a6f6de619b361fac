//! Vouchers issued here and the status lists.

use super::{MemoryTxn, insert_new, must_exist};
use crate::{
    domain::{
        id::{CampaignId, VoucherKey},
        trust::{Chunk, Status},
    },
    platform::store::{StoreError, Stored, VoucherRow, Vouchers},
};

impl Vouchers for MemoryTxn<'_> {
    fn add_voucher(&mut self, row: &VoucherRow) -> Stored<()> {
        must_exist(self.state.campaigns.contains_key(&row.key.id.campaign))?;
        let place = |other: &VoucherRow| (other.key.id.campaign, other.key.id.index);
        let taken = self
            .state
            .vouchers
            .values()
            .any(|other| other.short_code == row.short_code || place(other) == place(row));
        if taken {
            return Err(StoreError::Duplicate);
        }
        insert_new(&mut self.state.vouchers, row.key.clone(), row.clone())
    }

    fn voucher(&mut self, key: &VoucherKey) -> Stored<Option<VoucherRow>> {
        Ok(self.state.vouchers.get(key).cloned())
    }

    fn voucher_by_code(&mut self, short_code: u64) -> Stored<Option<VoucherRow>> {
        let mut all = self.state.vouchers.values();
        Ok(all.find(|row| row.short_code == short_code).cloned())
    }

    fn set_standing(&mut self, key: &VoucherKey, standing: Status) -> Stored<()> {
        if let Some(row) = self.state.vouchers.get_mut(key) {
            row.standing = standing;
        }
        Ok(())
    }

    fn chunk(&mut self, campaign: CampaignId, number: u32) -> Stored<Chunk> {
        let chunk = self.state.chunks.get(&(campaign, number));
        Ok(chunk.cloned().unwrap_or_default())
    }

    fn put_chunk(&mut self, campaign: CampaignId, number: u32, chunk: &Chunk) -> Stored<()> {
        must_exist(self.state.campaigns.contains_key(&campaign))?;
        self.state.chunks.insert((campaign, number), chunk.clone());
        Ok(())
    }
}
