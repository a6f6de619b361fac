//! Where the platform keeps things: a trait with its contract, and the stores that keep it.
//!
//! The rules live in [`super::service`]; a store only remembers. It is synchronous: the HTTP edge calls it on
//! threads made for waiting.

mod error;
mod records;
mod rows;

mod memory;
mod sqlite;

#[cfg(test)]
mod contract;

pub use error::StoreError;
pub use memory::MemoryStore;
pub use records::{
    ArrivedRow, ClaimRow, ConflictRow, Counts, EntryAt, ForkRow, JournalRow, JournalSummary,
    LeaseRow, LeaseState, RedemptionFilter, UseFilter, UseRow, WitnessRow, kind_code,
};
pub use rows::{
    BranchRow, BundleRow, CampaignRow, EnrolmentRow, EnrolmentUse, GroupRow, Home, ListedFilter,
    OperatorRow, TerminalKeyRow, TerminalRow, TokenRole, TokenRow, VoucherRow,
};
#[cfg(test)]
pub(crate) use sqlite::tamper;
pub use sqlite::{FileSystem, SqliteStore};

use crate::domain::{
    crypto::PublicKey,
    id::{
        BranchId, CampaignId, Epoch, GroupId, Hash, IssuerName, LeaseId, MerchantId, OperatorId,
        Seq, TerminalId, TokenId, VoucherKey,
    },
    journal::Head,
    sync::Ledger,
    time::Timestamp,
    trust::{Chunk, Issuer, Merchant, PublishedKey, Status},
    voucher::Used,
};

/// What every call of a store comes back with.
pub type Stored<T> = Result<T, StoreError>;

/// A store of the platform.
///
/// * Transactions are **serializable**: they have an effect as if they ran one after the other. A store may
///   make the second wait or fail with [`StoreError::Busy`]; it may not show it half of the first.
/// * When [`Txn::commit`] returns `Ok`, everything is **durable**: it survives the loss of power.
/// * A transaction that is dropped without a commit, or whose commit fails, leaves **nothing** behind.
/// * Unique, whatever the callers do: a journal position (terminal, epoch, seq); the hash of an enrolment
///   secret or of a token; a short code; a voucher's id and its index within its campaign; a claim of a voucher and terminal; a
///   bundle's merchant and version; the entry that a conflict is about; a witnessed entry's position and hash. A second one is
///   [`StoreError::Duplicate`].
/// * Numbers that a store gives out (merchants, branches, groups, operators, campaigns, terminals, leases,
///   tokens, conflicts, arrivals, listed vouchers) grow from
///   1, and no smaller one becomes visible after a greater one: whoever asked for "all after n" misses none.
pub trait Store: Send + Sync {
    /// Begins a transaction that may write.
    fn begin(&self) -> Stored<Box<dyn Txn + '_>>;
}

/// An open transaction of a store.
pub trait Txn:
    Places + Vouchers + Terminals + Tokens + Journals + Ledgers + Leases + Witnesses
{
    /// Keeps everything, durably.
    fn commit(self: Box<Self>) -> Stored<()>;
}

/// Settings, merchants, operators, issuers, campaigns and what is published about them.
pub trait Places {
    /// A setting of the platform.
    fn setting(&mut self, name: &str) -> Stored<Option<Vec<u8>>>;
    /// Sets a setting of the platform.
    fn set_setting(&mut self, name: &str, value: &[u8]) -> Stored<()>;

    /// Adds a merchant.
    fn add_merchant(&mut self, name: &str) -> Stored<MerchantId>;
    /// All merchants, by number.
    fn merchants(&mut self) -> Stored<Vec<Merchant>>;

    /// Adds a shop of a merchant; the number of `row` is not looked at.
    fn add_branch(&mut self, row: &BranchRow) -> Stored<BranchId>;
    /// Puts a shop in the place of the one with its number; whose it is stays.
    fn put_branch(&mut self, row: &BranchRow) -> Stored<()>;
    /// All shops, by number.
    fn branches(&mut self) -> Stored<Vec<BranchRow>>;

