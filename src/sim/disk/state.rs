//! A disk at work: operations are counted, watched, and fail where they were told to.

use std::{
    collections::BTreeMap,
    os::raw::c_int,
    sync::{Arc, Weak},
};

use rusqlite::ffi;

use super::{
    fault::{Fault, Operation, Trouble},
    image::{Change, Image, NodeId},
    locks::FileLocks,
    shared_memory::SharedMemory,
};

/// What SQLite is told of an operation that failed.
pub(super) type Code = c_int;

/// How many operations there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Operations that change the disk or sync it.
    pub changes: u64,
    /// Operations that each trouble can happen to, in the order of [`Trouble::ALL`].
    pub of: [u64; 4],
    /// Operations that failed because of a fault.
    pub failed: u64,
}

impl Counts {
    /// Operations that this trouble can happen to.
    pub fn of(&self, trouble: Trouble) -> u64 {
        let all = Trouble::ALL.into_iter().zip(self.of);
        all.filter(|(known, _)| *known == trouble).map(|(_, count)| count).sum()
    }
}

/// The disk just before one of its changes.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Which change was about to be made, counted from 0.
    pub change: u64,
    /// What was on the disk.
    pub image: Image,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) image: Image,
    /// Grows when the disk is replaced: files that were open before are gone.
    pub(super) life: u64,
    pub(super) counts: Counts,
    pub(super) faults: Vec<Fault>,
    pub(super) capacity: Option<u64>,
    pub(super) lies: bool,
    pub(super) moments: Option<Vec<Moment>>,
    pub(super) locks: BTreeMap<NodeId, FileLocks>,
    pub(super) memory: BTreeMap<NodeId, Weak<SharedMemory>>,
    pub(super) open: BTreeMap<NodeId, u32>,
    pub(super) handles: u64,
}

impl State {
    /// Notes an operation; an error where it is to fail.
    fn operate(&mut self, operation: Operation) -> Result<(), Trouble> {
        if !matches!(operation, Operation::Read | Operation::Size) {
            let change = self.counts.changes;
            self.counts.changes = change.saturating_add(1);
            if let Some(moments) = &mut self.moments {
                moments.push(Moment { change, image: self.image.clone() });
            }
        }
        let mut met = None;
        for (trouble, count) in Trouble::ALL.into_iter().zip(&mut self.counts.of) {
            if operation.can_meet(trouble) {
                let fails = |fault: &&Fault| {
                    let now = if fault.sticky { *count >= fault.at } else { *count == fault.at };
                    fault.trouble == trouble && now
                };
                met = met.or(self.faults.iter().find(fails).map(|fault| fault.trouble));
                *count = count.saturating_add(1);
            }
        }
        met.map_or(Ok(()), |trouble| {
            self.counts.failed = self.counts.failed.saturating_add(1);
            Err(trouble)
        })
    }

    fn simple(&mut self, operation: Operation) -> Result<(), Code> {
        self.operate(operation).map_err(|trouble| operation.code(trouble))
    }

    /// Opens a file; whether it was made.
    pub(super) fn open(&mut self, name: &str, make: bool) -> Result<(NodeId, bool), Code> {
        if let Some(id) = self.image.names.get(name).copied() {
            self.hold(id);
            return Ok((id, false));
        }
        if !make {
            return Err(ffi::SQLITE_CANTOPEN);
        }
        self.simple(Operation::Open)?;
        let id = self.image.fresh();
        self.image.nodes.entry(id).or_default();
        self.image.name(name, Some(id));
        self.hold(id);
        Ok((id, true))
    }

    /// A file without a name.
    pub(super) fn open_nameless(&mut self) -> NodeId {
        let id = self.image.fresh();
        self.image.nodes.entry(id).or_default();
        self.hold(id);
        id
    }

    fn hold(&mut self, id: NodeId) {
        let held = self.open.entry(id).or_default();
        *held = held.saturating_add(1);
    }

