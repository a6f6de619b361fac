//! A campaign's policy as a file that people read and write (TOML).
//!
//! Everything but the currency may be left out; what is not said is as in the standard policy. A key that is not known
//! is refused, so that a typing error is no silent gap in the policy. `policy show` prints every key with a comment.
//!
//! A bakery's coupon, at lunch time only, at most one a day for each customer, up to 20 euros without the network:
//!
//! ```
//! # use countersign::{domain::{redeem::{Finding, OfflineMode}, time::Timestamp}, platform::policy_file::PolicyFile};
//! let text = r#"
//! currency = "EUR"
//! mode = "limited"
//!
//! [findings]
//! deny = ["standard", "typed_entry"]     # the standard table, and no typed codes
//! approve = ["voucher_not_active_now"]   # a supervisor may honour it before or after lunch
//!
//! [limits]
//! amount = "20.00"
//! list_max = "2 days"
//!
//! [rules]
//! windows = ["Mon-Fri 11:00-14:30"]
//! blackouts = ["2026-12-24..2026-12-26"]
//! approval_above = "50.00"
//!
//! [rules.caps]
//! customer_day = 1
//! "#;
//! let file = PolicyFile::parse(text)?;
//! assert_eq!(file.policy.mode, OfflineMode::Limited);
//! assert_eq!(file.policy.limits.amount_minor, 2_000);
//! assert_eq!(file.policy.limits.list_max_s, 172_800);
//! assert!(file.policy.deny.has(Finding::TypedEntry) && file.policy.deny.has(Finding::Revoked));
//! assert_eq!(PolicyFile::parse(&file.to_string())?, file);
//! # Ok::<(), countersign::platform::policy_file::PolicyFileError>(())
//! ```
//!
//! Tickets of a theatre, shown on the phone they were sold to, confirmed by the doorkeeper, half paid for when nobody
//! comes:
//!
//! ```
//! # use countersign::{domain::voucher::Tier, platform::policy_file::PolicyFile};
//! let text = r#"
//! currency = "EUR"
//! mode = "always"
//! liable = "merchant"
//!
//! [limits]
//! live_proof = "2 min"
//!
//! [rules]
//! presence = "signed"
//! flow = "confirm"
//! rollback = "15 min"
//! no_show = "50 %"
//! "#;
//! let file = PolicyFile::parse(text)?;
//! assert_eq!(file.policy.rules.presence, Tier::Signed);
//! assert_eq!((file.policy.rules.rollback_s, file.policy.rules.no_show_basis_points), (900, 5_000));
//! # Ok::<(), countersign::platform::policy_file::PolicyFileError>(())
//! ```
//!
//! What is wrong is said with its key:
//!
//! ```
//! # use countersign::platform::policy_file::PolicyFile;
//! let wrong = |text: &str| PolicyFile::parse(text).unwrap_err().to_string();
//! assert_eq!(
//!     wrong("currency = \"EUR\"\n[rules]\nwindow = []"),
//!     "rules.window: no such key; here are windows, blackouts, products, first_visit, approval_above, flow, \
//!      presence, rollback, no_show, listed, caps, stacking"
//! );
//! assert_eq!(
//!     wrong("currency = \"EUR\"\n[limits]\nlist_max = \"3\""),
//!     "limits.list_max: \"3\" is no span of time; write it like \"3 days\", \"15 min\" or \"none\""
//! );
//! ```

mod findings;
mod print;
mod read;
mod section;
pub(crate) mod units;

use super::replay::LossModel;
use crate::domain::{money::Currency, redeem::Policy};

/// What a policy file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFile {
    /// Of all amounts in the file.
    pub currency: Currency,
    /// How vouchers are decided.
    pub policy: Policy,
    /// What the simulator takes for the chance of a duplicate; no part of what terminals get.
    pub loss: LossModel,
}

/// Longest policy file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 256 * 1024;

/// Why a text is no policy file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFileError {
    /// Not TOML.
    #[error("line {line}: {problem}")]
    Toml {
        /// Where, from 1.
        line: usize,
        /// What the TOML reader says.
        problem: String,
    },
    /// A value that is missing or wrong, or a key that is not known.
    #[error("{key}: {problem}")]
    Key {
        /// Which, such as `limits.amount`.
        key: String,
        /// What is wrong, and what is expected.
        problem: String,
    },
    /// Beyond [`FILE_BYTES_MAX`].
    #[error("a policy file has at most {FILE_BYTES_MAX} bytes")]
    TooLong,
}

#[cfg(test)]
mod tests;
