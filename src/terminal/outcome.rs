//! What one presentation came to, before it is put into words.

use crate::domain::{
    id::{OperatorId, Seq, VoucherKey},
    money::Money,
    redeem::{FindingSet, Redemption, UseRecord, Wanted},
    time::Timestamp,
    voucher::{Claims, Used},
};

/// The result of one scan, typed code, act or roll back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it came to.
    pub state: State,
    /// Stable code: of the finding, or of what was scanned.
    pub code: String,
    /// The voucher, where its signature was verified.
    pub voucher: Option<Claims>,
    /// Title of its campaign, where the bundle holds it.
    pub title: Option<String>,
    /// What was consumed of it before, as far as is known.
    pub used: Used,
    /// The use that stands in the way, or the last one known.
    pub last_use: Option<UseRecord>,
    /// Everything that was found.
    pub findings: FindingSet,
    /// Where it stands in the journal.
    pub entry: Option<Seq>,
    /// The supervisor who approved.
    pub approved_by: Option<OperatorId>,
    /// Whether the platform answered.
    pub online: bool,
    /// When.
    pub at: Timestamp,
}

/// What a presentation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Honour it: it is on disk.
    Accepted(Redemption),
    /// Honour all of them: they are on disk.
    Together(Box<Together>),
    /// Do not honour it.
    Refused,
    /// Something is missing for a decision.
    CannotCheck,
    /// The cashier must say more.
    NeedsInput(Wanted),
    /// It is not a voucher.
    NotAVoucher,
    /// A redemption was taken back, wholly or in part.
    RolledBack(Redemption),
}

/// Several vouchers that were redeemed on one bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together {
    /// The bill.
    pub bill: Money,
    /// What the customer still pays.
    pub due: Money,
    /// One acceptance for each voucher, in the order they were applied.
    pub vouchers: Vec<Outcome>,
}

impl State {
    /// Stable code, such as `accepted`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Accepted(_) | Self::Together(_) => "accepted",
            Self::Refused => "refused",
            Self::NeedsInput(_) => "needs_input",
            Self::CannotCheck => "cannot_check",
            Self::NotAVoucher => "not_a_voucher",
            Self::RolledBack(_) => "rolled_back",
        }
    }
}

impl Outcome {
    /// An outcome about something whose signature was not verified.
    pub fn unverified(state: State, code: impl Into<String>, at: Timestamp) -> Self {
        Self {
            state,
            code: code.into(),
            voucher: None,
            title: None,
            used: Used::default(),
            last_use: None,
            findings: FindingSet::EMPTY,
            entry: None,
            approved_by: None,
            online: false,
            at,
        }
    }

    /// Which voucher, where its signature was verified.
    pub fn key(&self) -> Option<VoucherKey> {
        self.voucher.as_ref().map(Claims::key)
    }
}
