//! Files that stand in for a camera: a picture, a folder of pictures, a film.
//!
//! They are shown once, each at its own pace; the last frame stays, as before a camera that nobody moves.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{
    CameraError, FrameSource, Opened,
    y4m::{Film, FilmError},
};
use crate::device::picture::{self, FILE_MAX, Luma};

/// Time between two frames of a still picture: that of a usual camera.
const TICK: Duration = Duration::from_millis(66);
/// How long a picture of a folder stays.
const PICTURE_STAYS: Duration = Duration::from_secs(1);
/// Endings of pictures in a folder.
const ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "pgm", "ppm"];

/// Opens a picture, a folder of pictures in the order of their names, or a film.
pub(super) fn open(path: &Path) -> Result<Opened, CameraError> {
    let name = path.display().to_string();
    let reel = if path.is_dir() {
        Reel::Pictures(pictures(path)?)
    } else if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("y4m")) {
        let file = File::open(path).map_err(|source| unreadable(path, source))?;
        Reel::Film(Film::begin(BufReader::new(file)).map_err(|why| bad_film(path, why))?)
    } else {
        Reel::Pictures(VecDeque::from([path.to_owned()]))
    };
    let source = Played { path: path.to_owned(), reel, shown: None, stays: Duration::ZERO };
    Ok(Opened { source: Box::new(source), name })
}

fn pictures(folder: &Path) -> Result<VecDeque<PathBuf>, CameraError> {
    let entries = fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut pictures: Vec<PathBuf> = paths.filter(|path| is_picture(path)).collect();
    pictures.sort();
    if pictures.is_empty() {
        let source = std::io::Error::new(std::io::ErrorKind::NotFound, "no picture in the folder");
        return Err(unreadable(folder, source));
    }
    Ok(pictures.into())
}

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// What is still to be shown.
enum Reel {
    Pictures(VecDeque<PathBuf>),
    Film(Film<BufReader<File>>),
}

struct Played {
    path: PathBuf,
    reel: Reel,
    /// What is shown now.
    shown: Option<Luma>,
    /// How long it stays.
    stays: Duration,
}

impl FrameSource for Played {
    fn frame(&mut self) -> Result<Luma, CameraError> {
        let pause = self.stays.min(TICK);
        thread::park_timeout(pause);
        self.stays = self.stays.saturating_sub(pause);
        if self.stays.is_zero() {
            match self.turn()? {
                Some((luma, stays)) => (self.shown, self.stays) = (Some(luma), stays),
                None => self.stays = TICK,
            }
        }
        self.shown.clone().ok_or(CameraError::Stalled)
    }
}

impl Played {
    /// The next picture of the reel and how long it stays; none after the last one.
    fn turn(&mut self) -> Result<Option<(Luma, Duration)>, CameraError> {
        match &mut self.reel {
            Reel::Film(film) => {
                let frame = film.next().map_err(|why| bad_film(&self.path, why))?;
                Ok(frame.map(|luma| (luma, film.stays)))
            }
            Reel::Pictures(paths) => {
                let Some(path) = paths.pop_front() else {
                    return Ok(None);
                };
                Ok(Some((load(&path)?, PICTURE_STAYS)))
            }
        }
    }
}

fn load(path: &Path) -> Result<Luma, CameraError> {
    let too_large = |length: u64| usize::try_from(length).map_or(true, |length| length > FILE_MAX);
    let refused = |source| CameraError::Picture { path: path.display().to_string(), source };
    let length = fs::metadata(path).map_err(|source| unreadable(path, source))?.len();
    if too_large(length) {
        let bytes = usize::try_from(length).unwrap_or(usize::MAX);
        return Err(refused(picture::PictureError::FileTooLarge { bytes }));
    }
    let bytes = fs::read(path).map_err(|source| unreadable(path, source))?;
    picture::load(&bytes).map_err(refused)
}

fn unreadable(path: &Path, source: std::io::Error) -> CameraError {
    CameraError::File { path: path.display().to_string(), source }
}

fn bad_film(path: &Path, why: FilmError) -> CameraError {
    match why {
        FilmError::Io(source) => unreadable(path, source),
        FilmError::Not(reason) => CameraError::Film { path: path.display().to_string(), reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pgm(grey: u8) -> Vec<u8> {
        [b"P5 1 1 255 ".as_slice(), &[grey]].concat()
    }

    fn greys(path: &Path, count: usize) -> Vec<u8> {
        let mut source = open(path).unwrap().source;
        (0..count).map(|_| source.frame().unwrap().pixels()[0]).collect()
    }

    #[test]
    fn a_picture_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.pgm");
        fs::write(&path, pgm(40)).unwrap();
        assert_eq!(greys(&path, 3), [40, 40, 40]);
    }

    #[test]
    fn a_folder_is_shown_in_the_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        for (name, grey) in [("b.pgm", 2), ("a.PGM", 1), ("notes.txt", 9)] {
            fs::write(folder.path().join(name), pgm(grey)).unwrap();
        }
        let mut shown = greys(folder.path(), 25);
        shown.dedup();
        assert_eq!(shown, [1, 2]);
    }

    #[test]
    fn a_film_is_shown_once_and_its_last_frame_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film.y4m");
        let frames = b"YUV4MPEG2 W1 H1 F200:1 Cmono\nFRAME\n\x01FRAME\n\x02FRAME\n\x03";
        fs::write(&path, frames).unwrap();
        assert_eq!(greys(&path, 5), [1, 2, 3, 3, 3]);
    }

    #[test]
    fn what_cannot_stand_in_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let told = |path: &Path| match open(path) {
            Err(error) => error.to_string(),
            Ok(mut opened) => opened.source.frame().unwrap_err().to_string(),
        };
        let empty = folder.path().display().to_string();
        assert_eq!(told(folder.path()), format!("{empty} cannot stand in for a camera"));
        let text = folder.path().join("text.png");
        fs::write(&text, "no picture").unwrap();
        assert!(told(&text).ends_with("PNG, JPEG and PNM files are read"), "{}", told(&text));
        let film = folder.path().join("film.y4m");
        fs::write(&film, "no film\n").unwrap();
        assert!(told(&film).ends_with("it does not begin with YUV4MPEG2"), "{}", told(&film));
        assert!(told(&folder.path().join("gone.png")).contains("gone.png"));
    }
}
