//! A disk in memory that SQLite writes to, and that can lose its power at any operation.
//!
//! A [`Disk`] holds files under a path of its own, such as `/disk-7/terminal.db`. What is written stays *unsynced* until
//! the file is synced, and a name until its folder is. [`Image::cut`] says what a power cut leaves of it: everything that was
//! synced, and of everything else any part, down to sectors of 512 bytes, some of them torn. The model is that of
//! POSIX: nothing is assumed of the order of writes, and a name may be lost although the file was synced.
//!
//! Beside power cuts there are [`Fault`]s: reads, writes and syncs that fail at a chosen operation, once or from then
//! on; a disk that is full; a disk that says it synced and did not. Many disks can be used at once, each from any thread.

mod content;
mod cut;
mod drive;
mod fault;
mod handle;
mod image;
mod locks;
mod raw;
mod shared_memory;
mod state;

#[cfg(test)]
mod tests;

pub use drive::{Disk, FILE_SYSTEM, VFS};
pub use fault::{Fault, Trouble};
pub use image::Image;
pub use state::{Counts, Moment};
