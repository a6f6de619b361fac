//! Leaves out of a plan whatever is not needed to break the same promise again.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "places within a list that is at hand"
)]

use super::{
    model::{Broken, Promise},
    world::Item,
};

/// What is left of a plan, and what it breaks.
#[derive(Clone, Debug)]
pub struct Left {
    /// The items that are needed.
    pub items: Vec<Item>,
    /// The promise, as they break it.
    pub broken: Broken,
}

/// Times a plan is lived through again at the most.
const TRIALS_MAX: usize = 400;

/// Leaves out runs of items, shorter and shorter, as long as the same promise is broken by the rest.
pub fn shrink(
    items: Vec<Item>,
    promise: Promise,
    live: impl Fn(Vec<Item>) -> Option<Broken>,
) -> Left {
    let same = |items: &[Item]| live(items.to_vec()).filter(|broken| broken.promise == promise);
    let what = "not broken when lived through again".to_owned();
    let mut left = Left { broken: Broken { promise, what }, items };
    let mut trials = 0;
    let mut run = left.items.len().div_ceil(2).max(1);
    loop {
        let mut from = 0;
        while from < left.items.len() && trials < TRIALS_MAX {
            trials += 1;
            let until = (from + run).min(left.items.len());
            let rest = [&left.items[..from], &left.items[until..]].concat();
            match same(&rest) {
                Some(broken) => (left.items, left.broken) = (rest, broken),
                None => from = until,
            }
        }
        if run == 1 || trials >= TRIALS_MAX {
            return left;
        }
        run = run.div_ceil(2);
    }
}
