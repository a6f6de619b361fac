//! Pixel filters: smaller, inverted, blurred, sharpened copies of a picture.

use super::mean::{box_mean, each_mean_row};
use crate::device::picture::Luma;

/// What is done to the pixels before the threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Filter {
    /// The pixels as they are.
    Plain,
    /// Each pixel is the mean of its 3 by 3 neighbourhood, against noise.
    Blur,
    /// The difference to the blurred surroundings is added `gain` times, against defocus and motion.
    Unsharp { radius: u8, gain: i16 },
}

impl Filter {
    /// The filtered copy.
    pub(super) fn apply(self, picture: &Luma) -> Option<Luma> {
        match self {
            Self::Plain => Some(picture.clone()),
            Self::Blur => box_mean(picture, 1),
            Self::Unsharp { radius, gain } => unsharp(picture, radius, gain),
        }
    }
}

/// A copy whose pixels are the means of blocks of `factor` by `factor` pixels (at most 16).
///
/// There is none when the picture is smaller than one block.
pub(super) fn shrink(picture: &Luma, factor: u8) -> Option<Luma> {
    let step = usize::from(factor);
    let width = picture.width().checked_div(step)?;
    let height = picture.height().checked_div(step)?;
    let area = f32::from(factor).powi(2);
    let mut pixels = Vec::with_capacity(width.saturating_mul(height));
    for band in picture.pixels().chunks_exact(picture.width().saturating_mul(step)) {
        let sums = block_sums(band, picture.width(), step);
        pixels.extend(sums.into_iter().take(width).map(|sum| grey(f32::from(sum) / area)));
    }
    Luma::new(width, height, pixels)
}

fn block_sums(band: &[u8], width: usize, step: usize) -> Vec<u16> {
    let mut sums = vec![0_u16; width.checked_div(step).unwrap_or_default()];
    for row in band.chunks_exact(width) {
        for (sum, block) in sums.iter_mut().zip(row.chunks_exact(step)) {
            *sum = block.iter().fold(*sum, |sum, &p| sum.saturating_add(p.into()));
        }
    }
    sums
}

/// A copy with black and white exchanged.
pub(super) fn invert(picture: &Luma) -> Option<Luma> {
    let pixels = picture.pixels().iter().map(|p| !p).collect();
    Luma::new(picture.width(), picture.height(), pixels)
}

/// A copy twice as wide, between the pixels along straight lines.
pub(super) fn widen(picture: &Luma) -> Option<Luma> {
    let pixels = picture.rows().flat_map(widened).collect();
    Luma::new(picture.width().saturating_mul(2), picture.height(), pixels)
}

/// A copy twice as high, between the pixels along straight lines.
pub(super) fn heighten(picture: &Luma) -> Option<Luma> {
    let mut pixels = Vec::with_capacity(picture.pixels().len().saturating_mul(2));
    let last = picture.rows().last();
    let next = picture.rows().skip(1).chain(last);
    for (upper, lower) in picture.rows().zip(next) {
        pixels.extend_from_slice(upper);
        pixels.extend(upper.iter().zip(lower).map(|(&a, &b)| a.midpoint(b)));
    }
    Luma::new(picture.width(), picture.height().saturating_mul(2), pixels)
}

fn widened(row: &[u8]) -> Vec<u8> {
    let next = row.iter().skip(1).chain(row.last());
    row.iter().zip(next).flat_map(|(&a, &b)| [a, a.midpoint(b)]).collect()
}

/// The middle of a picture, at most `width` by `height` pixels.
pub(super) fn middle(picture: &Luma, width: usize, height: usize) -> Option<Luma> {
    let (width, height) = (width.min(picture.width()), height.min(picture.height()));
    let left = picture.width().saturating_sub(width) / 2;
    let top = picture.height().saturating_sub(height) / 2;
    let mut pixels = Vec::with_capacity(width.saturating_mul(height));
    for row in picture.rows().skip(top).take(height) {
        pixels.extend_from_slice(row.get(left..left.saturating_add(width))?);
    }
    Luma::new(width, height, pixels)
}

fn unsharp(picture: &Luma, radius: u8, gain: i16) -> Option<Luma> {
    let softer = box_mean(picture, radius)?;
    let mut pixels = Vec::with_capacity(picture.pixels().len());
    let mut rows = picture.rows();
    each_mean_row(&softer, radius, |_, soft| {
        let row = rows.next().unwrap_or_default();
        pixels.extend(row.iter().zip(soft).map(|(&p, &soft)| sharpened(p, soft, gain)));
    })?;
    Luma::new(picture.width(), picture.height(), pixels)
}

#[expect(clippy::cast_sign_loss, reason = "clamped to a grey value")]
fn sharpened(pixel: u8, soft: u8, gain: i16) -> u8 {
    let (pixel, soft) = (i16::from(pixel), i16::from(soft));
    let change = pixel.wrapping_sub(soft).wrapping_mul(gain);
    pixel.wrapping_add(change).clamp(0, 255) as u8
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from float saturates at 0 and 255, which is what a grey value does"
)]
fn grey(value: f32) -> u8 {
    (value + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luma(width: usize, height: usize, pixels: &[u8]) -> Luma {
        Luma::new(width, height, pixels.to_vec()).unwrap()
    }

    #[test]
    fn shrinking_takes_block_means_and_drops_the_rest() {
        let picture = luma(5, 3, &[0, 10, 100, 100, 7, 20, 30, 100, 104, 7, 7, 7, 7, 7, 7]);
        assert_eq!(shrink(&picture, 2), Some(luma(2, 1, &[15, 101])));
        assert_eq!(shrink(&picture, 4), None);
    }

    #[test]
    fn doubling_fills_in_between() {
        let picture = luma(2, 2, &[0, 100, 200, 100]);
        let expected =
            [0, 50, 100, 100, 100, 100, 100, 100, 200, 150, 100, 100, 200, 150, 100, 100];
        let wide = luma(4, 2, &[0, 50, 100, 100, 200, 150, 100, 100]);
        assert_eq!(widen(&picture), Some(wide.clone()));
        assert_eq!(heighten(&wide), Some(luma(4, 4, &expected)));
    }

    #[test]
    fn the_middle_is_cut_out() {
        let picture = luma(4, 3, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        assert_eq!(middle(&picture, 2, 1), Some(luma(2, 1, &[5, 6])));
        assert_eq!(middle(&picture, 9, 9), Some(picture));
    }

    #[test]
    fn sharpening_widens_an_edge_and_saturates() {
        let edge = luma(6, 1, &[100, 100, 100, 150, 150, 150]);
        let sharp = unsharp(&edge, 1, 2).unwrap();
        assert!(sharp.pixels()[2] < 100 && sharp.pixels()[3] > 150, "{:?}", sharp.pixels());
        let black_white = luma(2, 1, &[0, 255]);
        assert_eq!(unsharp(&black_white, 1, 2), Some(black_white));
    }

    #[test]
    fn inverting_twice_changes_nothing() {
        let picture = luma(2, 2, &[0, 1, 254, 255]);
        assert_eq!(invert(&picture).unwrap().pixels(), [255, 254, 1, 0]);
        assert_eq!(invert(&invert(&picture).unwrap()), Some(picture));
    }
}
