//! The one integration binary: promises of the whole, beside the unit tests of the parts.

#![expect(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails shall stop at once; clippy's own exception covers only the bodies of tests"
)]

mod case_facts;
mod case_policy;
mod cases;
mod defects;
mod fences;
mod flips;
mod independent;
mod paths;
mod samples;
mod sources;
mod world;

mod bill_order;
mod bill_table;
mod model;
mod rollback_table;

mod rule_facts;
mod rule_policy;
mod rule_row;
mod rule_voucher;
mod rule_words;
mod rules;

mod clock_jumps;

mod decoders;
mod format;
mod protocol;
mod spelling;

mod vectors;
mod vectors_formats;

mod journal;
mod properties;
mod syncer;

mod layers;
mod one_door;
mod supply;
mod tidy;
mod writes;

#[cfg(feature = "sim")]
mod simulation;

#[cfg(feature = "demo")]
mod stage;
#[cfg(feature = "demo")]
mod two_terminals;
#[cfg(feature = "demo")]
mod versions;

#[cfg(feature = "demo")]
mod authority;
mod backups;
#[cfg(feature = "demo")]
mod transport;

#[cfg(feature = "demo")]
mod carriage;
#[cfg(feature = "demo")]
mod counter;
#[cfg(feature = "demo")]
mod damage;
#[cfg(feature = "demo")]
mod decoding;
#[cfg(feature = "demo")]
mod flows;
#[cfg(feature = "demo")]
mod fuzzing;
#[cfg(feature = "demo")]
mod lending;
#[cfg(feature = "demo")]
mod programs;
#[cfg(feature = "demo")]
mod proving;
#[cfg(feature = "demo")]
mod secrets;
#[cfg(feature = "demo")]
mod sequences;
#[cfg(feature = "demo")]
mod verifier;
#[cfg(feature = "demo")]
mod verifier_rules;
#[cfg(feature = "demo")]
mod witness;
mod wrong_clocks;

/// A file without its `mod` line would be compiled into nothing and never fail.
#[test]
fn every_file_is_part_of_the_binary() {
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = include_str!("main.rs");
    let mut forgotten = Vec::new();
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if name != "main" && !main.contains(&format!("\nmod {name};\n")) {
            forgotten.push(name.to_owned());
        }
    }
    assert_eq!(forgotten, [""; 0], "add a `mod` line to tests/it/main.rs");
}
