//! A text as a QR code (ISO/IEC 18004): error correction level M, quiet zone of four modules.
//!
//! Level M and no higher: at a fixed printed size larger modules are read better than more redundancy.
//! A voucher's text is all of the alphanumeric alphabet, so that a character takes five and a half bits.

use font8x8::legacy::BASIC_LEGACY;
use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};
use qrcode::{Color, EcLevel, QrCode, Version};

/// Width of the white border that a reader needs, in modules (ISO/IEC 18004).
pub const QUIET_ZONE: usize = 4;

/// Largest `module_px` that [`png`] takes: the largest code is then a picture of 35 million pixels.
pub const MODULE_PX_MAX: u32 = 32;

/// A QR code's modules, without the quiet zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrMatrix {
    /// Modules a side, 21 to 177.
    pub width: usize,
    /// Row by row from the top left; true is black.
    pub modules: Vec<bool>,
}

impl QrMatrix {
    /// The QR code of a text, in the smallest version that holds it.
    pub fn of(text: &str) -> Result<Self, PictureError> {
        let code = encode(text)?;
        let dark = |color| color == Color::Dark;
        Ok(Self {
            width: code.width(),
            modules: code.into_colors().into_iter().map(dark).collect(),
        })
    }

    /// Rows from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[bool]> {
        self.modules.chunks(self.width.max(1))
    }

    /// Modules a side with the quiet zone.
    pub fn width_with_quiet_zone(&self) -> usize {
        self.width.saturating_add(2 * QUIET_ZONE)
    }
}

/// The QR code of a text as a PNG, black on white with the quiet zone, `module_px` pixels a module.
pub fn png(text: &str, module_px: u32) -> Result<Vec<u8>, PictureError> {
    captioned_png(text, "", module_px)
}

/// The same with a line of ASCII under the code, such as what is typed when it cannot be read; characters that do not
/// fit the picture's width are left out.
pub fn captioned_png(text: &str, caption: &str, module_px: u32) -> Result<Vec<u8>, PictureError> {
    let scale = usize::try_from(module_px)
        .ok()
        .filter(|_| (1..=MODULE_PX_MAX).contains(&module_px))
        .ok_or(PictureError::ModuleSize)?;
    let matrix = QrMatrix::of(text)?;
    let side = matrix.width_with_quiet_zone().saturating_mul(scale);
    let mut canvas = pixels(&matrix, scale);
    canvas.extend(caption_pixels(caption, side));
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let height = canvas.len().checked_div(side).unwrap_or(0);
    let mut file = Vec::new();
    PngEncoder::new(&mut file)
        .write_image(&canvas, number(side), number(height), ExtendedColorType::L8)
        .map_err(PictureError::Png)?;
    Ok(file)
}

/// Pixels a side of a character before it is enlarged.
const GLYPH: usize = 8;

/// A line in the middle of a band of the picture's width, as large as fits; nothing for an empty one.
fn caption_pixels(caption: &str, side: usize) -> Vec<u8> {
    let signs: Vec<_> =
        caption.bytes().filter_map(|sign| BASIC_LEGACY.get(usize::from(sign))).collect();
    let room = side.saturating_sub(side / 8);
    let fitting = room / GLYPH;
    let signs = signs.get(..signs.len().min(fitting)).unwrap_or_default();
    let width = signs.len().saturating_mul(GLYPH);
    let Some(scale) = room.checked_div(width).map(|scale| scale.clamp(1, 4)) else {
        return Vec::new();
    };
    let left = side.saturating_sub(width.saturating_mul(scale)) / 2;
    let mut band = Vec::new();
    for row in 0..GLYPH {
        let dark = signs.iter().flat_map(|glyph| bits(glyph.get(row).copied().unwrap_or(0)));
        let ink =
            dark.flat_map(|dark| std::iter::repeat_n(if dark { BLACK } else { WHITE }, scale));
        let mut line: Vec<u8> = std::iter::repeat_n(WHITE, left).chain(ink).collect();
        line.resize(side, WHITE);
        band.extend(line.repeat(scale));
    }
    band.extend(vec![WHITE; side.saturating_mul(GLYPH).saturating_mul(scale) / 2]);
    band
}

/// The pixels of one row of a character, the leftmost first.
fn bits(row: u8) -> impl Iterator<Item = bool> {
    (0..GLYPH).map(move |bit| row & (1 << bit) != 0)
}

/// The version (1 to 40) of the QR code of a text.
pub fn version(text: &str) -> Result<i16, PictureError> {
    match encode(text)?.version() {
        Version::Normal(number) | Version::Micro(number) => Ok(number),
    }
}

fn encode(text: &str) -> Result<QrCode, PictureError> {
    QrCode::with_error_correction_level(text, EcLevel::M).map_err(PictureError::TooLong)
}

const BLACK: u8 = 0;
const WHITE: u8 = 255;

