//! From black and white to texts: finder patterns, sampled grids, decoded grids.
//!
//! `rxing` finds and samples, `rqrr` decodes. Both panic on some pictures, so every call stands alone
//! behind [`attempt`] and a panic costs one finder set, not the picture.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::common::cpp_essentials::{ConcentricPattern, DecoderResult};
use rxing::common::{BitMatrix, DetectorRXingResult as _};
use rxing::qrcode::cpp_port::decoder;
use rxing::qrcode::cpp_port::detector::{
    FindFinderPatterns, FinderPatternSet, GenerateFinderPatternSets, SampleQR,
};

use super::corners::oblique_sets;
use super::doubt;
use super::fit::{self, Doubts, Scope, Soft, Spot};
use super::pool::Pool;
use crate::device::picture::Luma;

/// Most finder sets looked at in one picture; the likely ones come first, noise yields thousands.
const SETS_MAX: usize = 400;

/// When a caller has enough.
pub(super) struct Limits<'a> {
    /// Tells the texts that are looked for from others.
    pub(super) wanted: &'a dyn Fn(&str) -> bool,
    /// How far grids are looked for, and whether the pass has to end.
    pub(super) scope: Scope<'a>,
}

/// What one look at a picture found.
#[derive(Default)]
pub(super) struct Located {
    /// All distinct texts.
    pub(super) texts: Vec<String>,
    /// Whether anything looked like a code.
    pub(super) seen: bool,
    /// What looked like a finder pattern.
    pub(super) patterns: Vec<ConcentricPattern>,
}

/// The codes in a picture, given in black and white and in grey.
///
/// When sampling yields no wanted text, the grids of the first `fits` sets are fitted to the grey values.
pub(super) fn texts(black: &BitMatrix, grey: &Luma, fits: usize, limits: &Limits<'_>) -> Located {
    let mut found = Found::default();
    let mut patterns = attempt(|| FindFinderPatterns(black, true, 0));
    let mut sets = attempt(|| GenerateFinderPatternSets(&mut patterns));
    sets.truncate(SETS_MAX);
    let seen = !sets.is_empty();
    found.read(&sets, limits, |set| sample(black, set));
    patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.size));
    if !found.texts.iter().any(|text| (limits.wanted)(text)) {
        let mut likely = oblique_sets(&patterns);
        likely.retain(|set| found.is_new(set));
        likely.truncate(fits);
        sets.retain(|set| found.is_new(set) && !likely.contains(set));
        likely.extend(sets.into_iter().take(fits));
        found.read(&likely, limits, |set| fit_to(grey, set, limits));
    }
    Located { texts: found.texts, seen, patterns }
}

/// The texts of the codes that the finder patterns of all looks belong to, in the working copy.
pub(super) fn pooled(pool: &Pool, grey: &Luma, fits: usize, limits: &Limits<'_>) -> Vec<String> {
    let mut found = Found::default();
    let sets: Vec<FinderPatternSet> = pool.sets().into_iter().take(fits).collect();
    found.read(&sets, limits, |set| fit_to(grey, set, limits));
    for set in pool.completed(grey, limits.scope.out_of_time) {
        if !found.texts.is_empty() || (limits.scope.out_of_time)() {
            break;
        }
        found.read(&[set], limits, |set| fit_to(grey, set, limits));
    }
    found.texts
}

/// The texts so far and the finder patterns of their codes.
#[derive(Default)]
struct Found {
    texts: Vec<String>,
    used: Vec<ConcentricPattern>,
}

impl Found {
    fn read(
        &mut self,
        sets: &[FinderPatternSet],
        limits: &Limits<'_>,
        read: impl Fn(&FinderPatternSet) -> Option<String>,
    ) {
        for set in sets {
            if (limits.scope.out_of_time)() {
                return;
            }
            if !self.is_new(set) {
                continue;
            }
            if let Some(text) = attempt(|| read(set)) {
                self.used.extend([set.tl, set.tr, set.bl]);
                if !self.texts.contains(&text) {
                    self.texts.push(text);
                }
            }
        }
    }

    fn is_new(&self, set: &FinderPatternSet) -> bool {
        ![set.tl, set.tr, set.bl].iter().any(|corner| self.used.contains(corner))
    }
}

/// What `work` gives, or nothing when it panics.
pub(super) fn attempt<T: Default>(work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::debug!("one attempt at a code was given up");
        T::default()
    })
}

fn sample(black: &BitMatrix, set: &FinderPatternSet) -> Option<String> {
    let sampled = SampleQR(black, set).ok()?;
    decode(sampled.getBits())
}

fn fit_to(grey: &Luma, set: &FinderPatternSet, limits: &Limits<'_>) -> Option<String> {
    let corners = [set.tl, set.tr, set.bl];
    let centres = corners.map(|corner| Spot { x: corner.p.x, y: corner.p.y });
    let widths = corners.map(|corner| i16::try_from(corner.size).map_or(0.0, f32::from));
    let module = widths.iter().sum::<f32>() / 21.0;
    fit::read(grey, centres, module, limits.scope, |modules, doubts| {
        let bits = as_bits(modules)?;
        let erased =
            || (doubts == Doubts::Erased).then(|| doubt::decode(&bits, &modules.trust()))?;
        decode(&bits).or_else(erased)
    })
}

fn as_bits(modules: &Soft) -> Option<BitMatrix> {
    let mut bits = BitMatrix::with_single_dimension(modules.side().into()).ok()?;
    let places = (0..bits.height()).flat_map(|y| (0..bits.width()).map(move |x| (x, y)));
    let places: Vec<(u32, u32)> = places.collect();
    for ((x, y), dark) in places.into_iter().zip(modules.dark()) {
        bits.set_bool(x, y, dark);
    }
    Some(bits)
}

fn decode(grid: &BitMatrix) -> Option<String> {
    by_rqrr(grid).or_else(|| by_rxing(grid)).filter(|text| !text.is_empty())
}

/// `rqrr` takes only UTF-8; a text in another character set is left to `rxing`, which guesses it.
fn by_rqrr(grid: &BitMatrix) -> Option<String> {
    let size = usize::try_from(grid.width()).ok().filter(|size| is_symbol_side(*size))?;
    let module = |x: usize, y: usize| {
        let at = u32::try_from(x).ok().zip(u32::try_from(y).ok());
        at.is_some_and(|(x, y)| grid.get(x, y))
    };
    let decoded = rqrr::Grid::new(rqrr::SimpleGrid::from_func(size, module)).decode();
    decoded.ok().map(|(_, text)| text)
}

/// 21 modules for version 1, 4 more for each up to 177 (ISO/IEC 18004).
fn is_symbol_side(modules: usize) -> bool {
    (21..=177).contains(&modules) && modules % 4 == 1
}

fn by_rxing(grid: &BitMatrix) -> Option<String> {
    let decoded = decoder::Decode(grid).ok().filter(DecoderResult::isValid)?;
    Some(decoded.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_costs_one_attempt() {
        assert_eq!(attempt(|| -> Vec<u8> { panic!("on purpose") }), [0; 0]);
        assert_eq!(attempt(|| vec![1]), [1]);
    }

    #[test]
    fn only_sides_of_the_standard_reach_the_decoder() {
        let sides: Vec<usize> = (0..1000).filter(|side| is_symbol_side(*side)).collect();
        assert_eq!((sides.len(), sides[0], sides[39]), (40, 21, 177));
    }
}
