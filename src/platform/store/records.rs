//! What the platform keeps of what happened: entries, uses, claims, leases and conflicts, as plain values.

use crate::domain::{
    id::{
        BranchId, CampaignId, Epoch, IssuerName, LeaseId, MerchantId, Seq, TerminalId, VoucherId,
        VoucherKey,
    },
    journal::{Body, Head, SignedEntry},
    redeem::{Day, Liable},
    sync::LedgerUse,
    time::Timestamp,
    voucher::{Customer, Used},
};

/// A place in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryAt {
    /// Whose journal.
    pub terminal: TerminalId,
    /// Which life of it.
    pub epoch: Epoch,
    /// Position.
    pub seq: Seq,
}

impl EntryAt {
    /// Where an entry stands.
    pub fn of(signed: &SignedEntry) -> Self {
        let entry = &signed.entry;
        Self { terminal: entry.terminal, epoch: entry.epoch, seq: entry.seq }
    }
}

/// A journal entry as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// The entry, exactly as it was signed.
    pub signed: SignedEntry,
    /// The merchant of the terminal when it arrived.
    pub merchant: MerchantId,
    /// When it arrived, by the platform's clock.
    pub received: Timestamp,
    /// Stable code of what is odd about it.
    pub note: Option<String>,
}

/// A stored entry with its place in the order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivedRow {
    /// Grows with every entry of every terminal.
    pub arrival: u64,
    /// The entry.
    pub row: JournalRow,
}

/// Which redemptions and roll-backs to list, oldest arrival first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RedemptionFilter {
    /// Only of this merchant.
    pub merchant: Option<MerchantId>,
    /// Only of this branch.
    pub branch: Option<BranchId>,
    /// Only from this second on, by the terminal's clock.
    pub since: Option<Timestamp>,
    /// Only before this second.
    pub until: Option<Timestamp>,
    /// Only what was received from this second on, by the platform's clock.
    pub received_since: Option<Timestamp>,
    /// Only what was received before this second.
    pub received_until: Option<Timestamp>,
    /// Only what arrived after this one.
    pub after: u64,
    /// At most so many.
    pub limit: u32,
}

/// A use of a voucher with what is counted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseRow {
    /// Of which voucher.
    pub voucher: VoucherKey,
    /// Who consumed how much.
    pub used: LedgerUse,
    /// The merchant of the terminal that accepted.
    pub merchant: MerchantId,
    /// The day at the branch that accepted.
    pub day: Day,
    /// Whose voucher it is.
    pub customer: Option<Customer>,
    /// The lease it was taken from.
    pub lease: Option<LeaseId>,
}

/// Which uses of an issuer's vouchers to count, made or set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseFilter {
    /// Who minted the vouchers.
    pub issuer: IssuerName,
    /// Only of this campaign.
    pub campaign: Option<CampaignId>,
    /// Only of this customer's vouchers.
    pub customer: Option<Customer>,
    /// Only at this merchant.
    pub merchant: Option<MerchantId>,
    /// Only on this day of the branch.
    pub day: Option<Day>,
}

impl UseFilter {
    /// Whether a use of a voucher at this merchant, on this day, by this customer is counted.
    pub fn counts(
        &self,
        voucher: &VoucherKey,
        (merchant, day, customer): (MerchantId, Day, Option<&Customer>),
    ) -> bool {
        voucher.issuer == self.issuer
            && self.campaign.is_none_or(|wanted| wanted == voucher.id.campaign)
            && (self.customer.is_none() || self.customer.as_ref() == customer)
            && self.merchant.is_none_or(|wanted| wanted == merchant)
            && self.day.is_none_or(|wanted| wanted == day)
    }
}

/// A use that is set aside for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRow {
    /// Of which voucher.
    pub voucher: VoucherKey,
    /// For which terminal.
    pub terminal: TerminalId,
    /// In which life of its journal.
    pub epoch: Epoch,
    /// The terminal's last position when it asked.
    pub after: Seq,
    /// How much: what was asked for, with what the terminal consumed and had not sent.
    pub used: Used,
    /// When.
    pub at: Timestamp,
    /// The merchant of the terminal.
    pub merchant: MerchantId,
    /// The day at the terminal's branch.
    pub day: Day,
    /// Whose voucher it is.
    pub customer: Option<Customer>,
}

