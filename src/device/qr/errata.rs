//! Reed-Solomon words some of whose symbols are known to be unreliable.
//!
//! A word with `ec` check symbols survives `ec / 2` errors at unknown places, or `ec` erasures at known
//! ones, or any mix in which errors count twice. The decoders of the libraries take errors only. Field and
//! generator are those of ISO/IEC 18004, section 7.5.2: 256 elements by 0x11d, roots from the 0th power on.

use rxing::common::reedsolomon::{GenericGFRef, PredefinedGenericGF};

/// A word of noise must pass less often than once in 2 to this power.
const VOUCHED: f32 = 24.0;

/// Puts the word right in place, with `erased` the indices of unreliable symbols; how many others were wrong.
///
/// None, and the word as it was or not, when it cannot be put right or too few check symbols vouch for it.
pub(super) fn correct(word: &mut [u8], ec: usize, erased: &[usize]) -> Option<usize> {
    if erased.len() > ec {
        return None;
    }
    let field = Field::of(word.len());
    let syndromes = field.syndromes(word, ec);
    if syndromes.iter().all(|syndrome| *syndrome == 0) {
        return (vouched(word.len(), ec, 0, 0) >= VOUCHED).then_some(0);
    }
    let erasures =
        erased.iter().fold(vec![1], |product, at| field.times(&product, &[1, field.root(*at)]));
    let locator = field.locator(&syndromes, erasures, erased.len());
    let errors = locator.len().checked_sub(erased.len().saturating_add(1))?;
    if vouched(word.len(), ec, erased.len(), errors) < VOUCHED {
        return None;
    }
    field.repair(word, &syndromes, &locator)?;
    field.syndromes(word, ec).iter().all(|syndrome| *syndrome == 0).then_some(errors)
}

/// How seldom a word of noise is put right so: once in 2 to this power.
///
/// Of all words, the share that lies within `errors` unknown and `erased` known places of a right one.
fn vouched(length: usize, ec: usize, erased: usize, errors: usize) -> f32 {
    let left = length.saturating_sub(erased);
    let part = |n: usize| {
        let count = |of: usize| u16::try_from(of).map_or(f32::MAX, f32::from);
        (count(left.saturating_sub(n)) / count(n.saturating_add(1))).log2()
    };
    let choices: f32 = (0..errors).map(part).sum();
    let checks = ec.saturating_sub(erased).saturating_sub(errors);
    8.0 * u16::try_from(checks).map_or(0.0, f32::from) - choices
}

/// The arithmetic of a word; polynomials begin with the coefficient of the 0th power.
struct Field {
    field: GenericGFRef,
    length: usize,
}

impl Field {
    fn of(length: usize) -> Self {
        Self { field: PredefinedGenericGF::QrCodeField256.into(), length }
    }

    /// The field element that stands for the symbol at an index: the first symbol has the highest power.
    fn root(&self, at: usize) -> i32 {
        self.power(self.length.saturating_sub(at).saturating_sub(1))
    }

    fn power(&self, of: usize) -> i32 {
        self.field.exp(i32::try_from(of % 255).unwrap_or_default())
    }

    fn syndromes(&self, word: &[u8], ec: usize) -> Vec<i32> {
        let at = |x: i32| {
            word.iter().fold(0, |sum, symbol| self.field.multiply(sum, x) ^ i32::from(*symbol))
        };
        (0..ec).map(|n| at(self.power(n))).collect()
    }

    /// Berlekamp and Massey's iteration, begun with the locator of the erasures.
    fn locator(&self, syndromes: &[i32], erasures: Vec<i32>, erased: usize) -> Vec<i32> {
        let (mut locator, mut spare, mut length) = (erasures.clone(), erasures, erased);
        for n in erased..syndromes.len() {
            spare.insert(0, 0);
            let seen = syndromes.iter().take(n.saturating_add(1)).rev();
            let gap =
                locator.iter().zip(seen).fold(0, |gap, (&a, &b)| gap ^ self.field.multiply(a, b));
            if gap == 0 {
                continue;
            }
            let next = sum(&locator, &self.scaled(&spare, gap));
            if length.saturating_mul(2) <= n.saturating_add(erased) {
                length = n.saturating_add(1).saturating_add(erased).saturating_sub(length);
                spare = self.scaled(&locator, self.field.inverse(gap).unwrap_or_default());
            }
            locator = next;
        }
        while locator.last() == Some(&0) {
            locator.pop();
        }
        locator
    }

