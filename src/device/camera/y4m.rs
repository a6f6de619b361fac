//! Films of uncompressed frames in YUV4MPEG2, the format of the `mjpegtools` (man page yuv4mpeg(5)).
//!
//! `ffmpeg -i film.mp4 -pix_fmt yuv420p film.y4m` makes one.

use std::{
    io::{self, BufRead, Read as _},
    time::Duration,
};

use super::choice::Sides;
use crate::device::picture::Luma;

/// Longest line of parameters, in bytes.
const LINE_MAX: u64 = 1024;
/// A film that does not say how fast it runs.
const USUAL: Duration = Duration::from_millis(40);
/// No frame stays longer than this.
const SLOWEST: Duration = Duration::from_secs(10);

/// What is wrong with a film.
#[derive(Debug)]
pub(super) enum FilmError {
    /// It cannot be read.
    Io(io::Error),
    /// It is not what it should be.
    Not(&'static str),
}

/// A film that is being read.
#[derive(Debug)]
pub(super) struct Film<R> {
    bytes: R,
    sides: Sides,
    luma_bytes: usize,
    chroma_bytes: u64,
    /// How long each frame stays.
    pub(super) stays: Duration,
}

impl<R: BufRead> Film<R> {
    /// Reads the parameters that a film begins with.
    pub(super) fn begin(mut bytes: R) -> Result<Self, FilmError> {
        let line = line(&mut bytes)?;
        let mut words = line.split(' ');
        if words.next() != Some("YUV4MPEG2") {
            return Err(FilmError::Not("it does not begin with YUV4MPEG2"));
        }
        let words: Vec<&str> = words.collect();
        let value = |name: char| words.iter().find_map(|word| word.strip_prefix(name));
        let side = |name: char| value(name)?.parse().ok().filter(|side| *side > 0);
        let sides = side('W').zip(side('H')).ok_or(FilmError::Not("it has no width or height"))?;
        let sides = Sides { width: sides.0, height: sides.1 };
        let planes = planes(sides, value('C').unwrap_or("420jpeg"));
        let (luma_bytes, chroma_bytes) =
            planes.ok_or(FilmError::Not("its colours are of a kind that is not read"))?;
        let stays = value('F').and_then(stays).unwrap_or(USUAL).min(SLOWEST);
        Ok(Self { bytes, sides, luma_bytes, chroma_bytes, stays })
    }

