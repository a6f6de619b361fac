//! An open file as SQLite uses it.

use std::{
    os::raw::{c_int, c_void},
    sync::{Arc, Weak},
};

use rusqlite::ffi;

use super::{
    drive::Disk,
    image::NodeId,
    locks::HandleId,
    shared_memory::SharedMemory,
    state::{Code, State},
};

/// An open file.
#[derive(Debug)]
pub(super) struct OpenFile {
    disk: Disk,
    node: NodeId,
    id: HandleId,
    life: u64,
    /// Set where the file goes away with this handle.
    doomed: Option<String>,
    /// Set where the file's name is not durable before its folder was synced with it.
    new_log: bool,
    memory: Option<Arc<SharedMemory>>,
}

impl OpenFile {
    /// Opens or makes a file of a disk.
    pub(super) fn open(disk: Disk, name: Option<&str>, flags: c_int) -> Result<Self, Code> {
        let (node, made, id, life) = disk.with(|state| {
            state.handles = state.handles.saturating_add(1);
            let (node, made) = match name {
                Some(name) => state.open(name, flags & ffi::SQLITE_OPEN_CREATE != 0)?,
                None => (state.open_nameless(), false),
            };
            Ok::<_, Code>((node, made, HandleId(state.handles), state.life))
        })?;
        let logs = ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL;
        let doomed = name.filter(|_| flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0);
        let doomed = doomed.map(str::to_owned);
        let new_log = made && flags & logs != 0;
        Ok(Self { disk, node, id, life, doomed, new_log, memory: None })
    }

    /// Runs `work` unless the disk was replaced since the file was opened.
    fn with<T>(&self, work: impl FnOnce(&mut State) -> Result<T, Code>) -> Result<T, Code> {
        self.disk.with(
            |state| {
                if state.life == self.life { work(state) } else { Err(ffi::SQLITE_IOERR) }
            },
        )
    }

    /// Reads; what lies behind the end is zeros, and said to be short.
    pub(super) fn read(&self, at: usize, into: &mut [u8]) -> Result<(), Code> {
        let there = self.with(|state| state.read(self.node, at, into))?;
        match into.get_mut(there..) {
            Some([]) | None => Ok(()),
            Some(rest) => {
                rest.fill(0);
                Err(ffi::SQLITE_IOERR_SHORT_READ)
            }
        }
    }

    pub(super) fn write(&self, at: usize, bytes: &[u8]) -> Result<(), Code> {
        self.with(|state| state.write(self.node, at, bytes))
    }

    pub(super) fn truncate(&self, len: usize) -> Result<(), Code> {
        self.with(|state| state.truncate(self.node, len))
    }

    /// Syncs the file, and with it the name of a log that was made; the latter's errors are not told, as on Unix.
    pub(super) fn sync(&mut self) -> Result<(), Code> {
        self.with(|state| state.sync(self.node))?;
        if std::mem::take(&mut self.new_log) {
            self.with(State::sync_folder).ok();
        }
        Ok(())
    }

    pub(super) fn size(&self) -> Result<usize, Code> {
        self.with(|state| state.size(self.node))
    }

    pub(super) fn lock(&self, level: c_int) -> Result<(), Code> {
        self.with(|state| {
            let raised = state.locks.entry(self.node).or_default().raise(self.id, level);
            if raised { Ok(()) } else { Err(ffi::SQLITE_BUSY) }
        })
    }

    pub(super) fn unlock(&self, level: c_int) {
        let lower = |state: &mut State| {
            state.locks.entry(self.node).or_default().lower(self.id, level);
            Ok(())
        };
        self.with(lower).ok();
    }

    pub(super) fn is_reserved(&self) -> Result<bool, Code> {
        self.with(|state| Ok(state.locks.entry(self.node).or_default().is_reserved()))
    }

    /// Where a region of the log's index begins.
    pub(super) fn region(
        &mut self,
        number: usize,
        size: usize,
        make: bool,
    ) -> Result<Option<*mut c_void>, Code> {
        if self.memory.is_none() {
            self.memory = Some(self.with(|state| Ok(shared(state, self.node)))?);
        }
        Ok(self.memory.as_ref().and_then(|memory| memory.region(number, size, make)))
    }

    pub(super) fn lock_index(&self, which: (c_int, c_int), flags: c_int) -> Result<(), Code> {
        let memory = self.memory.as_ref().ok_or(ffi::SQLITE_IOERR_SHMLOCK)?;
        memory.lock(self.id, which, flags)
    }

    pub(super) fn leave_index(&mut self) {
        if let Some(memory) = self.memory.take() {
            memory.leave(self.id);
        }
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.leave_index();
        self.unlock(ffi::SQLITE_LOCK_NONE);
        let close = |state: &mut State| {
            if let Some(name) = &self.doomed {
                state.delete(name).ok();
            }
            state.close(self.node);
            Ok(())
        };
        self.with(close).ok();
    }
}

fn shared(state: &mut State, node: NodeId) -> Arc<SharedMemory> {
    let known = state.memory.get(&node).and_then(Weak::upgrade);
    known.unwrap_or_else(|| {
        let memory = Arc::new(SharedMemory::default());
        state.memory.insert(node, Arc::downgrade(&memory));
        memory
    })
}