    /// Forney's algorithm at every root of the locator; none when it has too few.
    fn repair(&self, word: &mut [u8], syndromes: &[i32], locator: &[i32]) -> Option<()> {
        let mut evaluator = self.times(syndromes, locator);
        evaluator.truncate(syndromes.len());
        let slope: Vec<i32> = locator
            .iter()
            .enumerate()
            .skip(1)
            .map(|(n, &c)| if n % 2 == 1 { c } else { 0 })
            .collect();
        let mut roots = 0_usize;
        for (at, symbol) in word.iter_mut().enumerate() {
            let root = self.root(at);
            let inverse = self.field.inverse(root).ok()?;
            if self.at(locator, inverse) != 0 {
                continue;
            }
            roots = roots.saturating_add(1);
            let below = self.field.inverse(self.at(&slope, inverse)).ok()?;
            let size =
                self.field.multiply(root, self.field.multiply(self.at(&evaluator, inverse), below));
            *symbol ^= u8::try_from(size).ok()?;
        }
        (roots.saturating_add(1) == locator.len()).then_some(())
    }

    fn at(&self, polynomial: &[i32], x: i32) -> i32 {
        polynomial.iter().rev().fold(0, |sum, c| self.field.multiply(sum, x) ^ c)
    }

    fn scaled(&self, polynomial: &[i32], by: i32) -> Vec<i32> {
        polynomial.iter().map(|c| self.field.multiply(*c, by)).collect()
    }

    fn times(&self, a: &[i32], b: &[i32]) -> Vec<i32> {
        let shifted = b.iter().enumerate().map(|(n, &c)| {
            let mut term = vec![0; n];
            term.extend(self.scaled(a, c));
            term
        });
        shifted.fold(Vec::new(), |total, term| sum(&total, &term))
    }
}

fn sum(a: &[i32], b: &[i32]) -> Vec<i32> {
    let (longer, shorter) = if a.len() < b.len() { (b, a) } else { (a, b) };
    let mut sum = longer.to_vec();
    sum.iter_mut().zip(shorter).for_each(|(sum, c)| *sum ^= c);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of ISO/IEC 18004, annex I: "01234567" as version 1-M, 16 codewords and their 10 of error
    /// correction.
    const WORD: [u8; 26] = [
        0x10, 0x20, 0x0c, 0x56, 0x61, 0x80, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec,
        0x11, //
        0xa5, 0x24, 0xd4, 0xc1, 0xed, 0x36, 0xc7, 0x87, 0x2c, 0x55,
    ];

    /// The word with the symbols at these places changed.
    fn damaged(places: &[usize]) -> [u8; 26] {
        let mut word = WORD;
        for at in places {
            word[*at] ^= 0x5a;
        }
        word
    }

    #[test]
    fn the_word_of_the_standard_is_right() {
        let mut word = WORD;
        assert_eq!((correct(&mut word, 10, &[]), word), (Some(0), WORD));
    }

    #[test]
    fn errors_and_erasures_are_put_right_together() {
        let places = [3, 25, 0, 17, 9, 12, 5];
        for (erased, wrong) in [(0, 1), (0, 4), (1, 4), (2, 3), (4, 2), (5, 1), (7, 0)] {
            let mut word = damaged(&places[..erased + wrong]);
            let fixed = correct(&mut word, 10, &places[..erased]);
            assert_eq!((fixed, word), (Some(wrong), WORD), "{erased} erased, {wrong} wrong");
        }
    }

    #[test]
    fn words_of_noise_pass_as_seldom_as_counted_by_hand() {
        // 256^-4 where nothing is unknown; C(22, 2) = 231 and 7.85 bits; C(26, 5) = 65 780 and 16.01 bits.
        let expected = [(6, 0, 32.0), (4, 2, 32.0 - 7.85), (0, 5, 40.0 - 16.01)];
        for (erased, errors, bits) in expected {
            let vouched = vouched(26, 10, erased, errors);
            assert!((vouched - bits).abs() < 0.01, "{erased} erased, {errors} wrong: {vouched}");
        }
    }

    #[test]
    fn erasures_that_were_right_all_along_do_no_harm() {
        let mut word = damaged(&[8]);
        assert_eq!((correct(&mut word, 10, &[1, 8, 20]), word), (Some(0), WORD));
    }

    #[test]
    fn what_too_little_vouches_for_is_refused() {
        let places = [3, 25, 0, 17, 9, 12, 5, 20];
        // Beyond the code, and by hand 21.2 bits and 19.7 bits.
        for (erased, wrong) in [(8, 0), (6, 2), (4, 3), (2, 4), (0, 6), (3, 3), (6, 1)] {
            let mut word = damaged(&places[..erased + wrong]);
            let fixed = correct(&mut word, 10, &places[..erased]);
            assert!(fixed.is_none(), "{erased} erased, {wrong} wrong: {fixed:?}");
        }
    }

    #[test]
    fn noise_is_no_word() {
        let mut state = 1_u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        };
        for erased in [&[][..], &[0, 1], &[0, 1, 2, 3], &[0, 1, 2, 3, 4, 5]] {
            for _ in 0..500 {
                let mut word: Vec<u8> = (0..26).map(|_| noise()).collect();
                assert_eq!(correct(&mut word, 10, erased), None);
            }
        }
    }
}
