//! The short code under the picture, for fingers: eleven characters and one that checks them.

use std::fmt;

/// Crockford's base 32: no I, L, O or U.
const ALPHABET: [u8; 32] = *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 12;
const DATA: usize = LENGTH - 1;
const BITS_MASK: u64 = (1 << 55) - 1;

/// A short code: 55 bits, written as twelve characters of Crockford's base 32.
///
/// The last character is a Luhn mod 32 check over the first eleven. It finds every single wrong
/// character, and every swap of two neighbours that differ, but `0` with `Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShortCode(u64);

impl ShortCode {
    /// The code for the low 55 bits of `bits`; higher ones are ignored.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits & BITS_MASK)
    }

    /// The 55 bits.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Reads what a person typed: any case, O for 0, I and L for 1; blanks and hyphens count nothing.
    pub fn parse(text: &str) -> Result<Self, ShortCodeError> {
        let mut values = [0_u8; LENGTH];
        let mut found = 0_usize;
        for typed in text.chars().filter(|typed| !is_separator(*typed)) {
            if let Some(slot) = values.get_mut(found) {
                let position = found.saturating_add(1);
                *slot = value(typed).ok_or(ShortCodeError::Character { typed, position })?;
            }
            found = found.saturating_add(1);
        }
        if found != LENGTH {
            return Err(ShortCodeError::Length { found });
        }
        Self::checked(values)
    }

    /// The last four characters, enough to name a code on a list without giving it away.
    pub fn tail(self) -> String {
        self.characters().skip(LENGTH - 4).collect()
    }

    /// Whether it is written in digits only: such a code, scanned, passes for a product barcode or a
    /// customer number, so whoever draws codes draws again.
    pub fn is_all_digits(self) -> bool {
        self.characters().all(|character| character.is_ascii_digit())
    }

    fn checked(values: [u8; LENGTH]) -> Result<Self, ShortCodeError> {
        let (data, check) = values.split_at(DATA);
        let bits = data.iter().fold(0_u64, |bits, value| (bits << 5) | u64::from(*value));
        let code = Self(bits);
        if check.first() == Some(&code.check()) { Ok(code) } else { Err(ShortCodeError::Check) }
    }

    fn characters(self) -> impl Iterator<Item = char> {
        self.data().into_iter().chain([self.check()]).map(character)
    }

    fn data(self) -> [u8; DATA] {
        let mut rest = self.0;
        let mut values = [0_u8; DATA];
        for slot in values.iter_mut().rev() {
            *slot = u8::try_from(rest & 31).unwrap_or_default();
            rest >>= 5;
        }
        values
    }

    /// Luhn mod N with N = 32: from the right, every other value is doubled and its two base 32
    /// digits are added; the check brings the sum to a multiple of 32.
    fn check(self) -> u8 {
        let sum = self.data().iter().rev().enumerate().fold(0_u8, |sum, (index, value)| {
            let addend = if index % 2 == 0 { doubled(*value) } else { *value };
            sum.wrapping_add(addend) & 31
        });
        sum.wrapping_neg() & 31
    }
}

impl fmt::Display for ShortCode {
    /// In fours with hyphens: `4F7Q-09BX-KM3T`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, character) in self.characters().enumerate() {
            if index > 0 && index % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{character}")?;
        }
        Ok(())
    }
}

/// Why a typed text is no short code, in words for the cashier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShortCodeError {
    /// A character that no short code has.
    #[error("character {position}, {typed:?}, is not used in short codes")]
    Character {
        /// The character as typed.
        typed: char,
        /// Its place among the characters that count, from 1.
        position: usize,
    },
    /// Not twelve characters.
    #[error("a short code has 12 characters, and this has {found}")]
    Length {
        /// How many there are, without blanks and hyphens.
        found: usize,
    },
    /// One of the characters is wrong, but not which.
    #[error("the code does not add up: one character is wrong")]
    Check,
}

