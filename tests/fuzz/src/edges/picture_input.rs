//! Pictures: the header of a file, its pixels where they are few, and the way from pixels to texts.

use std::{io::Cursor, sync::atomic::AtomicBool};

use countersign::device::{
    picture::{AREA_MAX, Luma, PictureError, SIDE_MAX, load, sides},
    qr,
};
use image::{DynamicImage, GrayImage, ImageFormat, RgbaImage};
use qrcode::{Color, EcLevel, QrCode};

use super::{chosen, way};

const FILE: u8 = 0;
const PIXELS: u8 = 1;

/// Most pixels of a file that are decoded at every input.
const FEW: u32 = 32 * 32;

pub(crate) fn holds(data: &[u8]) {
    match data.split_first() {
        Some((&FILE, bytes)) => file_holds(bytes),
        Some((&PIXELS, dots)) if chosen(dots, 512) => pixels_hold(dots),
        Some((number, text)) if *number > PIXELS && chosen(text, 1024) => drawing_holds(text),
        _ => {}
    }
}

/// What the header says is within the bounds, and the pixels are as many as it says.
fn file_holds(bytes: &[u8]) {
    let Ok((width, height)) = sides(bytes) else {
        assert!(!chosen(bytes, 256) || load(bytes).is_err());
        return;
    };
    let (wide, high) = (usize::try_from(width).unwrap(), usize::try_from(height).unwrap());
    assert!((1..=SIDE_MAX).contains(&wide) && (1..=SIDE_MAX).contains(&high));
    assert!(wide * high <= AREA_MAX);
    if width * height > FEW && !chosen(bytes, 4096) {
        return;
    }
    match load(bytes) {
        Ok(picture) => {
            assert_eq!((picture.width(), picture.height()), (wide, high));
            assert_eq!(picture.pixels().len(), wide * high);
            assert_eq!(picture.rows().count(), high);
        }
        Err(error) => assert!(!matches!(error, PictureError::FileTooLarge { .. }), "{error}"),
    }
}

/// Black and white dots, a bit each, in a square: whatever they are, they are looked at to an end.
fn pixels_hold(dots: &[u8]) {
    let side = (1..40).take_while(|side| side * side <= dots.len() * 8).last().unwrap_or(1);
    let dot = |at: usize| dots.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
    let pixel = |at: usize| {
        let (x, y) = (at % (side * 2) / 2, at / (side * 2) / 2);
        if dot(y * side + x) { 20 } else { 235 }
    };
    let pixels = (0..side * side * 4).map(pixel).collect();
    let picture = Luma::new(side * 2, side * 2, pixels).expect("a small picture");
    let texts = qr::texts(&picture, &AtomicBool::new(false));
    assert!(texts.len() <= 8);
}

/// A code that is drawn is read as what was drawn.
fn drawing_holds(text: &[u8]) {
    let Some(text) = std::str::from_utf8(text).ok().filter(|text| plain(text)) else {
        return;
    };
    let picture = drawn(text, 4);
    assert_eq!(qr::texts(&picture, &AtomicBool::new(false)), [text]);
}

/// The characters of vouchers, as many as one has at least: what else is in a code, its maker says.
fn plain(text: &str) -> bool {
    const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    (20..300).contains(&text.len()) && text.chars().all(|it| ALPHABET.contains(it))
}

fn drawn(text: &str, module: usize) -> Luma {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).expect("a short text");
    let side = (code.width() + 8) * module;
    let dark = |at: usize| (at / module).checked_sub(4).filter(|it| *it < code.width());
    let pixel = |at: usize| match (dark(at % side), dark(at / side)) {
        (Some(x), Some(y)) if code[(x, y)] == Color::Dark => 20,
        _ => 235,
    };
    Luma::new(side, side, (0..side * side).map(pixel).collect()).expect("a small picture")
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("a vector takes every write");
    bytes.into_inner()
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let grey = GrayImage::from_fn(9, 7, |x, y| image::Luma([u8::try_from(x * 20 + y).unwrap()]));
    let glass =
        RgbaImage::from_fn(5, 5, |x, y| image::Rgba([9, 200, 40, u8::try_from(x * y).unwrap()]));
    let pictures = [DynamicImage::from(grey.clone()), glass.into()];
    let mut seeds: Vec<_> =
        pictures.iter().map(|picture| way(FILE, &encoded(picture, ImageFormat::Png))).collect();
    let rgb = DynamicImage::from(grey).into_rgb8().into();
    seeds.push(way(FILE, &encoded(&rgb, ImageFormat::Jpeg)));
    seeds.push(way(FILE, &encoded(&rgb, ImageFormat::Pnm)));
    for pnm in ["P1 3 2 1 0 1 0 1 0", "P2 2 2 255 0 1 2 3", "P3 1 1 255 9 9 9", "P5 2 1 65535 abcd"]
    {
        seeds.push(way(FILE, pnm.as_bytes()));
    }
    seeds.push(way(
        FILE,
        b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\nab",
    ));
    seeds.push(way(FILE, b"P4 16 2 abcd"));
    seeds.push(way(PIXELS, &[0xaa; 128]));
    seeds.push(way(
        2,
        b"CS1:PWGSLKOE6QR836W8CSZ6BV%K5VC0$CP1EDF3K.6D8GDF3/Y170055A000$*0000LS0TK404",
    ));
    seeds
}
