//! Texts of the QR codes in a grey picture.
//!
//! One pass is a list of steps, each a different look at the same picture: scale, invert, filter,
//! threshold, find the finder patterns, sample the module grids, decode them. Where sampling does not
//! decode, the grid is fitted to the grey values. The first step that yields a wanted text ends the
//! pass. The list begins with what is cheap and reads most pictures, goes on to what defocus, noise and
//! light-on-dark screens need, and ends with the costly look at every pixel of a large picture.
//! Shrinking is no loss on the way: a code that fills a large picture has modules wider than the
//! threshold windows and is found only in a smaller copy.
//!
//! [`look`] runs on the caller's thread and cannot be interrupted inside one foreign call; a caller
//! that must not wait uses [`reader::Reader`].

pub mod reader;

mod corners;
mod doubt;
mod errata;
mod filter;
mod fit;
mod locate;
mod mean;
mod pool;
mod steps;
mod threshold;
mod views;

use std::sync::atomic::{AtomicBool, Ordering};

use rxing::common::BitMatrix;

use self::filter::Filter;
use self::fit::{Paper, Scope};
use self::locate::{Limits, Located};
use self::pool::Pool;
pub use self::steps::Effort;
use self::steps::Step;
use self::threshold::Threshold;
use self::views::{Scale, View, Views};
use crate::device::picture::Luma;

/// The black pixels of a picture, each told by the light around it; none of a picture that is too small.
pub(super) fn black_and_white(picture: &Luma) -> Option<BitMatrix> {
    locate::attempt(|| Threshold::Blocks.apply(picture))
}

/// What a pass found, and how far it went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// All distinct texts, the wanted ones first.
    pub texts: Vec<String>,
    /// Whether anything looked like a code, read or not.
    pub seen: bool,
    /// How many steps were tried.
    pub steps: u8,
}

/// Looks for codes until a step finds a wanted text, all steps are done, or time runs out.
///
/// Texts that are not wanted do not end the pass; they are returned when no wanted one turns up, or
/// beside the wanted ones of the last step. `out_of_time` is asked between steps and between the codes
/// tried within a step.
pub fn look(
    picture: &Luma,
    effort: Effort,
    wanted: impl Fn(&str) -> bool,
    out_of_time: impl Fn() -> bool,
) -> Look {
    let Some(views) = Views::of(picture) else {
        return Look::default();
    };
    let scope = Scope { paper: effort.paper(), out_of_time: &out_of_time };
    let limits = Limits { wanted: &wanted, scope };
    let mut pass = Pass { views, limits, pools: Default::default(), look: Look::default() };
    let done = pass.takes(effort.steps());
    if !done && pass.looks_like_a_code() {
        let done = pass.takes(effort.more());
        pass.limits.scope.paper = Paper::Crumpled;
        let _done = done || pass.puts_together(effort.fits());
    }
    pass.look
}

/// One picture being looked at.
struct Pass<'a> {
    views: Views<'a>,
    limits: Limits<'a>,
    /// The finder patterns of dark codes, and those of light ones.
    pools: [Pool; 2],
    look: Look,
}

impl Pass<'_> {
    /// Takes steps until one ends the pass or time runs out; false when there was time and nothing wanted.
    fn takes(&mut self, steps: impl Iterator<Item = Step>) -> bool {
        for step in steps {
            if (self.limits.scope.out_of_time)() {
                return true;
            }
            let found = step.look(&self.views, &self.limits);
            let [dark, light] = &mut self.pools;
            let pool = if step.view.light_on_dark { light } else { dark };
            if let Some(frame) = self.views.frame(step.view.scale) {
                pool.add(&found.patterns, frame);
            }
            self.look.seen |= found.seen;
            if self.look.take(found.texts, self.limits.wanted) {
                return true;
            }
        }
        false
    }

    /// Fits what the finder patterns of all steps give together, as [`Self::takes`] does.
    fn puts_together(&mut self, fits: usize) -> bool {
        for (pool, light_on_dark) in self.pools.iter().zip([false, true]) {
            let view = View { scale: Scale::Full, light_on_dark, filter: Filter::Plain };
            let Some(grey) = self.views.get(view).filter(|_| !(self.limits.scope.out_of_time)())
            else {
                return true;
            };
            let found = locate::pooled(pool, &grey, fits, &self.limits);
            if self.look.take(found, self.limits.wanted) {
                return true;
            }
        }
        false
    }

    /// Whether more than one look saw the same two finder patterns.
    fn looks_like_a_code(&self) -> bool {
        self.pools.iter().any(Pool::is_promising)
    }
}

