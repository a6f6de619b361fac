//! What is being decided, and what the platform is being asked meanwhile.

use crate::domain::{
    id::Hash, money::Money, redeem::Request, scan::ShortCode, sync::Millis, voucher::Voucher,
};

/// How long a customer waits for the platform before the terminal goes on with what it knows.
pub const ASK_DEADLINE_MS: Millis = 800;

/// One voucher on its way to a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// The verified voucher.
    pub voucher: Voucher,
    /// The hash of what was scanned, as evidence what was shown.
    pub scan: Hash,
    /// What the cashier said so far.
    pub request: Request,
}

/// One act on its way to a decision: a voucher by itself, or several on one bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The vouchers, in the order they were shown.
    pub vouchers: Vec<Shown>,
    /// The bill they are all on; none for a voucher by itself.
    pub bill: Option<Money>,
}

impl Question {
    /// A voucher by itself.
    pub(super) fn of(shown: Shown) -> Self {
        Self { vouchers: vec![shown], bill: None }
    }
}

/// A question that is with the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// May these vouchers be consumed?
    Claim(Box<Question>),
    /// Which voucher has this code?
    Lookup {
        /// The typed code.
        code: ShortCode,
        /// What the cashier said so far.
        request: Request,
    },
}