fn is_separator(typed: char) -> bool {
    typed.is_whitespace() || matches!(typed, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn value(typed: char) -> Option<u8> {
    let folded = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        upper => upper,
    };
    let index = ALPHABET.iter().position(|known| char::from(*known) == folded)?;
    u8::try_from(index).ok()
}

fn character(value: u8) -> char {
    ALPHABET.get(usize::from(value)).copied().map_or('0', char::from)
}

fn doubled(value: u8) -> u8 {
    let double = value.saturating_mul(2);
    (double >> 5).saturating_add(double & 31)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the numbers of these tests are small")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LETTERS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    fn plain(code: ShortCode) -> Vec<u8> {
        code.to_string().replace('-', "").into_bytes()
    }

    fn parse(bytes: &[u8]) -> Result<ShortCode, ShortCodeError> {
        ShortCode::parse(&String::from_utf8_lossy(bytes))
    }

    #[test]
    fn check_characters_by_hand() {
        // 1: doubled 2, so the check is 32 - 2 = 30 = Y.
        assert_eq!(ShortCode::from_bits(1).to_string(), "0000-0000-001Y");
        // 16: doubled 32 = "10" in base 32, digits 1 + 0, check 31 = Z.
        assert_eq!(ShortCode::from_bits(16).to_string(), "0000-0000-00GZ");
        // 1 in the second place from the right counts once: check 31 = Z.
        assert_eq!(ShortCode::from_bits(1 << 5).to_string(), "0000-0000-010Z");
        assert_eq!(ShortCode::from_bits(0).to_string(), "0000-0000-0000");
        // All Z: doubled 62 = "1U", 1 + 30 = 31 each, eleven times 31 = 341 = 10 * 32 + 21.
        assert_eq!(ShortCode::from_bits(u64::MAX).to_string(), "ZZZZ-ZZZZ-ZZZB");
    }

    #[test]
    fn people_may_type_it_their_way() {
        let code = ShortCode::from_bits(1);
        for typed in ["0000-0000-001Y", "0000 0000 001y", "oooo-OOOO-ooIy", " 00000000 0olY\n"] {
            assert_eq!(ShortCode::parse(typed), Ok(code), "{typed:?}");
        }
        assert_eq!(ShortCode::parse("0000\u{2013}0000\u{a0}001Y"), Ok(code));
        assert_eq!(code.tail(), "001Y");
    }

    #[test]
    fn errors_name_what_is_wrong() {
        use ShortCodeError::{Character, Check, Length};
        for (typed, error) in [
            ("0000-0U00-001Y", Character { typed: 'U', position: 6 }),
            ("0000-000é-001Y", Character { typed: 'é', position: 8 }),
            ("4F7U", Character { typed: 'U', position: 4 }),
            ("", Length { found: 0 }),
            ("0000-0000-001", Length { found: 11 }),
            ("0000-0000-001YU", Length { found: 13 }),
            ("0000-0000-001X", Check),
        ] {
            assert_eq!(ShortCode::parse(typed), Err(error), "{typed:?}");
        }
        assert_eq!(
            ShortCode::parse("U").unwrap_err().to_string(),
            "character 1, 'U', is not used in short codes"
        );
    }

    #[test]
    fn digits_only_are_told() {
        assert!(ShortCode::from_bits(0).is_all_digits());
        assert!(!ShortCode::from_bits(1).is_all_digits(), "its check is Y");
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_typed(bits in any::<u64>()) {
            let code = ShortCode::from_bits(bits);
            prop_assert_eq!(code.bits(), bits % (1 << 55));
            prop_assert_eq!(ShortCode::parse(&code.to_string()), Ok(code));
        }

        #[test]
        fn every_single_wrong_character_is_found(bits in any::<u64>()) {
            let right = plain(ShortCode::from_bits(bits));
            for position in 0..12 {
                for letter in LETTERS.iter().filter(|letter| **letter != right[position]) {
                    let mut wrong = right.clone();
                    wrong[position] = *letter;
                    prop_assert_eq!(parse(&wrong), Err(ShortCodeError::Check));
                }
            }
        }

        #[test]
        fn every_swap_of_neighbours_is_found_but_zero_with_z(bits in any::<u64>()) {
            let right = plain(ShortCode::from_bits(bits));
            for position in 0..11 {
                let pair = [right[position], right[position + 1]];
                if pair[0] == pair[1] {
                    continue;
                }
                let mut wrong = right.clone();
                wrong.swap(position, position + 1);
                let missed = matches!(&pair, b"0Z" | b"Z0");
                prop_assert_eq!(parse(&wrong).is_ok(), missed, "{:?}", pair);
            }
        }

        #[test]
        fn nothing_typed_panics(text in ".{0,40}") {
            let read = ShortCode::parse(&text);
            prop_assert!(read.is_err() || text.chars().count() >= 12);
        }
    }

    #[test]
    fn the_swap_that_is_missed_is_missed() {
        let code = ShortCode::from_bits(31);
        let swapped = ShortCode::from_bits(31 << 5);
        assert_eq!(plain(code)[9..], *b"0Z1");
        assert_eq!(plain(swapped)[9..], *b"Z01");
    }
}
