//! `status` and `sync`.

use serde_json::json;

use super::{Console, ConsoleError, Exit};
use crate::store::{Store, StoreError};

pub(super) fn status(console: &mut Console<'_>) -> Result<Exit, ConsoleError> {
    let session = console.session()?;
    tell(console, session.engine.store().ok_or(StoreError::GivenUp)?)?;
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
    let (identity, head, conflicts) = (store.identity(), store.head(), store.conflict_count()?);
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
            "conflicts": conflicts,
            "synced_at": synced,
            "bundle": bundle.version,
            "platform": identity.url,
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
    console.line(format_args!("conflicts   {conflicts}"))
}