impl Look {
    /// Adds what a step found; true when a wanted text is among it.
    fn take(&mut self, found: Vec<String>, wanted: impl Fn(&str) -> bool) -> bool {
        self.steps = self.steps.saturating_add(1);
        let done = found.iter().any(|text| wanted(text));
        if done {
            self.texts = wanted_first(found, wanted);
        } else {
            let new = found.into_iter().filter(|text| !self.texts.contains(text));
            self.texts.extend(new.collect::<Vec<_>>());
        }
        done
    }
}

/// All distinct texts of the first step that finds any; none when no step does or `stop` is set.
pub fn texts(picture: &Luma, stop: &AtomicBool) -> Vec<String> {
    look(picture, Effort::Full, |_| true, || stop.load(Ordering::Relaxed)).texts
}

fn wanted_first(texts: Vec<String>, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let (mut first, rest): (Vec<_>, Vec<_>) = texts.into_iter().partition(|text| wanted(text));
    first.extend(rest);
    first
}

impl Step {
    fn look(&self, views: &Views<'_>, limits: &Limits<'_>) -> Located {
        let grey = locate::attempt(|| views.get(self.view));
        let located = grey.and_then(|grey| {
            let black = locate::attempt(|| self.threshold.apply(&grey))?;
            Some(locate::texts(&black, &grey, self.fits, limits))
        });
        located.unwrap_or_default()
    }
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
    fn a_code_seen_from_far_aside_is_read() {
        let text = made_up(18, 40);
        let code = drawn(&text, 6);
        // One pixel in four of each row: modules of 1.5 by 6 pixels.
        let pixels: Vec<u8> = code.rows().flat_map(|row| row.iter().copied().step_by(4)).collect();
        let narrow = Luma::new(code.width().div_ceil(4), code.height(), pixels).unwrap();
        let (mut wide, white) = (vec![235; 400 * narrow.height()], 100);
        for (line, row) in wide.chunks_exact_mut(400).zip(narrow.rows()) {
            line[white..white + row.len()].copy_from_slice(row);
        }
        let picture = Luma::new(400, narrow.height(), wide).unwrap();
        assert_eq!(read(&picture), [text.as_str()]);
        assert_eq!(read(&turned(&picture)), [text]);
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
    fn an_unwanted_code_does_not_end_the_pass() {
        let (other, ours) = (made_up(15, 180), made_up(16, 180));
        let dark_mode = changed(&drawn(&ours, 4), |p| 255 - p);
        let picture = beside(&drawn(&other, 4), &dark_mode);
        let any = look(&picture, Effort::Full, |_| true, || false);
        assert_eq!((any.texts, any.steps), (vec![other.clone()], 1));
        let found = look(&picture, Effort::Full, |text| text == ours, || false);
        assert!(found.texts[0] == ours && found.steps > 1, "{found:?}");
        let none = look(&picture, Effort::Full, |_| false, || false);
        assert!(none.texts.contains(&other) && none.texts.contains(&ours), "{none:?}");
    }

    #[test]
    fn four_frames_read_what_one_frame_cannot() {
        let text = made_up(17, 225);
        let picture = changed(&drawn(&text, 4), |p| if p < 128 { 130 } else { 100 });
        let live = |turn: u32| look(&picture, Effort::Live { turn }, |_| true, || false).texts;
        assert!((0..4).any(|turn| live(turn) == [text.as_str()]));
    }

    #[test]
    fn a_pass_ends_when_time_runs_out() {
        let asked = std::cell::Cell::new(0);
        let late = || asked.replace(asked.get() + 1) > 2;
        let paper = Luma::new(60, 60, vec![200; 3600]).unwrap();
        assert_eq!(
            look(&paper, Effort::Full, |_| true, late),
            Look { steps: 3, ..Look::default() }
        );
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
