//! The verdict: one total function over a verified voucher, what is known, the campaign's policy and the time.

mod bill;
mod decide;
mod facts;
mod finding;
mod local;
mod notes;
mod policy;
mod rollback;
mod rules;
mod span;
mod value;

pub use bill::{ACT_MAX, Clash, OnBill, Plan, Step, clash, plan};
pub use decide::{Decision, Redemption, Verdict, Wanted, decide};
pub use facts::{
    CustomerFact, Facts, LeaseFact, ListFact, PlatformFact, PlatformRefusal, Queue, Request, Tally,
    UseRecord,
};
pub use finding::{Finding, FindingSet};
pub use local::{Day, LocalMoment};
pub use policy::{Liable, Limits, OfflineMode, Policy};
pub use rollback::{CYCLES_MAX, Part, RollBack, RollBackRefusal, Taken, decide_roll_back};
pub use rules::{Caps, Days, Flow, Product, Rules, Stacking, Window};
