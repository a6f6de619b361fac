//! What becomes of a store that cannot be relied on: it is moved aside, whole, and never deleted.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    anchor,
    open::{Store, StoreError},
    place::Place,
};
use crate::files;

/// What the folders of stores that were moved aside begin with.
const PREFIX: &str = "damaged-";

/// The file that says why.
const WHY: &str = "why.txt";

/// Moves a store aside for a reason, under a name with the time it was last written at; gives the folder.
///
/// The database goes first and its log after it: a store never stands without its log.
pub(super) fn set_aside(place: &Place, why: &StoreError) -> io::Result<Option<PathBuf>> {
    let Some(file) = place.file(Store::FILE) else {
        return Ok(None);
    };
    let folder = fresh_folder(place.dir(), &file)?;
    fs::write(folder.join(WHY), format!("{why}\n"))?;
    if let Some(anchor) = place.file(anchor::FILE).filter(|anchor| anchor.exists()) {
        fs::copy(anchor, folder.join(anchor::FILE))?;
    }
    fs::rename(&file, folder.join(Store::FILE))?;
    move_log(place.dir(), &folder)?;
    files::sync_folder(&folder)?;
    files::sync_folder(place.dir())?;
    Ok(Some(folder))
}

/// The newest store that was moved aside, with the reason.
pub(super) fn newest(place: &Place) -> io::Result<Option<(PathBuf, String)>> {
    let Some(folder) = all(place)?.pop() else {
        return Ok(None);
    };
    // Where the move was interrupted, the log is still to follow.
    move_log(place.dir(), &folder)?;
    let why = fs::read_to_string(folder.join(WHY)).unwrap_or_default();
    Ok(Some((folder, why.trim().to_owned())))
}

/// All folders of stores that were moved aside, oldest first.
pub(super) fn all(place: &Place) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    if place.file(Store::FILE).is_none() || !place.dir().exists() {
        return Ok(folders);
    }
    for entry in fs::read_dir(place.dir())? {
        let entry = entry?;
        let named = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if named && entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

fn log_name() -> String {
    format!("{}-wal", Store::FILE)
}

fn move_log(dir: &Path, folder: &Path) -> io::Result<()> {
    match fs::rename(dir.join(log_name()), folder.join(log_name())) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn fresh_folder(dir: &Path, file: &Path) -> io::Result<PathBuf> {
    let written = fs::metadata(file)?.modified()?;
    let written = jiff::Timestamp::try_from(written).map_err(io::Error::other)?;
    let name = format!("{PREFIX}{}", written.strftime("%Y%m%dT%H%M%SZ"));
    for number in 0..1000_u32 {
        let suffix = if number == 0 { String::new() } else { format!("-{number:03}") };
        let folder = dir.join(format!("{name}{suffix}"));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many stores were moved aside in one second"))
}
