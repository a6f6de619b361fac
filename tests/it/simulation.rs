//! The simulation itself: small worlds keep every promise, a seed always gives the same run, and whatever rule is left out,
//! it is noticed.

use countersign::sim::{
    faults::Mistake,
    report::{live_briefly, seed_of},
};

/// Worlds in which a mistake is looked for.
const TRIES: u64 = 12;

#[test]
fn small_worlds_keep_every_promise() {
    for number in 0..6 {
        let seed = seed_of(7, number);
        let outcome = live_briefly(seed, None);
        assert_eq!(outcome.broken, None, "seed {seed}");
        assert!(outcome.figures.accepted > 0, "seed {seed} accepts nothing");
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let (first, again) = (live_briefly(77, None), live_briefly(77, None));
    assert_eq!((first.trace, first.steps), (again.trace, again.steps));
    assert_eq!(first, again);
    assert_ne!(first.trace, live_briefly(78, None).trace);
}

#[test]
fn copies_are_redeemed_twice_offline_and_every_time_reported() {
    let worlds: Vec<_> = (0..6).map(|number| live_briefly(seed_of(7, number), None)).collect();
    let doubles: u64 = worlds.iter().map(|world| world.figures.doubles).sum();
    let missed: u64 = worlds.iter().map(|world| world.figures.missed).sum();
    assert!(doubles > 0, "no copy was ever redeemed twice: the worlds are too tame");
    assert_eq!(missed, 0);
}

/// Mistakes that worlds of this size bring to light; the model is asked about all others.
const NOTICED: [Mistake; 4] = [
    Mistake::PositionsOnly,
    Mistake::AckBeforeCommit,
    Mistake::SentIsDelivered,
    Mistake::RefusedIsDropped,
];

#[test]
fn every_rule_that_is_left_out_is_noticed() {
    for mistake in NOTICED {
        let noticed =
            (0..TRIES).find_map(|number| live_briefly(seed_of(3, number), Some(mistake)).broken);
        assert!(noticed.is_some(), "{} is not noticed in {TRIES} worlds", mistake.code());
    }
}
