//! What is newer: bundle, status lists, conflicts; parts of lists; vouchers by short code.

use std::collections::BTreeMap;

use minicbor::bytes::ByteVec;

use super::{Platform, ServiceError, push::notices, status::chunks_of, sync::Caller};
use crate::{
    domain::{
        sync::{CHUNKS_MAX, ListName, ListVersion, NumberedChunk, ReplyBody},
        time::Timestamp,
    },
    platform::store::{CampaignRow, Txn},
};

/// Most conflict notices of one reply.
const NOTICES_MAX: u32 = 100;

impl Platform {
    /// A list that the answer does not mention is current as of the reply's time.
    pub(super) fn pull(
        &self,
        txn: &mut dyn Txn,
        caller: &Caller,
        (bundle, lists, conflicts_after): (u64, &[ListVersion], u64),
        now: Timestamp,
    ) -> Result<ReplyBody, ServiceError> {
        let merchant = caller.terminal.merchant;
        let newer = txn.bundle(merchant)?.filter(|row| row.version > bundle);
        let held: BTreeMap<_, _> = lists.iter().map(|row| (&row.list, row.version)).collect();
        let mut manifests = Vec::new();
        for row in txn.campaigns()? {
            let known = held.get(&list_name(&row)).copied();
            if row.merchant == merchant && known != Some(row.list_version) {
                manifests.push(ByteVec::from(self.manifest(txn, &row, now)?));
            }
        }
        let conflicts = txn.conflicts(conflicts_after, Some(merchant), NOTICES_MAX)?;
        Ok(ReplyBody::Pulled {
            bundle: newer.map(|row| ByteVec::from(row.bytes)),
            manifests,
            conflicts: notices(txn, conflicts)?,
        })
    }
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
    let own = row.filter(|row| {
        row.campaign.issuer == list.issuer && row.merchant == caller.terminal.merchant
    });
    let row = own.ok_or(ServiceError::NotFound("status list"))?;
    let mut chunks = Vec::new();
    for number in numbers.iter().copied().filter(|number| *number < chunks_of(&row)) {
        let bits = txn.chunk(list.campaign, number)?.as_bytes().to_vec();
        let bits = ByteVec::from(bits);
        chunks.push(NumberedChunk { number, bits });
    }
    Ok(ReplyBody::Chunks(chunks))
}

/// The voucher with a short code, where it is this merchant's.
pub(super) fn lookup(
    txn: &mut dyn Txn,
    caller: &Caller,
    code: u64,
) -> Result<ReplyBody, ServiceError> {
    let found = txn.voucher_by_code(code)?;
    let own = found.filter(|row| row.merchant == caller.terminal.merchant);
    Ok(ReplyBody::Lookup(own.map(|row| row.text)))
}

fn list_name(row: &CampaignRow) -> ListName {
    ListName { issuer: row.campaign.issuer.clone(), campaign: row.campaign.id }
}
