//! What cameras send, turned into grey.
//!
//! Layouts are those of the Linux kernel's "Image Formats" chapter of the V4L2 documentation; Windows and
//! macOS name the same ones.

use std::sync::LazyLock;

use image::{ExtendedColorType, ImageEncoder as _, codecs::jpeg::JpegEncoder};

use super::choice::Sides;
use crate::device::picture::{self, Luma};

/// How the pixels of a frame lie in its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// One byte a pixel: GREY, and the first plane of NV12, NV21, YU12 and YV12.
    Plane,
    /// Two bytes a pixel, of which the first is the brightness: YUYV, YVYU.
    EvenBytes,
    /// Two bytes a pixel, of which the second is the brightness: UYVY.
    OddBytes,
    /// Three bytes a pixel: red, green, blue.
    Rgb,
    /// A JPEG picture, often without its Huffman tables: MJPG.
    Jpeg,
}

/// The frame in `bytes`, whose rows begin every `stride` bytes (0 where they follow each other); nothing when bytes are missing.
pub(super) fn grey(bytes: &[u8], sides: Sides, stride: usize, layout: Layout) -> Option<Luma> {
    if layout == Layout::Jpeg {
        return jpeg(bytes);
    }
    let width = usize::try_from(sides.width).ok()?;
    let height = usize::try_from(sides.height).ok()?;
    let row_bytes = width.checked_mul(layout.pixel_bytes())?;
    let stride = stride.max(row_bytes);
    let mut pixels = Vec::with_capacity(width.checked_mul(height)?);
    for row in bytes.chunks(stride.max(1)).take(height) {
        layout.brightness(row.get(..row_bytes)?, &mut pixels);
    }
    Luma::new(width, height, pixels)
}

impl Layout {
    fn pixel_bytes(self) -> usize {
        match self {
            Self::Plane | Self::Jpeg => 1,
            Self::EvenBytes | Self::OddBytes => 2,
            Self::Rgb => 3,
        }
    }

    fn brightness(self, row: &[u8], pixels: &mut Vec<u8>) {
        match self {
            Self::Plane | Self::Jpeg => pixels.extend_from_slice(row),
            Self::EvenBytes => pixels.extend(row.iter().step_by(2)),
            Self::OddBytes => pixels.extend(row.iter().skip(1).step_by(2)),
            Self::Rgb => pixels.extend(row.as_chunks::<3>().0.iter().map(|&rgb| luma_of(rgb))),
        }
    }
}

/// Brightness by ITU-R BT.601, in 256ths.
fn luma_of([red, green, blue]: [u8; 3]) -> u8 {
    let part = |value: u8, weight: u32| u32::from(value).saturating_mul(weight);
    let sum = part(red, 77).saturating_add(part(green, 150)).saturating_add(part(blue, 29));
    u8::try_from(sum >> 8).unwrap_or(u8::MAX)
}

/// The start of a JPEG scan, and of a segment of Huffman tables (ITU-T T.81, table B.1).
const SCAN: u8 = 0xda;
const HUFFMAN: u8 = 0xc4;

/// Cameras leave the Huffman tables out, because all use those of ITU-T T.81, annex K.
fn jpeg(bytes: &[u8]) -> Option<Luma> {
    let segments = Segments::of(bytes);
    let has_tables = segments.clone().any(|segment| segment.kind == HUFFMAN);
    let Some(scan) = segments.clone().find(|segment| segment.kind == SCAN).filter(|_| !has_tables)
    else {
        return picture::load(bytes).ok();
    };
    let (head, tail) = bytes.split_at_checked(scan.at)?;
    picture::load(&[head, &STANDARD_TABLES, tail].concat()).ok()
}

/// The standard's tables, as the encoder of a library writes them.
static STANDARD_TABLES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bytes = Vec::new();
    let encoded =
        JpegEncoder::new(&mut bytes).write_image(&[128; 192], 8, 8, ExtendedColorType::Rgb8);
    if let Err(error) = encoded {
        tracing::error!(%error, "cameras that send pictures without tables cannot be read");
    }
    let tables = Segments::of(&bytes).filter(|segment| segment.kind == HUFFMAN);
    tables
        .flat_map(|segment| bytes.get(segment.at..segment.end).unwrap_or_default())
        .copied()
        .collect()
});

