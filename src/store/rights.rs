//! Who may read the files: their owner and nobody else.
//!
//! The database holds the hashes of PINs, and its log does too. A file that others could read is closed to them and named in
//! a warning rather than refused: what could be read has been read, and to refuse would only stop the counter. (A *key*
//! file is refused: whoever may have copied it could speak for the terminal.) On Windows a file has the rights of its folder.

use std::{
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
};

use super::place::Place;
use crate::files;

/// Makes the file where there is none, so that it is private from its first moment, and closes the folder and its files to
/// others; gives what was open to them.
pub(super) fn secure(place: &Place, name: &str) -> io::Result<Vec<PathBuf>> {
    let Some(file) = place.file(name) else {
        return Ok(Vec::new());
    };
    if !file.exists() {
        let mut options = OpenOptions::new();
        files::private(options.write(true).create_new(true)).open(&file)?;
    }
    let mut log = file.clone().into_os_string();
    log.push("-wal");
    let rest = [file, PathBuf::from(log), place.dir().join(super::anchor::FILE)];
    let mut exposed = Vec::new();
    for (path, mode) in
        [(place.dir().to_owned(), 0o700)].into_iter().chain(rest.map(|file| (file, 0o600)))
    {
        if close(&path, mode)? {
            exposed.push(path);
        }
    }
    Ok(exposed)
}

/// Takes the rights of others away; whether they had any. A file system that knows no rights is left as it is.
#[cfg(unix)]
fn close(path: &Path, mode: u32) -> io::Result<bool> {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let others = metadata.permissions().mode() & 0o077;
    if others == 0 {
        return Ok(false);
    }
    if let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(mode)) {
        tracing::warn!(path = %path.display(), %error, "the rights of others could not be taken away");
    }
    Ok(true)
}

#[cfg(not(unix))]
fn close(_path: &Path, _mode: u32) -> io::Result<bool> {
    Ok(false)
}
