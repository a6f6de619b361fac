//! Texts of the QR codes in a grey picture.
//!
//! One pass is a list of steps, each a different look at the same picture: scale, invert, filter,
//! threshold, find the finder patterns, sample the module grids, decode them. The first step that
//! yields a text ends the pass. The list begins with what is cheap and reads most pictures, goes on to
//! what defocus, noise and light-on-dark screens need, and ends with the costly look at every pixel of
//! a large picture. Shrinking is no loss on the way: a code that fills a large picture has modules
//! wider than the threshold windows and is found only in a smaller copy.
//!
//! [`texts`] runs on the caller's thread and cannot be interrupted inside one foreign call; a caller
//! that must not wait uses [`reader::Reader`].

pub mod reader;

mod filter;
mod locate;
mod threshold;

use std::sync::atomic::{AtomicBool, Ordering};

use rxing::common::BitMatrix;

use self::filter::{Filter, invert, shrink};
use self::threshold::Threshold;
use crate::device::picture::Luma;

/// One look at the picture.
#[derive(Clone, Copy, Debug)]
struct Step {
    scale: Scale,
    light_on_dark: bool,
    filter: Filter,
    threshold: Threshold,
}

/// How large the copy is that a step looks at.
#[derive(Clone, Copy, Debug)]
enum Scale {
    /// Every pixel of a picture too large for [`FULL_AREA`]; smaller ones skip the step.
    Whole,
    /// The working copy: the picture, or as much of it as fits into [`FULL_AREA`].
    Full,
    /// Half the working copy each way.
    Half,
    /// A third of the working copy each way.
    Third,
    /// A quarter of the working copy each way.
    Quarter,
}

/// Largest area of the working copy, in pixels: a camera frame of 1920 by 1080 fits.
const FULL_AREA: usize = 1920 * 1200;

/// Chosen by measuring on photographs and on drawn codes with defocus, noise, shadow and low contrast.
const STEPS: [Step; 12] = {
    use Filter::{Blur, Plain};
    use Scale::{Full, Half, Quarter, Third, Whole};
    use Threshold::Blocks;
    [
        dark_on_light(Half, Plain, Blocks),
        dark_on_light(Full, Plain, mean(60, 0.95)),
        dark_on_light(Half, unsharp(2, 2.0), mean(30, 0.9)),
        light_on_dark(Full, Plain, mean(60, 0.9)),
        dark_on_light(Full, unsharp(4, 2.0), mean(60, 0.9)),
        dark_on_light(Full, Blur, mean(60, 0.9)),
        dark_on_light(Full, unsharp(2, 2.0), mean(60, 0.9)),
        dark_on_light(Quarter, Plain, Blocks),
        dark_on_light(Third, unsharp(4, 2.0), Blocks),
        dark_on_light(Half, unsharp(4, 4.0), mean(12, 1.15)),
        dark_on_light(Full, unsharp(2, 2.0), Blocks),
        dark_on_light(Whole, Plain, mean(25, 0.95)),
    ]
};

const fn dark_on_light(scale: Scale, filter: Filter, threshold: Threshold) -> Step {
    Step { scale, light_on_dark: false, filter, threshold }
}

const fn light_on_dark(scale: Scale, filter: Filter, threshold: Threshold) -> Step {
    Step { scale, light_on_dark: true, filter, threshold }
}

const fn unsharp(radius: u8, gain: f32) -> Filter {
    Filter::Unsharp { radius, gain }
}

const fn mean(radius: u8, keep: f32) -> Threshold {
    Threshold::LocalMean { radius, keep }
}

/// All distinct texts of the first step that finds any; none when no step does or `stop` is set.
///
/// `stop` is looked at between steps and between the codes tried within a step.
pub fn texts(picture: &Luma, stop: &AtomicBool) -> Vec<String> {
    let Some(views) = Views::of(picture) else {
        return Vec::new();
    };
    let running = STEPS.iter().take_while(|_| !stop.load(Ordering::Relaxed));
    let mut found = running.map(|step| step.texts(&views, stop));
    found.find(|texts| !texts.is_empty()).unwrap_or_default()
}

