//! `journal verify` and `journal export`.

use std::{fs::File, io::Write, path::Path};

use serde_json::json;

use super::{
    Console, ConsoleError, Exit,
    args::{JournalAction, JournalArgs},
};
use crate::{
    domain::{id::Hex, journal::SignedEntry},
    store::Store,
    terminal::source,
};

pub(super) fn run(console: &mut Console<'_>, args: &JournalArgs) -> Result<Exit, ConsoleError> {
    let store = source::open(&console.data)?;
    match &args.action {
        JournalAction::Verify => verify(console, &store),
        JournalAction::Export { to: None } => export(&store, console.out),
        JournalAction::Export { to: Some(file) } => export_to(&store, file),
    }
}

fn verify(console: &mut Console<'_>, store: &Store) -> Result<Exit, ConsoleError> {
    let mut count = 0_u64;
    let head = store.verify_journal(|_| count = count.saturating_add(1))?;
    let sound = store.is_sound()?;
    if console.json {
        let hash = head.hash.to_string();
        console.line(json!({ "entries": count, "head": hash, "sound": sound }))?;
    } else {
        console.line(format_args!("{count} entries verified, head {}", head.hash))?;
        let file =
            if sound { "the database file is sound" } else { "the database file is damaged" };
        console.line(file)?;
    }
    Ok(if sound { Exit::Done } else { Exit::Refused })
}

fn export_to(store: &Store, file: &Path) -> Result<Exit, ConsoleError> {
    let mut writer = std::io::BufWriter::new(File::create_new(file)?);
    let exit = export(store, &mut writer)?;
    writer.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(exit)
}

/// A header line, then one line an entry; with the format's documents alone, anyone can verify it.
fn export(store: &Store, out: &mut dyn Write) -> Result<Exit, ConsoleError> {
    let identity = store.identity();
    let acknowledgement = store.last_acknowledgement()?.map(|bytes| Hex(&bytes).to_string());
    let header = json!({
        "format": "countersign-journal/1",
        "terminal": identity.terminal.0,
        "key": store.key().public().to_string(),
        "root": identity.root.to_string(),
        "platform_key": store.bundle()?.platform_key.to_string(),
        "acknowledgement": acknowledgement,
    });
    writeln!(out, "{header}")?;
    let mut result = Ok(());
    store.verify_journal(|entry| {
        if result.is_ok() {
            result = writeln!(out, "{}", line(entry));
        }
    })?;
    result?;
    Ok(Exit::Done)
}

fn line(signed: &SignedEntry) -> serde_json::Value {
    json!({
        "epoch": signed.entry.epoch.0,
        "seq": signed.entry.seq.0,
        "hash": signed.hash.to_string(),
        "bytes": Hex(&signed.bytes).to_string(),
    })
}
