//! A world: a platform, shops with terminals, customers and their copies, a network, and everything that goes wrong; one
//! thread, virtual time, and nothing that does not follow from the seed.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "numbers and places are the world's own and small; a panic here is caught, and reported with its seed"
)]

mod blows;
mod calm;
mod counter;
mod crook;
mod customer;
mod dice;
mod enrolling;
mod errands;
mod judge;
mod machine;
mod meddling;
mod office;
mod plan;
mod running;
mod shape;
mod till;
mod wire;

pub use dice::Dice;
pub use plan::{Errand, Item, Manner, What, plan};
pub use running::{Outcome, World};
pub use shape::{DAY_MS, START, Shape};
