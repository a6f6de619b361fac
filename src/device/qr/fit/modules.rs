//! Grey values of modules, and which of them are dark.

use super::bend::Bend;
use super::plane::grey;
use super::soft::Soft;
use crate::device::picture::Luma;

/// The grey values of a symbol's modules, row after row.
#[derive(Clone, Debug)]
pub(super) struct Modules {
    side: usize,
    greys: Vec<f32>,
}

/// Each module counts by its centre and four points around it.
const POINTS: [(f32, f32); 5] = [(0.5, 0.5), (0.27, 0.4), (0.6, 0.27), (0.73, 0.6), (0.4, 0.73)];
/// The threshold of a module follows the modules this far around it.
const REACH: usize = 4;
/// A module is burnt out that is lighter than this while the paper is darker than that.
const BURNT: f32 = 246.0;
const PAPER: f32 = 235.0;

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

    /// How dark or light each module is among the dark and the light ones around; 0 where it is burnt out.
    pub(super) fn soft(&self) -> Soft {
        let burnt = self.burnt();
        let weights: Vec<f32> = burnt.iter().map(|burnt| f32::from(!burnt)).collect();
        let levels = self.levels(&weights);
        let value = |((grey, [dark, light]), burnt): ((&f32, [f32; 2]), bool)| {
            // Where a class is missing its mean is no number, and nothing is darker than that.
            let value = (grey - f32::midpoint(dark, light)) * 2.0 / (light - dark);
            if burnt || value.is_nan() { 0.0 } else { value }
        };
        let values = self.greys.iter().zip(levels).zip(burnt).map(value).collect();
        Soft::new(self.side.try_into().unwrap_or_default(), values)
    }

    /// Which modules a lamp outshines: white, where the symbol's light modules are not.
    fn burnt(&self) -> Vec<bool> {
        let mut sorted = self.greys.clone();
        sorted.sort_by(f32::total_cmp);
        let most = sorted.get(sorted.len().saturating_mul(4) / 5).copied().unwrap_or_default();
        self.greys.iter().map(|grey| *grey > BURNT && most < PAPER).collect()
    }

    /// The means of the dark and of the light modules around each.
    fn levels(&self, weights: &[f32]) -> Vec<[f32; 2]> {
        let mean = |sum: f32, n: f32| if n > 0.0 { sum / n } else { f32::NAN };
        let greys: Vec<f32> =
            self.greys.iter().zip(weights).map(|(grey, weight)| grey * weight).collect();
        let means =
            self.around(&greys).into_iter().zip(self.around(weights)).map(|(sum, n)| sum / n);
        let class: Vec<bool> =
            self.greys.iter().zip(means).map(|(grey, mean)| *grey < mean).collect();
        let half = |dark: bool| -> Vec<f32> {
            let is = |of: &[f32]| -> Vec<f32> {
                of.iter()
                    .zip(&class)
                    .map(|(&value, &is)| if is == dark { value } else { 0.0 })
                    .collect()
            };
            let pairs = self.around(&is(&greys)).into_iter().zip(self.around(&is(weights)));
            pairs.map(|(sum, n)| mean(sum, n)).collect()
        };
        half(true).into_iter().zip(half(false)).map(|(dark, light)| [dark, light]).collect()
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
        assert_eq!(dark(&shaded), expected);
    }

    fn dark(modules: &Modules) -> Vec<bool> {
        modules.soft().dark().collect()
    }

    #[test]
    fn even_paper_has_no_dark_modules() {
        assert_eq!(dark(&modules(21, |_, _| 70.0)), [false; 441]);
    }

    #[test]
    fn what_a_lamp_outshines_is_not_trusted_and_misleads_nobody_around() {
        let burnt = |x: usize, y: usize| x.abs_diff(10).pow(2) + y.abs_diff(12).pow(2) < 16;
        let lit = modules(21, |x, y| match (burnt(x, y), is_dark(x, y)) {
            (true, _) => 255.0,
            (false, true) => 90.0,
            (false, false) => 170.0,
        });
        let soft = lit.soft();
        for (i, (dark, trust)) in soft.dark().zip(soft.trust()).enumerate() {
            let (x, y) = (i % 21, i / 21);
            if burnt(x, y) {
                assert!(trust == 0.0, "{x}, {y}: {trust}");
            } else {
                assert!(dark == is_dark(x, y) && trust > 0.8, "{x}, {y}: {trust}");
            }
        }
    }

    #[test]
    fn white_modules_of_a_bright_symbol_are_no_lamp() {
        let bright = modules(21, |x, y| if is_dark(x, y) { 40.0 } else { 252.0 });
        assert!(bright.soft().trust().iter().all(|trust| *trust > 0.9));
    }
}