impl Step {
    fn texts(&self, views: &Views<'_>, stop: &AtomicBool) -> Vec<String> {
        let black = locate::attempt(|| self.black(views));
        black.map(|black| locate::texts(&black, stop)).unwrap_or_default()
    }

    fn black(&self, views: &Views<'_>) -> Option<BitMatrix> {
        let scaled = views.at(self.scale)?;
        let upright = if self.light_on_dark { invert(&scaled)? } else { scaled };
        self.threshold.apply(&self.filter.apply(upright)?)
    }
}

/// The picture and its working copy.
struct Views<'a> {
    whole: Option<&'a Luma>,
    full: Luma,
}

impl<'a> Views<'a> {
    fn of(picture: &'a Luma) -> Option<Self> {
        let factor = (1..=16).find(|factor| fits(picture, *factor))?;
        let whole = (factor > 1).then_some(picture);
        Some(Self { whole, full: shrink(picture, factor)? })
    }

    fn at(&self, scale: Scale) -> Option<Luma> {
        match scale {
            Scale::Whole => self.whole.cloned(),
            Scale::Full => Some(self.full.clone()),
            Scale::Half => shrink(&self.full, 2),
            Scale::Third => shrink(&self.full, 3),
            Scale::Quarter => shrink(&self.full, 4),
        }
    }
}

fn fits(picture: &Luma, factor: u8) -> bool {
    let square = usize::from(factor).saturating_pow(2);
    picture.pixels().len() <= FULL_AREA.saturating_mul(square)
}

#[cfg(test)]
#[cfg(feature = "issuer")]
#[expect(clippy::arithmetic_side_effects, reason = "the sizes in the tests are small and fixed")]
mod tests {
    use qrcode::{Color, EcLevel, QrCode};

    use super::*;

    const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

    #[test]
    fn codes_are_read_at_every_length_size_and_turn() {
        for (seed, length) in [(1, 180), (2, 225), (3, 390)] {
            let text = made_up(seed, length);
            for module in [3, 4, 6] {
                let mut picture = drawn(&text, module);
                for quarter in 0..4 {
                    let case = format!("{length} characters, {module} px, turned {quarter}");
                    assert_eq!(read(&picture), [text.as_str()], "{case}");
                    picture = turned(&picture);
                }
            }
        }
    }

    #[test]
    fn a_very_close_code_is_read() {
        let text = made_up(4, 225);
        assert_eq!(read(&drawn(&text, 22)), [text]);
    }

    #[test]
    fn light_on_dark_is_read() {
        let text = made_up(5, 225);
        let picture = changed(&drawn(&text, 4), |p| 255 - p);
        assert_eq!(read(&picture), [text]);
    }

    #[test]
    fn thirty_grey_levels_are_enough() {
        let text = made_up(6, 225);
        let picture = changed(&drawn(&text, 4), |p| if p < 128 { 100 } else { 130 });
        assert_eq!(read(&picture), [text]);
    }

    #[test]
    fn noise_of_sixty_levels_is_read() {
        let text = made_up(7, 225);
        let mut random = Lcg(8);
        let picture = changed(&drawn(&text, 5), |p| {
            p.saturating_add(random.below(60)).saturating_sub(random.below(60))
        });
        assert_eq!(read(&picture), [text]);
    }

