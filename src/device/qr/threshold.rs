//! Thresholds: which pixels count as black.

use rxing::common::{BitMatrix, HybridBinarizer};
use rxing::{Binarizer as _, Luma8Source};

use super::filter::box_mean;
use crate::device::picture::Luma;

/// How black is told from white.
#[derive(Clone, Copy, Debug)]
pub(super) enum Threshold {
    /// Black is darker than `keep` times the mean of the square reaching `radius` pixels each way.
    LocalMean { radius: u8, keep: f32 },
    /// Blocks of 8 by 8 pixels, each judged by the 25 blocks around it (the hybrid binariser of `ZXing`).
    Blocks,
}

impl Threshold {
    /// The black pixels of a picture.
    pub(super) fn apply(self, picture: &Luma) -> Option<BitMatrix> {
        match self {
            Self::LocalMean { radius, keep } => local_mean(picture, radius, keep),
            Self::Blocks => blocks(picture),
        }
    }
}

fn local_mean(picture: &Luma, radius: u8, keep: f32) -> Option<BitMatrix> {
    let means = box_mean(picture, radius)?;
    let mut black = BitMatrix::new(side(picture.width())?, side(picture.height())?).ok()?;
    for (y, (row, means)) in (0_u32..).zip(picture.rows().zip(means.rows())) {
        for (x, (&pixel, &mean)) in (0_u32..).zip(row.iter().zip(means)) {
            if f32::from(pixel) < f32::from(mean) * keep {
                black.set(x, y);
            }
        }
    }
    Some(black)
}

fn blocks(picture: &Luma) -> Option<BitMatrix> {
    let (width, height) = (side(picture.width())?, side(picture.height())?);
    let source = Luma8Source::new_with_slice(picture.pixels(), width, height).ok()?;
    HybridBinarizer::new(source).get_black_matrix().ok().cloned()
}

fn side(pixels: usize) -> Option<u32> {
    u32::try_from(pixels).ok()
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the sizes in the tests are small and fixed")]
mod tests {
    use super::*;

    fn blacks(threshold: Threshold, width: usize, pixels: &[u8]) -> Vec<bool> {
        let picture = Luma::new(width, pixels.len() / width, pixels.to_vec()).unwrap();
        let black = threshold.apply(&picture).unwrap();
        let at = |i: usize| {
            black.get(u32::try_from(i % width).unwrap(), u32::try_from(i / width).unwrap())
        };
        (0..pixels.len()).map(at).collect()
    }

    #[test]
    fn the_local_mean_follows_the_light() {
        // A dark stroke in the light half is brighter than the paper in the shadow half.
        let pixels = [200, 200, 120, 200, 200, 90, 90, 40, 90, 90];
        let strokes = blacks(Threshold::LocalMean { radius: 1, keep: 0.7 }, 10, &pixels);
        let expected = [2, 7].map(|x| strokes[x]);
        assert_eq!((expected, strokes.iter().filter(|b| **b).count()), ([true, true], 2));
    }

    #[test]
    fn even_paper_has_no_black() {
        for grey in [1, 100, 255] {
            let even = blacks(Threshold::LocalMean { radius: 12, keep: 0.95 }, 20, &[grey; 400]);
            assert!(!even.contains(&true), "grey {grey}");
        }
    }

    #[test]
    fn blocks_tell_a_chequer_of_any_size() {
        for (width, height) in [(41, 40), (47, 63), (64, 64)] {
            let dark = |i: usize| (i % width / 4 + i / width / 4).is_multiple_of(2);
            let pixels: Vec<u8> =
                (0..width * height).map(|i| if dark(i) { 20 } else { 235 }).collect();
            let expected: Vec<bool> = (0..width * height).map(dark).collect();
            assert_eq!(blacks(Threshold::Blocks, width, &pixels), expected, "{width}x{height}");
        }
    }
}
