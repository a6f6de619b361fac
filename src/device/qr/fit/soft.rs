//! How dark or light each module of a symbol is, and what that says once blur is taken out.

use super::pattern::known;

/// The modules of a symbol, row after row: -1 as dark as the dark ones around, 1 as light as the light ones,
/// 0 in between or not to be told.
#[derive(Clone, Debug)]
pub(in super::super) struct Soft {
    side: u8,
    values: Vec<f32>,
}

/// A module is judged by so many modules around it, each way.
const REACH: i16 = 2;
/// Modules that make up a judgement.
const TAPS: usize = 25;
/// Values beyond this say no more.
const MOST: f32 = 1.6;
/// Holds the weights down where the patterns say little.
const RIDGE: f32 = 0.03;
/// A module that is judged this surely teaches like a known one.
const SURE: f32 = 0.6;

impl Soft {
    pub(super) fn new(side: u8, values: Vec<f32>) -> Self {
        Self { side, values }
    }

    /// The modules on a side.
    pub(in super::super) fn side(&self) -> u8 {
        self.side
    }

    /// Which modules are dark.
    pub(in super::super) fn dark(&self) -> impl Iterator<Item = bool> {
        self.values.iter().map(|value| *value < 0.0)
    }

    /// How surely each module is dark or light.
    pub(in super::super) fn trust(&self) -> Vec<f32> {
        self.values.iter().map(|value| value.abs()).collect()
    }

    /// The share of the modules that every symbol has alike which have their colour here.
    pub(super) fn agrees(&self) -> f32 {
        let known = known(self.side);
        let pairs = self.values.iter().zip(&known).filter(|(_, colour)| **colour != 0.0);
        let (right, all) = pairs.fold((0.0, 0.0), |(right, all), (value, colour)| {
            (right + f32::from(value * colour > 0.0), all + 1.0)
        });
        right / all
    }

    /// The modules as the patterns that every symbol has teach to see them: light that ran from one module
    /// into the next, by defocus or motion, is taken out by the weights that serve the known modules best
    /// (a linear equaliser by least squares, taught again by what it is sure of).
    pub(super) fn equalised(&self) -> Option<Self> {
        let known = known(self.side);
        let first = self.weighted(&self.weights(&known)?);
        let taught = known.iter().zip(&first.values).map(|(known, value)| match known {
            0.0 if value.abs() > SURE => value.signum(),
            known => *known,
        });
        let taught: Vec<f32> = taught.collect();
        Some(self.weighted(&self.weights(&taught)?))
    }

    fn weighted(&self, weights: &[f32; TAPS]) -> Self {
        let judge =
            |taps: [f32; TAPS]| taps.iter().zip(weights).map(|(tap, weight)| tap * weight).sum();
        let value =
            |(at, seen): ((i16, i16), &f32)| if *seen == 0.0 { 0.0 } else { judge(self.taps(at)) };
        Self { side: self.side, values: self.places().zip(&self.values).map(value).collect() }
    }

    fn weights(&self, targets: &[f32]) -> Option<[f32; TAPS]> {
        let (mut squares, mut products, mut count) = ([[0.0; TAPS]; TAPS], [0.0; TAPS], 0.0);
        for (at, target) in self.places().zip(targets).filter(|(_, target)| **target != 0.0) {
            let taps = self.taps(at);
            for ((row, product), tap) in squares.iter_mut().zip(&mut products).zip(taps) {
                row.iter_mut().zip(taps).for_each(|(sum, other)| *sum += tap * other);
                *product += tap * target;
            }
            count += 1.0;
        }
        for (n, row) in squares.iter_mut().enumerate() {
            *row.get_mut(n)? += RIDGE * count;
        }
        solved(squares, products)
    }

    fn places(&self) -> impl Iterator<Item = (i16, i16)> + use<> {
        let side = i16::from(self.side);
        (0..side).flat_map(move |y| (0..side).map(move |x| (x, y)))
    }

