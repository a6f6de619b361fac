//! The checks that the fuzzer runs by the million hold for real inputs, and the real inputs reach their ends.

#[path = "../fuzz/src/checks/mod.rs"]
mod checks;
#[path = "../fuzz/src/edges/mod.rs"]
mod edges;

use std::collections::BTreeSet;

use checks::Check;

use crate::sources::{files, root};

fn all() -> impl Iterator<Item = &'static Check> {
    checks::ALL.iter().chain(edges::ALL)
}

#[test]
fn every_check_holds_for_its_seeds_and_for_their_neighbours() {
    for check in all() {
        let seeds = (check.seeds)();
        assert!(seeds.len() > 2, "{}: only {} seeds", check.name, seeds.len());
        for seed in seeds {
            (check.holds)(&seed);
            for at in (0..seed.len()).step_by(seed.len() / 5 + 1) {
                (check.holds)(&seed[..at]);
                let mut changed = seed.clone();
                changed[at] ^= 0x11;
                (check.holds)(&changed);
            }
        }
    }
}

/// Inputs that once broke a promise, in files named after their check.
#[test]
fn what_was_found_once_is_mended() {
    let found = files(&root().join("tests/fuzz/found"), "bin");
    for file in found {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let check = all().find(|check| name.starts_with(check.name));
        let check = check.unwrap_or_else(|| panic!("{name} is named after no check"));
        (check.holds)(&std::fs::read(&file).unwrap());
    }
}

#[test]
fn every_check_has_a_target_and_a_place_in_the_script() {
    let names: BTreeSet<String> = all().map(|check| check.name.to_owned()).collect();
    let targets = files(&root().join("tests/fuzz/targets"), "rs");
    let targets: BTreeSet<String> =
        targets.iter().map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(targets, names);
    let manifest = std::fs::read_to_string(root().join("tests/fuzz/Cargo.toml")).unwrap();
    let script = std::fs::read_to_string(root().join(".ci/fuzz")).unwrap();
    for name in names {
        assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name}");
        assert_eq!(script.matches(&format!("[{name}]=")).count(), 2, "{name} in .ci/fuzz");
    }
}
