//! The use cases of the platform, each inside one transaction of its store; none knows HTTP or a command line.

mod error;
mod platform;

mod admin;
mod issue;
mod publish;
mod status;
mod vouchers;

mod enrol;

mod claim;
mod pull;
mod push;
mod sync;

mod reports;

#[cfg(test)]
pub(crate) mod tests;

pub use admin::NewCampaign;
pub use enrol::{CODE_LIFETIME_S, EnrolmentOrder};
pub use error::ServiceError;
pub use issue::{BATCH_MAX, CAPACITY_MAX, Issued, Order};
pub use platform::{Platform, PlatformKeys};
pub use push::EVIDENCE_MAX;
pub use reports::{
    ConflictLine, EvidenceLine, LIST_MAX, RedemptionLine, RedemptionPage, Statistics, TerminalLine,
};
pub use vouchers::{VoucherName, VoucherView};
