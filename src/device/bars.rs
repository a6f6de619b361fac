//! Barcodes of lines in a grey picture: EAN-13, EAN-8 and Code 128, for shops that print short codes so.
//!
//! A line across a wooden table can look like a barcode, so a text counts when two lines of the picture
//! agree on it.

use rxing::{
    BarcodeFormat, DecodeHints,
    common::{BitArray, BitMatrix},
    oned::{MultiFormatOneDReader, OneDReader as _},
};

use super::{picture::Luma, qr::black_and_white};

/// Lines looked at, evenly over the picture.
const LINES: u32 = 31;

/// Which way the lines are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From left to right and back.
    Across,
    /// From top to bottom and back.
    Down,
}

/// The distinct texts on which at least two lines agree.
pub fn texts(picture: &Luma, way: Way) -> Vec<String> {
    let turned = match way {
        Way::Across => None,
        Way::Down => turned(picture),
    };
    let Some(black) = black_and_white(turned.as_ref().unwrap_or(picture)) else {
        return Vec::new();
    };
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    for text in lines(&black).filter_map(|(number, line)| text_of(number, line)) {
        if !once.contains(&text) {
            once.push(text);
        } else if !twice.contains(&text) {
            twice.push(text);
        }
    }
    twice
}

fn lines(black: &BitMatrix) -> impl Iterator<Item = (u32, BitArray)> {
    let step = black.height().div_ceil(LINES).max(1);
    (0..black.height())
        .step_by(usize::try_from(step).unwrap_or(usize::MAX))
        .map(|y| (y, black.getRow(y)))
}

/// What one line says, read from either end.
fn text_of(number: u32, mut line: BitArray) -> Option<String> {
    let formats = [BarcodeFormat::EAN_13, BarcodeFormat::EAN_8, BarcodeFormat::CODE_128];
    let hints = DecodeHints { PossibleFormats: Some(formats.into()), ..DecodeHints::default() };
    let mut reader = MultiFormatOneDReader::new(&hints);
    let mut read = |line: &BitArray| {
        let found = reader.decode_row(number, line, &hints).ok()?;
        Some(found.getText().to_owned()).filter(|text| !text.is_empty())
    };
    read(&line).or_else(|| {
        line.reverse();
        read(&line)
    })
}

/// A quarter turn.
fn turned(picture: &Luma) -> Option<Luma> {
    let (width, height) = (picture.width(), picture.height());
    let column = |x: usize| picture.pixels().iter().skip(x).step_by(width.max(1)).copied();
    Luma::new(height, width, (0..width).flat_map(column).collect())
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the sizes in the tests are small and fixed")]
mod tests {
    use super::*;

    /// GS1 General Specifications, section 5.2: the first digit chooses the sets of the six digits on the left.
    const EAN: (&str, &str) = (
        "5901234123457",
        concat!(
            "101", "0001011", "0100111", "0110011", "0010011", "0111101", "0011101", "01010",
            "1100110", "1101100", "1000010", "1011100", "1001110", "1000100", "101"
        ),
    );
    /// ISO/IEC 15417: start A, `PJJ123C`, the check sign 54, stop.
    const CODE_128: (&str, &str) = (
        "PJJ123C",
        concat!(
            "11010000100",
            "11101110110",
            "10110111000",
            "10110111000",
            "10011100110",
            "11001110010",
            "11001011100",
            "10001000110",
            "11101011000",
            "1100011101011"
        ),
    );

    /// Bars three pixels wide and 60 high, with room around them.
    fn drawn(bars: &str) -> Luma {
        let (width, height) = ((bars.len() + 24) * 3, 100);
        let bar = |x: usize| (x / 3).checked_sub(12).and_then(|at| bars.as_bytes().get(at));
        let pixel = |x: usize, y: usize| match bar(x) {
            Some(b'1') if (20..80).contains(&y) => 40,
            _ => 220,
        };
        let pixels = (0..width * height).map(|i| pixel(i % width, i / width)).collect();
        Luma::new(width, height, pixels).unwrap()
    }

    #[test]
    fn codes_of_the_standards_are_read_from_every_side() {
        for (text, bars) in [EAN, CODE_128] {
            let upright = drawn(bars);
            let backwards: String = bars.chars().rev().collect();
            assert_eq!(texts(&upright, Way::Across), [text]);
            assert_eq!(texts(&drawn(&backwards), Way::Across), [text]);
            assert_eq!(texts(&turned(&upright).unwrap(), Way::Down), [text]);
            assert_eq!(texts(&upright, Way::Down), [""; 0]);
        }
    }

    #[test]
    fn a_wrong_check_digit_is_no_code() {
        let (_, bars) = EAN;
        // The last digit is a 6 in place of the 7.
        assert_eq!(texts(&drawn(&bars.replace("1000100101", "1010000101")), Way::Across), [""; 0]);
    }

    #[test]
    fn one_line_is_no_witness() {
        let (_, bars) = EAN;
        let whole = drawn(bars);
        let width = whole.width();
        let mut pixels = vec![220; whole.pixels().len()];
        let line = width * 48;
        pixels[line..line + width].copy_from_slice(&whole.pixels()[line..line + width]);
        let thin = Luma::new(width, whole.height(), pixels).unwrap();
        assert_eq!(texts(&thin, Way::Across), [""; 0]);
    }

    #[test]
    fn pictures_of_any_size_are_looked_at() {
        for (width, height) in [(1, 1), (8192, 1), (1, 8192), (7, 9)] {
            let picture = Luma::new(width, height, vec![90; width * height]).unwrap();
            for way in [Way::Across, Way::Down] {
                assert_eq!(texts(&picture, way), [""; 0], "{width}x{height}");
            }
        }
    }
}
