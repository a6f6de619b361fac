//! Ledgers and claims.

use super::{MemoryTxn, must_exist};
use crate::{
    domain::{
        id::{Epoch, Seq, TerminalId, VoucherKey},
        sync::{Ledger, LedgerUse},
        voucher::Used,
    },
    platform::store::{ClaimRow, EntryAt, Ledgers, StoreError, Stored, UseFilter, UseRow},
};

impl Ledgers for MemoryTxn<'_> {
    fn ledger(&mut self, voucher: &VoucherKey) -> Stored<Ledger> {
        let own = self.state.uses.iter().filter(|row| row.voucher == *voucher);
        let uses = own.map(|row| row.used.clone()).collect();
        Ok(Ledger { uses })
    }

    fn add_use(&mut self, row: &UseRow) -> Stored<()> {
        must_exist(self.state.positions.contains_key(&place_of(&row.used)))?;
        let taken = |other: &UseRow| place_of(&other.used) == place_of(&row.used);
        if self.state.uses.iter().any(taken) {
            return Err(StoreError::Duplicate);
        }
        self.state.uses.push(row.clone());
        Ok(())
    }

    fn set_use(&mut self, voucher: &VoucherKey, at: EntryAt, left: Used) -> Stored<bool> {
        let mut uses = self.state.uses.iter_mut();
        let found = uses.find(|row| row.voucher == *voucher && place_of(&row.used) == at);
        let Some(row) = found else {
            return Ok(false);
        };
        row.used.used = left;
        self.state.uses.retain(|row| !row.used.used.is_nothing());
        Ok(true)
    }

    fn count_uses(&mut self, filter: &UseFilter) -> Stored<u64> {
        let counted = self.state.uses.iter().filter(|row| {
            filter.counts(&row.voucher, (row.merchant, row.day, row.customer.as_ref()))
        });
        Ok(counted.map(|row| u64::from(row.used.used.uses)).fold(0, u64::saturating_add))
    }

    fn put_claim(&mut self, row: &ClaimRow) -> Stored<()> {
        let key = (row.terminal, row.epoch);
        must_exist(self.state.terminal_keys.contains_key(&key))?;
        let key = (row.voucher.clone(), row.terminal, row.epoch);
        self.state.claims.insert(key, row.clone());
        Ok(())
    }

    fn claims_of(&mut self, voucher: &VoucherKey) -> Stored<Vec<ClaimRow>> {
        let all = self.state.claims.values();
        Ok(all.filter(|row| row.voucher == *voucher).cloned().collect())
    }

    fn claims_among(&mut self, filter: &UseFilter) -> Stored<Vec<ClaimRow>> {
        let among = self.state.claims.values().filter(|row| row.is_among(filter));
        Ok(among.cloned().collect())
    }

    fn claims(&mut self) -> Stored<Vec<ClaimRow>> {
        let mut all: Vec<_> = self.state.claims.values().cloned().collect();
        all.sort_by_key(|row| row.at);
        Ok(all)
    }

    fn release_claim(&mut self, voucher: &VoucherKey, terminal: TerminalId) -> Stored<bool> {
        let before = self.state.claims.len();
        let released = |row: &ClaimRow| (&row.voucher, row.terminal) == (voucher, terminal);
        self.state.claims.retain(|_, row| !released(row));
        Ok(self.state.claims.len() < before)
    }

    fn release_claims_before(
        &mut self,
        terminal: TerminalId,
        epoch: Epoch,
        head: Seq,
    ) -> Stored<()> {
        let released =
            |row: &ClaimRow| row.terminal == terminal && row.epoch == epoch && row.after < head;
        self.state.claims.retain(|_, row| !released(row));
        Ok(())
    }
}

fn place_of(row: &LedgerUse) -> EntryAt {
    EntryAt { terminal: row.terminal, epoch: row.epoch, seq: row.seq }
}
