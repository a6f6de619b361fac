//! Pixel filters: smaller, inverted, blurred, sharpened copies of a picture.

use std::iter::repeat_n;

use crate::device::picture::Luma;

/// What is done to the pixels before the threshold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Filter {
    /// The pixels as they are.
    Plain,
    /// Each pixel is the mean of its 3 by 3 neighbourhood, against noise.
    Blur,
    /// The difference to the blurred surroundings is added `gain` times, against defocus and motion.
    Unsharp { radius: u8, gain: f32 },
}

impl Filter {
    /// The filtered copy.
    pub(super) fn apply(self, picture: Luma) -> Option<Luma> {
        match self {
            Self::Plain => Some(picture),
            Self::Blur => box_mean(&picture, 1),
            Self::Unsharp { radius, gain } => unsharp(&picture, radius, gain),
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

/// A copy whose pixels are the means of the square reaching `radius` (at most 127) pixels each way.
///
/// Beyond the edge the outermost pixels repeat.
pub(super) fn box_mean(picture: &Luma, radius: u8) -> Option<Luma> {
    let mut across = Vec::with_capacity(picture.pixels().len());
    for row in picture.rows() {
        mean_along(row, radius, &mut across);
    }
    let across = Luma::new(picture.width(), picture.height(), across)?;
    mean_down(&across, radius)
}

fn mean_along(row: &[u8], radius: u8, out: &mut Vec<u8>) {
    let (Some(&first), Some(&last)) = (row.first(), row.last()) else {
        return;
    };
    let (reach, window) = (usize::from(radius), window(radius));
    let mut padded = vec![first; reach];
    padded.extend_from_slice(row);
    padded.resize(padded.len().saturating_add(reach), last);
    let mut sum: u16 = padded.iter().take(window).map(|&p| u16::from(p)).sum();
    let share = share(radius);
    out.push(grey(f32::from(sum) * share));
    out.extend(padded.iter().skip(window).zip(&padded).map(|(&enters, &leaves)| {
        sum = slide(sum, enters, leaves);
        grey(f32::from(sum) * share)
    }));
}

fn mean_down(picture: &Luma, radius: u8) -> Option<Luma> {
    let (first, last) = (picture.rows().next()?, picture.rows().next_back()?);
    let (reach, window) = (usize::from(radius), window(radius));
    let padded = repeat_n(first, reach).chain(picture.rows()).chain(repeat_n(last, reach));
    let mut sums = vec![0_u16; picture.width()];
    for row in padded.clone().take(window) {
        sums.iter_mut().zip(row).for_each(|(sum, &p)| *sum = slide(*sum, p, 0));
    }
    let share = share(radius);
    let mut out = Vec::with_capacity(picture.pixels().len());
    out.extend(sums.iter().map(|&sum| grey(f32::from(sum) * share)));
    for (enters, leaves) in padded.clone().skip(window).zip(padded) {
        for ((sum, &enters), &leaves) in sums.iter_mut().zip(enters).zip(leaves) {
            *sum = slide(*sum, enters, leaves);
        }
        out.extend(sums.iter().map(|&sum| grey(f32::from(sum) * share)));
    }
    Luma::new(picture.width(), picture.height(), out)
}

fn window(radius: u8) -> usize {
    usize::from(radius).saturating_mul(2).saturating_add(1)
}

fn share(radius: u8) -> f32 {
    (f32::from(radius) * 2.0 + 1.0).recip()
}

/// 255 pixels of 255 and one more fit into 16 bits, so neither step saturates up to radius 127.
fn slide(sum: u16, enters: u8, leaves: u8) -> u16 {
    sum.saturating_add(enters.into()).saturating_sub(leaves.into())
}

fn unsharp(picture: &Luma, radius: u8, gain: f32) -> Option<Luma> {
    let soft = box_mean(&box_mean(picture, radius)?, radius)?;
    let pairs = picture.pixels().iter().zip(soft.pixels());
    let pixels = pairs.map(|(&p, &soft)| sharpened(p.into(), soft.into(), gain)).collect();
    Luma::new(picture.width(), picture.height(), pixels)
}

fn sharpened(pixel: f32, soft: f32, gain: f32) -> u8 {
    grey((pixel - soft).mul_add(gain, pixel))
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
    fn the_box_mean_repeats_the_edge() {
        // By hand: (0+0+90)/3, (0+90+255)/3, (90+255+255)/3, in a row and in a column.
        let row = box_mean(&luma(3, 1, &[0, 90, 255]), 1).unwrap();
        assert_eq!(row.pixels(), [30, 115, 200]);
        let column = box_mean(&luma(1, 3, &[0, 90, 255]), 1).unwrap();
        assert_eq!(column.pixels(), [30, 115, 200]);
    }

    #[test]
    fn the_widest_box_does_not_overflow() {
        let white = luma(300, 3, &[255; 900]);
        assert_eq!(box_mean(&white, 127).unwrap(), white);
    }

    #[test]
    fn shrinking_takes_block_means_and_drops_the_rest() {
        let picture = luma(5, 3, &[0, 10, 100, 100, 7, 20, 30, 100, 104, 7, 7, 7, 7, 7, 7]);
        assert_eq!(shrink(&picture, 2), Some(luma(2, 1, &[15, 101])));
        assert_eq!(shrink(&picture, 4), None);
    }

    #[test]
    fn sharpening_widens_an_edge_and_saturates() {
        let edge = luma(6, 1, &[100, 100, 100, 150, 150, 150]);
        let sharp = unsharp(&edge, 1, 2.0).unwrap();
        assert!(sharp.pixels()[2] < 100 && sharp.pixels()[3] > 150, "{:?}", sharp.pixels());
        let black_white = luma(2, 1, &[0, 255]);
        assert_eq!(unsharp(&black_white, 1, 2.0), Some(black_white));
    }

    #[test]
    fn inverting_twice_changes_nothing() {
        let picture = luma(2, 2, &[0, 1, 254, 255]);
        assert_eq!(invert(&picture).unwrap().pixels(), [255, 254, 1, 0]);
        assert_eq!(invert(&invert(&picture).unwrap()), Some(picture));
    }
}
