//! Runs many worlds, and says what was seen.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures for people"
)]

mod table;

use std::{
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use self::table::Sum;
use super::{
    faults::Mistake,
    model::{Broken, Promise},
    shrink::shrink,
    world::{Item, Outcome, Shape, World, plan},
};
use crate::terminal::clock::{Clock as _, SystemClock};

/// What to run.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The first seed.
    pub seed: u64,
    /// Terminal-years over all worlds.
    pub years: f64,
    /// Worlds at a time.
    pub threads: usize,
    /// One world, whose events are reduced to those that matter.
    pub replay: Option<u64>,
    /// The rule to leave out.
    pub mistake: Option<Mistake>,
}

/// Runs what is asked; true where no promise was broken.
pub fn terminal_years(ask: &Ask, out: &mut impl Write) -> io::Result<bool> {
    match ask.replay {
        Some(seed) => replay(seed, ask.mistake, out),
        None => many(ask, out),
    }
}

/// Lives through the world of a seed.
pub fn live(seed: u64, mistake: Option<Mistake>) -> Outcome {
    let shape = Shape::new(seed);
    live_with(seed, &shape, plan(seed, &shape), mistake)
}

/// Lives through a small world of a seed.
pub fn live_briefly(seed: u64, mistake: Option<Mistake>) -> Outcome {
    let shape = Shape::brief(seed);
    live_with(seed, &shape, plan(seed, &shape), mistake)
}

/// Lives through the world of a seed with another plan.
pub fn live_with(seed: u64, shape: &Shape, items: Vec<Item>, mistake: Option<Mistake>) -> Outcome {
    let world = || World::new(seed, shape.clone(), items, mistake).run();
    let lived = catch_unwind(AssertUnwindSafe(world));
    lived.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let what = format!("a panic: {}", said.unwrap_or_default());
        Outcome { broken: Some(Broken { promise: Promise::Robust, what }), ..Outcome::default() }
    })
}

/// The seed of a world: far from its neighbours'.
pub fn seed_of(first: u64, number: u64) -> u64 {
    first.wrapping_mul(1_000_003).wrapping_add(number)
}

fn many(ask: &Ask, out: &mut impl Write) -> io::Result<bool> {
    let clock = SystemClock::default();
    let wanted = (ask.years * 365.0) as u64;
    let (next, days, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let sum = Mutex::new(Sum::default());
    let work = || {
        while !stop.load(Ordering::SeqCst) && days.load(Ordering::SeqCst) < wanted {
            let seed = seed_of(ask.seed, next.fetch_add(1, Ordering::SeqCst));
            let outcome = live(seed, ask.mistake);
            days.fetch_add(outcome.figures.till_days.max(1), Ordering::SeqCst);
            let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            sum.add(seed, outcome);
            // One is enough to look at, and many are no better.
            stop.fetch_or(sum.broken.len() >= BROKEN_MAX, Ordering::SeqCst);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..ask.threads.max(1) {
            scope.spawn(work);
        }
    });
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    sum.print(out, (clock.elapsed(), ask.threads.max(1)))?;
    for (seed, broken) in &sum.broken {
        writeln!(out, "BROKEN seed {seed}: {broken}")?;
        writeln!(out, "  countersign-sim --replay {seed}")?;
    }
    Ok(sum.broken.is_empty())
}

/// Worlds with a broken promise after which a run ends.
const BROKEN_MAX: usize = 5;

fn replay(seed: u64, mistake: Option<Mistake>, out: &mut impl Write) -> io::Result<bool> {
    let outcome = live(seed, mistake);
    writeln!(out, "seed {seed}: {} steps, fingerprint {:016x}", outcome.steps, outcome.trace)?;
    let Some(broken) = outcome.broken else {
        writeln!(out, "no promise was broken")?;
        return Ok(true);
    };
    writeln!(out, "BROKEN at step {} ({} s): {broken}", outcome.steps, outcome.ended / 1000)?;
    let shape = Shape::new(seed);
    let again = |items| live_with(seed, &shape, items, mistake).broken;
    let left = shrink(plan(seed, &shape), broken.promise, again);
    writeln!(out, "{} of the events are enough:", left.items.len())?;
    for item in &left.items {
        writeln!(out, "  {:>9} s  #{:<5} {:?}", item.at / 1000, item.number, item.what)?;
    }
    writeln!(out, "{}", left.broken)?;
    Ok(false)
}

/// Seconds with their fractions.
fn seconds(span: Duration) -> f64 {
    span.as_secs_f64()
}
