//! Settings, merchants, operators, issuers, campaigns, bundles.

use super::{MemoryTxn, insert_new, must_exist, next_number};
use crate::{
    domain::{
        crypto::PublicKey,
        id::{BranchId, CampaignId, GroupId, IssuerName, MerchantId, OperatorId},
        trust::{Issuer, Merchant, PublishedKey},
    },
    platform::store::{
        BranchRow, BundleRow, CampaignRow, GroupRow, OperatorRow, Places, StoreError, Stored,
    },
};

impl Places for MemoryTxn<'_> {
    fn setting(&mut self, name: &str) -> Stored<Option<Vec<u8>>> {
        Ok(self.state.settings.get(name).cloned())
    }

    fn set_setting(&mut self, name: &str, value: &[u8]) -> Stored<()> {
        self.state.settings.insert(name.to_owned(), value.to_vec());
        Ok(())
    }

    fn add_merchant(&mut self, name: &str) -> Stored<MerchantId> {
        let last = self.state.merchants.keys().last().map(|id| id.0);
        let id = MerchantId(next_number(last)?);
        let name = name.to_owned();
        self.state.merchants.insert(id, Merchant { id, name });
        Ok(id)
    }

    fn merchants(&mut self) -> Stored<Vec<Merchant>> {
        Ok(self.state.merchants.values().cloned().collect())
    }

    fn add_branch(&mut self, row: &BranchRow) -> Stored<BranchId> {
        must_exist(self.state.merchants.contains_key(&row.merchant))?;
        let last = self.state.branches.keys().last().map(|id| id.0);
        let id = BranchId(next_number(last)?);
        let mut row = row.clone();
        row.branch.id = id;
        self.state.branches.insert(id, row);
        Ok(id)
    }

    fn put_branch(&mut self, row: &BranchRow) -> Stored<()> {
        let Some(known) = self.state.branches.get_mut(&row.branch.id) else {
            return must_exist(false);
        };
        known.branch = row.branch.clone();
        Ok(())
    }

    fn branches(&mut self) -> Stored<Vec<BranchRow>> {
        Ok(self.state.branches.values().cloned().collect())
    }

    fn add_group(&mut self, name: &str) -> Stored<GroupId> {
        let last = self.state.groups.keys().last().map(|id| id.0);
        let id = GroupId(next_number(last)?);
        let row = GroupRow { id, name: name.to_owned(), branches: Vec::new() };
        self.state.groups.insert(id, row);
        Ok(id)
    }

    fn set_member(&mut self, group: GroupId, branch: BranchId, belongs: bool) -> Stored<bool> {
        must_exist(self.state.branches.contains_key(&branch))?;
        let Some(row) = self.state.groups.get_mut(&group) else {
            return must_exist(false).map(|()| false);
        };
        let changes = row.branches.contains(&branch) != belongs;
        row.branches.retain(|own| *own != branch);
        if belongs {
            row.branches.push(branch);
            row.branches.sort();
        }
        Ok(changes)
    }

    fn groups(&mut self) -> Stored<Vec<GroupRow>> {
        Ok(self.state.groups.values().cloned().collect())
    }

    fn add_operator(&mut self, row: &OperatorRow) -> Stored<OperatorId> {
        must_exist(self.state.merchants.contains_key(&row.merchant))?;
        let last = self.state.operators.keys().last().map(|id| id.0);
        let id = OperatorId(next_number(last)?);
        let mut row = row.clone();
        row.operator.id = id;
        self.state.operators.insert(id, row);
        Ok(id)
    }

    fn put_operator(&mut self, row: &OperatorRow) -> Stored<()> {
        let Some(known) = self.state.operators.get_mut(&row.operator.id) else {
            return must_exist(false);
        };
        known.operator = row.operator.clone();
        Ok(())
    }

    fn operators(&mut self) -> Stored<Vec<OperatorRow>> {
        Ok(self.state.operators.values().cloned().collect())
    }

    fn add_issuer_key(&mut self, issuer: &IssuerName, key: &PublishedKey) -> Stored<()> {
        let keys = &mut self.state.issuer_keys;
        if keys.iter().any(|(_, known)| known.public == key.public) {
            return Err(StoreError::Duplicate);
        }
        keys.push((issuer.clone(), key.clone()));
        Ok(())
    }

    fn withdraw_key(&mut self, issuer: &IssuerName, key: &PublicKey) -> Stored<bool> {
        let found = self
            .state
            .issuer_keys
            .iter_mut()
            .find(|(name, known)| name == issuer && known.public == *key && !known.withdrawn);
        let Some((_, known)) = found else {
            return Ok(false);
        };
        known.withdrawn = true;
        Ok(true)
    }

    fn issuers(&mut self) -> Stored<Vec<Issuer>> {
        let mut rows = self.state.issuer_keys.to_vec();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut issuers: Vec<Issuer> = Vec::new();
        for (name, key) in rows {
            match issuers.last_mut() {
                Some(last) if last.name == name => last.keys.push(key),
                _ => issuers.push(Issuer { name, keys: vec![key] }),
            }
        }
        Ok(issuers)
    }

    fn add_campaign(&mut self, row: &CampaignRow) -> Stored<CampaignId> {
        must_exist(self.state.is_home(row.home))?;
        let last = self.state.campaigns.keys().last().map(|id| id.0);
        let id = CampaignId(next_number(last)?);
        let mut row = row.clone();
        row.campaign.id = id;
        self.state.campaigns.insert(id, row);
        Ok(id)
    }

    fn put_campaign(&mut self, row: &CampaignRow) -> Stored<()> {
        let id = row.campaign.id;
        must_exist(self.state.campaigns.contains_key(&id))?;
        self.state.campaigns.insert(id, row.clone());
        Ok(())
    }

    fn campaign(&mut self, id: CampaignId) -> Stored<Option<CampaignRow>> {
        Ok(self.state.campaigns.get(&id).cloned())
    }

    fn campaigns(&mut self) -> Stored<Vec<CampaignRow>> {
        Ok(self.state.campaigns.values().cloned().collect())
    }

    fn add_bundle(&mut self, row: &BundleRow) -> Stored<()> {
        must_exist(self.state.merchants.contains_key(&row.merchant))?;
        let key = (row.merchant, row.version);
        insert_new(&mut self.state.bundles, key, row.clone())
    }

    fn bundle(&mut self, merchant: MerchantId) -> Stored<Option<BundleRow>> {
        let all = self.state.bundles.range((merchant, 0)..=(merchant, u64::MAX));
        Ok(all.last().map(|(_, row)| row.clone()))
    }
}
