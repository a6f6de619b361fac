//! The second anchor: where the journal ended, in a small signed file beside the database.
//!
//! The file is written after an entry was committed and shown, and is not brought to disk for each: after a power cut it
//! may name an earlier entry, never a later one than the database holds. So a database that holds *less* than the
//! anchor names was set back to an older copy. At a clean end the last mark says so and is brought to disk: it then names
//! the very last entry that was ever signed.
//!
//! Two slots are written in turn, so that a mark that was torn leaves the one before.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
};

use minicbor::{Decode, Encode};

use super::{
    open::{StoreError, files_error},
    place::Place,
};
use crate::{
    domain::{
        crypto::{PublicKey, SecretKey},
        envelope::{Context, open_message, seal_message},
        id::TerminalId,
        journal::Head,
    },
    files,
};

/// The file's name within the data folder.
pub(super) const FILE: &str = "terminal.head";

/// Bytes of a slot: one sector, which is written whole or not at all.
const SLOT: usize = 512;

const BOTH_SLOTS: u64 = 1024;

/// Where a journal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Mark {
    /// Whose journal.
    #[n(1)]
    pub terminal: TerminalId,
    /// Its last entry that was shown.
    #[n(2)]
    pub head: Head,
    /// Whether the program ended there: no other entry was ever signed.
    #[n(3)]
    pub clean: bool,
    /// Grows with every mark.
    #[n(4)]
    count: u64,
}

/// What an anchor said when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchored {
    /// There is no such file: this is a first start, or somebody took it away.
    Missing,
    /// The file holds no mark that this terminal signed.
    Unreadable,
    /// The journal was at least this long.
    At(Mark),
}

impl Anchored {
    /// What the anchor in a folder says.
    pub fn read(place: &Place, key: &PublicKey) -> Result<Self, StoreError> {
        read(place, key).map_err(|source| files_error(place, source))
    }

    /// The mark, where there is one.
    pub fn mark(self) -> Option<Mark> {
        match self {
            Self::At(mark) => Some(mark),
            Self::Missing | Self::Unreadable => None,
        }
    }
}

impl Mark {
    /// Whether the journal is known to have ended here.
    pub fn ends_at(&self, head: Head) -> bool {
        self.clean && self.head == head
    }
}

/// The open file.
#[derive(Debug)]
pub(super) struct Anchor {
    file: File,
    count: u64,
}

impl Anchor {
    /// Opens the file, or makes it, and says what it holds; none where the store is in no folder of the operating system.
    pub(super) fn open(place: &Place, key: &PublicKey) -> io::Result<Option<(Self, Anchored)>> {
        let Some(path) = place.file(FILE) else {
            return Ok(None);
        };
        let found = read(place, key)?;
        let mut options = OpenOptions::new();
        let file = files::private(options.write(true).create(true).truncate(false)).open(path)?;
        let count = found.mark().map_or(0, |mark| mark.count);
        Ok(Some((Self { file, count }, found)))
    }

    /// Writes where the journal ends; brings it to disk where `sync` says so.
    pub(super) fn write(
        &mut self,
        key: &SecretKey,
        (terminal, head): (TerminalId, Head),
        (clean, sync): (bool, bool),
    ) -> io::Result<()> {
        self.count = self.count.saturating_add(1);
        let mark = Mark { terminal, head, clean, count: self.count };
        let message = seal_message(key, Context::Anchor, &mark);
        let mut slot = u16::try_from(message.len()).unwrap_or(0).to_be_bytes().to_vec();
        slot.extend(message);
        slot.resize(SLOT, 0);
        let place = if self.count.is_multiple_of(2) { 0 } else { SLOT as u64 };
        self.file.seek(SeekFrom::Start(place))?;
        self.file.write_all(&slot)?;
        if sync { self.file.sync_data() } else { Ok(()) }
    }
}

/// What the anchor in a folder says.
pub(super) fn read(place: &Place, key: &PublicKey) -> io::Result<Anchored> {
    let Some(path) = place.file(FILE) else {
        return Ok(Anchored::Missing);
    };
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(BOTH_SLOTS).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Anchored::Missing),
        Err(error) => return Err(error),
    };
    let marks = bytes.chunks(SLOT).filter_map(|slot| mark(slot, key));
    Ok(marks.max_by_key(|mark| mark.count).map_or(Anchored::Unreadable, Anchored::At))
}

fn mark(slot: &[u8], key: &PublicKey) -> Option<Mark> {
    let (length, rest) = slot.split_first_chunk::<2>()?;
    let message = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    open_message(message, key, Context::Anchor).ok()
}
