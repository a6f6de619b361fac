//! What can still be read of stores that were moved aside. Nothing of them is changed.
//!
//! Entries are looked for twice: as rows of a copy of the database, and as signed bytes anywhere in its files, which finds
//! them also where no row leads to them any more. A signature cannot be forged by damage, so that what is found is real.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

use minicbor::Decoder;
use rusqlite::Connection;

use super::{
    open::{Store, StoreError, files_error},
    place::Place,
    quarantine,
};
use crate::domain::{
    crypto::PublicKey,
    envelope::{Context, open_message},
    id::{Epoch, Seq},
    journal::{ENTRY_BYTES_MAX, Head, SignedEntry},
    sync::{Reply, ReplyBody},
};

/// What a signed message begins with: an array of four, and the nine bytes of its protected header but for the key.
const BEGINNING: [u8; 7] = [0x84, 0x49, 0xa2, 0x01, 0x32, 0x04, 0x44];

/// Bytes that are looked through at a time, and how far a message may reach beyond them.
const BLOCK: usize = 4 * 1024 * 1024;
const REACH: usize = 2 * ENTRY_BYTES_MAX;

/// What was found of a journal.
#[derive(Clone, Debug, Default)]
pub struct Salvaged {
    /// Entries by their places; more than one where several were signed for the same place, which only one was written at.
    entries: BTreeMap<(Epoch, Seq), Vec<SignedEntry>>,
    /// The last entry of the newest store, where the database itself could still name it.
    pub tail: Option<Head>,
    /// The furthest head the platform acknowledged in writing.
    pub acknowledged: Option<Head>,
}

impl Salvaged {
    /// The entry that follows a head; none where there is none, or where it cannot be told which of several did.
    pub fn after(&self, head: Head) -> Option<&SignedEntry> {
        let found = self.entries.get(&(head.epoch, head.seq.next()))?;
        let mut next = found.iter().filter(|entry| entry.entry.prev == head.hash);
        next.next().filter(|_| next.next().is_none())
    }

    /// The last position of an epoch that any entry was found for.
    pub fn last_of(&self, epoch: Epoch) -> Option<Seq> {
        let of_epoch = self.entries.range((epoch, Seq(0))..=(epoch, Seq(u64::MAX)));
        of_epoch.map(|((_, seq), _)| *seq).next_back()
    }

    /// All entries in their order.
    pub fn entries(&self) -> impl Iterator<Item = &SignedEntry> {
        self.entries.values().flatten()
    }

    fn keep(&mut self, entry: SignedEntry) {
        let there = self.entries.entry((entry.entry.epoch, entry.entry.seq)).or_default();
        if !there.contains(&entry) {
            there.push(entry);
        }
    }

    fn acknowledge(&mut self, head: Head) {
        let before = self.acknowledged.map(|head| (head.epoch, head.seq));
        if before < Some((head.epoch, head.seq)) {
            self.acknowledged = Some(head);
        }
    }
}

/// Whose signatures are looked for.
#[derive(Clone, Copy)]
struct Signers<'a> {
    device: &'a PublicKey,
    platform: Option<&'a PublicKey>,
}

/// Reads what can be read of all stores of a folder that were moved aside.
pub fn salvage(
    place: &Place,
    device: &PublicKey,
    platform: Option<&PublicKey>,
) -> Result<Salvaged, StoreError> {
    let in_files = |source| files_error(place, source);
    let mut found = Salvaged::default();
    for folder in quarantine::all(place).map_err(in_files)? {
        found.tail = rows(place, &folder, device, &mut found).map_err(in_files)?;
        let signers = Signers { device, platform };
        for name in [Store::FILE.to_owned(), format!("{}-wal", Store::FILE)] {
            carve(&folder.join(name), signers, &mut found).map_err(in_files)?;
        }
    }
    Ok(found)
}

/// Reads the rows of a copy of the database, from both ends; gives its last entry.
fn rows(
    place: &Place,
    folder: &Path,
    device: &PublicKey,
    found: &mut Salvaged,
) -> io::Result<Option<Head>> {
    let copy = folder.join("copy");
    fs::create_dir_all(&copy)?;
    for name in [Store::FILE.to_owned(), format!("{}-wal", Store::FILE)] {
        if folder.join(&name).exists() {
            fs::copy(folder.join(&name), copy.join(&name))?;
        }
    }
    let tail = match place.moved_to(copy.clone()).connect(Store::FILE) {
        Ok(conn) => {
            let tail = read(&conn, "SELECT bytes FROM entry ORDER BY position DESC", device, found);
            read(&conn, "SELECT bytes FROM entry ORDER BY position", device, found);
            tail
        }
        Err(error) => {
            tracing::warn!(%error, "the damaged database cannot be opened any more");
            None
        }
    };
    fs::remove_dir_all(&copy)?;
    Ok(tail)
}

/// Reads rows as long as they can be read; gives the first.
fn read(conn: &Connection, sql: &str, device: &PublicKey, found: &mut Salvaged) -> Option<Head> {
    let mut statement = conn.prepare(sql).ok()?;
    let mut rows = statement.query([]).ok()?;
    let (mut first, mut read) = (None, 0_u64);
    while let Ok(Some(row)) = rows.next() {
        let bytes = row.get_ref(0).ok().and_then(|value| value.as_blob().ok()).unwrap_or_default();
        let entry = SignedEntry::open(bytes, device).ok();
        if read == 0 {
            first = entry.as_ref().map(SignedEntry::head);
        }
        read = read.saturating_add(1);
        if let Some(entry) = entry {
            found.keep(entry);
        }
    }
    first
}

/// Looks for signed messages anywhere in a file.
fn carve(file: &Path, signers: Signers<'_>, found: &mut Salvaged) -> io::Result<()> {
    let mut file = match File::open(file) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut window = Vec::new();
    loop {
        let block = file.by_ref().take(BLOCK as u64).read_to_end(&mut window)?;
        look_through(&window, signers, found);
        if block == 0 {
            return Ok(());
        }
        let done = window.len().saturating_sub(REACH);
        window.drain(..done);
    }
}

fn look_through(window: &[u8], signers: Signers<'_>, found: &mut Salvaged) {
    let starts = window.windows(BEGINNING.len()).enumerate();
    for (at, _) in starts.filter(|(_, bytes)| *bytes == BEGINNING) {
        let rest = window.get(at..).unwrap_or_default();
        let message = message(rest.get(..REACH).unwrap_or(rest));
        if let Ok(entry) = SignedEntry::open(message, signers.device) {
            found.keep(entry);
        } else if let Some(head) = signers.platform.and_then(|key| acknowledgement(message, key)) {
            found.acknowledge(head);
        }
    }
}

/// The one message that bytes begin with.
fn message(bytes: &[u8]) -> &[u8] {
    let mut decoder = Decoder::new(bytes);
    let whole = decoder.skip().is_ok();
    bytes.get(..decoder.position()).filter(|_| whole).unwrap_or_default()
}

fn acknowledgement(bytes: &[u8], platform: &PublicKey) -> Option<Head> {
    let reply: Reply = open_message(bytes, platform, Context::Reply).ok()?;
    match reply.body {
        ReplyBody::Ack { head, .. } => Some(head),
        ReplyBody::Mismatch { .. }
        | ReplyBody::Pulled { .. }
        | ReplyBody::Chunks(_)
        | ReplyBody::Claim(_)
        | ReplyBody::Lookup(_)
        | ReplyBody::History { .. } => None,
    }
}
