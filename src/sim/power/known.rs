//! What the disks that were opened and compared came to, so that another with the very same pages need not be again.

use rusqlite::{
    Connection, MAIN_DB, OpenFlags,
    backup::{Backup, StepResult},
};

use crate::sim::disk::{Disk, Image, VFS};

/// Pages of databases that hold what they must between two moments at which something was told.
#[derive(Debug, Default)]
pub(super) struct Known {
    chapter: usize,
    pages: Vec<Vec<u8>>,
}

impl Known {
    /// Whether a database with these pages was found to be right in this chapter.
    pub(super) fn has(&self, chapter: usize, pages: &[u8]) -> bool {
        self.chapter == chapter && self.pages.iter().any(|known| known == pages)
    }

    /// Takes note of pages that are right; those of another chapter are forgotten.
    pub(super) fn add(&mut self, chapter: usize, pages: Vec<u8>) {
        if self.chapter != chapter {
            self.chapter = chapter;
            self.pages.clear();
        }
        self.pages.push(pages);
    }
}

/// All pages of a database as SQLite finds them after a power cut, its log recovered; none where it finds none, or says that
/// the file is damaged. The image stays as it is.
pub(super) fn recovered(image: &Image, name: &str) -> Option<Vec<u8>> {
    let disk = Disk::of(image.clone());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags_and_vfs(disk.dir().join(name), flags, VFS).ok()?;
    let pages = pages(&conn).ok().flatten().filter(|pages| !pages.is_empty());
    disk.kill();
    pages
}

/// Copied into memory page by page, which takes no look at the schema; that would be most of the work.
fn pages(conn: &Connection) -> rusqlite::Result<Option<Vec<u8>>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut copy = Connection::open_with_flags_and_vfs("copy", flags, "memdb")?;
    let done = Backup::new(conn, &mut copy)?.step(-1)? == StepResult::Done;
    let pages = copy.serialize(MAIN_DB)?.to_vec();
    Ok(done.then_some(pages))
}
