//! Who holds which lock on a file.

use std::{collections::BTreeMap, os::raw::c_int};

use rusqlite::ffi;

/// An open file among those of one disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HandleId(pub(super) u64);

/// SQLite's five levels of a database file's lock, by who holds them.
#[derive(Debug, Default)]
pub(super) struct FileLocks(BTreeMap<HandleId, c_int>);

impl FileLocks {
    /// Raises a handle's lock; false where another stands in the way.
    pub(super) fn raise(&mut self, handle: HandleId, level: c_int) -> bool {
        if self.level(handle) >= level {
            return true;
        }
        let others = self.0.iter().filter(|(other, _)| **other != handle);
        let highest = others.map(|(_, held)| *held).max().unwrap_or(ffi::SQLITE_LOCK_NONE);
        let (allowed, reached) = match level {
            ffi::SQLITE_LOCK_SHARED => (highest < ffi::SQLITE_LOCK_PENDING, level),
            ffi::SQLITE_LOCK_RESERVED => (highest < ffi::SQLITE_LOCK_RESERVED, level),
            _ if highest >= ffi::SQLITE_LOCK_RESERVED => (false, self.level(handle)),
            // Nobody may begin to read while this one waits for the readers to end.
            _ if highest > ffi::SQLITE_LOCK_NONE => (false, ffi::SQLITE_LOCK_PENDING),
            _ => (true, level),
        };
        if allowed || reached > self.level(handle) && level > ffi::SQLITE_LOCK_RESERVED {
            self.0.insert(handle, reached);
        }
        allowed
    }

    /// Lowers a handle's lock.
    pub(super) fn lower(&mut self, handle: HandleId, level: c_int) {
        if level == ffi::SQLITE_LOCK_NONE {
            self.0.remove(&handle);
        } else if self.level(handle) > level {
            self.0.insert(handle, level);
        }
    }

    /// Whether anybody is about to write.
    pub(super) fn is_reserved(&self) -> bool {
        self.0.values().any(|held| *held >= ffi::SQLITE_LOCK_RESERVED)
    }

    fn level(&self, handle: HandleId) -> c_int {
        self.0.get(&handle).copied().unwrap_or(ffi::SQLITE_LOCK_NONE)
    }
}

/// The eight locks of a log's index, by who holds them.
#[derive(Debug, Default)]
pub(super) struct IndexLocks(BTreeMap<HandleId, Held>);

#[derive(Clone, Copy, Debug, Default)]
struct Held {
    shared: u32,
    exclusive: u32,
}

impl IndexLocks {
    /// Takes the locks of a mask; false where another stands in the way.
    pub(super) fn take(&mut self, handle: HandleId, mask: u32, exclusive: bool) -> bool {
        let in_the_way = self.0.iter().any(|(other, held)| {
            let taken = held.exclusive | if exclusive { held.shared } else { 0 };
            *other != handle && taken & mask != 0
        });
        if !in_the_way {
            let held = self.0.entry(handle).or_default();
            if exclusive {
                held.exclusive |= mask;
            } else {
                held.shared |= mask;
            }
        }
        !in_the_way
    }

    /// Gives the locks of a mask back.
    pub(super) fn give_back(&mut self, handle: HandleId, mask: u32) {
        if let Some(held) = self.0.get_mut(&handle) {
            held.shared &= !mask;
            held.exclusive &= !mask;
        }
    }

    /// Gives everything of a handle back.
    pub(super) fn leave(&mut self, handle: HandleId) {
        self.0.remove(&handle);
    }
}
