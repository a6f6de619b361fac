//! What the platform keeps of who takes part and of vouchers, as plain values.

use crate::domain::{
    crypto::PublicKey,
    id::{BranchId, CampaignId, Epoch, GroupId, Hash, MerchantId, TerminalId, TokenId, VoucherKey},
    time::Timestamp,
    trust::{Branch, Campaign, Operator, Status},
};

/// Where vouchers are honoured: what a campaign and each of its vouchers are at home in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// At the branches of one merchant.
    Merchant(MerchantId),
    /// At the branches of a group, whoever owns them.
    Group(GroupId),
}

/// A shop and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchRow {
    /// Whose.
    pub merchant: MerchantId,
    /// The shop.
    pub branch: Branch,
}

/// Branches that vouchers can name together, of any merchants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// Its number.
    pub id: GroupId,
    /// What customers call it.
    pub name: String,
    /// The branches that belong to it, by number.
    pub branches: Vec<BranchId>,
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
    pub home: Home,
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
    /// Where it is honoured.
    pub home: Home,
    /// The branches of the merchant it names, by number; none for all of its home.
    pub branches: Vec<BranchId>,
    /// The 55 bits of its short code.
    pub short_code: u64,
    /// The text of its QR code.
    pub text: String,
    /// What the administrator says: valid, revoked or suspended; never redeemed, which the ledger says.
    pub standing: Status,
    /// What was loaded onto it since it was issued, in minor units.
    pub loaded: i64,
}

/// Which listed vouchers to read, the first listed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFilter {
    /// Only of these campaigns.
    pub campaigns: Vec<CampaignId>,
    /// Only those that name this branch or none.
    pub branch: BranchId,
    /// Only those with a greater number.
    pub after: u64,
    /// At most so many.
    pub limit: u32,
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
    /// What its program called itself then.
    pub software: Option<String>,
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

/// What the bearer of a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRole {
    /// Read what concerns one merchant.
    Owner(MerchantId),
    /// Read the redemptions of all merchants.
    Settlement,
    /// Read everything.
    Audit,
    /// Have customers' vouchers signed anew for them.
    Wallet,
}

/// A secret that lets a program ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its number.
    pub id: TokenId,
    /// Whose it is, in the administrator's words.
    pub name: String,
    /// What its bearer may do.
    pub role: TokenRole,
    /// SHA-256 of the secret; the secret itself is not kept.
    pub hash: Hash,
    /// When it was made.
    pub made: Timestamp,
    /// When it was last used.
    pub used: Option<Timestamp>,
    /// Whether the administrator revoked it.
    pub revoked: bool,
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
