//! Which camera is meant, and how large its frames shall be.

use std::{convert::Infallible, fmt, path::PathBuf, str::FromStr};

use thiserror::Error;

/// Begins the name of a file or folder that stands in for a camera.
const FILE: &str = "file:";

/// Which camera is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CameraChoice {
    /// The first one the system has.
    First,
    /// The one with this id, or with this in its name.
    Named(String),
    /// A picture, a folder of pictures or a film that stands in for a camera.
    File(PathBuf),
}

/// What is wanted of a camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraWish {
    /// Which one.
    pub choice: CameraChoice,
    /// The size of its frames; the nearest one it has is taken.
    pub sides: Sides,
    /// Whether EAN and Code 128 are read besides QR codes.
    pub barcodes: bool,
}

impl FromStr for CameraChoice {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match (text, text.strip_prefix(FILE)) {
            (_, Some(path)) => Self::File(path.into()),
            ("first" | "", None) => Self::First,
            (name, None) => Self::Named(name.to_owned()),
        })
    }
}

impl fmt::Display for CameraChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("first"),
            Self::Named(name) => f.write_str(name),
            Self::File(path) => write!(f, "{FILE}{}", path.display()),
        }
    }
}

/// Width and height of a frame, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sides {
    /// The width.
    pub width: u32,
    /// The height.
    pub height: u32,
}

/// Enough for a phone at 20 cm, and half the work of 1920 by 1080.
impl Default for Sides {
    fn default() -> Self {
        Self { width: 1280, height: 720 }
    }
}

impl fmt::Display for Sides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// Not a width and a height.
#[derive(Debug, Error)]
#[error("use width and height in pixels, such as 1280x720")]
pub struct SidesError;

impl FromStr for Sides {
    type Err = SidesError;

    fn from_str(text: &str) -> Result<Self, SidesError> {
        let (width, height) = text.split_once('x').ok_or(SidesError)?;
        let side = |text: &str| text.parse().ok().filter(|side| (16..=8192).contains(side));
        Ok(Self { width: side(width).ok_or(SidesError)?, height: side(height).ok_or(SidesError)? })
    }
}

impl Sides {
    /// The offer nearest to what is wished: as large or larger where there is one, and the smallest of those.
    pub fn nearest(self, offers: impl IntoIterator<Item = Self>) -> Option<Self> {
        offers.into_iter().min_by_key(|offer| {
            let short = offer.width < self.width || offer.height < self.height;
            let apart =
                offer.width.abs_diff(self.width).saturating_add(offer.height.abs_diff(self.height));
            (short, apart)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_files_and_nothing_are_told_apart() {
        let choice = |text: &str| text.parse::<CameraChoice>().unwrap();
        assert_eq!(choice("file:film.y4m"), CameraChoice::File("film.y4m".into()));
        assert_eq!(choice("first"), CameraChoice::First);
        assert_eq!(choice("/dev/video2"), CameraChoice::Named("/dev/video2".into()));
        for text in ["file:a/b.png", "first", "C920"] {
            assert_eq!(choice(text).to_string(), text);
        }
    }

    #[test]
    fn sides_are_two_numbers_in_bounds() {
        assert_eq!("640x480".parse::<Sides>().unwrap(), Sides { width: 640, height: 480 });
        for bad in
            ["", "640", "640x", "x480", "640x480x3", "0x480", "9000x480", "-1x480", "640 x480"]
        {
            assert!(bad.parse::<Sides>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_nearest_offer_is_no_smaller_where_one_is_not() {
        let sides = |text: &str| text.parse::<Sides>().unwrap();
        let nearest = |wish: &str, offers: &[&str]| {
            sides(wish)
                .nearest(offers.iter().map(|text| sides(text)))
                .map(|sides| sides.to_string())
        };
        let webcam = ["640x480", "1280x720", "1920x1080"];
        assert_eq!(nearest("1280x720", &webcam).as_deref(), Some("1280x720"));
        assert_eq!(nearest("1280x960", &webcam).as_deref(), Some("1920x1080"));
        assert_eq!(nearest("2560x1440", &webcam).as_deref(), Some("1920x1080"));
        assert_eq!(nearest("320x240", &["640x480", "800x600"]).as_deref(), Some("640x480"));
        assert_eq!(nearest("320x240", &[]), None);
    }
}
