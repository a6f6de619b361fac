//! Power cuts, few enough to be tried at every build.

use std::collections::BTreeMap;

use super::{
    cuts::{self, Filmed as _, Plan},
    faults,
    film::Film,
    mode::Mode,
    platform::PlatformFilm,
};

fn plan(mode: Mode, cuts: u64) -> Plan {
    Plan { mode, cuts, seed: 1, each: 2, threads: 2 }
}

#[test]
fn nothing_that_was_told_is_lost_to_a_power_cut() {
    let tally = cuts::run::<Film>(plan(Mode::Ours, 6_000)).unwrap();
    assert_eq!(tally.first, None);
    assert!(tally.cuts >= 6_000 && tally.opened < tally.cuts / 2, "{tally:?}");
    assert!(tally.opened > 300 && tally.again > 200 && tally.deep > 50, "{tally:?}");
}

#[test]
fn stores_that_are_kept_carelessly_are_caught_losing_something() {
    for mode in Mode::ALL.into_iter().filter(|mode| mode.must_lose()) {
        let tally = cuts::run::<Film>(plan(mode, 1_000)).unwrap();
        assert!(tally.first.is_some(), "{mode:?}: {tally:?}");
    }
}

#[test]
fn an_acknowledgement_that_was_sent_is_never_lost() {
    let tally = cuts::run::<PlatformFilm>(plan(Mode::Ours, 1_500)).unwrap();
    assert_eq!(tally.first, None);
    assert!(tally.deep > 5, "{tally:?}");
    let tally = cuts::run::<PlatformFilm>(plan(Mode::LyingDisk, 1_000)).unwrap();
    assert!(tally.first.is_some(), "{tally:?}");
}

#[test]
fn a_day_has_everything_in_it() {
    let mut seen = BTreeMap::<(&str, String), u32>::new();
    let mut bodies = BTreeMap::<u8, u32>::new();
    for seed in 1..6 {
        let film = Film::shoot(seed, Mode::Ours).unwrap();
        for outcome in film.outcomes {
            *seen.entry(outcome).or_default() += 1;
        }
        for entry in &film.entries {
            let bytes = minicbor::to_vec(&entry.body).unwrap();
            *bodies.entry(bytes[1]).or_default() += 1;
        }
        println!("{} {:?}", film.moments.len(), film.told.last());
    }
    println!("{seen:?} {bodies:?}");
    for code in ["accepted", "rolled_back", "voucher_already_redeemed", "picture_unreadable"] {
        assert!(seen.keys().any(|(_, seen)| seen == code), "{code}: {seen:?}");
    }
    assert_eq!(bodies.len(), 6, "every kind of entry");
}

#[test]
fn the_same_seed_is_the_same_day() {
    let days = [7, 7].map(|seed| Film::shoot(seed, Mode::Ours).unwrap());
    let [first, second] = days.map(|film| (film.moments.len(), film.journal));
    assert_eq!(first, second);
}

#[test]
fn no_failing_operation_is_taken_for_one_that_worked() {
    let sweep = faults::sweep(1, 23, 2).unwrap();
    println!("{sweep:?}");
    assert_eq!(sweep.first, None);
}

#[test]
fn a_fault_is_read_as_it_is_written() {
    for text in ["read:1:once", "write:20:always", "sync:3:once", "full:0:always"] {
        let fault = faults::parse(text).unwrap();
        let name = fault.trouble.name();
        assert!(name.contains(text.split(':').next().unwrap()), "{text}: {name}");
        assert_eq!(fault.sticky, text.ends_with("always"));
    }
    assert!(faults::parse("fire:1:once").is_err() && faults::parse("sync").is_err());
}

/// The name of a log that SQLite made was not on disk, and nobody had been told.
#[test]
fn a_folder_that_cannot_be_synced_is_told() {
    for text in ["sync:12:once", "sync:30:always"] {
        let fault = faults::parse(text).unwrap();
        assert!(faults::try_fault(1, fault).is_ok(), "{text}");
    }
}