    pub(super) fn close(&mut self, id: NodeId) {
        let held = self.open.get(&id).copied().unwrap_or(0).saturating_sub(1);
        if held == 0 {
            self.open.remove(&id);
            self.locks.remove(&id);
            self.memory.remove(&id);
            self.forget(id);
        } else {
            self.open.insert(id, held);
        }
    }

    /// Drops a file that can never be reached again.
    fn forget(&mut self, id: NodeId) {
        if !self.open.contains_key(&id) && !self.image.is_named(id) {
            self.image.nodes.remove(&id);
        }
    }

    pub(super) fn read(&mut self, id: NodeId, at: usize, into: &mut [u8]) -> Result<usize, Code> {
        self.simple(Operation::Read)?;
        let node = self.image.nodes.get(&id).ok_or(ffi::SQLITE_IOERR_READ)?;
        Ok(node.live.read(at, into))
    }

    pub(super) fn size(&mut self, id: NodeId) -> Result<usize, Code> {
        self.simple(Operation::Size)?;
        let node = self.image.nodes.get(&id).ok_or(ffi::SQLITE_IOERR_FSTAT)?;
        Ok(node.live.len())
    }

    /// Writes; where it fails, half of it was written.
    pub(super) fn write(&mut self, id: NodeId, at: usize, bytes: &[u8]) -> Result<(), Code> {
        let failed = self.operate(Operation::Write).err();
        let failed = failed.or_else(|| self.lacks_room(id, at, bytes).then_some(Trouble::Full));
        let written = match failed {
            Some(_) => bytes.get(..bytes.len() / 2).unwrap_or_default(),
            None => bytes,
        };
        let node = self.image.nodes.get_mut(&id).ok_or(ffi::SQLITE_IOERR_WRITE)?;
        if !written.is_empty() && failed != Some(Trouble::Full) {
            node.change(Change::Write { at, bytes: Arc::from(written) });
        }
        failed.map_or(Ok(()), |trouble| Err(Operation::Write.code(trouble)))
    }

    fn lacks_room(&self, id: NodeId, at: usize, bytes: &[u8]) -> bool {
        let Some(capacity) = self.capacity else {
            return false;
        };
        let len = self.image.nodes.get(&id).map_or(0, |node| node.live.len());
        let grows = at.saturating_add(bytes.len()).saturating_sub(len);
        let grows = u64::try_from(grows).unwrap_or(u64::MAX);
        grows > 0 && self.image.size().saturating_add(grows) > capacity
    }

    pub(super) fn truncate(&mut self, id: NodeId, len: usize) -> Result<(), Code> {
        self.simple(Operation::Truncate)?;
        let node = self.image.nodes.get_mut(&id).ok_or(ffi::SQLITE_IOERR_TRUNCATE)?;
        node.change(Change::Length(len));
        Ok(())
    }

    /// Makes a file's bytes durable. What a failed sync leaves behind is taken for synced and is not.
    pub(super) fn sync(&mut self, id: NodeId) -> Result<(), Code> {
        let result = self.simple(Operation::Sync);
        let lies = self.lies;
        let node = self.image.nodes.get_mut(&id).ok_or(ffi::SQLITE_IOERR_FSYNC)?;
        match result {
            Ok(()) if lies => {}
            Ok(()) => node.sync(),
            Err(_) => node.unsynced.clear(),
        }
        result
    }

    /// Makes names durable.
    pub(super) fn sync_folder(&mut self) -> Result<(), Code> {
        self.simple(Operation::SyncFolder)?;
        if !self.lies {
            self.image.sync_names();
            let ids: Vec<NodeId> = self.image.nodes.keys().copied().collect();
            for id in ids {
                self.forget(id);
            }
        }
        Ok(())
    }

    pub(super) fn delete(&mut self, name: &str) -> Result<(), Code> {
        self.simple(Operation::Delete)?;
        if !self.image.names.contains_key(name) {
            return Err(ffi::SQLITE_IOERR_DELETE_NOENT);
        }
        self.image.name(name, None);
        Ok(())
    }
}