/// One marker segment of a JPEG picture.
#[derive(Clone, Copy, Debug)]
struct Segment {
    kind: u8,
    /// Where its marker begins.
    at: usize,
    /// Where the next one begins.
    end: usize,
}

/// The marker segments up to the scan.
#[derive(Clone, Debug)]
struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    /// After the two bytes that begin a picture.
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 2 }
    }
}

impl Iterator for Segments<'_> {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        let &[0xff, kind, high, low] = self.bytes.get(self.at..)?.first_chunk()? else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let end = self.at.checked_add(2)?.checked_add(length)?;
        let segment = Segment { kind, at: self.at, end };
        self.at = if kind == SCAN { self.bytes.len() } else { end };
        Some(segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_BY_TWO: Sides = Sides { width: 2, height: 2 };

    fn pixels(bytes: &[u8], stride: usize, layout: Layout) -> Option<Vec<u8>> {
        grey(bytes, TWO_BY_TWO, stride, layout).map(|luma| luma.pixels().to_vec())
    }

    #[test]
    fn brightness_is_taken_from_every_layout() {
        let expected = Some(vec![10, 20, 30, 40]);
        assert_eq!(pixels(&[10, 20, 30, 40, 128, 128], 0, Layout::Plane), expected, "NV12");
        assert_eq!(pixels(&[10, 128, 20, 128, 30, 128, 40, 128], 0, Layout::EvenBytes), expected);
        assert_eq!(pixels(&[128, 10, 128, 20, 128, 30, 128, 40], 0, Layout::OddBytes), expected);
        // By hand from BT.601: (77*255) >> 8, (150*255) >> 8, (29*255) >> 8, white.
        let rgb = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];
        assert_eq!(pixels(&rgb, 0, Layout::Rgb), Some(vec![76, 149, 28, 255]));
    }

    #[test]
    fn bytes_that_pad_a_row_are_skipped() {
        assert_eq!(
            pixels(&[10, 20, 0, 0, 30, 40, 0, 0], 4, Layout::Plane),
            Some(vec![10, 20, 30, 40])
        );
        assert_eq!(pixels(&[10, 20, 0, 0, 30, 40], 4, Layout::Plane), Some(vec![10, 20, 30, 40]));
    }

    #[test]
    fn a_frame_that_is_cut_off_is_none() {
        for layout in
            [Layout::Plane, Layout::EvenBytes, Layout::OddBytes, Layout::Rgb, Layout::Jpeg]
        {
            for length in 0..layout.pixel_bytes() * 4 {
                assert_eq!(pixels(&vec![7; length], 0, layout), None, "{layout:?} of {length}");
            }
        }
    }

    #[test]
    fn a_jpeg_without_its_tables_is_the_same_picture() {
        let mut whole = Vec::new();
        let drawn: Vec<u8> =
            (0..64 * 48).map(|i: u32| u8::try_from(i * 7 % 251).unwrap()).collect();
        let encoder = JpegEncoder::new_with_quality(&mut whole, 90);
        encoder.write_image(&drawn, 64, 48, ExtendedColorType::L8).unwrap();
        let mut bare = whole.clone();
        while let Some(tables) = Segments::of(&bare).find(|segment| segment.kind == HUFFMAN) {
            bare.drain(tables.at..tables.end);
        }
        assert!(bare.len() < whole.len() && picture::load(&bare).is_err(), "the tables are needed");
        assert_eq!(jpeg(&bare), picture::load(&whole).ok());
        assert!(jpeg(&whole).is_some());
    }

    #[test]
    fn the_tables_are_those_of_the_standard() {
        // Annex K.3: four tables; 12 codes for DC and 162 for AC, after 16 counts and a byte of name.
        let mut codes = Vec::new();
        let mut rest: &[u8] = &STANDARD_TABLES;
        while let Some((&[0xff, HUFFMAN, high, low], tables)) = rest.split_first_chunk() {
            let (mut tables, next) =
                tables.split_at(usize::from(u16::from_be_bytes([high, low])) - 2);
            while let Some((counts, after)) = tables.split_first_chunk::<17>() {
                let count: usize = counts[1..].iter().map(|&count| usize::from(count)).sum();
                codes.push((counts[0], count));
                tables = &after[count..];
            }
            rest = next;
        }
        codes.sort_unstable();
        assert_eq!(codes, [(0x00, 12), (0x01, 12), (0x10, 162), (0x11, 162)]);
    }
}
