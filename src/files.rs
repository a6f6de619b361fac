//! Files that are durable and their owner's alone: what the standard library leaves to its callers.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

/// Brings the names in a folder to disk: without this a file may be gone after a power cut although its content was synced.
///
/// On Windows names are durable with their files.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The same for the folder that a file is in.
pub fn sync_name(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")))
}

/// Options under which a file that is made is its owner's alone; on Windows it has the rights of its folder.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
