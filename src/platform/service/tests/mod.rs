//! The use cases against a platform in memory, with terminals that write whatever a test wants.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::needless_pass_by_value,
    clippy::unwrap_in_result,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets what it does not expect fails by panicking"
)]

mod acts;
mod administration;
mod caps;
mod carry;
mod claim;
mod disputes;
mod groups;
mod history;
mod issuing;
mod leases;
mod listed;
mod live;
mod push;
mod returns;
mod settlement;
mod top_up;
mod witness;

pub(crate) mod world;
