//! The door between SQLite and the disks: the only place with `unsafe` in it.
//!
//! SQLite hands over pointers that it made: to the file it allocated room for, to its buffers, to its results. Each
//! function turns them into what Rust knows, does its work there, and gives an answer back. Nothing of it is
//! kept but the [`OpenFile`] that lies behind SQLite's own part of the file, from `open` to `close`.
#![expect(unsafe_code, reason = "SQLite is written in C and is handed a table of functions")]

use std::{
    ffi::CStr,
    mem,
    os::raw::{c_char, c_int, c_void},
    ptr, slice,
    sync::Once,
};

use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_vfs};

use super::{
    drive::{self, VFS},
    handle::OpenFile,
    state::Code,
};

/// SQLite's part of an open file, and ours behind it.
#[repr(C)]
struct RawFile {
    base: sqlite3_file,
    file: *mut OpenFile,
}

/// Memory that SQLite reads and writes on its own.
#[derive(Debug)]
pub(super) struct Region(*mut [u64]);

// SAFETY: the memory belongs to the region alone. Rust never looks into it; what SQLite's threads do there, they agree
// on among themselves.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// At least `size` bytes of zeros.
    pub(super) fn zeroed(size: usize) -> Self {
        let words = vec![0_u64; size.div_ceil(mem::size_of::<u64>())];
        Self(Box::into_raw(words.into_boxed_slice()))
    }

    /// Where it begins.
    pub(super) fn start(&self) -> *mut c_void {
        self.0.cast()
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: the pointer came out of a box, and is turned back into one only here.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Tells SQLite of the disks, once.
pub(super) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let name = std::ffi::CString::new(VFS).unwrap_or_default();
        let vfs = Box::new(sqlite3_vfs {
            iVersion: 2,
            szOsFile: c_int::try_from(mem::size_of::<RawFile>()).unwrap_or(c_int::MAX),
            mxPathname: 512,
            pNext: ptr::null_mut(),
            zName: name.into_raw(),
            pAppData: ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: None,
            xCurrentTimeInt64: Some(current_time_int64),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        });
        // SAFETY: the table lives as long as the program, and every function in it keeps what SQLite asks of it. The
        // setting is one without an argument that matters: one counter less that all threads would wait for.
        unsafe {
            ffi::sqlite3_config(ffi::SQLITE_CONFIG_MEMSTATUS, 0 as c_int);
            ffi::sqlite3_vfs_register(Box::into_raw(vfs), 0);
        }
    });
}

fn told(result: Result<(), Code>) -> c_int {
    result.err().unwrap_or(ffi::SQLITE_OK)
}

/// The text at a pointer of SQLite's; none where it is null or not UTF-8.
///
/// # Safety
/// The pointer is null or leads to a text that ends in a zero byte and outlives the answer.
unsafe fn text<'a>(pointer: *const c_char) -> Option<&'a str> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: as the caller says.
    unsafe { CStr::from_ptr(pointer) }.to_str().ok()
}

/// The open file behind SQLite's part of it.
///
/// # Safety
/// SQLite calls a file's functions between `open` and `close`, one at a time, with the pointer it gave to `open`.
unsafe fn file<'a>(pointer: *mut sqlite3_file) -> &'a mut OpenFile {
    // SAFETY: `open` put both parts there, and only `close` takes the second away.
    unsafe { &mut *(*pointer.cast::<RawFile>()).file }
}

unsafe extern "C" fn open(
    _vfs: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    into: *mut sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives room for a file, a name that is null or ends in zero, and room for flags or null.
    unsafe {
        (*into).pMethods = ptr::null();
        match drive::open(text(name), flags) {
            Ok(opened) => {
                let file = Box::into_raw(Box::new(opened));
                let base = sqlite3_file { pMethods: &raw const METHODS };
                into.cast::<RawFile>().write(RawFile { base, file });
                if !flags_out.is_null() {
                    *flags_out = flags;
                }
                ffi::SQLITE_OK
            }
            Err(code) => code,
        }
    }
}

unsafe extern "C" fn delete(_vfs: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: the name ends in zero.
    let name = unsafe { text(name) };
    told(name.ok_or(ffi::SQLITE_IOERR_DELETE).and_then(|name| drive::delete(name, sync != 0)))
}