    /// A module and those around it; beyond the symbol all is light.
    fn taps(&self, (x, y): (i16, i16)) -> [f32; TAPS] {
        let mut taps = [1.0; TAPS];
        let around = -REACH..=REACH;
        let offsets = around.clone().flat_map(|dy| around.clone().map(move |dx| (dx, dy)));
        for (tap, (dx, dy)) in taps.iter_mut().zip(offsets) {
            if let Some(value) = self.at(x.wrapping_add(dx), y.wrapping_add(dy)) {
                *tap = value.clamp(-MOST, MOST);
            }
        }
        taps
    }

    fn at(&self, x: i16, y: i16) -> Option<f32> {
        let (x, y) = (u8::try_from(x).ok()?, usize::try_from(y).ok()?);
        let at = y.saturating_mul(self.side.into()).saturating_add(x.into());
        self.values.get(at).copied().filter(|_| x < self.side)
    }
}

/// The solution of a positive definite system (Gauss, no pivoting needed); none where it has none.
fn solved(mut rows: [[f32; TAPS]; TAPS], mut right: [f32; TAPS]) -> Option<[f32; TAPS]> {
    for n in 0..TAPS {
        let (pivot, of) = (*rows.get(n)?, *right.get(n)?);
        let head = *pivot.get(n)?;
        if head <= 0.0 {
            return None;
        }
        for (row, value) in rows.iter_mut().zip(&mut right).skip(n.saturating_add(1)) {
            let share = row.get(n)? / head;
            row.iter_mut().zip(pivot).for_each(|(cell, above)| *cell -= share * above);
            *value -= share * of;
        }
    }
    let mut solution = [0.0; TAPS];
    for n in (0..TAPS).rev() {
        let row = rows.get(n)?;
        let known: f32 = row.iter().zip(solution).map(|(cell, value)| cell * value).sum();
        *solution.get_mut(n)? = (right.get(n)? - known) / row.get(n)?;
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use qrcode::{Color, EcLevel, QrCode, Version};

    use super::*;

    fn symbol() -> Soft {
        let code = QrCode::with_version(b"0123456789", Version::Normal(7), EcLevel::M).unwrap();
        let colours = code.to_colors();
        let values = colours.iter().map(|c| if *c == Color::Dark { -1.0 } else { 1.0 });
        Soft::new(45, values.collect())
    }

    fn wrong(soft: &Soft) -> usize {
        soft.dark().zip(symbol().dark()).filter(|(seen, is)| seen != is).count()
    }

    #[test]
    fn a_symbol_agrees_with_the_patterns_of_the_standard() {
        let symbol = symbol();
        assert!(symbol.agrees() > 0.999, "{}", symbol.agrees());
        let inverted = Soft::new(45, symbol.values.iter().map(|value| -value).collect());
        assert!(inverted.agrees() < 0.001);
    }

    #[test]
    fn a_hand_that_moved_is_undone() {
        // A good third of a module's light comes from the one on its left, and a quarter from the one beyond.
        let values = symbol().values;
        let before = |i: usize, by: usize| i.checked_sub(by).map_or(1.0, |at| values[at]);
        let moved = (0..values.len())
            .map(|i| 0.4 * before(i, 0) + 0.35 * before(i, 1) + 0.25 * before(i, 2));
        let moved = Soft::new(45, moved.collect());
        let taught = moved.equalised().unwrap();
        let (before, after) = (wrong(&moved), wrong(&taught));
        assert!(before > 400 && after < before / 4, "{before} wrong before, {after} after");
    }

    #[test]
    fn what_was_not_to_be_told_stays_so() {
        let mut soft = symbol();
        soft.values[45 * 20 + 20] = 0.0;
        let taught = soft.equalised().unwrap();
        assert!(taught.trust()[45 * 20 + 20] == 0.0 && wrong(&taught) <= 1);
    }

    #[test]
    fn nothing_is_learnt_from_nothing() {
        let taught = Soft::new(21, vec![0.0; 441]).equalised();
        assert!(taught.is_none_or(|soft| soft.trust().iter().all(|trust| *trust == 0.0)));
    }
}
