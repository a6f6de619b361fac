//! A log's index, which the connections to one file share.

use std::{
    os::raw::{c_int, c_void},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::ffi;

use super::{
    locks::{HandleId, IndexLocks},
    raw::Region,
    state::Code,
};

/// The memory and its locks; it lives as long as one connection uses it.
#[derive(Debug, Default)]
pub(super) struct SharedMemory {
    regions: Mutex<Vec<Region>>,
    locks: Mutex<IndexLocks>,
}

impl SharedMemory {
    /// Where a region begins; none where it was not made and is not to be.
    pub(super) fn region(&self, number: usize, size: usize, make: bool) -> Option<*mut c_void> {
        let mut regions = lock(&self.regions);
        while make && regions.len() <= number {
            regions.push(Region::zeroed(size));
        }
        regions.get(number).map(Region::start)
    }

    /// Takes locks or gives them back, as SQLite's flags say.
    pub(super) fn lock(
        &self,
        handle: HandleId,
        (first, count): (c_int, c_int),
        flags: c_int,
    ) -> Result<(), Code> {
        let mask = mask(first, count);
        let mut locks = lock(&self.locks);
        if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
            locks.give_back(handle, mask);
            return Ok(());
        }
        let taken = locks.take(handle, mask, flags & ffi::SQLITE_SHM_EXCLUSIVE != 0);
        if taken { Ok(()) } else { Err(ffi::SQLITE_BUSY) }
    }

    /// Gives everything of a handle back.
    pub(super) fn leave(&self, handle: HandleId) {
        lock(&self.locks).leave(handle);
    }
}

fn mask(first: c_int, count: c_int) -> u32 {
    let bit = |number: c_int| u32::try_from(number).ok().and_then(|n| 1_u32.checked_shl(n));
    let numbers = first..first.saturating_add(count);
    numbers.filter_map(bit).fold(0, |mask, bit| mask | bit)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
