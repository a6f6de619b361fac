//! What is lent to terminals.

use super::{MemoryTxn, must_exist, next_number};
use crate::{
    domain::{
        id::{CampaignId, Epoch, IssuerName, LeaseId, TerminalId},
        voucher::Used,
    },
    platform::store::{LeaseRow, LeaseState, Leases, Stored},
};

impl Leases for MemoryTxn<'_> {
    fn add_lease(&mut self, row: &LeaseRow) -> Stored<LeaseId> {
        must_exist(self.state.terminal_keys.contains_key(&(row.terminal, row.epoch)))?;
        must_exist(self.state.campaigns.contains_key(&row.campaign))?;
        let last = self.state.leases.keys().last().map(|id| id.0);
        let id = LeaseId(next_number(last)?);
        self.state.leases.insert(id, LeaseRow { id, ..row.clone() });
        Ok(id)
    }

    fn set_lease_state(&mut self, id: LeaseId, state: LeaseState) -> Stored<()> {
        if let Some(row) = self.state.leases.get_mut(&id) {
            row.state = state;
        }
        Ok(())
    }

    fn lease(&mut self, id: LeaseId) -> Stored<Option<LeaseRow>> {
        Ok(self.state.leases.get(&id).cloned())
    }

    fn leases(&mut self) -> Stored<Vec<LeaseRow>> {
        Ok(self.state.leases.values().cloned().collect())
    }

    fn holding_leases(
        &mut self,
        issuer: &IssuerName,
        campaign: CampaignId,
    ) -> Stored<Vec<LeaseRow>> {
        let all = self.state.leases.values().filter(|row| row.state.holds());
        let of = all.filter(|row| row.issuer == *issuer && row.campaign == campaign);
        Ok(of.cloned().collect())
    }

    fn leases_of(&mut self, terminal: TerminalId, epoch: Epoch) -> Stored<Vec<LeaseRow>> {
        let all = self.state.leases.values().filter(|row| row.state.holds());
        let of = all.filter(|row| (row.terminal, row.epoch) == (terminal, epoch));
        Ok(of.cloned().collect())
    }

    fn taken(&mut self, id: LeaseId) -> Stored<Used> {
        let own = self.state.uses.iter().filter(|row| row.lease == Some(id));
        Ok(own.fold(Used::default(), |sum, row| sum.plus(row.used.used)))
    }
}