    /// Adds a group without branches.
    fn add_group(&mut self, name: &str) -> Stored<GroupId>;
    /// Whether a branch belongs to a group from then on; whether that changed anything.
    fn set_member(&mut self, group: GroupId, branch: BranchId, belongs: bool) -> Stored<bool>;
    /// All groups, by number.
    fn groups(&mut self) -> Stored<Vec<GroupRow>>;

    /// Adds a person who works for a merchant; the number of `row` is not looked at.
    fn add_operator(&mut self, row: &OperatorRow) -> Stored<OperatorId>;
    /// Puts a person in the place of the one with their number; for whom they work stays.
    fn put_operator(&mut self, row: &OperatorRow) -> Stored<()>;
    /// All operators, by number.
    fn operators(&mut self) -> Stored<Vec<OperatorRow>>;

    /// Adds a key of an issuer, who is new with the first.
    fn add_issuer_key(&mut self, issuer: &IssuerName, key: &PublishedKey) -> Stored<()>;
    /// Withdraws a key; whether there was one that was not withdrawn.
    fn withdraw_key(&mut self, issuer: &IssuerName, key: &PublicKey) -> Stored<bool>;
    /// All issuers with their keys, by name and in the order the keys were added.
    fn issuers(&mut self) -> Stored<Vec<Issuer>>;

    /// Adds a campaign; the number in `row` is not looked at.
    fn add_campaign(&mut self, row: &CampaignRow) -> Stored<CampaignId>;
    /// Puts a campaign in the place of the one with its number.
    fn put_campaign(&mut self, row: &CampaignRow) -> Stored<()>;
    /// One campaign.
    fn campaign(&mut self, id: CampaignId) -> Stored<Option<CampaignRow>>;
    /// All campaigns, by number.
    fn campaigns(&mut self) -> Stored<Vec<CampaignRow>>;

    /// Adds a bundle.
    fn add_bundle(&mut self, row: &BundleRow) -> Stored<()>;
    /// The bundle of a merchant with the greatest version.
    fn bundle(&mut self, merchant: MerchantId) -> Stored<Option<BundleRow>>;
}

/// Vouchers issued here and the status lists.
pub trait Vouchers {
    /// Adds a voucher.
    fn add_voucher(&mut self, row: &VoucherRow) -> Stored<()>;
    /// One voucher.
    fn voucher(&mut self, key: &VoucherKey) -> Stored<Option<VoucherRow>>;
    /// The voucher with these 55 bits.
    fn voucher_by_code(&mut self, short_code: u64) -> Stored<Option<VoucherRow>>;
    /// Sets what the administrator says of a voucher.
    fn set_standing(&mut self, key: &VoucherKey, standing: Status) -> Stored<()>;
    /// Sets what was loaded onto a voucher since it was issued, in minor units.
    fn set_loaded(&mut self, key: &VoucherKey, minor: i64) -> Stored<()>;
    /// Vouchers of a campaign by their index, those after one where it is named.
    fn vouchers_of(
        &mut self,
        campaign: CampaignId,
        after: Option<u32>,
        limit: u32,
    ) -> Stored<Vec<VoucherRow>>;

    /// Gives a voucher the next number among the listed, in the place of its own.
    fn list_voucher(&mut self, key: &VoucherKey) -> Stored<()>;
    /// Gives every voucher of a campaign the next number among the listed.
    fn list_campaign(&mut self, campaign: CampaignId) -> Stored<()>;
    /// Listed vouchers with their numbers.
    fn listed(&mut self, filter: &ListedFilter) -> Stored<Vec<(u64, VoucherRow)>>;

    /// A part of a campaign's status list; one never written is all valid.
    fn chunk(&mut self, campaign: CampaignId, number: u32) -> Stored<Chunk>;
    /// Writes a part of a campaign's status list.
    fn put_chunk(&mut self, campaign: CampaignId, number: u32, chunk: &Chunk) -> Stored<()>;
}

