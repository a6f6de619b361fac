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
/// Sets completed so whose grid is fitted.
const THIRDS_MAX: usize = 4;
/// Least agreement of a third; data and noise agree less, and so does a pattern that a scratch crosses.
const THIRD_MIN: f32 = 0.3;
/// Patterns paired.
const PAIRED_MAX: usize = 6;
/// Largest ratio of the sizes in a pair.
const RATIO_MAX: f32 = 1.5;
/// How many modules apart a pair is: 14 in the smallest symbol, 112 across one of 390 characters; a tilt
/// seems to shorten the way.
const MODULES_APART: std::ops::Range<f32> = 10.0..120.0;

/// Finder patterns of one polarity, in pixels of the working copy.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    sightings: Vec<(u32, ConcentricPattern)>,
}

impl Pool {
    /// Takes note of patterns found in a copy whose pixels are `scale` wide and whose corner lies at `corner`.
    pub(super) fn add(&mut self, found: &[ConcentricPattern], (scale, corner): (f32, (f32, f32))) {
        let mut looked = Self::default();
        for pattern in found {
            let p = point(pattern.p.x * scale + corner.0, pattern.p.y * scale + corner.1);
            looked.note(ConcentricPattern { p, size: scaled(pattern.size, scale) });
        }
        for (_, pattern) in looked.sightings {
            self.note(pattern);
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

    /// Whether more than one look saw the same two patterns, of which one symbol may have both.
    pub(super) fn is_promising(&self) -> bool {
        let often = self.sightings.iter().filter(|(times, _)| *times > 1).map(|(_, p)| *p);
        pairs(often.collect()).next().is_some()
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

    /// Sets of two and a third where the picture may show it, the likeliest ones first; as many as were found
    /// before time ran out.
    pub(super) fn completed(
        &self,
        grey: &Luma,
        out_of_time: &dyn Fn() -> bool,
    ) -> Vec<FinderPatternSet> {
        let mut patterns = self.patterns();
        patterns.truncate(PAIRED_MAX);
        let thirds = pairs(patterns).take(PAIRS_MAX).flat_map(|(a, b)| thirds(a, b));
        let found = thirds.take_while(|_| !out_of_time()).map(|third| third.found(grey));
        let mut found: Vec<_> = found.filter(|(agree, _)| *agree > THIRD_MIN).collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.into_iter().take(THIRDS_MAX).map(|(_, set)| set).collect()
    }
}

/// Every two patterns of which one symbol may have both.
fn pairs(
    of: Vec<ConcentricPattern>,
) -> impl Iterator<Item = (ConcentricPattern, ConcentricPattern)> {
    let places =
        (0..of.len()).flat_map(|i| (i.saturating_add(1)..).map(move |j| (i, j)).take(PAIRED_MAX));
    let pairs = places.filter_map(move |(i, j)| Some((*of.get(i)?, *of.get(j)?)));
    pairs.filter(|(a, b)| {
        let far = (a.p.x - b.p.x).hypot(a.p.y - b.p.y) / f32::midpoint(module(a), module(b));
        ratio(module(a), module(b)) < RATIO_MAX && MODULES_APART.contains(&far)
    })
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

/// A third finder pattern where two others say that it may be.
struct Third {
    known: [ConcentricPattern; 2],
    near: Spot,
    frame: [Spot; 2],
    is_corner: bool,
}

impl Third {
    /// The three, and how well the picture shows the third.
    fn found(&self, grey: &Luma) -> (f32, FinderPatternSet) {
        let (agree, at) = finder(grey, self.near, self.frame);
        let [first, second] = self.known;
        let third = ConcentricPattern { p: point(at.x, at.y), size: first.size };
        let corner = if self.is_corner { [third, first, second] } else { [first, second, third] };
        (agree, clockwise(corner))
    }
}

/// Where a third may be when two patterns are neighbours, and when they lie across the symbol.
fn thirds(a: ConcentricPattern, b: ConcentricPattern) -> impl Iterator<Item = Third> {
    let spot = |pattern: ConcentricPattern| Spot { x: pattern.p.x, y: pattern.p.y };
    let (from, to) = (spot(a), spot(b));
    let way = to - from;
    let aside = Spot { x: -way.y, y: way.x };
    let module = f32::midpoint(module(&a), module(&b));
    let (straight, oblique) = (frame(way, module), frame(way + aside, module));
    let beside = move |by: Spot| {
        let third = |known, near| Third { known, near, frame: straight, is_corner: false };
        [third([a, b], from + by), third([b, a], to + by)]
    };
    let across = move |by: Spot| {
        let near = from + way * 0.5 + by * 0.5;
        Third { known: [a, b], near, frame: oblique, is_corner: true }
    };
    let sides = [aside, aside * -1.0];
    sides.into_iter().flat_map(beside).chain(sides.into_iter().map(across))
}

/// The sides of a module in a symbol that lies along `way`.
fn frame(way: Spot, module: f32) -> [Spot; 2] {
    let right = way * (module / way.x.hypot(way.y).max(1.0));
    [right, Spot { x: -right.y, y: right.x }]
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
            assert!(
                pool.completed(&picture, &|| false).iter().any(right),
                "corner {hidden} hidden"
            );
        }
    }

    #[test]
    fn paper_completes_nothing() {
        let mut pool = Pool::default();
        pool.add(&[pattern(40.0, 40.0), pattern(140.0, 44.0)], (1.0, (0.0, 0.0)));
        assert_eq!(pool.completed(&drawn(&[]), &|| false), []);
    }
}