impl ClaimRow {
    /// Whether it is among those that a filter lets through.
    pub fn is_among(&self, filter: &UseFilter) -> bool {
        filter.counts(&self.voucher, (self.merchant, self.day, self.customer.as_ref()))
    }
}

/// A share of a campaign's quota, or of one voucher, lent to a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRow {
    /// Its number, from 1.
    pub id: LeaseId,
    /// Who mints the campaign's vouchers.
    pub issuer: IssuerName,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Of which voucher; none where it is of the whole campaign.
    pub voucher: Option<VoucherId>,
    /// To which terminal.
    pub terminal: TerminalId,
    /// In which life of its journal; no other ever has it.
    pub epoch: Epoch,
    /// How many uses.
    pub uses: u32,
    /// How much, in minor units.
    pub minor: i64,
    /// First second it may no longer be used.
    pub until: Timestamp,
    /// When it was lent.
    pub lent_at: Timestamp,
    /// What became of it.
    pub state: LeaseState,
}

/// What became of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// The terminal may use it.
    Open,
    /// The terminal is asked to give it back; what is left of it still counts as consumed.
    Ending,
    /// The terminal's journal says that it was given back.
    Ended,
    /// An administrator who knows that the terminal will not come back released it.
    Released,
}

impl LeaseState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Open, Self::Ending, Self::Ended, Self::Released];

    /// Stable code, such as `open`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ending => "ending",
            Self::Ended => "ended",
            Self::Released => "released",
        }
    }

    /// Whether what is left of it counts as consumed.
    pub fn holds(self) -> bool {
        matches!(self, Self::Open | Self::Ending)
    }
}

/// A double redemption, as references into journals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictRow {
    /// Its number, from 1.
    pub id: u64,
    /// Which voucher.
    pub voucher: VoucherKey,
    /// Who bears it.
    pub liable: Liable,
    /// When it was found.
    pub found: Timestamp,
    /// The entry that went beyond the limit, first, then those before it.
    pub evidence: Vec<EntryAt>,
}

/// A redemption that a customer handed in before its terminal did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessRow {
    /// The entry, exactly as it was signed.
    pub signed: SignedEntry,
    /// Of which voucher.
    pub voucher: VoucherKey,
    /// How much of it.
    pub used: Used,
    /// The merchant of the terminal when it arrived.
    pub merchant: MerchantId,
    /// The day at the branch that accepted.
    pub day: Day,
    /// Whose voucher it is.
    pub customer: Option<Customer>,
    /// The lease it was taken from.
    pub lease: Option<LeaseId>,
    /// When it arrived, by the platform's clock.
    pub received: Timestamp,
}

impl WitnessRow {
    /// Whether it is among those that a filter lets through.
    pub fn is_among(&self, filter: &UseFilter) -> bool {
        filter.counts(&self.voucher, (self.merchant, self.day, self.customer.as_ref()))
    }
}

/// Two entries that one terminal signed and that cannot stand in one journal: proof that it was restored or copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkRow {
    /// Where the journal splits.
    pub at: EntryAt,
    /// When it was found.
    pub found: Timestamp,
    /// The signed entry that was there first.
    pub first: Vec<u8>,
    /// The one that came after it.
    pub second: Vec<u8>,
}

/// A terminal's journal in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalSummary {
    /// Where the journal of an epoch ends.
    pub head: Head,
    /// Redemptions in it.
    pub redeemed: u64,
    /// Refusals in it.
    pub refused: u64,
    /// Roll-backs in it.
    pub rolled_back: u64,
    /// Entries with a note.
    pub noted: u64,
}

impl JournalSummary {
    /// The summary of a journal without entries.
    pub fn empty(head: Head) -> Self {
        Self { head, redeemed: 0, refused: 0, rolled_back: 0, noted: 0 }
    }
}

/// How much of everything there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Vouchers issued here.
    pub vouchers: u64,
    /// Journal entries.
    pub entries: u64,
    /// Conflicts.
    pub conflicts: u64,
    /// Open claims.
    pub claims: u64,
}

/// Stable code of what an entry records, such as `redeemed`.
pub fn kind_code(body: &Body) -> &'static str {
    match body {
        Body::Opened(_) => "opened",
        Body::Redeemed(_) => "redeemed",
        Body::Refused(_) => "refused",
        Body::RolledBack(_) => "rolled_back",
        Body::BundleTaken { .. } => "bundle_taken",
        Body::LeaseEnded { .. } => "lease_ended",
        Body::Recovered(_) => "recovered",
    }
}
