//! What the platform is being asked while a customer waits.

use crate::domain::{redeem::Request, scan::ShortCode, sync::Millis, voucher::Voucher};

/// How long a customer waits for the platform before the terminal goes on with what it knows.
pub const ASK_DEADLINE_MS: Millis = 800;

/// One presentation on its way to a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The verified voucher.
    pub voucher: Voucher,
    /// What was scanned.
    pub text: String,
    /// What the cashier said so far.
    pub request: Request,
}

/// A question that is with the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// May this voucher be consumed?
    Claim(Box<Question>),
    /// Which voucher has this code?
    Lookup {
        /// The typed code.
        code: ShortCode,
        /// What the cashier said so far.
        request: Request,
    },
}