unsafe extern "C" fn access(
    _vfs: *mut sqlite3_vfs,
    name: *const c_char,
    _flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: the name ends in zero, and there is room for the answer.
    unsafe { *out = c_int::from(text(name).is_some_and(drive::exists)) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_pathname(
    _vfs: *mut sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: the name ends in zero; `out` has room for as many bytes as SQLite says.
    unsafe {
        let bytes = CStr::from_ptr(name).to_bytes_with_nul();
        if bytes.len() > usize::try_from(room).unwrap_or(0) {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len());
    }
    ffi::SQLITE_OK
}

/// The same at every start: nothing here may depend on chance that no seed knows.
unsafe extern "C" fn randomness(_vfs: *mut sqlite3_vfs, room: c_int, out: *mut c_char) -> c_int {
    let room = usize::try_from(room).unwrap_or(0);
    // SAFETY: `out` has as much room as SQLite says.
    unsafe { ptr::write_bytes(out, 7, room) };
    c_int::try_from(room).unwrap_or(0)
}

/// Nobody else is waited for: whoever holds a lock holds it in this very program.
unsafe extern "C" fn sleep(_vfs: *mut sqlite3_vfs, microseconds: c_int) -> c_int {
    microseconds
}

/// Milliseconds of the Julian calendar at the beginning of 2026.
const TIME: sqlite3_int64 = 212_603_961_600_000;

unsafe extern "C" fn current_time(_vfs: *mut sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: there is room for the answer.
    unsafe { *out = 2_461_041.5 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn current_time_int64(_vfs: *mut sqlite3_vfs, out: *mut sqlite3_int64) -> c_int {
    // SAFETY: there is room for the answer.
    unsafe { *out = TIME };
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(pointer: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite calls this once; afterwards the file's functions are not called again.
    drop(unsafe { Box::from_raw((*pointer.cast::<RawFile>()).file) });
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    pointer: *mut sqlite3_file,
    into: *mut c_void,
    count: c_int,
    at: sqlite3_int64,
) -> c_int {
    let (Ok(count), Ok(at)) = (usize::try_from(count), usize::try_from(at)) else {
        return ffi::SQLITE_IOERR_READ;
    };
    // SAFETY: the buffer has room for `count` bytes, which are written before anybody reads them.
    let (file, into) = unsafe {
        ptr::write_bytes(into.cast::<u8>(), 0, count);
        (file(pointer), slice::from_raw_parts_mut(into.cast::<u8>(), count))
    };
    told(file.read(at, into))
}

unsafe extern "C" fn write(
    pointer: *mut sqlite3_file,
    from: *const c_void,
    count: c_int,
    at: sqlite3_int64,
) -> c_int {
    let (Ok(count), Ok(at)) = (usize::try_from(count), usize::try_from(at)) else {
        return ffi::SQLITE_IOERR_WRITE;
    };
    // SAFETY: the buffer holds `count` bytes.
    let (file, from) = unsafe { (file(pointer), slice::from_raw_parts(from.cast::<u8>(), count)) };
    told(file.write(at, from))
}

unsafe extern "C" fn truncate(pointer: *mut sqlite3_file, len: sqlite3_int64) -> c_int {
    let Ok(len) = usize::try_from(len) else {
        return ffi::SQLITE_IOERR_TRUNCATE;
    };
    // SAFETY: the file is open.
    told(unsafe { file(pointer) }.truncate(len))
}

unsafe extern "C" fn sync(pointer: *mut sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: the file is open.
    told(unsafe { file(pointer) }.sync())
}

unsafe extern "C" fn file_size(pointer: *mut sqlite3_file, out: *mut sqlite3_int64) -> c_int {
    // SAFETY: the file is open, and there is room for the answer.
    unsafe {
        let size = file(pointer).size();
        *out = size.as_ref().map_or(0, |size| sqlite3_int64::try_from(*size).unwrap_or(0));
        told(size.map(drop))
    }
}

unsafe extern "C" fn lock(pointer: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    told(unsafe { file(pointer) }.lock(level))
}

unsafe extern "C" fn unlock(pointer: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe { file(pointer) }.unlock(level);
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(pointer: *mut sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: the file is open, and there is room for the answer.
    unsafe {
        let reserved = file(pointer).is_reserved();
        *out = c_int::from(*reserved.as_ref().unwrap_or(&false));
        told(reserved.map(drop))
    }
}

unsafe extern "C" fn file_control(
    _file: *mut sqlite3_file,
    _op: c_int,
    _arg: *mut c_void,
) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut sqlite3_file) -> c_int {
    512
}

unsafe extern "C" fn device_characteristics(_file: *mut sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    pointer: *mut sqlite3_file,
    number: c_int,
    size: c_int,
    make: c_int,
    out: *mut *mut c_void,
) -> c_int {
    let (Ok(number), Ok(size)) = (usize::try_from(number), usize::try_from(size)) else {
        return ffi::SQLITE_IOERR_SHMMAP;
    };
    // SAFETY: the file is open, and there is room for the answer. The memory lives until the file leaves it.
    unsafe {
        let region = file(pointer).region(number, size, make != 0);
        *out = *region.as_ref().unwrap_or(&None).as_ref().unwrap_or(&ptr::null_mut());
        told(region.map(drop))
    }
}

unsafe extern "C" fn shm_lock(
    pointer: *mut sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: the file is open.
    told(unsafe { file(pointer) }.lock_index((first, count), flags))
}

unsafe extern "C" fn shm_barrier(_file: *mut sqlite3_file) {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(pointer: *mut sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe { file(pointer) }.leave_index();
    ffi::SQLITE_OK
}