fn pixels(matrix: &QrMatrix, scale: usize) -> Vec<u8> {
    let side = matrix.width_with_quiet_zone().saturating_mul(scale);
    let quiet = QUIET_ZONE.saturating_mul(scale);
    let border = vec![WHITE; side.saturating_mul(quiet)];
    let margin = vec![WHITE; quiet];
    let mut pixels = border.clone();
    for row in matrix.rows() {
        let line = row
            .iter()
            .flat_map(|dark| std::iter::repeat_n(if *dark { BLACK } else { WHITE }, scale));
        let line: Vec<u8> =
            margin.iter().copied().chain(line).chain(margin.iter().copied()).collect();
        pixels.extend(line.repeat(scale));
    }
    pixels.extend(border);
    pixels
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// No QR code holds the text.
    #[error("the text is too long for a QR code")]
    TooLong(#[source] qrcode::types::QrError),
    /// Modules of no pixels or of too many.
    #[error("a module is 1 to 32 pixels wide")]
    ModuleSize,
    /// The picture could not be written.
    #[error("the picture could not be written")]
    Png(#[source] image::ImageError),
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "CS1:UJCLQE7W581%69 VD92EX0";

    fn grey(file: &[u8]) -> image::GrayImage {
        image::load_from_memory_with_format(file, image::ImageFormat::Png).unwrap().into_luma8()
    }

    #[test]
    fn a_voucher_text_takes_five_and_a_half_bits_a_character() {
        // ISO/IEC 18004 table 7: alphanumeric characters that fit at level M. In byte mode version 9
        // would hold 180.
        for (capacity, number) in [(122, 5), (154, 6), (178, 7), (221, 8), (262, 9), (311, 10)] {
            assert_eq!(version(&"K:".repeat(200)[..capacity]).unwrap(), number);
            assert_eq!(version(&"K:".repeat(200)[..=capacity]).unwrap(), number + 1);
        }
        let small = "k:".repeat(100);
        assert_eq!(version(&small[..180]).unwrap(), 9);
        assert_eq!(version(&small[..181]).unwrap(), 10);
    }

    #[test]
    fn a_matrix_is_square_with_three_finders() {
        let matrix = QrMatrix::of(TEXT).unwrap();
        // Version 2 holds 38 characters at level M and is 25 modules wide.
        assert_eq!((matrix.width, matrix.modules.len()), (25, 625));
        let dark = |x: usize, y: usize| matrix.modules[y * 25 + x];
        for (left, top) in [(0, 0), (18, 0), (0, 18)] {
            let rings = [(0, true), (1, false), (2, true), (3, true)];
            for (ring, colour) in rings {
                assert_eq!(dark(left + ring, top + 3), colour);
                assert_eq!(dark(left + 3, top + 6 - ring), colour);
            }
        }
        assert_eq!(matrix.rows().count(), 25);
    }

    #[test]
    fn a_picture_is_the_matrix_in_a_white_border() {
        let matrix = QrMatrix::of(TEXT).unwrap();
        for scale in [1, 3, 8] {
            let picture = grey(&png(TEXT, scale).unwrap());
            assert_eq!(picture.dimensions(), (33 * scale, 33 * scale));
            for (x, y, pixel) in picture.enumerate_pixels() {
                let (column, row) = ((x / scale) as usize, (y / scale) as usize);
                let inside = (4..29).contains(&column) && (4..29).contains(&row);
                let dark = inside && matrix.modules[(row - 4) * 25 + column - 4];
                assert_eq!(pixel.0, [if dark { 0 } else { 255 }], "{x} {y}");
            }
        }
    }

    #[test]
    fn odd_sizes_and_long_texts_are_refused() {
        for size in [0, 33, u32::MAX] {
            assert!(matches!(png(TEXT, size), Err(PictureError::ModuleSize)));
        }
        // Version 40 holds 3391 characters at level M.
        assert_eq!(version(&"A".repeat(3391)).unwrap(), 40);
        for length in [3392, 1_000_000] {
            let refused = png(&"A".repeat(length), 1);
            assert!(matches!(refused, Err(PictureError::TooLong(_))), "{length}");
        }
        assert!(QrMatrix::of("").is_ok());
    }

    #[cfg(feature = "terminal")]
    #[test]
    fn an_unrelated_reader_reads_the_picture() {
        for text in [TEXT, &"K:".repeat(110), "https://example.org/\u{e9}"] {
            let picture = grey(&png(text, 4).unwrap());
            let [width, height] = [picture.width() as usize, picture.height() as usize];
            let side = |at: usize| u32::try_from(at).unwrap();
            let pixel = |x: usize, y: usize| picture.get_pixel(side(x), side(y)).0[0];
            let mut frame = rqrr::PreparedImage::prepare_from_greyscale(width, height, pixel);
            let (_, read) = frame.detect_grids()[0].decode().unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn the_caption_stands_below_and_leaves_the_code_alone() {
        let plain = image::load_from_memory(&png("CS1:HELLO", 4).unwrap()).unwrap().into_luma8();
        let named = captioned_png("CS1:HELLO", "PYPE-E1FR-7QWY", 4).unwrap();
        let named = image::load_from_memory(&named).unwrap().into_luma8();
        assert_eq!(named.width(), plain.width());
        let (above, below) = named.as_raw().split_at(plain.as_raw().len());
        assert_eq!(above, plain.as_raw().as_slice());
        // A hyphen is dark in one row, a letter in most.
        let ink: usize = below.iter().map(|pixel| usize::from(*pixel == BLACK)).sum();
        assert!(ink > 14 * 8, "{ink}");
        let margin = usize::try_from(named.width()).unwrap();
        assert!(below.chunks(margin).all(|row| row[0] == WHITE && row[margin - 1] == WHITE));
    }

    #[test]
    fn a_caption_of_any_length_is_a_picture() {
        for caption in ["", "A", "ÄÖ 漢字", &"LONG ".repeat(500)] {
            assert!(captioned_png("CS1:HELLO", caption, 1).is_ok(), "{caption}");
        }
    }
}
