//! `journal verify`, `journal export` and `journal salvage`; none of them needs the device's key.

use std::{fs::File, io::Write, path::Path};

use serde_json::json;

use super::{
    Console, ConsoleError, Exit,
    args::{JournalAction, JournalArgs},
};
use crate::{
    domain::{id::Hex, journal::SignedEntry},
    store::Archive,
    terminal::{
        recovery::{self, Damaged},
        source::Source,
    },
};

pub(super) fn run(console: &mut Console<'_>, args: &JournalArgs) -> Result<Exit, ConsoleError> {
    let open = || Archive::open(console.data.as_path());
    match &args.action {
        JournalAction::Verify => verify(&open()?, console),
        JournalAction::Export { to } => {
            let archive = open()?;
            write(console, to.as_deref(), |out| export(&archive, out))
        }
        JournalAction::Salvage { to } => {
            let found = recovery::damaged(&Source::from(&console.data))?;
            write(console, to.as_deref(), |out| salvage(&found, out))
        }
    }
}

fn verify(archive: &Archive, console: &mut Console<'_>) -> Result<Exit, ConsoleError> {
    let mut count = 0_u64;
    let head = archive.verify(|_| count = count.saturating_add(1))?;
    let sound = archive.is_sound()? && archive.books_agree()?;
    if console.json {
        let hash = head.hash.to_string();
        console.line(json!({ "entries": count, "head": hash, "sound": sound }))?;
    } else {
        console.line(format_args!("{count} entries verified, head {}", head.hash))?;
        console.line(if sound {
            "the database file is sound, and its sums are those of the journal"
        } else {
            "the database file is damaged"
        })?;
    }
    Ok(if sound { Exit::Done } else { Exit::Refused })
}

/// Writes to a new file, which is on disk when this returns, or to the output.
fn write(
    console: &mut Console<'_>,
    file: Option<&Path>,
    content: impl FnOnce(&mut dyn Write) -> Result<(), ConsoleError>,
) -> Result<Exit, ConsoleError> {
    let Some(file) = file else {
        content(console.out)?;
        return Ok(Exit::Done);
    };
    let mut writer = std::io::BufWriter::new(File::create_new(file)?);
    content(&mut writer)?;
    writer.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(Exit::Done)
}

/// A header line, then one line an entry; with the format's documents alone, anyone can verify it.
fn export(archive: &Archive, out: &mut dyn Write) -> Result<(), ConsoleError> {
    let identity = archive.identity();
    let acknowledgement = archive.last_acknowledgement()?.map(|bytes| Hex(&bytes).to_string());
    let keys: Vec<_> = archive.keys().collect();
    let mut header = json!({
        "format": "countersign-journal/1",
        "terminal": identity.terminal.0,
        "key": keys.last().map(|(_, key)| key.to_string()),
        "root": identity.root.to_string(),
        "platform_key": archive.bundle()?.platform_key.to_string(),
        "acknowledgement": acknowledgement,
    });
    // Epochs of different devices have different keys.
    if keys.windows(2).any(|pair| matches!(pair, [(_, one), (_, next)] if one != next)) {
        let keys =
            keys.iter().map(|(epoch, key)| json!({ "epoch": epoch.0, "key": key.to_string() }));
        if let Some(header) = header.as_object_mut() {
            header.insert("keys".to_owned(), keys.collect());
        }
    }
    writeln!(out, "{header}")?;
    let mut result = Ok(());
    archive.verify(|entry| {
        if result.is_ok() {
            result = writeln!(out, "{}", line(entry));
        }
    })?;
    Ok(result?)
}

/// The same form, of what could be read: entries may be missing.
fn salvage(found: &Damaged, out: &mut dyn Write) -> Result<(), ConsoleError> {
    let header = json!({
        "format": "countersign-journal/1",
        "terminal": found.terminal.0,
        "key": found.key.to_string(),
        "root": found.root.to_string(),
        "platform_key": found.platform_key.to_string(),
        "acknowledgement": null,
    });
    writeln!(out, "{header}")?;
    found.entries.entries().try_for_each(|entry| writeln!(out, "{}", line(entry)))?;
    Ok(())
}

fn line(signed: &SignedEntry) -> serde_json::Value {
    json!({
        "epoch": signed.entry.epoch.0,
        "seq": signed.entry.seq.0,
        "hash": signed.hash.to_string(),
        "bytes": Hex(&signed.bytes).to_string(),
    })
}
