//! Entries: what is written down, as deterministic CBOR.

use minicbor::{Decode, Encode};

use crate::domain::{
    id::{BranchId, Epoch, Hash, LeaseId, OperatorId, Seq, TerminalId, VoucherKey},
    money::Currency,
    redeem::FindingSet,
    scan::EntryMethod,
    time::Timestamp,
    voucher::{Customer, Kind, Limit, Tier, Used},
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
    /// The terminal's other clock, which nobody can set.
    #[n(10)]
    #[cbor(default)]
    pub uptime: Uptime,
}

/// A reading of the clock that only counts: within an epoch it never goes back, whatever the wall clock shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Uptime {
    /// Which start of the program, counted from 1.
    #[n(0)]
    pub start: u64,
    /// Milliseconds on its monotonic clock.
    #[n(1)]
    pub millis: u64,
}

/// What an entry records.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every entry is a redemption, and each is looked at once"
)]
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
    /// A lease is given back: nothing is taken from it after this entry.
    #[n(5)]
    LeaseEnded {
        /// Which.
        #[n(0)]
        lease: LeaseId,
        /// What was taken from it in all.
        #[n(1)]
        used: Used,
    },
    /// The store was made anew after it was damaged or set back.
    #[n(6)]
    Recovered(#[n(0)] Recovered),
}

/// What a store that was made anew holds of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Recovered {
    /// Of which epoch.
    #[n(1)]
    pub epoch: Epoch,
    /// Position of the last entry that was found again.
    #[n(2)]
    pub held: Seq,
    /// Entries after it that are known to have been written and were not found.
    #[n(3)]
    pub lost: u64,
    /// Whether it is certain that no others were written.
    #[n(4)]
    pub complete: bool,
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
    /// What other vouchers had left of the bill, in minor units.
    #[n(14)]
    pub rest: Option<i64>,
    /// What remained to be paid, in minor units, where that was known.
    #[n(15)]
    pub due: Option<i64>,
    /// The supervisor who approved.
    #[n(16)]
    pub approved_by: Option<OperatorId>,
    /// How much it proved about being here now.
    #[n(17)]
    #[cbor(default)]
    pub presence: Tier,
    /// Whose it was, by a pseudonym.
    #[n(18)]
    pub customer: Option<Customer>,
    /// The lease it was taken from.
    #[n(19)]
    pub lease: Option<LeaseId>,
    /// What waited to be sent before it.
    #[n(20)]
    #[cbor(default)]
    pub waiting: Waiting,
    /// The act it is part of, where several vouchers were redeemed together.
    #[n(21)]
    pub act: Option<Act>,
    /// What was handed over; of an order every line, also those of which nothing was.
    #[n(22)]
    #[cbor(default)]
    pub goods: Vec<Goods>,
    /// When the phone signed that it was being shown, by its clock.
    #[n(23)]
    pub shown_at: Option<Timestamp>,
}

/// What waited to be sent, as evidence that the limits were kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Waiting {
    /// Redemptions.
    #[n(0)]
    pub count: u32,
    /// Their value in the voucher's currency, in minor units.
    #[n(1)]
    pub minor: i64,
}

/// Several vouchers redeemed together: all entries of an act stand in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Act {
    /// Position of its first entry.
    #[n(0)]
    pub first: Seq,
    /// How many vouchers.
    #[n(1)]
    pub vouchers: u8,
}

/// Things that were handed over.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Goods {
    /// How many pieces.
    #[n(0)]
    pub count: u16,
    /// What each is worth, in minor units.
    #[n(1)]
    pub value_each: i64,
    /// What it is.
    #[n(2)]
    pub name: String,
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
    /// The supervisor who approved.
    #[n(7)]
    pub approved_by: Option<OperatorId>,
}
