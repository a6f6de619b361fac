//! The finder patterns that any look at a picture found, together.
//!
//! A hard shadow or a burnt-out spot often hides one of the three from every single look, and another look
//! shows just that one. What still lacks a third is searched for where it has to be.

use rxing::common::cpp_essentials::ConcentricPattern;
use rxing::point;
use rxing::qrcode::cpp_port::detector::FinderPatternSet;

use super::corners::{clockwise, oblique_sets};
use super::fit::{Spot, finder};
use crate::device::picture::Luma;

/// Patterns nearer to each other than this many modules are one.
const SAME_WITHIN: f32 = 2.0;
/// Most pairs completed, those of the patterns seen most often first.
const PAIRS_MAX: usize = 10;
/// Patterns paired.
const PAIRED_MAX: usize = 6;
/// Largest ratio of the sizes in a pair.
const RATIO_MAX: f32 = 1.6;

/// Finder patterns of one polarity, in pixels of the working copy.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    sightings: Vec<(u32, ConcentricPattern)>,
}

impl Pool {
    /// Takes note of patterns found in a copy whose pixels are `scale` wide and whose corner lies at `corner`.
    pub(super) fn add(&mut self, found: &[ConcentricPattern], (scale, corner): (f32, (f32, f32))) {
        for pattern in found {
            let p = point(pattern.p.x * scale + corner.0, pattern.p.y * scale + corner.1);
            self.note(ConcentricPattern { p, size: scaled(pattern.size, scale) });
        }
    }

    fn note(&mut self, pattern: ConcentricPattern) {
        let same = |known: &ConcentricPattern| {
            let far = (known.p.x - pattern.p.x).hypot(known.p.y - pattern.p.y);
            far < SAME_WITHIN * module(known).max(module(&pattern))
        };
        match self.sightings.iter_mut().find(|(_, known)| same(known)) {
            Some((times, _)) => *times = times.saturating_add(1),
            None => self.sightings.push((1, pattern)),
        }
    }

    /// The patterns, those seen most often first.
    fn patterns(&self) -> Vec<ConcentricPattern> {
        let mut sightings = self.sightings.clone();
        sightings.sort_by_key(|(times, pattern)| std::cmp::Reverse((*times, pattern.size)));
        sightings.into_iter().map(|(_, pattern)| pattern).collect()
    }

    /// Sets of three that may belong to one symbol.
    pub(super) fn sets(&self) -> Vec<FinderPatternSet> {
        oblique_sets(&self.patterns())
    }

    /// Sets of two and a third that the picture shows where it has to be.
    pub(super) fn completed<'a>(
        &self,
        grey: &'a Luma,
    ) -> impl Iterator<Item = FinderPatternSet> + use<'a> {
        let patterns = self.patterns();
        let firsts = patterns.clone().into_iter().take(PAIRED_MAX).enumerate();
        let pairs = firsts.flat_map(move |(i, a)| {
            let rest: Vec<_> =
                patterns.iter().take(PAIRED_MAX).skip(i.saturating_add(1)).copied().collect();
            rest.into_iter().map(move |b| (a, b))
        });
        let likely = pairs.filter(|(a, b)| ratio(module(a), module(b)) < RATIO_MAX);
        likely.take(PAIRS_MAX).flat_map(move |(a, b)| complete(grey, a, b))
    }
}

fn scaled(size: i32, scale: f32) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "a size in pixels is small")]
    let scaled = (i16::try_from(size).map_or(0.0, f32::from) * scale).round() as i32;
    scaled
}

/// The width of a module of a finder pattern, in pixels.
fn module(pattern: &ConcentricPattern) -> f32 {
    i16::try_from(pattern.size).map_or(1.0, f32::from) / 7.0
}

fn ratio(a: f32, b: f32) -> f32 {
    a.max(b) / a.min(b)
}

