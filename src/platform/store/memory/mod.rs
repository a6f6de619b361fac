//! A store that forgets everything when it is dropped: for tests and trials.

mod journals;
mod leases;
mod ledgers;
mod places;
mod shared;
mod terminals;
mod tokens;
mod vouchers;
mod witnesses;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use self::shared::Shared;
use super::{
    BranchRow, BundleRow, CampaignRow, ClaimRow, ConflictRow, EnrolmentRow, EntryAt, ForkRow,
    GroupRow, Home, JournalRow, LeaseRow, OperatorRow, Store, StoreError, Stored, TerminalKeyRow,
    TerminalRow, TokenRow, Txn, UseRow, VoucherRow, WitnessRow,
};
use crate::domain::{
    id::{
        BranchId, CampaignId, Epoch, GroupId, Hash, IssuerName, LeaseId, MerchantId, OperatorId,
        TerminalId, TokenId, VoucherKey,
    },
    trust::{Chunk, Merchant, PublishedKey},
};

/// A store in memory. It keeps the contract but for durability.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl Store for MemoryStore {
    fn begin(&self) -> Stored<Box<dyn Txn + '_>> {
        let kept = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = kept.clone();
        Ok(Box::new(MemoryTxn { kept, state }))
    }
}

/// A transaction works on a copy, which takes the place of the original when it is committed. Tables that it does not write to
/// are copied by reference.
struct MemoryTxn<'a> {
    kept: MutexGuard<'a, State>,
    state: State,
}

impl Txn for MemoryTxn<'_> {
    fn commit(mut self: Box<Self>) -> Stored<()> {
        *self.kept = self.state;
        Ok(())
    }
}

#[derive(Clone, Debug, Default)]
struct State {
    settings: Shared<BTreeMap<String, Vec<u8>>>,
    merchants: Shared<BTreeMap<MerchantId, Merchant>>,
    branches: Shared<BTreeMap<BranchId, BranchRow>>,
    groups: Shared<BTreeMap<GroupId, GroupRow>>,
    operators: Shared<BTreeMap<OperatorId, OperatorRow>>,
    issuer_keys: Shared<Vec<(IssuerName, PublishedKey)>>,
    campaigns: Shared<BTreeMap<CampaignId, CampaignRow>>,
    bundles: Shared<BTreeMap<(MerchantId, u64), BundleRow>>,
    vouchers: Shared<BTreeMap<VoucherKey, VoucherRow>>,
    listed: Shared<BTreeMap<u64, VoucherKey>>,
    chunks: Shared<BTreeMap<(CampaignId, u32), Chunk>>,
    enrolments: Shared<BTreeMap<Hash, EnrolmentRow>>,
    terminals: Shared<BTreeMap<TerminalId, TerminalRow>>,
    terminal_keys: Shared<BTreeMap<(TerminalId, Epoch), TerminalKeyRow>>,
    tokens: Shared<BTreeMap<TokenId, TokenRow>>,
    journal: Shared<Vec<JournalRow>>,
    positions: Shared<BTreeMap<EntryAt, usize>>,
    uses: Shared<Vec<UseRow>>,
    claims: Shared<BTreeMap<(VoucherKey, TerminalId, Epoch), ClaimRow>>,
    leases: Shared<BTreeMap<LeaseId, LeaseRow>>,
    conflicts: Shared<Vec<ConflictRow>>,
    witnesses: Shared<BTreeMap<(EntryAt, Hash), WitnessRow>>,
    forks: Shared<BTreeMap<EntryAt, ForkRow>>,
}

impl State {
    fn is_home(&self, home: Home) -> bool {
        match home {
            Home::Merchant(id) => self.merchants.contains_key(&id),
            Home::Group(id) => self.groups.contains_key(&id),
        }
    }
}

/// The number after the last that was given out, from 1.
fn next_number(last: Option<u32>) -> Stored<u32> {
    let last = last.unwrap_or(0);
    last.checked_add(1).ok_or(StoreError::TooLarge)
}

/// Puts a row in its place, unless that is taken.
fn insert_new<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: V) -> Stored<()> {
    if map.contains_key(&key) {
        return Err(StoreError::Duplicate);
    }
    map.insert(key, value);
    Ok(())
}

/// As a foreign key does.
fn must_exist(exists: bool) -> Stored<()> {
    let missing = || StoreError::Forbidden("it refers to something that is not there".into());
    exists.then_some(()).ok_or_else(missing)
}
