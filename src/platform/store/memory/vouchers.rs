//! Vouchers issued here and the status lists.

use super::{MemoryTxn, State, insert_new, must_exist};
use crate::{
    domain::{
        id::{CampaignId, VoucherKey},
        trust::{Chunk, Status},
    },
    platform::store::{ListedFilter, StoreError, Stored, VoucherRow, Vouchers},
};

impl Vouchers for MemoryTxn<'_> {
    fn add_voucher(&mut self, row: &VoucherRow) -> Stored<()> {
        must_exist(self.state.campaigns.contains_key(&row.key.id.campaign))?;
        must_exist(self.state.is_home(row.home))?;
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

    fn set_loaded(&mut self, key: &VoucherKey, minor: i64) -> Stored<()> {
        if let Some(row) = self.state.vouchers.get_mut(key) {
            row.loaded = minor;
        }
        Ok(())
    }

    fn vouchers_of(
        &mut self,
        campaign: CampaignId,
        after: Option<u32>,
        limit: u32,
    ) -> Stored<Vec<VoucherRow>> {
        let later = |row: &&VoucherRow| {
            row.key.id.campaign == campaign && after.is_none_or(|after| row.key.id.index > after)
        };
        let mut rows: Vec<_> = self.state.vouchers.values().filter(later).cloned().collect();
        rows.sort_by_key(|row| row.key.id.index);
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(rows)
    }

    fn list_voucher(&mut self, key: &VoucherKey) -> Stored<()> {
        must_exist(self.state.vouchers.contains_key(key))?;
        self.state.list(key.clone());
        Ok(())
    }

    fn list_campaign(&mut self, campaign: CampaignId) -> Stored<()> {
        let rows = self.vouchers_of(campaign, None, u32::MAX)?;
        for row in rows {
            self.state.list(row.key);
        }
        Ok(())
    }

    fn listed(&mut self, filter: &ListedFilter) -> Stored<Vec<(u64, VoucherRow)>> {
        let state = &self.state;
        let later = state.listed.iter().filter(|(number, _)| **number > filter.after);
        let rows = later.filter_map(|(number, key)| Some((*number, state.vouchers.get(key)?)));
        let wanted = rows.filter(|(_, row)| {
            filter.campaigns.contains(&row.key.id.campaign)
                && (row.branches.is_empty() || row.branches.contains(&filter.branch))
        });
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        Ok(wanted.take(limit).map(|(number, row)| (number, row.clone())).collect())
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

impl State {
    /// The greatest number is never taken away, so the next is greater than any that was given out.
    fn list(&mut self, key: VoucherKey) {
        let next = self.listed.keys().last().map_or(1, |last| last.saturating_add(1));
        self.listed.retain(|_, listed| *listed != key);
        self.listed.insert(next, key);
    }
}