/// Terminals and how devices become them.
pub trait Terminals {
    /// Adds an enrolment code.
    fn add_enrolment(&mut self, row: &EnrolmentRow) -> Stored<()>;
    /// The enrolment code whose secret has this hash.
    fn enrolment(&mut self, secret_hash: Hash) -> Stored<Option<EnrolmentRow>>;
    /// Writes down who used a code; [`StoreError::Duplicate`] where somebody did already.
    fn use_enrolment(&mut self, secret_hash: Hash, used: EnrolmentUse) -> Stored<()>;

    /// Adds a terminal; the number of `row` is not looked at.
    fn add_terminal(&mut self, row: &TerminalRow) -> Stored<TerminalId>;
    /// Puts a terminal in the place of the one with its number.
    fn put_terminal(&mut self, row: &TerminalRow) -> Stored<()>;
    /// One terminal.
    fn terminal(&mut self, id: TerminalId) -> Stored<Option<TerminalRow>>;
    /// All terminals, by number.
    fn terminals(&mut self) -> Stored<Vec<TerminalRow>>;

    /// Adds the key of an epoch.
    fn add_terminal_key(&mut self, row: &TerminalKeyRow) -> Stored<()>;
    /// The key of an epoch.
    fn terminal_key(&mut self, id: TerminalId, epoch: Epoch) -> Stored<Option<TerminalKeyRow>>;
    /// Revokes all keys a terminal has; how many were not revoked before.
    fn revoke_terminal(&mut self, id: TerminalId) -> Stored<u64>;
}

/// Secrets that let programs ask.
pub trait Tokens {
    /// Adds a token; the number of `row` is not looked at.
    fn add_token(&mut self, row: &TokenRow) -> Stored<TokenId>;
    /// The token whose secret has this hash.
    fn token(&mut self, hash: Hash) -> Stored<Option<TokenRow>>;
    /// All tokens, by number.
    fn tokens(&mut self) -> Stored<Vec<TokenRow>>;
    /// Writes down when a token was used.
    fn use_token(&mut self, id: TokenId, at: Timestamp) -> Stored<()>;
    /// Revokes a token; whether there was one that was not revoked.
    fn revoke_token(&mut self, id: TokenId) -> Stored<bool>;
}

/// Journals and the conflicts between them.
pub trait Journals {
    /// Where a journal ends.
    fn head(&mut self, terminal: TerminalId, epoch: Epoch) -> Stored<Head>;
    /// A journal in numbers.
    fn journal_summary(&mut self, terminal: TerminalId, epoch: Epoch) -> Stored<JournalSummary>;
    /// Appends an entry.
    fn append(&mut self, row: &JournalRow) -> Stored<()>;
    /// One entry.
    fn entry(&mut self, at: EntryAt) -> Stored<Option<JournalRow>>;
    /// The hash of one entry.
    fn entry_hash(&mut self, at: EntryAt) -> Stored<Option<Hash>>;
    /// Redemptions and roll-backs in the order of arrival.
    fn redemptions(&mut self, filter: &RedemptionFilter) -> Stored<Vec<ArrivedRow>>;

    /// Adds a conflict and numbers it; the number of `row` is not looked at.
    fn add_conflict(&mut self, row: &ConflictRow) -> Stored<u64>;
    /// Conflicts after a number that involve a terminal of the merchant, or any, by number.
    fn conflicts(
        &mut self,
        after: u64,
        merchant: Option<MerchantId>,
        limit: u32,
    ) -> Stored<Vec<ConflictRow>>;

    /// One conflict.
    fn conflict(&mut self, id: u64) -> Stored<Option<ConflictRow>>;

    /// How much of everything there is.
    fn counts(&mut self) -> Stored<Counts>;
}

/// Ledgers: what was consumed of vouchers, and what is set aside of them.
pub trait Ledgers {
    /// The uses of a voucher in the order of arrival.
    fn ledger(&mut self, voucher: &VoucherKey) -> Stored<Ledger>;
    /// Adds a use.
    fn add_use(&mut self, row: &UseRow) -> Stored<()>;
    /// Sets what is left of a use; one of which nothing is left is taken out. Whether it was there.
    fn set_use(&mut self, voucher: &VoucherKey, at: EntryAt, left: Used) -> Stored<bool>;
    /// How many uses were made, less those given back.
    fn count_uses(&mut self, filter: &UseFilter) -> Stored<u64>;