    #[test]
    fn both_of_two_codes_are_read() {
        let (left, right) = (made_up(9, 180), made_up(10, 180));
        let mut found = read(&beside(&drawn(&left, 4), &drawn(&right, 4)));
        found.sort();
        let mut expected = [left, right];
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_same_text_twice_is_one_text() {
        let text = made_up(11, 180);
        let code = drawn(&text, 4);
        assert_eq!(read(&beside(&code, &code)), [text]);
    }

    #[test]
    fn a_small_code_in_a_large_picture_is_read() {
        let text = made_up(12, 180);
        let code = drawn(&text, 3);
        let (width, height) = (2000, 1400);
        let mut pixels = vec![235; width * height];
        for (line, row) in pixels.chunks_exact_mut(width).skip(800).zip(code.rows()) {
            line[1500..1500 + row.len()].copy_from_slice(row);
        }
        let picture = Luma::new(width, height, pixels).unwrap();
        assert_eq!(read(&picture), [text]);
    }

    #[test]
    fn texts_outside_utf8_are_read() {
        // Latin-1 "café" in byte mode is no UTF-8.
        let picture = drawn_bytes(b"caf\xe9 caf\xe9 caf\xe9", 4);
        assert_eq!(read(&picture), ["café café café"]);
    }

    #[test]
    fn pictures_without_a_code_have_no_text() {
        for (width, height) in [(1, 1), (8192, 1), (1, 8192), (7, 9), (400, 300)] {
            for grey in [0, 128, 255] {
                let picture = Luma::new(width, height, vec![grey; width * height]).unwrap();
                assert_eq!(read(&picture), [""; 0], "{width}x{height} of {grey}");
            }
        }
        let mut random = Lcg(13);
        let speckles = (0..400 * 300).map(|_| random.below(255)).collect();
        assert_eq!(read(&Luma::new(400, 300, speckles).unwrap()), [""; 0]);
    }

    #[test]
    fn a_set_stop_flag_ends_the_pass() {
        let picture = drawn(&made_up(14, 180), 4);
        assert_eq!(texts(&picture, &AtomicBool::new(true)), [""; 0]);
    }

    fn read(picture: &Luma) -> Vec<String> {
        texts(picture, &AtomicBool::new(false))
    }

    fn drawn(text: &str, module: usize) -> Luma {
        drawn_bytes(text.as_bytes(), module)
    }

    /// The code at level M with its quiet zone of four modules, grey 20 on 235.
    fn drawn_bytes(text: &[u8], module: usize) -> Luma {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let side = (code.width() + 8) * module;
        let dark = |at: usize| (at / module).checked_sub(4).filter(|m| *m < code.width());
        let pixel = |x: usize, y: usize| match (dark(x), dark(y)) {
            (Some(x), Some(y)) if code[(x, y)] == Color::Dark => 20,
            _ => 235,
        };
        let pixels = (0..side * side).map(|i| pixel(i % side, i / side)).collect();
        Luma::new(side, side, pixels).unwrap()
    }

    /// A quarter turn clockwise.
    fn turned(picture: &Luma) -> Luma {
        let (width, height) = (picture.height(), picture.width());
        let from = |i: usize| (width - 1 - i % width) * picture.width() + i / width;
        let pixels = (0..width * height).map(|i| picture.pixels()[from(i)]).collect();
        Luma::new(width, height, pixels).unwrap()
    }

    fn changed(picture: &Luma, change: impl FnMut(u8) -> u8) -> Luma {
        let pixels = picture.pixels().iter().copied().map(change).collect();
        Luma::new(picture.width(), picture.height(), pixels).unwrap()
    }

    fn beside(left: &Luma, right: &Luma) -> Luma {
        let rows = left.rows().zip(right.rows());
        let pixels = rows.flat_map(|(l, r)| [l, r].concat()).collect();
        Luma::new(left.width() + right.width(), left.height(), pixels).unwrap()
    }

    fn made_up(seed: u64, length: usize) -> String {
        let mut random = Lcg(seed);
        (0..length).map(|_| char::from(ALPHABET[usize::from(random.below(45))])).collect()
    }

    /// Knuth's MMIX generator.
    struct Lcg(u64);

    impl Lcg {
        fn below(&mut self, end: u8) -> u8 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            u8::try_from((self.0 >> 33) % u64::from(end)).unwrap()
        }
    }
}
