//! What the cashier can do when a code is in view and does not read.

use crate::{device::picture::Luma, domain::scan::Hint};

/// How long a code must be in view without being read, in milliseconds.
pub const PATIENCE_MS: u64 = 4_000;
/// Longest time without a code in view that does not begin the wait anew, in milliseconds.
const PAUSE_MS: u64 = 1_000;
/// How long a hint stays after the code left the view, in milliseconds.
const STAYS_MS: u64 = 2_000;

/// Below this mean the picture is too dark to read, of 255.
const DARK: u8 = 50;
/// Below this distance of dark from light there is too little contrast, of 255.
const FLAT: u8 = 60;
/// Beyond this share of burnt-out pixels light is reflected, in hundredths.
const GLARING: u64 = 35;
/// Below this sharpness the code is out of focus: the steepest edges take more than four pixels.
const BLURRED: u64 = 25;

/// What one frame looks like, of 255 or in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Light {
    /// The mean brightness.
    pub mean: u8,
    /// Nineteen of twenty pixels are lighter than this.
    pub dark: u8,
    /// Nineteen of twenty pixels are darker than this.
    pub light: u8,
    /// The share of pixels at the upper end, in hundredths.
    pub burnt: u64,
    /// The steepest change between neighbours, in hundredths of the distance of dark from light.
    pub sharp: u64,
}

impl Light {
    /// Measures the middle of a frame, where codes are held.
    pub fn of(frame: &Luma) -> Self {
        let (high, wide) = (frame.height() / 4, frame.width() / 4);
        let rows =
            frame.rows().skip(high).take(frame.height().saturating_sub(high.saturating_mul(2)));
        let middle = wide..frame.width().saturating_sub(wide);
        let rows = rows.step_by(2).filter_map(move |row| row.get(middle.clone()));
        let (mut counts, mut steps) = ([0_u64; 256], [0_u64; 256]);
        for row in rows {
            for (&pixel, &next) in row.iter().zip(row.iter().skip(1)) {
                count(&mut counts, pixel);
                count(&mut steps, pixel.abs_diff(next));
            }
        }
        let (dark, light) = (share(&counts, 5), share(&counts, 95));
        let range = u64::from(light.saturating_sub(dark)).max(1);
        let burnt = counts.iter().skip(250).sum::<u64>().saturating_mul(100);
        let total = counts.iter().sum::<u64>().max(1);
        let sharp = u64::from(share(&steps, 99)).saturating_mul(100).checked_div(range);
        Self {
            mean: mean(&counts, total),
            dark,
            light,
            burnt: burnt.checked_div(total).unwrap_or_default(),
            sharp: sharp.unwrap_or_default(),
        }
    }

    /// What is wrong with it.
    pub fn hint(self) -> Hint {
        if self.mean < DARK && self.light < 3 * DARK {
            Hint::Brighter
        } else if self.light.saturating_sub(self.dark) < FLAT {
            Hint::Contrast
        } else if self.burnt > GLARING {
            Hint::Glare
        } else if self.sharp < BLURRED {
            Hint::Farther
        } else {
            Hint::Still
        }
    }
}

fn count(counts: &mut [u64; 256], value: u8) {
    if let Some(count) = counts.get_mut(usize::from(value)) {
        *count = count.saturating_add(1);
    }
}

/// The value that `hundredths` of all are not above.
fn share(counts: &[u64; 256], hundredths: u64) -> u8 {
    let total = counts.iter().sum::<u64>();
    let wanted = total.saturating_mul(hundredths).div_ceil(100).max(1);
    let mut below = 0_u64;
    let reached = counts.iter().position(|count| {
        below = below.saturating_add(*count);
        below >= wanted
    });
    reached.and_then(|value| u8::try_from(value).ok()).unwrap_or_default()
}

fn mean(counts: &[u64; 256], total: u64) -> u8 {
    let sum = (0_u64..).zip(counts).map(|(value, count)| value.saturating_mul(*count)).sum::<u64>();
    sum.checked_div(total).and_then(|mean| u8::try_from(mean).ok()).unwrap_or_default()
}

/// Decides when a hint is due; times are milliseconds of one monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints {
    since_ms: Option<u64>,
    seen_ms: u64,
    shown: Option<Hint>,
}

