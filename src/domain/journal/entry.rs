//! Entries: what is written down, as deterministic CBOR.

use minicbor::{Decode, Encode};

use crate::domain::{
    id::{BranchId, Epoch, Hash, OperatorId, Seq, TerminalId, VoucherKey},
    money::Currency,
    redeem::FindingSet,
    scan::EntryMethod,
    time::Timestamp,
    voucher::{Kind, Limit, Used},
};

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Entry {
    /// Whose journal.
    #[n(1)]
    pub terminal: TerminalId,
    /// Which life of it.
    #[n(2)]
    pub epoch: Epoch,
    /// Position, from 1.
    #[n(3)]
    pub seq: Seq,
    /// The hash of the entry before; zero before the first.
    #[n(4)]
    pub prev: Hash,
    /// The terminal's clock.
    #[n(5)]
    pub at: Timestamp,
    /// Latest time that was known to have passed.
    #[n(6)]
    pub time_floor: Timestamp,
    /// Where the terminal stands.
    #[n(7)]
    pub branch: BranchId,
    /// Who worked at the counter, when someone had signed in.
    #[n(8)]
    pub operator: Option<OperatorId>,
    /// What happened.
    #[n(9)]
    pub body: Body,
}

/// What an entry records.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Body {
    /// The journal's first entry of an epoch.
    #[n(0)]
    Opened(#[n(0)] Opened),
    /// A voucher was honoured.
    #[n(1)]
    Redeemed(#[n(0)] Redeemed),
    /// Something was shown and not honoured.
    #[n(2)]
    Refused(#[n(0)] Refused),
    /// A redemption was taken back.
    #[n(3)]
    RolledBack(#[n(0)] RolledBack),
    /// Another trust bundle came into force.
    #[n(4)]
    BundleTaken {
        /// Its version.
        #[n(0)]
        version: u64,
        /// The hash of its signed bytes.
        #[n(1)]
        hash: Hash,
    },
}

/// The beginning of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Opened {
    /// Version of the program.
    #[n(1)]
    pub software: String,
    /// Hash of the last entry of the epoch before; zero where there was none.
    #[n(2)]
    pub continues: Hash,
}

/// A voucher that was honoured.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Redeemed {
    /// Which voucher.
    #[n(1)]
    pub voucher: VoucherKey,
    /// The hash of the token that was shown.
    #[n(2)]
    pub token: Hash,
    /// Its kind.
    #[n(3)]
    pub kind: Kind,
    /// What was consumed; the amount is also what the merchant is owed.
    #[n(4)]
    pub used: Used,
    /// Currency of all amounts.
    #[n(5)]
    pub currency: Currency,
    /// The bill it was applied to, in minor units.
    #[n(6)]
    pub bill: Option<i64>,
    /// What the voucher may be consumed up to in all.
    #[n(7)]
    pub limit: Limit,
    /// What was left afterwards, as far as the terminal knew: uses or minor units.
    #[n(8)]
    pub left: i64,
    /// How the code came in.
    #[n(9)]
    pub method: EntryMethod,
    /// Everything that was found.
    #[n(10)]
    pub findings: FindingSet,
    /// Whether the platform had set the use aside.
    #[n(11)]
    pub online: bool,
    /// Version of the trust bundle in force.
    #[n(12)]
    pub bundle: u64,
    /// Age of what was known of the voucher: the status list's time.
    #[n(13)]
    pub list_as_of: Option<Timestamp>,
}

/// Something that was shown and not honoured.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Refused {
    /// Whether it was refused, could not be checked, or was no voucher.
    #[n(1)]
    pub outcome: Outcome,
    /// Stable code of the reason.
    #[n(2)]
    pub code: String,
    /// Which voucher, where its signature was verified.
    #[n(3)]
    pub voucher: Option<VoucherKey>,
    /// The hash of what was scanned.
    #[n(4)]
    pub scan: Hash,
    /// How the code came in.
    #[n(5)]
    pub method: EntryMethod,
    /// Everything that was found.
    #[n(6)]
    pub findings: FindingSet,
    /// Whether the platform had answered.
    #[n(7)]
    pub online: bool,
}

/// Why something was not honoured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Outcome {
    /// It must not be.
    #[n(0)]
    Refused,
    /// Something was missing for a decision.
    #[n(1)]
    CannotCheck,
    /// It is not a voucher.
    #[n(2)]
    NotAVoucher,
}

/// A redemption that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RolledBack {
    /// Position of the redemption in this journal.
    #[n(1)]
    pub of: Seq,
    /// Which voucher.
    #[n(2)]
    pub voucher: VoucherKey,
    /// What is given back.
    #[n(3)]
    pub used: Used,
    /// Currency of the amount.
    #[n(4)]
    pub currency: Currency,
    /// Stable code of the reason, such as `wrong_scan`.
    #[n(5)]
    pub reason: String,
    /// Epoch of the redemption.
    #[n(6)]
    pub of_epoch: Epoch,
}
