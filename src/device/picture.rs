//! Grey pictures in memory, and the way from a file to one.
//!
//! A file is untrusted: its size, the sides it claims and the memory its pixels may take are
//! bounded before a pixel is read.

use std::io::Cursor;
use std::panic::catch_unwind;
use std::slice::ChunksExact;

use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};

/// Longest side of a picture, in pixels.
pub const SIDE_MAX: usize = 8192;
/// Largest area of a picture, in pixels.
pub const AREA_MAX: usize = 40_000_000;
/// Largest picture file, in bytes.
pub const FILE_MAX: usize = 32 << 20;
/// Most memory a decoder may take for pixels, in bytes: an 8-bit picture of the largest area, with alpha, fits.
const MEMORY_MAX: u64 = 192 << 20;

/// An 8-bit grey picture, rows from top to bottom, 0 black and 255 white.
#[derive(Clone, PartialEq, Eq)]
pub struct Luma {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Luma {
    /// Takes `width` times `height` pixels; nothing when the sizes disagree or leave the bounds.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Option<Self> {
        let agree = width.checked_mul(height) == Some(pixels.len());
        (agree && in_bounds(width, height)).then_some(Self { width, height, pixels })
    }

    /// The width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels, row after row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The rows from top to bottom.
    pub fn rows(&self) -> ChunksExact<'_, u8> {
        self.pixels.chunks_exact(self.width)
    }
}

impl std::fmt::Debug for Luma {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Luma {}x{}", self.width, self.height)
    }
}

/// Why a picture file could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file is longer than [`FILE_MAX`].
    #[error("the picture file is too large: {bytes} bytes, at most {FILE_MAX} are read")]
    FileTooLarge {
        /// Length of the file.
        bytes: usize,
    },
    /// The bytes do not begin like a PNG, JPEG or PNM picture.
    #[error("this is not a picture: PNG, JPEG and PNM files are read")]
    NotAPicture,
    /// The picture says it is larger than the bounds, or needs too much memory.
    #[error("the picture is too large: {width} by {height} pixels")]
    TooLarge {
        /// Claimed width in pixels.
        width: u32,
        /// Claimed height in pixels.
        height: u32,
    },
    /// The picture is empty, cut off or damaged.
    #[error("the picture is broken or cut off")]
    Broken(#[source] ImageError),
    /// The picture has no pixels.
    #[error("the picture is empty")]
    Empty,
    /// The decoder of the picture format gave up in an unforeseen way.
    #[error("the picture could not be read")]
    Undecodable,
}

/// Reads a PNG, JPEG or PNM file into grey; transparent pixels lie on white paper.
pub fn load(bytes: &[u8]) -> Result<Luma, PictureError> {
    if bytes.len() > FILE_MAX {
        return Err(PictureError::FileTooLarge { bytes: bytes.len() });
    }
    // The decoders are large foreign code on untrusted bytes: a panic there is a bad picture, not our end.
    let decoded = catch_unwind(|| decode(bytes)).unwrap_or(Err(PictureError::Undecodable))?;
    let (width, height) = (decoded.width(), decoded.height());
    on_white(decoded).ok_or(PictureError::TooLarge { width, height })
}

/// The sides of a picture file as its header has them, in pixels, where they are within the bounds.
pub fn sides(bytes: &[u8]) -> Result<(u32, u32), PictureError> {
    catch_unwind(|| Ok(header(bytes)?.dimensions())).unwrap_or(Err(PictureError::Undecodable))
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, PictureError> {
    DynamicImage::from_decoder(header(bytes)?).map_err(refusal)
}

/// The decoder of a picture whose header keeps the bounds; no pixel was read yet.
fn header(bytes: &[u8]) -> Result<impl ImageDecoder + '_, PictureError> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|e| PictureError::Broken(e.into()))?;
    reader.format().ok_or(PictureError::NotAPicture)?;
    reader.limits(limits());
    let decoder = reader.into_decoder().map_err(refusal)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(PictureError::Empty);
    }
    if !sides_in_bounds(width, height) || decoder.total_bytes() > MEMORY_MAX {
        return Err(PictureError::TooLarge { width, height });
    }
    Ok(decoder)
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MEMORY_MAX);
    limits
}

fn refusal(error: ImageError) -> PictureError {
    if matches!(error, ImageError::Unsupported(_)) {
        return PictureError::NotAPicture;
    }
    PictureError::Broken(error)
}

fn sides_in_bounds(width: u32, height: u32) -> bool {
    let sides = usize::try_from(width).ok().zip(usize::try_from(height).ok());
    sides.is_some_and(|(width, height)| in_bounds(width, height))
}

fn in_bounds(width: usize, height: usize) -> bool {
    let side = 1..=SIDE_MAX;
    let area = width.saturating_mul(height);
    side.contains(&width) && side.contains(&height) && area <= AREA_MAX
}

