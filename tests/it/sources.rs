//! Where the sources are.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The root of the package.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program's sources.
pub(crate) fn src() -> PathBuf {
    root().join("src")
}

/// All Rust files at `place`, a directory or a file, in order.
pub(crate) fn rust_files(place: &Path) -> Vec<PathBuf> {
    files(place, "rs")
}

/// All files at `place` whose name ends so, in order.
pub(crate) fn files(place: &Path, extension: &str) -> Vec<PathBuf> {
    let mut stack = vec![place.to_owned()];
    let mut files = Vec::new();
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            let inside = fs::read_dir(&path).unwrap();
            stack.extend(inside.map(|entry| entry.unwrap().path()));
        } else if path.is_file() && path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    files
}
