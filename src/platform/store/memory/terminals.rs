//! Terminals, their keys and enrolment codes.

use super::{MemoryTxn, insert_new, must_exist, next_number};
use crate::{
    domain::id::{Epoch, Hash, TerminalId},
    platform::store::{
        EnrolmentRow, EnrolmentUse, StoreError, Stored, TerminalKeyRow, TerminalRow, Terminals,
    },
};

impl Terminals for MemoryTxn<'_> {
    fn add_enrolment(&mut self, row: &EnrolmentRow) -> Stored<()> {
        must_exist(self.state.branches.contains_key(&row.branch))?;
        insert_new(&mut self.state.enrolments, row.secret_hash, row.clone())
    }

    fn enrolment(&mut self, secret_hash: Hash) -> Stored<Option<EnrolmentRow>> {
        Ok(self.state.enrolments.get(&secret_hash).cloned())
    }

    fn use_enrolment(&mut self, secret_hash: Hash, used: EnrolmentUse) -> Stored<()> {
        let row = self.state.enrolments.get_mut(&secret_hash);
        let free = row.filter(|row| row.used.is_none());
        free.ok_or(StoreError::Duplicate)?.used = Some(used);
        Ok(())
    }

    fn add_terminal(&mut self, row: &TerminalRow) -> Stored<TerminalId> {
        must_exist(self.state.branches.contains_key(&row.branch))?;
        let last = self.state.terminals.keys().last().map(|id| id.0);
        let id = TerminalId(next_number(last)?);
        let row = TerminalRow { id, ..row.clone() };
        self.state.terminals.insert(id, row);
        Ok(id)
    }

    fn put_terminal(&mut self, row: &TerminalRow) -> Stored<()> {
        must_exist(self.state.terminals.contains_key(&row.id))?;
        self.state.terminals.insert(row.id, row.clone());
        Ok(())
    }

    fn terminal(&mut self, id: TerminalId) -> Stored<Option<TerminalRow>> {
        Ok(self.state.terminals.get(&id).cloned())
    }

    fn terminals(&mut self) -> Stored<Vec<TerminalRow>> {
        Ok(self.state.terminals.values().cloned().collect())
    }

    fn add_terminal_key(&mut self, row: &TerminalKeyRow) -> Stored<()> {
        must_exist(self.state.terminals.contains_key(&row.terminal))?;
        let key = (row.terminal, row.epoch);
        insert_new(&mut self.state.terminal_keys, key, row.clone())
    }

    fn terminal_key(&mut self, id: TerminalId, epoch: Epoch) -> Stored<Option<TerminalKeyRow>> {
        Ok(self.state.terminal_keys.get(&(id, epoch)).cloned())
    }

    fn revoke_terminal(&mut self, id: TerminalId) -> Stored<u64> {
        let mut revoked = 0_u64;
        for row in self.state.terminal_keys.values_mut() {
            if row.terminal == id && !row.revoked {
                row.revoked = true;
                revoked = revoked.saturating_add(1);
            }
        }
        Ok(revoked)
    }
}