fn on_white(picture: DynamicImage) -> Option<Luma> {
    let width = usize::try_from(picture.width()).ok()?;
    let height = usize::try_from(picture.height()).ok()?;
    let pixels = if picture.color().has_alpha() {
        let with_alpha = picture.into_luma_alpha8();
        with_alpha.pixels().map(|p| over_white(p.0)).collect()
    } else {
        picture.into_luma8().into_raw()
    };
    Luma::new(width, height, pixels)
}

fn over_white([grey, alpha]: [u8; 2]) -> u8 {
    let ink = u16::from(255_u8.abs_diff(grey)).saturating_mul(u16::from(alpha)) / 255;
    255_u8.saturating_sub(u8::try_from(ink).unwrap_or(u8::MAX))
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the sizes in the tests are small and fixed")]
mod tests {
    use image::{ImageFormat, Rgba, RgbaImage};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sides_area_and_pixels_must_agree() {
        let area = |width: usize, height: usize| Luma::new(width, height, vec![0; width * height]);
        assert!(area(1, 1).is_some() && area(8192, 4882).is_some());
        assert!(area(0, 5).is_none() && area(5, 0).is_none() && area(8193, 1).is_none());
        assert!(area(8192, 4883).is_none(), "40 001 536 pixels");
        assert!(
            Luma::new(2, 2, vec![0; 3]).is_none() && Luma::new(usize::MAX, 2, vec![]).is_none()
        );
    }

    #[test]
    fn pnm_keeps_its_grey_values() {
        let picture = load(b"P5 3 2 255\n\x00\x01\x7f\x80\xfe\xff").unwrap();
        assert_eq!((picture.width(), picture.height()), (3, 2));
        assert_eq!(picture.pixels(), [0, 1, 127, 128, 254, 255]);
    }

    #[test]
    fn transparent_pixels_are_white() {
        // By hand: white minus ink times alpha.
        for (pixel, grey) in [([0, 0, 0, 0], 255), ([0, 0, 0, 255], 0), ([0, 0, 0, 51], 204)] {
            let picture = RgbaImage::from_pixel(4, 4, Rgba(pixel)).into();
            let loaded = load(&encoded(&picture, ImageFormat::Png)).unwrap();
            assert_eq!(loaded.pixels(), [grey; 16]);
        }
    }

    #[test]
    fn a_cut_png_is_broken() {
        let whole = encoded(&stripes(), ImageFormat::Png);
        for end in 8..whole.len() - 16 {
            assert!(load(&whole[..end]).is_err(), "cut at {end} of {}", whole.len());
        }
        assert!(matches!(load(&whole[..60]), Err(PictureError::Broken(_))));
    }

    #[test]
    fn a_cut_jpeg_is_refused_or_keeps_its_size() {
        let whole = encoded(&stripes(), ImageFormat::Jpeg);
        for end in 3..whole.len() {
            let size = load(&whole[..end]).map(|p| (p.width(), p.height()));
            assert!(size.is_err() || size.unwrap() == (64, 64), "cut at {end}");
        }
        assert!(matches!(load(&whole[..40]), Err(PictureError::Broken(_))));
    }

    #[test]
    fn a_claim_of_60000_by_60000_is_too_large() {
        let png =
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\0\0\0\0CRC!\0\0\0\0IDAT";
        let mut png = png.to_vec();
        png[29..33].copy_from_slice(&IHDR_CRC);
        let mut jpeg = encoded(&stripes(), ImageFormat::Jpeg);
        let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
        for bytes in [png, jpeg, b"P5 60000 60000 255\n".to_vec()] {
            let error = load(&bytes).unwrap_err();
            assert_eq!(error.to_string(), "the picture is too large: 60000 by 60000 pixels");
        }
    }

    /// CRC-32 of `IHDR`, 60000 by 60000, 8-bit grey, computed with Python's `zlib`.
    const IHDR_CRC: [u8; 4] = [0xa5, 0xb9, 0x2a, 0x9e];

    #[test]
    fn other_files_are_named_for_what_they_are() {
        assert!(matches!(load(b""), Err(PictureError::NotAPicture)));
        assert!(matches!(load(b"a voucher"), Err(PictureError::NotAPicture)));
        assert!(matches!(load(b"GIF89a\x01\0\x01\0"), Err(PictureError::NotAPicture)));
        assert!(matches!(load(b"P5 0 5 255\n"), Err(PictureError::Empty)));
        let long = vec![0; FILE_MAX + 1];
        assert!(matches!(load(&long), Err(PictureError::FileTooLarge { .. })));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(kind in 0..4_usize, mut bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let start: &[u8] = [b"".as_slice(), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff", b"P4 "][kind];
            bytes.splice(0..0, start.iter().copied());
            drop(load(&bytes));
        }

        #[test]
        fn damaged_pictures_never_panic(png: bool, at: prop::sample::Index, byte: u8) {
            let format = if png { ImageFormat::Png } else { ImageFormat::Jpeg };
            let mut bytes = encoded(&stripes(), format);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            drop(load(&bytes));
        }
    }

    fn stripes() -> DynamicImage {
        image::GrayImage::from_fn(64, 64, |x, y| {
            image::Luma([if (x + y * y) % 7 < 3 { 9 } else { 200 }])
        })
        .into()
    }

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }
}
