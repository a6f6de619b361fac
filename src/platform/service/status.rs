//! Status lists: what the ledger and the administrator say of a voucher, in two bits.

use std::collections::{BTreeMap, BTreeSet};

use super::{Platform, witness::known_use};
use crate::{
    domain::{
        id::{CampaignId, VoucherKey},
        time::Timestamp,
        trust::{CHUNK_VOUCHERS, Chunk, Manifest, Status, StatusList, chunk_of, next_version},
        voucher::{Claims, Limit, UntrustedToken, Used},
    },
    platform::store::{CampaignRow, StoreError, Txn, VoucherRow},
};

/// What a list says of a voucher: the administrator's word goes before the ledger's.
pub(super) fn status_of(standing: Status, limit: Limit, used: Used) -> Status {
    match standing {
        Status::Revoked => Status::Revoked,
        Status::Suspended => Status::Suspended,
        Status::Valid | Status::Redeemed if limit.left_after(used) == 0 => Status::Redeemed,
        Status::Valid | Status::Redeemed => Status::Valid,
    }
}

/// The claims of a voucher that was issued here.
pub(super) fn claims_of(row: &VoucherRow) -> Result<Claims, StoreError> {
    let token = UntrustedToken::parse(&row.text).ok();
    token
        .and_then(|token| token.unverified_claims().ok())
        .ok_or(StoreError::Damaged("an issued voucher cannot be read"))
}

/// What a voucher may be consumed up to, with what was loaded onto it since it was issued.
pub(super) fn limit_of(row: &VoucherRow) -> Result<Limit, StoreError> {
    Ok(match claims_of(row)?.terms.limit() {
        Limit::Balance(issued) => Limit::Balance(issued.saturating_add(row.loaded)),
        limit @ (Limit::Uses(_) | Limit::Lines(_)) => limit,
    })
}

/// Brings the status lists up to date for these vouchers. Only vouchers issued here are listed: an index that
/// a foreign id claims may belong to somebody else.
pub(super) fn refresh(
    txn: &mut dyn Txn,
    vouchers: &BTreeSet<VoucherKey>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut wanted = BTreeMap::<CampaignId, Vec<(u32, Status)>>::new();
    for key in vouchers {
        let Some(row) = txn.voucher(key)? else {
            continue;
        };
        let status = status_of(row.standing, limit_of(&row)?, known_use(txn, key)?);
        let list = wanted.entry(key.id.campaign).or_default();
        list.push((key.id.index, status));
    }
    for (campaign, statuses) in wanted {
        apply(txn, (campaign, &statuses), now)?;
    }
    Ok(())
}

/// Writes the parts that change, and a new version where any does.
fn apply(
    txn: &mut dyn Txn,
    (campaign, statuses): (CampaignId, &[(u32, Status)]),
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut changed = BTreeMap::<u32, Chunk>::new();
    for (index, status) in statuses {
        let number = chunk_of(*index);
        let mut chunk = match changed.get(&number) {
            Some(chunk) => chunk.clone(),
            None => txn.chunk(campaign, number)?,
        };
        if chunk.get(*index) != *status {
            chunk.set(*index, *status);
            changed.insert(number, chunk);
        }
    }
    let row = txn.campaign(campaign)?.filter(|_| !changed.is_empty());
    let Some(mut row) = row else {
        return Ok(());
    };
    for (number, chunk) in &changed {
        txn.put_chunk(campaign, *number, chunk)?;
    }
    row.list_version = next_version(row.list_version, now);
    txn.put_campaign(&row)
}

impl Platform {
    /// The signed manifest of a campaign's list as it stands.
    pub(super) fn manifest(
        &self,
        txn: &mut dyn Txn,
        row: &CampaignRow,
        as_of: Timestamp,
    ) -> Result<Vec<u8>, StoreError> {
        let manifest = manifest(txn, row, as_of)?;
        Ok(manifest.seal(&self.keys.platform))
    }
}

pub(super) fn manifest(
    txn: &mut dyn Txn,
    row: &CampaignRow,
    as_of: Timestamp,
) -> Result<Manifest, StoreError> {
    let mut list = StatusList::default();
    for number in 0..chunks_of(row) {
        list.insert(number, txn.chunk(row.campaign.id, number)?);
    }
    let name = (row.campaign.issuer.clone(), row.campaign.id);
    Ok(list.manifest(name, row.list_version, as_of, row.capacity))
}

/// How many parts the list of a campaign has.
pub(super) fn chunks_of(row: &CampaignRow) -> u32 {
    row.capacity.div_ceil(CHUNK_VOUCHERS)
}
