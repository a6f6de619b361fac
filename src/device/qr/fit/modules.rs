//! Grey values of modules, and which of them are dark.

use super::bend::Bend;
use super::plane::grey;
use crate::device::picture::Luma;

/// The grey values of a symbol's modules, row after row.
#[derive(Clone, Debug)]
pub(in super::super) struct Modules {
    side: usize,
    greys: Vec<f32>,
}

/// Each module counts by its centre and four points around it.
const POINTS: [(f32, f32); 5] = [(0.5, 0.5), (0.27, 0.4), (0.6, 0.27), (0.73, 0.6), (0.4, 0.73)];
/// Neighbouring modules give this share of their light to a blurred one, on each of its four sides.
const SPILL: f32 = 0.16;
/// Rounds of undoing the blur; more bring out the noise.
const ROUNDS: usize = 6;
/// The threshold of a module follows the modules this far around it.
const REACH: usize = 4;

impl Modules {
    /// What the picture shows where the fit has the modules.
    pub(super) fn sampled(picture: &Luma, fit: &Bend) -> Self {
        let side = fit.side();
        let spots = (0..side).flat_map(|y| (0..side).map(move |x| (f32::from(x), f32::from(y))));
        let sample = |(x, y): (f32, f32)| {
            POINTS.map(|(dx, dy)| grey(picture, fit.at(x + dx, y + dy))).iter().sum::<f32>() / 5.0
        };
        Self { side: side.into(), greys: spots.map(sample).collect() }
    }

    /// The modules as they were before their light ran into each other (Van Cittert's iteration).
    pub(super) fn deblurred(&self) -> Self {
        let mut sharp = self.clone();
        for _ in 0..ROUNDS {
            let soft = sharp.blurred();
            for ((sharp, soft), seen) in sharp.greys.iter_mut().zip(soft).zip(&self.greys) {
                *sharp += seen - soft;
            }
        }
        sharp
    }

    fn blurred(&self) -> Vec<f32> {
        let across: Vec<f32> = self.greys.chunks_exact(self.side).flat_map(spilled_row).collect();
        let above = across.iter().take(self.side).chain(&across);
        let below = across.iter().skip(self.side).chain(across.iter().rev().take(self.side).rev());
        let triples = across.iter().zip(above).zip(below);
        triples.map(|((&here, &above), &below)| spilled(above, here, below)).collect()
    }

    /// Which modules are dark: darker than halfway between the dark and the light ones around.
    pub(in super::super) fn dark(&self) -> Vec<bool> {
        let mean = |sum: f32, n: f32| if n > 0.0 { sum / n } else { f32::NAN };
        let ones = self.around(&vec![1.0; self.greys.len()]);
        let means = self.around(&self.greys).into_iter().zip(&ones).map(|(sum, &n)| sum / n);
        let class: Vec<bool> =
            self.greys.iter().zip(means).map(|(grey, mean)| *grey < mean).collect();
        let half = |dark: bool| -> Vec<f32> {
            let taken = self.greys.iter().zip(&class);
            let greys: Vec<f32> =
                taken.map(|(&grey, &is)| if is == dark { grey } else { 0.0 }).collect();
            let count: Vec<f32> = class.iter().map(|&is| f32::from(is == dark)).collect();
            let pairs = self.around(&greys).into_iter().zip(self.around(&count));
            pairs.map(|(sum, n)| mean(sum, n)).collect()
        };
        // Where a class is missing its mean is no number, and nothing is darker than that.
        let halfway = half(true).into_iter().zip(half(false)).map(|(a, b)| f32::midpoint(a, b));
        self.greys.iter().zip(halfway).map(|(grey, halfway)| *grey < halfway).collect()
    }

    /// The modules on a side.
    pub(in super::super) fn side(&self) -> usize {
        self.side
    }

    /// For each module the sum of the values within [`REACH`] of it.
    fn around(&self, values: &[f32]) -> Vec<f32> {
        let across: Vec<f32> = values.chunks_exact(self.side).flat_map(sums_along).collect();
        let mut sums = vec![0.0; across.len()];
        let rows = sums.chunks_exact_mut(self.side).enumerate();
        for (y, sums) in rows {
            let near =
                across.chunks_exact(self.side).take(y.saturating_add(REACH).saturating_add(1));
            for row in near.skip(y.saturating_sub(REACH)) {
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
        }
        sums
    }
}

fn sums_along(row: &[f32]) -> impl Iterator<Item = f32> {
    (0..row.len()).map(|x| {
        let end = x.saturating_add(REACH).saturating_add(1).min(row.len());
        row.get(x.saturating_sub(REACH)..end).unwrap_or_default().iter().sum()
    })
}

fn spilled_row(row: &[f32]) -> impl Iterator<Item = f32> {
    let left = row.iter().take(1).chain(row);
    let right = row.iter().skip(1).chain(row.last());
    row.iter().zip(left).zip(right).map(|((&here, &left), &right)| spilled(left, here, right))
}

fn spilled(before: f32, here: f32, after: f32) -> f32 {
    (before + after) * SPILL + here * (1.0 - 2.0 * SPILL)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the sizes in the tests are small and fixed")]
mod tests {
    use super::*;

    fn modules(side: usize, grey: impl Fn(usize, usize) -> f32) -> Modules {
        Modules { side, greys: (0..side * side).map(|i| grey(i % side, i / side)).collect() }
    }

    /// Dark and light modules without a visible order.
    fn is_dark(x: usize, y: usize) -> bool {
        (x * x + 3 * y + x * y) % 5 < 2
    }

    #[test]
    fn the_threshold_follows_the_light() {
        // Across 21 modules the light falls from 240 to 140; dark modules have half of it.
        let light = |x: usize| 240.0 - 5.0 * f32::from(u8::try_from(x).unwrap());
        let shaded = modules(21, |x, y| if is_dark(x, y) { light(x) / 2.0 } else { light(x) });
        let expected: Vec<bool> = (0..441).map(|i| is_dark(i % 21, i / 21)).collect();
        assert_eq!(shaded.dark(), expected);
    }

    #[test]
    fn even_paper_has_no_dark_modules() {
        assert_eq!(modules(21, |_, _| 70.0).dark(), [false; 441]);
    }

    #[test]
    fn blur_between_modules_is_undone() {
        // A lone light module among dark ones keeps less than half of its contrast when blurred.
        let sharp = modules(21, |x, y| if (x, y) == (10, 10) { 200.0 } else { 0.0 });
        let soft = Modules { side: 21, greys: sharp.blurred() };
        let middle = 10 * 21 + 10;
        assert!(soft.greys[middle] < 100.0, "{}", soft.greys[middle]);
        let again = soft.deblurred();
        assert!(again.greys[middle] > 150.0, "{}", again.greys[middle]);
        let beside = (again.greys[middle + 1] - 20.0).abs();
        assert!(beside < 40.0, "{beside}");
    }
}