    /// Sets a use aside, in the place of what was set aside of this voucher for this epoch of the terminal.
    fn put_claim(&mut self, row: &ClaimRow) -> Stored<()>;
    /// What is set aside of a voucher, by terminal and epoch.
    fn claims_of(&mut self, voucher: &VoucherKey) -> Stored<Vec<ClaimRow>>;
    /// What is set aside of an issuer's vouchers, by voucher, terminal and epoch.
    fn claims_among(&mut self, filter: &UseFilter) -> Stored<Vec<ClaimRow>>;
    /// All that is set aside, oldest first.
    fn claims(&mut self) -> Stored<Vec<ClaimRow>>;
    /// Releases what was set aside of a voucher for a terminal in any epoch; whether anything was.
    fn release_claim(&mut self, voucher: &VoucherKey, terminal: TerminalId) -> Stored<bool>;
    /// Releases what an epoch of a terminal asked for before it had entry `head`.
    fn release_claims_before(
        &mut self,
        terminal: TerminalId,
        epoch: Epoch,
        head: Seq,
    ) -> Stored<()>;
}

/// What is lent to terminals.
pub trait Leases {
    /// Adds a lease; the number of `row` is not looked at.
    fn add_lease(&mut self, row: &LeaseRow) -> Stored<LeaseId>;
    /// Says what became of a lease.
    fn set_lease_state(&mut self, id: LeaseId, state: LeaseState) -> Stored<()>;
    /// One lease.
    fn lease(&mut self, id: LeaseId) -> Stored<Option<LeaseRow>>;
    /// All leases, by number.
    fn leases(&mut self) -> Stored<Vec<LeaseRow>>;
    /// The leases of a campaign and its vouchers that hold something, by number.
    fn holding_leases(
        &mut self,
        issuer: &IssuerName,
        campaign: CampaignId,
    ) -> Stored<Vec<LeaseRow>>;
    /// The leases that a life of a terminal's journal holds, by number.
    fn leases_of(&mut self, terminal: TerminalId, epoch: Epoch) -> Stored<Vec<LeaseRow>>;
    /// What was taken from a lease by the uses that arrived, less what was given back.
    fn taken(&mut self, id: LeaseId) -> Stored<Used>;
}

/// What customers handed in before their terminals did, and journals that were found to be two.
pub trait Witnesses {
    /// Adds a witnessed entry.
    fn add_witness(&mut self, row: &WitnessRow) -> Stored<()>;
    /// Takes a witnessed entry out, which its journal now holds; whether it was there.
    fn remove_witness(&mut self, at: EntryAt, hash: Hash) -> Stored<bool>;
    /// The witnessed entries of a life of a journal, by position and hash.
    fn witnesses_of(&mut self, terminal: TerminalId, epoch: Epoch) -> Stored<Vec<WitnessRow>>;
    /// The witnessed entries about a voucher, by terminal, epoch, position and hash.
    fn witnessed(&mut self, voucher: &VoucherKey) -> Stored<Vec<WitnessRow>>;
    /// The witnessed entries that a filter lets through, in the same order.
    fn witnessed_among(&mut self, filter: &UseFilter) -> Stored<Vec<WitnessRow>>;

    /// Adds a proof; the first at a position is kept.
    fn add_fork(&mut self, row: &ForkRow) -> Stored<()>;
    /// All proofs, or those about a terminal, by place.
    fn forks(&mut self, terminal: Option<TerminalId>) -> Stored<Vec<ForkRow>>;
}

/// Runs `work` in one transaction and keeps what it did, unless it fails.
pub fn transact<T, E: From<StoreError>>(
    store: &dyn Store,
    work: impl FnOnce(&mut dyn Txn) -> Result<T, E>,
) -> Result<T, E> {
    let mut txn = store.begin()?;
    let done = work(txn.as_mut())?;
    txn.commit()?;
    Ok(done)
}
