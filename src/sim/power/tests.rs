//! Power cuts, few enough to be tried at every build.

use std::collections::BTreeMap;

use super::{
    cuts::{self, Plan},
    film::Film,
    mode::Mode,
};

fn plan(mode: Mode, cuts: u64) -> Plan {
    Plan { mode, cuts, seed: 1, each: 2, threads: 2 }
}

#[test]
fn nothing_that_was_told_is_lost_to_a_power_cut() {
    let tally = cuts::run(plan(Mode::Ours, 6_000)).unwrap();
    assert_eq!(tally.first, None);
    assert!(tally.cuts >= 6_000 && tally.again > 1_000 && tally.deep > 50, "{tally:?}");
}

#[test]
fn stores_that_are_kept_carelessly_are_caught_losing_something() {
    for mode in Mode::ALL.into_iter().filter(|mode| mode.must_lose()) {
        let tally = cuts::run(plan(mode, 1_000)).unwrap();
        assert!(tally.all_broken() > 0, "{mode:?}: {tally:?}");
    }
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
