//! Thresholds: which pixels count as black.

use rxing::common::{BIT_FIELD_BASE_BITS, BitArray, BitMatrix, HybridBinarizer};
use rxing::{Binarizer as _, Luma8Source};

use super::mean::each_mean_row;
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
    let mut black = BitMatrix::new(side(picture.width())?, side(picture.height())?).ok()?;
    let (keep, mut line) = (parts(keep), BitArray::with_size(picture.width()));
    let mut dark = Vec::with_capacity(picture.width());
    let mut y = 0_u32;
    each_mean_row(picture, radius, |row, means| {
        dark.clear();
        dark.extend(row.iter().zip(means).map(|(&p, &mean)| is_dark(p, mean, keep)));
        pack(&dark, &mut line);
        black.setRow(y, &line);
        y = y.saturating_add(1);
    })?;
    Some(black)
}

/// Parts of 128, so that a grey value times them fits into 16 bits up to a share of 2.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the shares of the steps lie between 0 and 2"
)]
fn parts(keep: f32) -> u16 {
    keep.mul_add(128.0, 0.5) as u16
}

/// 1 for a pixel darker than the share `keep` of the mean, and else 0.
fn is_dark(pixel: u8, mean: u8, keep: u16) -> u8 {
    u8::from(u16::from(pixel).wrapping_mul(128) < u16::from(mean).wrapping_mul(keep))
}

/// Zeros and ones, one a byte, into bits, a word at a time.
fn pack(dark: &[u8], line: &mut BitArray) {
    for (start, word) in (0..).step_by(BIT_FIELD_BASE_BITS).zip(dark.chunks(BIT_FIELD_BASE_BITS)) {
        let eights = word.chunks(8).rev();
        let bits =
            eights.fold(0, |bits: usize, eight| bits.wrapping_shl(8) | usize::from(packed(eight)));
        line.setBulk(start, bits);
    }
}

/// Up to eight zeros and ones as one byte, the first one lowest.
fn packed(eight: &[u8]) -> u8 {
    /// Moves bit `8 * i` to bit `56 + i`: one product instead of eight shifts.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let whole: Result<[u8; 8], _> = eight.try_into();
    let bytes = whole.unwrap_or_else(|_| {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(eight).for_each(|(to, from)| *to = *from);
        bytes
    });
    let [.., top] = u64::from_le_bytes(bytes).wrapping_mul(GATHER).to_le_bytes();
    top
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
    fn every_place_in_a_word_has_its_own_bit() {
        // Around the words of 32 and 64 bits and the bytes within them.
        for at in [0, 7, 8, 31, 32, 63, 64, 70, 76] {
            let mut pixels = [200; 77];
            pixels[at] = 0;
            let strokes = blacks(Threshold::LocalMean { radius: 3, keep: 0.5 }, 77, &pixels);
            let found: Vec<usize> = (0..77).filter(|i| strokes[*i]).collect();
            assert_eq!(found, [at]);
        }
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
