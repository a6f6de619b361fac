//! Giving a terminal its own entries back, so that a store that was lost is made anew.

use super::{ServiceError, sync::Caller};
use crate::{
    domain::{
        id::{Epoch, Seq},
        sync::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, ReplyBody},
    },
    platform::store::{EntryAt, Txn},
};

/// The entries of the caller's journal after a position, as many as a push may have, with the head that is held.
///
/// A device hears of its own life of the journal and of those before, never of one that came after it.
pub(super) fn history(
    txn: &mut dyn Txn,
    caller: &Caller,
    (epoch, after): (Epoch, Seq),
) -> Result<ReplyBody, ServiceError> {
    if epoch > caller.key.epoch {
        return Err(ServiceError::TerminalUnknown);
    }
    let terminal = caller.key.terminal;
    let head = txn.head(terminal, epoch)?;
    let (mut entries, mut bytes, mut seq) = (Vec::new(), 0_usize, after);
    while entries.len() < BATCH_ENTRIES_MAX {
        seq = seq.next();
        let Some(row) = txn.entry(EntryAt { terminal, epoch, seq })? else {
            break;
        };
        bytes = bytes.saturating_add(row.signed.bytes.len());
        if bytes > BATCH_BYTES_MAX && !entries.is_empty() {
            break;
        }
        entries.push(row.signed.bytes.into());
    }
    Ok(ReplyBody::History { head, entries })
}
