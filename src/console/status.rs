//! `status` and `sync`.

use serde_json::{Value, json};

use super::{Console, ConsoleError, Exit};
use crate::{
    domain::{
        clock::ClockTrouble,
        journal::{Entry, SignedEntry},
        sync::{ConflictNotice, PROTOCOL},
    },
    store::{Store, StoreError},
};

pub(super) fn status(console: &mut Console<'_>) -> Result<Exit, ConsoleError> {
    let mut session = console.session()?;
    tell(console, session.engine.store().ok_or(StoreError::GivenUp)?)?;
    for row in session.interrupted.drain(..) {
        let seq = row.entry.seq;
        if !console.json {
            console.line(format_args!(
                "unseen      entry {seq} was written down when the program was interrupted; `countersign rollback {seq}` takes it back if nothing was handed over"
            ))?;
        }
    }
    Ok(Exit::Done)
}

pub(super) fn sync(console: &mut Console<'_>) -> Result<Exit, ConsoleError> {
    let mut session = console.unattended()?;
    let done = session.sync();
    let fault = session.engine.fault().map(str::to_owned);
    tell(console, session.engine.store().ok_or(StoreError::GivenUp)?)?;
    if done {
        return Ok(Exit::Done);
    }
    if !console.json {
        let calm = "Not everything could be exchanged; nothing is lost, it is sent next time.";
        console.line(fault.as_deref().unwrap_or(calm))?;
    }
    Ok(Exit::CannotCheck)
}

fn tell(console: &mut Console<'_>, store: &Store) -> Result<(), ConsoleError> {
    let (identity, head) = (store.identity(), store.head());
    let conflicts = store.conflicts()?;
    let synced = identity.synced_at.map(|at| at.to_string());
    let bundle = store.bundle()?;
    if console.json {
        return console.line(json!({
            "terminal": identity.terminal.0,
            "name": identity.name,
            "merchant": identity.merchant.0,
            "branch": identity.branch.0,
            "epoch": identity.epoch.0,
            "entries": head.seq.0,
            "head": head.hash.to_string(),
            "to_send": store.unsent_entries(),
            "to_hand_over": store.stranded_entries(),
            "notes": store.notes().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "conflicts": conflicts.iter().map(conflict_json).collect::<Vec<_>>(),
            "synced_at": synced,
            "clock_ahead_s": store.sense().skew(),
            "bundle": bundle.version,
            "platform": identity.url,
            "software": env!("CARGO_PKG_VERSION"),
            "protocol": PROTOCOL,
            "least_protocol": identity.least_protocol,
            "outdated": store.is_outdated(),
        }));
    }
    let branch = bundle.branch(identity.branch).map_or("", |branch| branch.name.as_str());
    console.line(format_args!("{} · {branch} · {}", bundle.merchant.name, identity.name))?;
    console.line(format_args!("platform    {}", identity.url))?;
    console.line(format_args!(
        "journal     {} entries, {} to send",
        head.seq,
        store.unsent_entries()
    ))?;
    console.line(format_args!("last sync   {}", synced.as_deref().unwrap_or("never")))?;
    console.line(format_args!("clock       {}", clock(store)))?;
    console.line(format_args!("conflicts   {}", conflicts.len()))?;
    if store.is_outdated() {
        console.line(format_args!(
            "program     TOO OLD: the platform asks for protocol {}, this is {PROTOCOL}; update it. \
             Nothing is lost: entries are written down and sent as before",
            identity.least_protocol
        ))?;
    }
    conflicts.iter().try_for_each(|notice| tell_conflict(console, notice))?;
    if store.stranded_entries() > 0 {
        console.line(format_args!(
            "by file     {} entries of an earlier device; `countersign journal export` writes them",
            store.stranded_entries()
        ))?;
    }
    store.notes().iter().try_for_each(|note| console.line(format_args!("note        {note}")))
}

/// How this clock stands to the platform's, as it was when they were last compared.
fn clock(store: &Store) -> String {
    let sense = store.sense();
    let compared = match sense.skew() {
        None => "not compared with the platform's yet".to_owned(),
        Some(0) => "as the platform's".to_owned(),
        Some(skew @ 1..) => format!("{skew} s ahead of the platform's"),
        Some(skew) => format!("{} s behind the platform's", skew.saturating_neg()),
    };
    match sense.trouble() {
        None => compared,
        Some(ClockTrouble::SetBack(seconds)) => {
            format!("{compared}; it stands {seconds} s before a time that has passed: set it")
        }
        Some(ClockTrouble::Ahead(_) | ClockTrouble::Behind(_)) => format!("{compared}: set it"),
    }
}

/// Who took the same voucher, the one beyond the limit first.
fn tell_conflict(console: &mut Console<'_>, notice: &ConflictNotice) -> Result<(), ConsoleError> {
    let (id, voucher, liable) = (notice.id, notice.voucher.id, notice.liable.code());
    console.line(format_args!("  {id}: voucher {voucher}, borne by the {liable}"))?;
    for entry in entries(notice) {
        let (terminal, branch) = (entry.terminal, entry.branch);
        let (at, seq) = (entry.at, entry.seq);
        console
            .line(format_args!("     terminal {terminal}, branch {branch}, {at}, entry {seq}"))?;
    }
    Ok(())
}

fn conflict_json(notice: &ConflictNotice) -> Value {
    let entries = entries(notice).into_iter().map(|entry| {
        json!({
            "terminal": entry.terminal.0,
            "branch": entry.branch.0,
            "epoch": entry.epoch.0,
            "seq": entry.seq.0,
            "at": entry.at.to_string(),
        })
    });
    json!({
        "id": notice.id,
        "voucher_id": notice.voucher.id.to_string(),
        "issuer": notice.voucher.issuer.as_str(),
        "liable": notice.liable.code(),
        "entries": entries.collect::<Vec<_>>(),
    })
}

/// The entries of a notice whose signatures hold.
fn entries(notice: &ConflictNotice) -> Vec<Entry> {
    let signed = notice
        .evidence
        .iter()
        .filter_map(|proof| SignedEntry::open(&proof.entry, &proof.terminal_key).ok());
    signed.map(|signed| signed.entry).collect()
}