    /// The next frame; none after the last one.
    pub(super) fn next(&mut self) -> Result<Option<Luma>, FilmError> {
        if self.bytes.fill_buf().map_err(FilmError::Io)?.is_empty() {
            return Ok(None);
        }
        if !line(&mut self.bytes)?.starts_with("FRAME") {
            return Err(FilmError::Not("a frame does not begin with FRAME"));
        }
        let mut pixels = vec![0; self.luma_bytes];
        self.bytes.read_exact(&mut pixels).map_err(cut_off)?;
        let mut chroma = self.bytes.by_ref().take(self.chroma_bytes);
        if io::copy(&mut chroma, &mut io::sink()).map_err(FilmError::Io)? < self.chroma_bytes {
            return Err(CUT_OFF);
        }
        let [width, height] =
            [self.sides.width, self.sides.height].map(|side| usize::try_from(side).unwrap_or(0));
        Luma::new(width, height, pixels).map(Some).ok_or(FilmError::Not("its frames are too large"))
    }
}

const CUT_OFF: FilmError = FilmError::Not("it is cut off");

fn cut_off(error: io::Error) -> FilmError {
    if error.kind() == io::ErrorKind::UnexpectedEof { CUT_OFF } else { FilmError::Io(error) }
}

fn line(bytes: &mut impl BufRead) -> Result<String, FilmError> {
    let mut line = Vec::new();
    bytes.take(LINE_MAX).read_until(b'\n', &mut line).map_err(FilmError::Io)?;
    if line.pop() != Some(b'\n') {
        return Err(FilmError::Not("a line of its parameters has no end"));
    }
    String::from_utf8(line).map_err(|_bytes| FilmError::Not("its parameters are no text"))
}

/// Bytes of brightness and of colours in a frame with 8 bits a sample; none for other kinds and for frames beyond all bounds.
fn planes(sides: Sides, colours: &str) -> Option<(usize, u64)> {
    let (width, height) = (u64::from(sides.width), u64::from(sides.height));
    let area = width.checked_mul(height)?;
    let (half, quarter) = (width.div_ceil(2), width.div_ceil(4));
    let one = match colours {
        "mono" => 0,
        "420" | "420jpeg" | "420mpeg2" | "420paldv" => half.checked_mul(height.div_ceil(2))?,
        "411" => quarter.checked_mul(height)?,
        "422" => half.checked_mul(height)?,
        "444" => area,
        _ => return None,
    };
    let luma =
        usize::try_from(area).ok().filter(|area| *area <= crate::device::picture::AREA_MAX)?;
    Some((luma, one.checked_mul(2)?))
}

/// The time of a frame from a rate such as `30000:1001`.
fn stays(rate: &str) -> Option<Duration> {
    let (frames, seconds) = rate.split_once(':')?;
    let (frames, seconds): (u32, u32) = (frames.parse().ok()?, seconds.parse().ok()?);
    Duration::from_secs(seconds.into()).checked_div(frames).filter(|stays| !stays.is_zero())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn film(bytes: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
        let told = |error| match error {
            FilmError::Not(reason) => reason,
            FilmError::Io(_) => "io",
        };
        let mut film = Film::begin(bytes).map_err(told)?;
        let mut frames = Vec::new();
        while let Some(luma) = film.next().map_err(told)? {
            frames.push(luma.pixels().to_vec());
        }
        Ok(frames)
    }

    #[test]
    fn frames_are_read_in_every_kind_of_colour() {
        for (colours, chroma) in
            [("", 4), (" Cmono", 0), (" C420mpeg2", 4), (" C422", 8), (" C411", 4), (" C444", 12)]
        {
            // Three by two pixels: 420 has 2x1 a plane, 422 2x2, 411 1x2, 444 3x2.
            let mut bytes = format!("YUV4MPEG2 W3 H2 F25:1 Ip A1:1{colours}\n").into_bytes();
            for first in [1, 7] {
                bytes.extend_from_slice(b"FRAME\n");
                bytes.extend((0..6).map(|i| first + i));
                bytes.resize(bytes.len() + chroma, 128);
            }
            assert_eq!(
                film(&bytes).unwrap(),
                [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]],
                "{colours}"
            );
        }
    }

    #[test]
    fn bad_films_are_told() {
        for (bytes, reason) in [
            ("", "a line of its parameters has no end"),
            ("RIFF....\n", "it does not begin with YUV4MPEG2"),
            ("YUV4MPEG2 W3 F25:1\n", "it has no width or height"),
            ("YUV4MPEG2 W0 H2\n", "it has no width or height"),
            ("YUV4MPEG2 W3 H2 C420p10\n", "its colours are of a kind that is not read"),
            ("YUV4MPEG2 W99999 H99999\n", "its colours are of a kind that is not read"),
            ("YUV4MPEG2 W9999 H1 Cmono\nFRAME\n", "it is cut off"),
            ("YUV4MPEG2 W3 H2\nFRAME\n12345", "it is cut off"),
            ("YUV4MPEG2 W3 H2\nFRAME\n123456789", "it is cut off"),
            ("YUV4MPEG2 W3 H2\nframe\n1234567890", "a frame does not begin with FRAME"),
        ] {
            assert_eq!(film(bytes.as_bytes()), Err(reason), "{bytes}");
        }
        assert_eq!(film(&vec![b'W'; 1 << 20]), Err("a line of its parameters has no end"));
    }

    proptest! {
        #[test]
        fn no_film_breaks_the_program(head in "YUV4MPEG2( [WHFCIA][0-9a-z:]{0,8}){0,5}", rest in vec(any::<u8>(), 0..64)) {
            let bytes = [head.as_bytes(), b"\nFRAME\n".as_slice(), &rest].concat();
            drop(film(&bytes));
            drop(film(&rest));
        }
    }

    #[test]
    fn the_rate_is_told_and_bounded() {
        let stays =
            |rate: &str| Film::begin(format!("YUV4MPEG2 W1 H1 {rate}\n").as_bytes()).unwrap().stays;
        assert_eq!(stays("F30000:1001"), Duration::from_nanos(33_366_666));
        assert_eq!(stays("F0:0"), USUAL);
        assert_eq!(stays("F1:4000000000"), SLOWEST);
    }
}
