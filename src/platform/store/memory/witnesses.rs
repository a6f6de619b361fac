//! Witnessed entries and proofs of forks.

use super::{MemoryTxn, insert_new, must_exist};
use crate::{
    domain::id::{Epoch, Hash, TerminalId, VoucherKey},
    platform::store::{EntryAt, ForkRow, Stored, UseFilter, WitnessRow, Witnesses},
};

impl Witnesses for MemoryTxn<'_> {
    fn add_witness(&mut self, row: &WitnessRow) -> Stored<()> {
        let at = EntryAt::of(&row.signed);
        must_exist(self.state.terminal_keys.contains_key(&(at.terminal, at.epoch)))?;
        insert_new(&mut self.state.witnesses, (at, row.signed.hash), row.clone())
    }

    fn remove_witness(&mut self, at: EntryAt, hash: Hash) -> Stored<bool> {
        Ok(self.state.witnesses.remove(&(at, hash)).is_some())
    }

    fn witnesses_of(&mut self, terminal: TerminalId, epoch: Epoch) -> Stored<Vec<WitnessRow>> {
        let all = self.state.witnesses.iter();
        let own = all.filter(|((at, _), _)| (at.terminal, at.epoch) == (terminal, epoch));
        Ok(own.map(|(_, row)| row.clone()).collect())
    }

    fn witnessed(&mut self, voucher: &VoucherKey) -> Stored<Vec<WitnessRow>> {
        let about = self.state.witnesses.values().filter(|row| row.voucher == *voucher);
        Ok(about.cloned().collect())
    }

    fn witnessed_among(&mut self, filter: &UseFilter) -> Stored<Vec<WitnessRow>> {
        let among = self.state.witnesses.values().filter(|row| row.is_among(filter));
        Ok(among.cloned().collect())
    }

    fn add_fork(&mut self, row: &ForkRow) -> Stored<()> {
        let key = (row.at.terminal, row.at.epoch);
        must_exist(self.state.terminal_keys.contains_key(&key))?;
        self.state.forks.entry(row.at).or_insert_with(|| row.clone());
        Ok(())
    }

    fn forks(&mut self, terminal: Option<TerminalId>) -> Stored<Vec<ForkRow>> {
        let all = self.state.forks.values();
        let own = all.filter(|row| terminal.is_none_or(|terminal| row.at.terminal == terminal));
        Ok(own.cloned().collect())
    }
}
