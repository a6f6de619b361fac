//! What the platform keeps, as plain values.

use crate::domain::{
    crypto::PublicKey,
    id::{BranchId, Epoch, Hash, MerchantId, Seq, TerminalId, VoucherKey},
    journal::{Body, Head, SignedEntry},
    redeem::Liable,
    time::Timestamp,
    trust::{Branch, Campaign, Operator, Status},
    voucher::Used,
};

/// A shop and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchRow {
    /// Whose.
    pub merchant: MerchantId,
    /// The shop.
    pub branch: Branch,
}

/// A person who works at a counter and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorRow {
    /// For whom.
    pub merchant: MerchantId,
    /// The person.
    pub operator: Operator,
}

/// A campaign with what only the platform knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignRow {
    /// What the terminals are told.
    pub campaign: Campaign,
    /// Where its vouchers are honoured.
    pub merchant: MerchantId,
    /// How many vouchers its status list has room for.
    pub capacity: u32,
    /// How many vouchers were issued: the ordinal of the next.
    pub next_ordinal: u32,
    /// What scrambles ordinals into indexes, so that an index tells nothing about sales.
    pub scramble: [u8; 32],
    /// Version of its status list, from 1.
    pub list_version: u64,
}

/// A voucher issued here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherRow {
    /// Which.
    pub key: VoucherKey,
    /// The one merchant it is for.
    pub merchant: MerchantId,
    /// The 55 bits of its short code.
    pub short_code: u64,
    /// The text of its QR code.
    pub text: String,
    /// What the administrator says: valid, revoked or suspended; never redeemed, which the ledger says.
    pub standing: Status,
}

/// A one-time code that turns a device into a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentRow {
    /// SHA-256 of its secret; the secret itself is not kept.
    pub secret_hash: Hash,
    /// Whose terminal.
    pub merchant: MerchantId,
    /// Where it will stand.
    pub branch: BranchId,
    /// What people will call it.
    pub name: String,
    /// The terminal whose next epoch begins; none for a new terminal.
    pub terminal: Option<TerminalId>,
    /// First second it no longer works.
    pub expires: Timestamp,
    /// Who used it.
    pub used: Option<EnrolmentUse>,
}

/// What came of an enrolment code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnrolmentUse {
    /// The device's key.
    pub key: PublicKey,
    /// The terminal it became.
    pub terminal: TerminalId,
    /// The epoch it began.
    pub epoch: Epoch,
}

/// A terminal as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalRow {
    /// Its number.
    pub id: TerminalId,
    /// Whose.
    pub merchant: MerchantId,
    /// Where.
    pub branch: BranchId,
    /// What people call it.
    pub name: String,
    /// The latest life of its journal.
    pub epoch: Epoch,
    /// When it was last heard of.
    pub last_contact: Option<Timestamp>,
}

/// The key of one life of a terminal's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalKeyRow {
    /// Whose.
    pub terminal: TerminalId,
    /// Of which life.
    pub epoch: Epoch,
    /// The key.
    pub key: PublicKey,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// Whether the administrator revoked it.
    pub revoked: bool,
}

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
    /// Only of this branch.
    pub branch: Option<BranchId>,
    /// Only from this second on, by the terminal's clock.
    pub since: Option<Timestamp>,
    /// Only before this second.
    pub until: Option<Timestamp>,
    /// Only what arrived after this one.
    pub after: u64,
    /// At most so many.
    pub limit: u32,
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
    /// Position of the terminal's last entry when it asked.
    pub after: Seq,
    /// How much.
    pub used: Used,
    /// When it was granted.
    pub at: Timestamp,
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

/// A trust bundle as it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleRow {
    /// For whose terminals.
    pub merchant: MerchantId,
    /// Its version.
    pub version: u64,
    /// The signed bytes.
    pub bytes: Vec<u8>,
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
    }
}
