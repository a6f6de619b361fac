//! Means of squares of pixels, whole rows at a time.

use std::iter::{once, repeat_n};
use std::mem::swap;

use crate::device::picture::Luma;

/// A copy whose pixels are the means of the square reaching `radius` (at most 127) pixels each way.
///
/// Beyond the edge the outermost pixels repeat.
pub(super) fn box_mean(picture: &Luma, radius: u8) -> Option<Luma> {
    let mut pixels = Vec::with_capacity(picture.pixels().len());
    each_mean_row(picture, radius, |_, means| pixels.extend_from_slice(means))?;
    Luma::new(picture.width(), picture.height(), pixels)
}

/// Hands out each row together with the means of [`box_mean`], without keeping them.
pub(super) fn each_mean_row(
    picture: &Luma,
    radius: u8,
    mut take: impl FnMut(&[u8], &[u8]),
) -> Option<()> {
    let (first, last) = (picture.rows().next()?, picture.rows().next_back()?);
    let (reach, window) = (usize::from(radius), window(radius));
    let padded = repeat_n(first, reach).chain(picture.rows()).chain(repeat_n(last, reach));
    let mut sums = vec![0_u16; picture.width()];
    for row in padded.clone().take(window.saturating_sub(1)) {
        sums.iter_mut().zip(row).for_each(|(sum, &p)| *sum = slide(*sum, p, 0));
    }
    let mut across = Across::new(picture.width(), radius);
    let leaving = once(None).chain(padded.clone().map(Some));
    let entering = padded.skip(window.saturating_sub(1));
    for ((enters, leaves), row) in entering.zip(leaving).zip(picture.rows()) {
        advance(&mut sums, enters, leaves);
        take(row, across.means(&sums));
    }
    Some(())
}

fn advance(sums: &mut [u16], enters: &[u8], leaves: Option<&[u8]>) {
    let Some(leaves) = leaves else {
        sums.iter_mut().zip(enters).for_each(|(sum, &p)| *sum = slide(*sum, p, 0));
        return;
    };
    for ((sum, &enters), &leaves) in sums.iter_mut().zip(enters).zip(leaves) {
        *sum = slide(*sum, enters, leaves);
    }
}

/// Means of a window sliding along a row of column sums.
///
/// The window's sum is put together from sums of 1, 2, 4, ... neighbours, each made for the whole row
/// at once: unlike a running sum, that lets the processor do many pixels in one instruction.
struct Across {
    radius: u8,
    scale: Scale,
    powers: Vec<u16>,
    doubled: Vec<u16>,
    sums: Vec<u16>,
    means: Vec<u8>,
}

impl Across {
    fn new(width: usize, radius: u8) -> Self {
        let means = vec![0; width];
        let (powers, doubled) = (Vec::new(), Vec::new());
        Self { radius, scale: Scale::of(radius), powers, doubled, sums: vec![0; width], means }
    }

    fn means(&mut self, columns: &[u16]) -> &[u8] {
        self.pad(columns);
        let (mut done, mut step, window) = (0, 1, window(self.radius));
        self.sums.fill(0);
        while step <= window {
            if window & step != 0 {
                let parts = self.powers.get(done..).unwrap_or_default();
                self.sums.iter_mut().zip(parts).for_each(|(sum, &p)| *sum = sum.wrapping_add(p));
                done = done.saturating_add(step);
            }
            self.double_reach(step);
            step = step.saturating_mul(2);
        }
        let scale = self.scale;
        self.means.iter_mut().zip(&self.sums).for_each(|(mean, &sum)| *mean = scale.mean(sum));
        &self.means
    }

    /// Each value becomes the sum of itself and the one `step` further on; the last ones are used up.
    fn double_reach(&mut self, step: usize) {
        let further = self.powers.get(step..).unwrap_or_default();
        self.doubled.clear();
        self.doubled.extend(self.powers.iter().zip(further).map(|(&a, &b)| a.wrapping_add(b)));
        swap(&mut self.powers, &mut self.doubled);
    }

    /// Column means with the outermost ones repeated beyond both ends.
    fn pad(&mut self, columns: &[u16]) {
        let (reach, scale) = (usize::from(self.radius), self.scale);
        let end = |sum: Option<&u16>| sum.map_or(0, |&sum| scale.mean(sum).into());
        self.powers.clear();
        self.powers.resize(reach, end(columns.first()));
        self.powers.extend(columns.iter().map(|&sum| u16::from(scale.mean(sum))));
        self.powers.resize(self.powers.len().saturating_add(reach), end(columns.last()));
    }
}

fn window(radius: u8) -> usize {
    usize::from(radius).saturating_mul(2).saturating_add(1)
}

/// How the sum of a window becomes its mean.
#[derive(Clone, Copy)]
struct Scale {
    /// Half the window's width, so that the mean is rounded and not cut off.
    half: u16,
    /// 65536 over the window's width.
    share: u16,
}

impl Scale {
    fn of(radius: u8) -> Self {
        let window = u32::from(radius).saturating_mul(2).saturating_add(1);
        let share = 0x1_0000_u32.saturating_add(window / 2).checked_div(window);
        let share = share.and_then(|share| u16::try_from(share).ok()).unwrap_or(u16::MAX);
        Self { half: radius.into(), share }
    }

    /// The mean of a window's grey values, from their sum.
    fn mean(self, sum: u16) -> u8 {
        let rounded = u32::from(sum.wrapping_add(self.half));
        let [_, _, mean, _] = rounded.wrapping_mul(self.share.into()).to_le_bytes();
        mean
    }
}

/// 255 pixels of 255 and one more fit into 16 bits, so neither step saturates up to radius 127.
fn slide(sum: u16, enters: u8, leaves: u8) -> u16 {
    sum.saturating_add(enters.into()).saturating_sub(leaves.into())
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the sizes in the tests are small and fixed")]
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
    fn every_window_is_the_mean_of_its_pixels() {
        let picture = luma(23, 19, &(0..437_u32).map(|i| (i * i % 251) as u8).collect::<Vec<_>>());
        for radius in [1_u8, 2, 4, 12, 60] {
            let means = box_mean(&picture, radius).unwrap();
            for (x, y) in [(0, 0), (11, 9), (22, 18), (5, 17)] {
                let off = f64::from(means.pixels()[y * 23 + x]) - slow_mean(&picture, radius, x, y);
                assert!(off.abs() < 1.6, "radius {radius} at {x}, {y}: off by {off}");
            }
        }
    }

    /// The mean of every pixel of the window, the outermost ones repeated, one after the other.
    fn slow_mean(picture: &Luma, radius: u8, x: usize, y: usize) -> f64 {
        let reach = usize::from(radius);
        let near = |at: usize, end: usize| {
            (at..=at + 2 * reach).map(move |i| i.saturating_sub(reach).min(end - 1))
        };
        let pixel = |x: usize, y: usize| f64::from(picture.pixels()[y * picture.width() + x]);
        let columns = |y: usize| near(x, picture.width()).map(move |x| pixel(x, y));
        let sum: f64 = near(y, picture.height()).flat_map(columns).sum();
        sum / f64::from(2 * u32::from(radius) + 1).powi(2)
    }
}
