//! A model of sync and claims, explored in every order of events.
//!
//! The checker (`stateright`) starts from two enrolled terminals, one or two vouchers and one platform, takes every step that
//! can be taken, and looks at every state it reaches. Nothing is drawn at random: what holds here holds in every order of
//! these events, in worlds of this size.
//!
//! ```text
//! cargo test --test model                                        # seven minutes on two free cores
//! cargo test --test model -- --nocapture                         # with the number of states of each world
//! COUNTERSIGN_MODEL=large cargo test --release --test model      # larger worlds: hours, and gigabytes of memory
//! COUNTERSIGN_WALKS=500 cargo test --test model the_program      # more walks of the program beside the model
//! ```
//!
//! # What can happen
//!
//! A voucher is shown with the network or without it, something else is shown, a redemption is taken back, a terminal pushes,
//! pulls and asks. A message that was sent can arrive at any time, twice, late, out of order, or never. A question is given up
//! and its answer comes late. A program is killed at any moment, and the power fails between the commit and the screen. In
//! worlds of their own: a store is set back to a backup, a store is copied to a second device, the platform is set back, a
//! terminal is enrolled again in its folder or replaced by another device, a lease runs out by either clock and is given
//! back. A crash of the platform needs no step of its own: its transactions are whole or not there, so a crash is
//! a question or an answer that never arrives.
//!
//! # What is real and what is modelled
//!
//! | part | here |
//! |---|---|
//! | intake of a run, links of entries, heads | the program's `plan_intake`, `verify_link`, `Head` |
//! | ledgers: uses elsewhere, in earlier epochs, beyond the limit | the program's `Ledger` and `Limit` |
//! | whether an acknowledgement is the terminal's own | the program's `acknowledges` |
//! | hashes | a journal is its own hash: eight bytes, one an entry, so that equal hashes are equal journals |
//! | claims, leases, conflicts, roll backs at the platform | written a second time from `PROTOCOL.md` |
//! | the decision | three lines: used up here, a lease, or what the mode allows alone |
//! | when to push and pull | at any time; the program's `Syncer` chooses some of these times |
//! | signatures, encodings, bundles, status lists, amounts, groups, rules | left out |
//! | stores | a commit happens or does not |
//!
//! [`replay`] keeps both from drifting apart: it walks through the model at random, has the real engine, stores and platform
//! take the same steps, and compares journals, acknowledgements, forks, ledgers, claims and conflicts after each.
//!
//! # What is checked
//!
//! [`properties`] names every promise; `Q` runs on from every state without faults until everything has arrived, instead of
//! trusting the checker's own `eventually`. Beside them stand honesty properties, which must be *reachable*: two honest
//! terminals without a network accept the same voucher (N1), and what was never sent can be erased without a trace (N2).
//!
//! [`mistake`] lists what can be done wrong. Each mistake must break the promise that is named for it: a promise that no
//! mistake can break would prove nothing.
//!
//! # What is excused
//!
//! Of two devices with one store, and of a platform that was set back, nobody can promise that no use is given twice: what they
//! know of each other is lost. Forks and conflicts are found all the same. A terminal with nothing to say finds out at its next entry or
//! its next start that somebody was set back, not before.

#![expect(
    clippy::similar_names,
    clippy::disallowed_methods,
    clippy::match_same_arms,
    clippy::print_stderr,
    clippy::struct_excessive_bools,
    clippy::unwrap_in_result,
    clippy::wildcard_enum_match_arm,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "numbers are tiny, a test that fails shall stop at once, and how long a run took is told and not tested"
)]

mod chain;
mod check;
mod config;
mod mistake;
mod platform;
mod properties;
mod settle;
mod state;
mod steps;
mod till;

#[cfg(feature = "demo")]
mod real;
#[cfg(feature = "demo")]
mod replay;
#[cfg(feature = "demo")]
#[expect(dead_code, reason = "it has more than is needed here")]
#[path = "../it/stage.rs"]
mod stage;
