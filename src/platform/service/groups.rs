//! Groups of branches, and where the vouchers that are at home in one are honoured.

use std::collections::BTreeSet;

use super::{
    Platform, ServiceError,
    admin::{branch_numbered, parse_name},
    publish::merchant_named,
};
use crate::{
    domain::id::{BranchId, GroupId, MerchantId},
    platform::store::{GroupRow, Home, StoreError, TerminalRow, Txn},
};

impl Platform {
    /// Adds a group without branches.
    pub fn create_group(&self, name: &str) -> Result<GroupId, ServiceError> {
        let name = parse_name(name)?;
        self.run(|txn| Ok(txn.add_group(&name)?))
    }

    /// All groups.
    pub fn groups(&self) -> Result<Vec<GroupRow>, ServiceError> {
        self.run(|txn| Ok(txn.groups()?))
    }

    /// Lets a branch of any merchant belong to a group: vouchers of the group are honoured there.
    pub fn add_to_group(&self, group: GroupId, branch: BranchId) -> Result<(), ServiceError> {
        self.run(|txn| {
            if self.set_member(txn, (group, branch), true)? {
                list_again(txn, group)
            } else {
                Err(ServiceError::Exists("branch of the group"))
            }
        })
    }

    /// Takes a branch out of a group: vouchers of the group are not honoured there any more.
    pub fn remove_from_group(&self, group: GroupId, branch: BranchId) -> Result<(), ServiceError> {
        self.run(|txn| {
            let changed = self.set_member(txn, (group, branch), false)?;
            changed.then_some(()).ok_or(ServiceError::NotFound("branch of the group"))
        })
    }

    fn set_member(
        &self,
        txn: &mut dyn Txn,
        (group, branch): (GroupId, BranchId),
        belongs: bool,
    ) -> Result<bool, ServiceError> {
        group_numbered(txn, group)?;
        let row = branch_numbered(txn, branch)?;
        let changed = txn.set_member(group, branch, belongs)?;
        if changed {
            self.publish(txn, row.merchant)?;
        }
        Ok(changed)
    }

    /// Signs the next bundle of everyone who honours vouchers of a home.
    pub(super) fn publish_home(&self, txn: &mut dyn Txn, home: Home) -> Result<(), ServiceError> {
        let merchants = accepting(txn, home)?;
        self.publish_to(txn, merchants)
    }

    pub(super) fn publish_to(
        &self,
        txn: &mut dyn Txn,
        merchants: BTreeSet<MerchantId>,
    ) -> Result<(), ServiceError> {
        for merchant in merchants {
            self.publish(txn, merchant)?;
        }
        Ok(())
    }
}

/// A terminal of a branch that is new here may have passed the numbers of the group's listed vouchers.
fn list_again(txn: &mut dyn Txn, group: GroupId) -> Result<(), ServiceError> {
    for row in txn.campaigns()? {
        if row.home == Home::Group(group) && row.campaign.policy.rules.listed {
            txn.list_campaign(row.campaign.id)?;
        }
    }
    Ok(())
}

pub(super) fn group_numbered(txn: &mut dyn Txn, id: GroupId) -> Result<GroupRow, ServiceError> {
    let mut all = txn.groups()?.into_iter();
    all.find(|group| group.id == id).ok_or(ServiceError::NotFound("group"))
}

pub(super) fn home_known(txn: &mut dyn Txn, home: Home) -> Result<(), ServiceError> {
    match home {
        Home::Merchant(id) => merchant_named(txn, id).map(drop),
        Home::Group(id) => group_numbered(txn, id).map(drop),
    }
}

/// The branches where vouchers of a home are honoured, by number.
pub(super) fn branches_of(txn: &mut dyn Txn, home: Home) -> Result<Vec<BranchId>, StoreError> {
    match home {
        Home::Merchant(id) => {
            let own = txn.branches()?.into_iter().filter(|row| row.merchant == id);
            Ok(own.map(|row| row.branch.id).collect())
        }
        Home::Group(id) => {
            let group = txn.groups()?.into_iter().find(|group| group.id == id);
            Ok(group.map_or_else(Vec::new, |group| group.branches))
        }
    }
}

/// The merchants with a branch where vouchers of a home are honoured.
pub(super) fn accepting(txn: &mut dyn Txn, home: Home) -> Result<BTreeSet<MerchantId>, StoreError> {
    if let Home::Merchant(id) = home {
        return Ok(BTreeSet::from([id]));
    }
    let branches = branches_of(txn, home)?;
    let rows = txn.branches()?.into_iter();
    Ok(rows.filter(|row| branches.contains(&row.branch.id)).map(|row| row.merchant).collect())
}

/// Whether a terminal stands where vouchers of a home are honoured; which branches a voucher names is for the terminal.
pub(super) fn honours(
    txn: &mut dyn Txn,
    terminal: &TerminalRow,
    home: Home,
) -> Result<bool, StoreError> {
    match home {
        Home::Merchant(id) => Ok(terminal.merchant == id),
        Home::Group(_) => Ok(branches_of(txn, home)?.contains(&terminal.branch)),
    }
}
