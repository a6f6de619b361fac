//! From black and white to texts: finder patterns, sampled grids, decoded grids.
//!
//! `rxing` finds and samples, `rqrr` decodes. Both panic on some pictures, so every call stands alone
//! behind [`attempt`] and a panic costs one finder set, not the picture.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use rxing::common::cpp_essentials::{ConcentricPattern, DecoderResult};
use rxing::common::{BitMatrix, DetectorRXingResult as _};
use rxing::qrcode::cpp_port::decoder;
use rxing::qrcode::cpp_port::detector::{
    FindFinderPatterns, FinderPatternSet, GenerateFinderPatternSets, SampleQR,
};

/// Most finder sets looked at in one picture; the likely ones come first, noise yields thousands.
const SETS_MAX: usize = 400;

/// All distinct texts of the codes in a black and white picture.
pub(super) fn texts(black: &BitMatrix, stop: &AtomicBool) -> Vec<String> {
    let mut texts = Vec::new();
    let mut used = Vec::new();
    for set in attempt(|| finder_sets(black)).into_iter().take(SETS_MAX) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let corners = [set.tl, set.tr, set.bl];
        if corners.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        if let Some(text) = attempt(|| read(black, &set)) {
            used.extend(corners);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    texts
}

/// What `work` gives, or nothing when it panics.
pub(super) fn attempt<T: Default>(work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::debug!("one attempt at a code was given up");
        T::default()
    })
}

fn finder_sets(black: &BitMatrix) -> Vec<FinderPatternSet> {
    let mut patterns: Vec<ConcentricPattern> = FindFinderPatterns(black, true, 0);
    GenerateFinderPatternSets(&mut patterns)
}

fn read(black: &BitMatrix, set: &FinderPatternSet) -> Option<String> {
    let sampled = SampleQR(black, set).ok()?;
    let grid = sampled.getBits();
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
