//! What is newer: bundle, status lists, conflicts, listed vouchers, leases; parts of lists; vouchers by short code.

use std::collections::BTreeMap;

use minicbor::bytes::ByteVec;

use super::{
    Platform, ServiceError,
    groups::{accepting, honours},
    leases::leases_for,
    push::notices,
    status::chunks_of,
    sync::Caller,
};
use crate::{
    domain::{
        id::LeaseId,
        sync::{CHUNKS_MAX, LISTED_MAX, ListName, ListVersion, Listed, NumberedChunk, ReplyBody},
        time::Timestamp,
    },
    platform::store::{CampaignRow, ListedFilter, StoreError, Txn, VoucherRow},
};

/// Most conflict notices of one reply.
const NOTICES_MAX: u32 = 100;

/// Most bytes of listed vouchers in one reply, so that it holds a bundle and conflicts beside them.
const LISTED_BYTES_MAX: usize = 1024 * 1024;

/// What a terminal has.
pub(super) struct Held {
    pub(super) bundle: u64,
    pub(super) lists: Vec<ListVersion>,
    pub(super) conflicts_after: u64,
    pub(super) listed_after: u64,
    pub(super) leases: Vec<LeaseId>,
}

impl Platform {
    /// A list that the answer does not mention is current as of the reply's time.
    pub(super) fn pull(
        &self,
        txn: &mut dyn Txn,
        caller: &Caller,
        held: &Held,
        now: Timestamp,
    ) -> Result<ReplyBody, ServiceError> {
        let merchant = caller.terminal.merchant;
        let newer = txn.bundle(merchant)?.filter(|row| row.version > held.bundle);
        let mut manifests = Vec::new();
        for row in changed_lists(txn, caller, &held.lists)? {
            manifests.push(ByteVec::from(self.manifest(txn, &row, now)?));
        }
        let conflicts = txn.conflicts(held.conflicts_after, Some(merchant), NOTICES_MAX)?;
        let (leases, ended) = leases_for(txn, caller, &held.leases, now)?;
        Ok(ReplyBody::Pulled {
            bundle: newer.map(|row| ByteVec::from(row.bytes)),
            manifests,
            conflicts: notices(txn, conflicts)?,
            listed: listed(txn, caller, held.listed_after)?,
            leases,
            ended,
        })
    }
}

/// The campaigns whose lists the terminal needs and does not hold as they stand.
pub(super) fn changed_lists(
    txn: &mut dyn Txn,
    caller: &Caller,
    held: &[ListVersion],
) -> Result<Vec<CampaignRow>, StoreError> {
    let versions: BTreeMap<_, _> = held.iter().map(|row| (&row.list, row.version)).collect();
    let mut changed = Vec::new();
    for row in txn.campaigns()? {
        let known = versions.get(&list_name(&row)).copied();
        let merchant = caller.terminal.merchant;
        if known != Some(row.list_version) && accepting(txn, row.home)?.contains(&merchant) {
            changed.push(row);
        }
    }
    Ok(changed)
}

/// The next listed vouchers that may be honoured where the terminal stands; it pulls again for more.
fn listed(txn: &mut dyn Txn, caller: &Caller, after: u64) -> Result<Vec<Listed>, StoreError> {
    let mut campaigns = Vec::new();
    for row in txn.campaigns()? {
        if row.campaign.policy.rules.listed && honours(txn, &caller.terminal, row.home)? {
            campaigns.push(row.campaign.id);
        }
    }
    if campaigns.is_empty() {
        return Ok(Vec::new());
    }
    let limit = u32::try_from(LISTED_MAX).unwrap_or(u32::MAX);
    let filter = ListedFilter { campaigns, branch: caller.terminal.branch, after, limit };
    let mut bytes = 0_usize;
    let fits = |(_, row): &(u64, VoucherRow)| {
        bytes = bytes.saturating_add(row.text.len());
        bytes <= LISTED_BYTES_MAX
    };
    let rows = txn.listed(&filter)?.into_iter().take_while(fits);
    Ok(rows.map(|(number, row)| Listed { number, text: row.text }).collect())
}

/// The parts as they stand, which may be newer than the manifest that made the terminal ask: it finds that
/// by their hashes and pulls again.
pub(super) fn chunks(
    txn: &mut dyn Txn,
    caller: &Caller,
    list: &ListName,
    numbers: &[u32],
) -> Result<ReplyBody, ServiceError> {
    if numbers.len() > CHUNKS_MAX {
        let reason = "more parts of a status list than one request may ask for";
        return Err(ServiceError::OutOfBounds(reason));
    }
    let row = txn.campaign(list.campaign)?;
    let own = row.filter(|row| row.campaign.issuer == list.issuer);
    let row = own.ok_or(ServiceError::NotFound("status list"))?;
    if !accepting(txn, row.home)?.contains(&caller.terminal.merchant) {
        return Err(ServiceError::NotFound("status list"));
    }
    let mut chunks = Vec::new();
    for number in numbers.iter().copied().filter(|number| *number < chunks_of(&row)) {
        let bits = txn.chunk(list.campaign, number)?.as_bytes().to_vec();
        let bits = ByteVec::from(bits);
        chunks.push(NumberedChunk { number, bits });
    }
    Ok(ReplyBody::Chunks(chunks))
}

/// The voucher with a short code, where it is honoured by this merchant or in a group of this branch.
pub(super) fn lookup(
    txn: &mut dyn Txn,
    caller: &Caller,
    code: u64,
) -> Result<ReplyBody, ServiceError> {
    let Some(row) = txn.voucher_by_code(code)? else {
        return Ok(ReplyBody::Lookup(None));
    };
    let own = honours(txn, &caller.terminal, row.home)?;
    Ok(ReplyBody::Lookup(own.then_some(row.text)))
}

pub(super) fn list_name(row: &CampaignRow) -> ListName {
    ListName { issuer: row.campaign.issuer.clone(), campaign: row.campaign.id }
}