impl Hints {
    /// Notes a frame that was not read, in which something like a code was `seen` or not.
    pub fn unread(&mut self, seen: bool, frame: &Luma, now_ms: u64) {
        let gap_ms = now_ms.saturating_sub(self.seen_ms);
        if seen {
            let begun = self.since_ms.filter(|_| gap_ms <= PAUSE_MS).unwrap_or(now_ms);
            (self.since_ms, self.seen_ms) = (Some(begun), now_ms);
            if now_ms.saturating_sub(begun) >= PATIENCE_MS {
                self.shown = Some(Light::of(frame).hint());
            }
        } else if gap_ms > STAYS_MS {
            self.read();
        }
    }

    /// Notes that a code was read.
    pub fn read(&mut self) {
        (self.since_ms, self.shown) = (None, None);
    }

    /// The hint to be shown now.
    pub fn shown(&self) -> Option<Hint> {
        self.shown
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the sizes in the tests are small and fixed")]
mod tests {
    use super::*;

    /// A chequer of squares of eight pixels, dark and light, with edges this many pixels wide.
    fn chequer(dark: u8, light: u8, soft: usize) -> Luma {
        let side = 160;
        let value = |x: usize, y: usize| {
            let near = (x + 8 - y / 8 % 2 * 8) % 16;
            let rise = |at: usize| {
                let range = usize::from(light - dark);
                u8::try_from(usize::from(dark) + range * at.min(soft) / soft).unwrap()
            };
            if near < 8 { rise(near) } else { light - (rise(near - 8) - dark) }
        };
        let pixels = (0..side * side).map(|i| value(i % side, i / side)).collect();
        Luma::new(side, side, pixels).unwrap()
    }

    #[test]
    fn the_light_of_a_frame_tells_what_is_wrong() {
        for (frame, hint) in [
            (chequer(20, 235, 1), Hint::Still),
            (chequer(5, 60, 1), Hint::Brighter),
            (chequer(120, 160, 1), Hint::Contrast),
            (chequer(20, 255, 1), Hint::Glare),
            (chequer(20, 235, 8), Hint::Farther),
        ] {
            assert_eq!(Light::of(&frame).hint(), hint, "{:?}", Light::of(&frame));
        }
    }

    #[test]
    fn shares_are_counted_by_hand() {
        let frame = Luma::new(5, 1, vec![9, 0, 100, 100, 9]).unwrap();
        // The middle three and their neighbours: 0 to 100, 100 to 100.
        let light = Light::of(&frame);
        assert_eq!((light.dark, light.light, light.mean, light.sharp), (0, 100, 50, 100));
    }

    #[test]
    fn any_frame_has_a_light() {
        for (width, height) in [(1, 1), (2, 1), (1, 2), (3, 3), (8192, 1)] {
            Light::of(&Luma::new(width, height, vec![0; width * height]).unwrap());
        }
    }

    #[test]
    fn a_hint_is_due_after_four_seconds_of_a_code_in_view() {
        let frame = chequer(120, 160, 1);
        let mut hints = Hints::default();
        for at_ms in (10_000..14_000).step_by(500) {
            hints.unread(true, &frame, at_ms);
            assert_eq!(hints.shown(), None, "{at_ms}");
        }
        hints.unread(true, &frame, 14_000);
        assert_eq!(hints.shown(), Some(Hint::Contrast));
        hints.unread(false, &frame, 16_000);
        assert_eq!(hints.shown(), Some(Hint::Contrast), "it can still be read");
        hints.unread(false, &frame, 16_001);
        assert_eq!(hints.shown(), None);
    }

    #[test]
    fn a_code_that_reads_or_leaves_begins_the_wait_anew() {
        let frame = chequer(120, 160, 1);
        let mut hints = Hints::default();
        hints.unread(true, &frame, 0);
        hints.read();
        hints.unread(true, &frame, 3_900);
        hints.unread(true, &frame, 4_100);
        assert_eq!(hints.shown(), None, "it was read");
        hints.unread(true, &frame, 7_800);
        hints.unread(true, &frame, 8_800);
        assert_eq!(hints.shown(), None, "it was away");
    }
}
