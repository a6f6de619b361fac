//! Which finder patterns belong to one symbol when it is seen from the side.
//!
//! The finder search of `rxing` forms sets of three that look roughly square. A symbol seen from a steep
//! side is a long, oblique parallelogram, which only the fit can tell from a chance set.

use rxing::common::cpp_essentials::ConcentricPattern;
use rxing::qrcode::cpp_port::detector::FinderPatternSet;

/// Most finder patterns combined with each other; noise yields hundreds.
const PATTERNS_MAX: usize = 14;
/// Largest cosine of the angle at the upper left corner, either way: 25 degrees and 155 degrees.
const COSINE_MAX: f32 = 0.91;
/// Largest ratio of the two sides, and of the sizes of two finder patterns.
const RATIO_MAX: f32 = 5.0;

/// Sets of three of the first finder patterns that a camera could see so, the most plausible ones first.
pub(super) fn oblique_sets(patterns: &[ConcentricPattern]) -> Vec<FinderPatternSet> {
    let patterns = patterns.get(..PATTERNS_MAX).unwrap_or(patterns);
    let mut sets: Vec<(f32, FinderPatternSet)> = triples(patterns)
        .flat_map(|[a, b, c]| [[a, b, c], [b, c, a], [c, a, b]])
        .map(clockwise)
        .filter_map(|set| Some((oddness(&set)?, set)))
        .collect();
    sets.sort_by(|a, b| a.0.total_cmp(&b.0));
    sets.into_iter().map(|(_, set)| set).collect()
}

fn triples(of: &[ConcentricPattern]) -> impl Iterator<Item = [ConcentricPattern; 3]> {
    let after = |n: usize| of.iter().enumerate().skip(n.saturating_add(1));
    let first = of.iter().enumerate();
    first.flat_map(move |(i, a)| {
        after(i).flat_map(move |(j, b)| after(j).map(move |(_, c)| [*a, *b, *c]))
    })
}

/// The set around the upper left corner given first, its other corners in their order.
pub(super) fn clockwise([tl, tr, bl]: [ConcentricPattern; 3]) -> FinderPatternSet {
    let ((right_x, right_y), (down_x, down_y)) = (way(tl, tr), way(tl, bl));
    if right_x * down_y - right_y * down_x < 0.0 {
        FinderPatternSet { bl: tr, tl, tr: bl }
    } else {
        FinderPatternSet { bl, tl, tr }
    }
}

/// How far it is from one finder pattern to another, to the right and down, in pixels.
fn way(from: ConcentricPattern, to: ConcentricPattern) -> (f32, f32) {
    (to.p.x - from.p.x, to.p.y - from.p.y)
}

/// How far a set is from a square seen from the front; none where no camera sees a symbol so.
fn oddness(set: &FinderPatternSet) -> Option<f32> {
    let (right, down) = (way(set.tl, set.tr), way(set.tl, set.bl));
    let length = |(x, y): (f32, f32)| x.hypot(y);
    let cosine = (right.0 * down.0 + right.1 * down.1) / (length(right) * length(down));
    let sizes = [set.tl, set.tr, set.bl].map(|p| i16::try_from(p.size).map_or(1.0, f32::from));
    let [a, b, c] = sizes;
    let (large, small) = (a.max(b).max(c), a.min(b).min(c));
    let ratio = |a: f32, b: f32| a.max(b) / a.min(b);
    let (longer, wider) = (ratio(length(right), length(down)), ratio(large, small));
    // The centres of the smallest symbol lie 14 modules apart, those of the largest 170.
    let modules = f32::midpoint(length(right), length(down)) / ((a + b + c) / 21.0);
    let seen = cosine.abs() < COSINE_MAX
        && longer < RATIO_MAX
        && wider < RATIO_MAX / 2.0
        && (9.0..180.0).contains(&modules);
    // Chance sets are those of specks.
    let size = (a + b + c).ln() / 2.0;
    seen.then(|| cosine.abs() + longer.ln() / 2.0 + wider.ln() * 2.0 - size)
}

#[cfg(test)]
mod tests {
    use rxing::point;

    use super::*;

    fn pattern(x: f32, y: f32, size: i32) -> ConcentricPattern {
        ConcentricPattern { p: point(x, y), size }
    }

    #[test]
    fn an_oblique_symbol_has_its_corners_in_order() {
        // The centres in a photograph of a symbol of version 3, taken from far aside.
        let (tl, bl, tr) =
            (pattern(448.0, 309.0, 27), pattern(453.0, 400.0, 24), pattern(507.0, 426.0, 30));
        for order in [[tl, bl, tr], [tr, tl, bl], [bl, tr, tl]] {
            let sets = oblique_sets(&order);
            let expected = FinderPatternSet { bl: tr, tl: bl, tr: tl };
            let turned = FinderPatternSet { bl: tl, tl: bl, tr };
            assert!(sets.contains(&expected) != sets.contains(&turned), "{sets:?}");
        }
    }

    #[test]
    fn what_no_camera_sees_is_no_set() {
        let line = [pattern(0.0, 0.0, 20), pattern(60.0, 2.0, 20), pattern(120.0, 0.0, 20)];
        assert_eq!(oblique_sets(&line), []);
        let unequal = [pattern(0.0, 0.0, 70), pattern(200.0, 0.0, 20), pattern(0.0, 200.0, 20)];
        assert_eq!(oblique_sets(&unequal), []);
        let near = [pattern(0.0, 0.0, 70), pattern(70.0, 0.0, 70), pattern(0.0, 70.0, 70)];
        assert_eq!(oblique_sets(&near), []);
    }

    #[test]
    fn a_square_comes_before_what_is_odd() {
        let corners = [(0.0, 0.0), (200.0, 0.0), (0.0, 200.0), (450.0, 260.0)];
        let sets = oblique_sets(&corners.map(|(x, y)| pattern(x, y, 50)));
        assert_eq!(sets[0].tl.p, point(0.0, 0.0));
    }
}
