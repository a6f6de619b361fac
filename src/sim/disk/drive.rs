//! Disks by their numbers, and what can be done to one.

use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use super::{
    fault::Fault,
    handle::OpenFile,
    image::Image,
    raw,
    state::{Code, Counts, Moment, State},
};
use crate::{
    platform::store::FileSystem,
    store::{Drive, Place},
};

/// All disks, for a platform's store.
pub const FILE_SYSTEM: FileSystem = FileSystem { vfs: VFS, sync_folder };

/// What these disks are called as a file system of SQLite's.
pub const VFS: &str = "countersign-disk";

const PREFIX: &str = "/disk-";

static SHELF: Mutex<Shelf> = Mutex::new(Shelf { disks: BTreeMap::new(), next: 0 });

/// The disks there are; one that nobody holds is gone.
struct Shelf {
    disks: BTreeMap<u64, Weak<Inner>>,
    next: u64,
}

/// A disk. Its clones are the same disk; for one with the same content, see [`Disk::of`].
#[derive(Clone, Debug)]
pub struct Disk(Arc<Inner>);

struct Inner {
    number: u64,
    state: Mutex<State>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.number)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        lock(&SHELF).disks.remove(&self.number);
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::of(Image::default())
    }
}

impl Disk {
    /// A disk that holds what is in an image.
    pub fn of(image: Image) -> Self {
        raw::register();
        let mut shelf = lock(&SHELF);
        shelf.next = shelf.next.saturating_add(1);
        let state = Mutex::new(State { image, ..State::default() });
        let inner = Arc::new(Inner { number: shelf.next, state });
        shelf.disks.insert(inner.number, Arc::downgrade(&inner));
        Self(inner)
    }

    /// The folder that is this disk.
    pub fn dir(&self) -> PathBuf {
        PathBuf::from(format!("{PREFIX}{}", self.0.number))
    }

    /// The disk as the place of a terminal's store.
    pub fn place(&self) -> Place {
        Place::on(&Drives, self.dir())
    }

    /// What is on the disk at this moment, synced or not.
    pub fn image(&self) -> Image {
        self.with(|state| state.image.clone())
    }

    /// Replaces everything that is on the disk. Files that are open are lost to those who have them open; faults, counts
    /// and what was watched are forgotten.
    pub fn restore(&self, image: Image) {
        let old = self.with(|state| {
            let life = state.life.saturating_add(1);
            let (handles, lies, capacity) = (state.handles, state.lies, state.capacity);
            let fresh = State { image, life, capacity, lies, handles, ..State::default() };
            std::mem::replace(state, fresh)
        });
        drop(old);
    }

    /// Ends whatever program has files open: they are lost to it, and what it wrote stays.
    pub fn kill(&self) {
        let locks = self.with(|state| {
            state.life = state.life.saturating_add(1);
            state.open.clear();
            (std::mem::take(&mut state.locks), std::mem::take(&mut state.memory))
        });
        drop(locks);
    }

    /// Lets operations fail.
    pub fn fail(&self, fault: Fault) {
        self.with(|state| state.faults.push(fault));
    }

    /// Ends all faults.
    pub fn mend(&self) {
        self.with(|state| state.faults.clear());
    }

    /// Limits the room for all files together.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.with(|state| state.capacity = bytes);
    }

    /// Lets syncs say they were done when they were not.
    pub fn lie(&self, lies: bool) {
        self.with(|state| state.lies = lies);
    }

    /// How many operations there were.
    pub fn counts(&self) -> Counts {
        self.with(|state| state.counts)
    }

    /// Keeps the disk as it is before each change, from here on.
    pub fn watch(&self) {
        self.with(|state| state.moments = Some(Vec::new()));
    }

    /// What was kept since; nothing is kept any more.
    pub fn moments(&self) -> Vec<Moment> {
        self.with(|state| state.moments.take()).unwrap_or_default()
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut lock(&self.0.state))
    }
}

/// All disks, as a file system.
#[derive(Debug)]
struct Drives;

impl Drive for Drives {
    fn vfs(&self) -> &'static str {
        VFS
    }

    fn holds(&self, file: &Path) -> bool {
        file.to_str().is_some_and(exists)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        sync_folder(folder)
    }
}

/// Brings the names on a disk into effect for good.
fn sync_folder(folder: &Path) -> io::Result<()> {
    let file = folder.join("names");
    let found = file.to_str().and_then(find);
    let (disk, _name) = found.ok_or(io::ErrorKind::NotFound)?;
    disk.with(State::sync_folder).map_err(|code| io::Error::other(format!("code {code}")))
}

/// Opens the file at a path, or one without a name.
pub(super) fn open(path: Option<&str>, flags: i32) -> Result<OpenFile, Code> {
    let Some(path) = path else {
        return OpenFile::open(Disk::default(), None, flags);
    };
    let (disk, name) = find(path).ok_or(rusqlite::ffi::SQLITE_CANTOPEN)?;
    OpenFile::open(disk, Some(name), flags)
}

/// Deletes the file at a path.
pub(super) fn delete(path: &str, sync_folder: bool) -> Result<(), Code> {
    let (disk, name) = find(path).ok_or(rusqlite::ffi::SQLITE_IOERR_DELETE)?;
    disk.with(|state| {
        state.delete(name)?;
        if sync_folder { state.sync_folder() } else { Ok(()) }
    })
}

/// Whether there is a file at a path.
pub(super) fn exists(path: &str) -> bool {
    find(path).is_some_and(|(disk, name)| disk.with(|state| state.image.names.contains_key(name)))
}

fn find(path: &str) -> Option<(Disk, &str)> {
    let (number, name) = path.strip_prefix(PREFIX)?.split_once('/')?;
    let disk = lock(&SHELF).disks.get(&number.parse().ok()?)?.upgrade()?;
    Some((Disk(disk), name))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