/// The sets of two patterns, as neighbours or across the symbol, with each third that is there.
fn complete(
    grey: &Luma,
    a: ConcentricPattern,
    b: ConcentricPattern,
) -> impl Iterator<Item = FinderPatternSet> + use<'_> {
    let spot = |pattern: ConcentricPattern| Spot { x: pattern.p.x, y: pattern.p.y };
    let (from, to) = (spot(a), spot(b));
    let way = to - from;
    let aside = Spot { x: -way.y, y: way.x };
    let module = f32::midpoint(module(&a), module(&b));
    let straight = frame(way, module);
    let oblique = frame(way + aside, module);
    let beside =
        [aside, aside * -1.0].into_iter().flat_map(move |by| [(a, b, from + by), (b, a, to + by)]);
    let beside = beside.map(move |(corner, end, third)| (corner, end, third, straight));
    let middle = from + way * 0.5;
    let across = [middle + aside * 0.5, middle + aside * -0.5];
    let by_side = beside.filter_map(move |(corner, end, near, frame)| {
        Some(clockwise([corner, end, third(grey, near, frame, corner.size)?]))
    });
    let diagonal = across
        .into_iter()
        .filter_map(move |near| Some(clockwise([third(grey, near, oblique, a.size)?, a, b])));
    by_side.chain(diagonal)
}

/// The sides of a module in a symbol that lies along `way`.
fn frame(way: Spot, module: f32) -> [Spot; 2] {
    let right = way * (module / way.x.hypot(way.y).max(1.0));
    [right, Spot { x: -right.y, y: right.x }]
}

fn third(grey: &Luma, near: Spot, frame: [Spot; 2], size: i32) -> Option<ConcentricPattern> {
    let found = finder(grey, near, frame)?;
    Some(ConcentricPattern { p: point(found.x, found.y), size })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(x: f32, y: f32) -> ConcentricPattern {
        ConcentricPattern { p: point(x, y), size: 28 }
    }

    /// Finder patterns with modules of four pixels, as the standard draws them.
    fn drawn(centres: &[(f32, f32)]) -> Luma {
        let dark = |x: f32, y: f32| {
            centres.iter().any(|(cx, cy)| {
                let far = (x - cx).abs().max((y - cy).abs()) / 4.0;
                far < 1.5 || (2.5..3.5).contains(&far)
            })
        };
        let places = (0..200_u8).flat_map(|y| (0..200_u8).map(move |x| (x, y)));
        let pixel = |(x, y)| if dark(f32::from(x) + 0.5, f32::from(y) + 0.5) { 30 } else { 220 };
        Luma::new(200, 200, places.map(pixel).collect()).unwrap()
    }

    #[test]
    fn looks_of_every_size_see_the_same_pattern() {
        let mut pool = Pool::default();
        pool.add(&[pattern(10.0, 10.0)], (1.0, (0.0, 0.0)));
        pool.add(&[pattern(60.0, 40.0)], (1.0, (0.0, 0.0)));
        let half = ConcentricPattern { p: point(30.0, 20.0), size: 14 };
        pool.add(&[half], (2.0, (0.0, 0.0)));
        pool.add(&[pattern(20.0, 30.0)], (1.0, (40.0, 10.0)));
        assert_eq!(pool.patterns(), [pattern(60.0, 40.0), pattern(10.0, 10.0)]);
    }

    #[test]
    fn a_third_pattern_is_searched_for_on_every_side() {
        let corners = [(40.0, 40.0), (140.0, 44.0), (36.0, 140.0)];
        let picture = drawn(&corners);
        for hidden in 0..3 {
            let mut pool = Pool::default();
            let seen = corners.iter().enumerate().filter(|(i, _)| *i != hidden);
            let seen: Vec<_> = seen.map(|(_, (x, y))| pattern(*x, *y)).collect();
            pool.add(&seen, (1.0, (0.0, 0.0)));
            let near =
                |p: ConcentricPattern, (x, y): (f32, f32)| (p.p.x - x).hypot(p.p.y - y) < 4.0;
            let right = |set: &FinderPatternSet| {
                near(set.tl, corners[0]) && near(set.tr, corners[1]) && near(set.bl, corners[2])
            };
            assert!(pool.completed(&picture).any(|set| right(&set)), "corner {hidden} hidden");
        }
    }

    #[test]
    fn paper_completes_nothing() {
        let mut pool = Pool::default();
        pool.add(&[pattern(40.0, 40.0), pattern(140.0, 44.0)], (1.0, (0.0, 0.0)));
        assert_eq!(pool.completed(&drawn(&[])).count(), 0);
    }
}
