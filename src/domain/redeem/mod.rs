//! The verdict: one total function over a verified voucher, what is known, the campaign's policy and the time.

mod decide;
mod facts;
mod finding;
mod policy;
mod value;

pub use decide::{Decision, Redemption, Verdict, Wanted, decide};
pub use facts::{Facts, ListFact, PlatformFact, PlatformRefusal, Queue, Request, UseRecord};
pub use finding::{Finding, FindingSet};
pub use policy::{Liable, Limits, OfflineMode, Policy};
