//! Where sticks are found on this machine.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Most sticks that are offered.
const STICKS_MAX: usize = 8;

/// Folders of media that can be taken away, as far as the system tells by where it puts them.
pub fn sticks() -> Vec<PathBuf> {
    let user = std::env::var("USER").unwrap_or_default();
    let mut found = Vec::new();
    for place in places(&user) {
        found.extend(inside(&place));
    }
    found.extend(drives());
    found.truncate(STICKS_MAX);
    found
}

/// Folders that desktops mount media in.
fn places(user: &str) -> Vec<PathBuf> {
    let mut places = vec![PathBuf::from("/Volumes")];
    if !user.is_empty() && !user.contains(['/', '.']) {
        places.push(Path::new("/media").join(user));
        places.push(Path::new("/run/media").join(user));
    }
    places
}

/// The folders within one, but for links: on some systems one leads to the disk itself.
fn inside(place: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(place).into_iter().flatten().take(64).flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut folders: Vec<_> = folders.map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

/// Drives beyond the first, where drives have letters.
fn drives() -> Vec<PathBuf> {
    if !cfg!(windows) {
        return Vec::new();
    }
    let roots = ('D'..='Z').map(|letter| PathBuf::from(format!("{letter}:\\")));
    roots.filter(|root| root.is_dir()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_are_offered() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("STICK")).unwrap();
        fs::write(dir.path().join("file"), "x").unwrap();
        assert_eq!(inside(dir.path()), [dir.path().join("STICK")]);
        assert!(inside(&dir.path().join("none")).is_empty());
        assert_eq!(places("../x"), [PathBuf::from("/Volumes")]);
    }
}
