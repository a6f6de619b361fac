//! Which looks at a picture are taken, and in which order.

use super::filter::Filter;
use super::fit::Paper;
use super::threshold::Threshold;
use super::views::{Scale, View};

/// How much is tried on a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// One frame of a camera: what reads most codes, and one of four hard looks.
    ///
    /// Counting `turn` up from frame to frame visits every hard look within four frames.
    Live {
        /// Number of the frame; it may wrap around.
        turn: u32,
    },
    /// A still picture: everything.
    Full,
}

/// One look at the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) view: View,
    pub(super) threshold: Threshold,
    /// Most sets of finder patterns whose grid is fitted to the grey values.
    pub(super) fits: usize,
}

impl Effort {
    /// The steps in their order.
    pub(super) fn steps(self) -> impl Iterator<Item = Step> {
        let (first, then): (&[Step], &[Step]) = match self {
            Self::Full => (&FULL, &[]),
            Self::Live { turn } => (&LIVE, hard(turn)),
        };
        first.iter().chain(then).copied()
    }

    /// What is tried besides, as long as there is time, where a code seems to be in the picture.
    pub(super) fn more(self) -> impl Iterator<Item = Step> {
        let others = match self {
            Self::Full => None,
            Self::Live { turn } => Some((1..4).map(move |by| turn.wrapping_add(by))),
        };
        others.into_iter().flatten().flat_map(hard).copied()
    }

    /// How far the steps look for grids.
    pub(super) fn paper(self) -> Paper {
        match self {
            Self::Full => Paper::Crumpled,
            Self::Live { .. } => Paper::Flat,
        }
    }

    /// Most sets of finder patterns from several looks that are fitted.
    pub(super) fn fits(self) -> usize {
        match self {
            Self::Full => FITS,
            Self::Live { .. } => 2,
        }
    }
}

/// The hard look of a live frame.
fn hard(turn: u32) -> &'static [Step] {
    match turn % 4 {
        0 => &FINE,
        1 => &NOISY,
        2 => &FAINT,
        _ => &CLOSE,
    }
}

use Filter::{Blur, Plain};
use Scale::{Double, Full, Half, Middle, Quarter, Tall, Third, Whole, Wide};
use Threshold::Blocks;

/// On every frame.
const LIVE: [Step; 6] = [
    dark_on_light(Quarter, Plain, mean(12, 0.96), 1),
    dark_on_light(Middle, Plain, mean(12, 0.96), 0),
    dark_on_light(Half, Plain, Blocks, 2),
    dark_on_light(Half, unsharp(2, 2), mean(12, 0.96), 2),
    light_on_dark(Half, Plain, mean(12, 0.96), 2),
    dark_on_light(Half, unsharp(4, 4), mean(12, 1.15), 2),
];
/// Defocus and motion on small modules.
const FINE: [Step; 1] = [dark_on_light(Middle, unsharp(2, 2), mean(12, 0.96), 3)];
/// Noise.
const NOISY: [Step; 1] = [dark_on_light(Middle, Blur, mean(12, 0.96), 3)];
/// Little contrast.
const FAINT: [Step; 1] = [dark_on_light(Middle, unsharp(4, 4), mean(12, 1.15), 3)];
/// Codes that fill the frame, and small light ones on dark screens.
const CLOSE: [Step; 2] = [
    dark_on_light(Third, unsharp(4, 2), Blocks, 3),
    light_on_dark(Middle, Plain, mean(25, 0.96), 3),
];

/// Chosen by measuring on photographs and on drawn codes with defocus, noise, shadow and low contrast.
const FULL: [Step; 24] = [
    dark_on_light(Full, Plain, mean(12, 0.96), 0),
    dark_on_light(Half, Plain, Blocks, FITS),
    dark_on_light(Half, unsharp(2, 2), mean(12, 0.96), FITS),
    light_on_dark(Half, Plain, mean(12, 0.96), FITS),
    dark_on_light(Third, unsharp(4, 2), Blocks, FITS),
    dark_on_light(Full, unsharp(2, 2), mean(12, 0.96), FITS),
    dark_on_light(Quarter, Plain, mean(12, 0.96), FITS),
    dark_on_light(Full, Blur, mean(12, 0.96), FITS),
    dark_on_light(Full, unsharp(4, 4), mean(12, 1.15), FITS),
    light_on_dark(Full, Plain, mean(25, 0.96), FITS),
    dark_on_light(Double, unsharp(4, 2), Blocks, FITS),
    dark_on_light(Full, Blur, mean(60, 0.9), FITS),
    dark_on_light(Half, unsharp(4, 4), mean(12, 1.15), FITS),
    dark_on_light(Whole, Plain, mean(25, 0.95), FITS),
    dark_on_light(Wide, unsharp(2, 2), mean(12, 0.96), FITS),
    dark_on_light(Tall, unsharp(2, 2), mean(12, 0.96), FITS),
    light_on_dark(Half, unsharp(2, 2), mean(12, 0.96), FITS),
    light_on_dark(Full, Blur, mean(12, 0.96), FITS),
    light_on_dark(Full, unsharp(4, 4), mean(12, 1.15), FITS),
    light_on_dark(Half, unsharp(4, 4), mean(12, 1.15), FITS),
    dark_on_light(Half, Blur, mean(12, 0.96), FITS),
    dark_on_light(Half, unsharp(4, 4), mean(12, 1.0), FITS),
    dark_on_light(Half, unsharp(4, 2), mean(25, 1.0), FITS),
    dark_on_light(Full, Blur, mean(25, 1.0), FITS),
];
/// Most sets fitted in one full look.
pub(super) const FITS: usize = 8;

const fn dark_on_light(scale: Scale, filter: Filter, threshold: Threshold, fits: usize) -> Step {
    Step { view: View { scale, light_on_dark: false, filter }, threshold, fits }
}

const fn light_on_dark(scale: Scale, filter: Filter, threshold: Threshold, fits: usize) -> Step {
    Step { view: View { scale, light_on_dark: true, filter }, threshold, fits }
}

const fn unsharp(radius: u8, gain: i16) -> Filter {
    Filter::Unsharp { radius, gain }
}

const fn mean(radius: u8, keep: f32) -> Threshold {
    Threshold::LocalMean { radius, keep }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_frames_visit_every_hard_look() {
        let hard = |turn: u32| Effort::Live { turn }.steps().skip(6).map(|step| step.view);
        let all: Vec<View> = (7..11).flat_map(hard).collect();
        assert_eq!(all.len(), 5);
        let dark = all.iter().filter(|view| view.light_on_dark).count();
        let sharp = all.iter().filter(|view| matches!(view.filter, Filter::Unsharp { .. })).count();
        assert_eq!((dark, sharp, all.iter().filter(|view| view.filter == Blur).count()), (1, 3, 1));
    }

    #[test]
    fn every_frame_begins_alike() {
        for turn in [0, 1, 2, 3, u32::MAX] {
            let begin: Vec<View> = Effort::Live { turn }.steps().take(6).map(|s| s.view).collect();
            assert_eq!(begin, LIVE.map(|step| step.view));
        }
    }

    #[test]
    fn a_frame_with_a_code_gets_every_hard_look() {
        for turn in [0, 1, 2, 3, u32::MAX] {
            let effort = Effort::Live { turn };
            assert_eq!(effort.steps().chain(effort.more()).count(), 11);
        }
    }
}
