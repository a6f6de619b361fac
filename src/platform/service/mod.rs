//! The use cases of the platform, each inside one transaction of its store; none knows HTTP or a command line.

mod error;
mod platform;

mod admin;
mod campaigns;
mod groups;
mod issue;
mod live;
mod operators;
mod publish;
mod status;
mod tokens;
mod vouchers;

mod enrol;

mod caps;
mod carry;
mod claim;
mod days;
mod forks;
mod history;
mod import;
mod leases;
mod oddities;
mod pull;
mod push;
mod sync;
mod witness;

mod disputes;
mod no_shows;
mod reports;
mod settlement;

#[cfg(test)]
pub(crate) mod tests;

pub use campaigns::NewCampaign;
pub use carry::Carried;
pub use disputes::{Dispute, FindingLine, Side};
pub use enrol::{CODE_LIFETIME_S, EnrolmentOrder};
pub use error::ServiceError;
pub use forks::ForkLine;
pub use import::{Imported, Run as ImportRun};
pub use issue::{BATCH_MAX, CAPACITY_MAX, Ends, Issued, Order};
pub use leases::{LeaseLine, LeaseOrder};
pub use live::{IssuerKeys, LIVE_S, Refreshed};
pub use no_shows::{GRACE_S, NoShow};
pub use platform::{Platform, PlatformKeys};
pub use push::EVIDENCE_MAX;
pub use reports::{
    ConflictLine, EvidenceLine, LIST_MAX, RedemptionLine, RedemptionPage, Statistics, TerminalLine,
};
pub use settlement::{SettlementLine, Span};
pub use tokens::{ApiToken, Right, Scope};
pub use vouchers::{VoucherName, VoucherView};
pub use witness::{WITNESSES_MAX, WitnessReceipt, Witnessed};
