//! Journals that come as files: each entry is signed by its terminal, so nobody need vouch for who brings it.

use minicbor::bytes::ByteVec;

use super::{
    Platform, ServiceError,
    push::{open_entries, push},
    sync::Caller,
};
use crate::domain::{
    crypto::KeyId,
    id::{Epoch, Hash, Seq, TerminalId},
    journal::{Entry, Head},
    sync::{Mismatch, Reply, ReplyBody},
};

/// Entries of one journal without a gap, not yet believed.
#[derive(Clone, Debug)]
pub struct Run {
    /// Whose.
    pub terminal: TerminalId,
    /// Which life of its journal.
    pub epoch: Epoch,
    /// What the first of them follows.
    pub after: Head,
    /// Where the last of them stands.
    pub last: Seq,
    /// The signed entries.
    pub entries: Vec<ByteVec>,
}

impl Run {
    /// A run of one entry, of which the bytes say this.
    pub fn of(entry: &Entry, bytes: Vec<u8>) -> Self {
        let before = Seq(entry.seq.0.saturating_sub(1));
        let hash = if before == Seq(0) { Hash::ZERO } else { entry.prev };
        Self {
            terminal: entry.terminal,
            epoch: entry.epoch,
            after: Head { epoch: entry.epoch, seq: before, hash },
            last: entry.seq,
            entries: vec![bytes.into()],
        }
    }

    /// Whether an entry stands behind the last of them.
    pub fn is_followed_by(&self, entry: &Entry) -> bool {
        (entry.terminal, entry.epoch, entry.seq) == (self.terminal, self.epoch, self.last.next())
    }
}

/// What came of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// All of it is held; so many entries were not held before.
    Taken {
        /// How many.
        new: u64,
    },
    /// It does not follow what is held, and nothing was stored.
    Mismatch {
        /// How.
        kind: Mismatch,
        /// The last entry that is held.
        held: Seq,
    },
}

impl Platform {
    /// Takes a run in as if its terminal had pushed it.
    pub fn import(&self, run: &Run) -> Result<Imported, ServiceError> {
        let whose = (run.terminal, run.epoch);
        let caller = self.run(|txn| Caller::find(txn, whose))?;
        let entries = open_entries(&caller.key, &run.entries)?;
        let now = self.now();
        self.run(|txn| {
            let caller = Caller::find(txn, whose)?;
            let before = txn.head(run.terminal, run.epoch)?.seq;
            let body = push(txn, &caller, (run.after, entries), now)?;
            if let ReplyBody::Mismatch { kind, head } = body {
                return Ok(Imported::Mismatch { kind, held: head.seq });
            }
            let after = txn.head(run.terminal, run.epoch)?.seq;
            Ok(Imported::Taken { new: after.0.saturating_sub(before.0) })
        })
    }

    /// A signed acknowledgement of all that is held of a journal, which answers no question: it names the entry it is about
    /// in the nonce's place. Also which key the journal is signed with.
    pub fn acknowledge(
        &self,
        whose: (TerminalId, Epoch),
    ) -> Result<(KeyId, Vec<u8>), ServiceError> {
        let now = self.now();
        let (key, head) = self.run(|txn| {
            let caller = Caller::find(txn, whose)?;
            Ok((caller.key.key.id(), txn.head(whose.0, whose.1)?))
        })?;
        let nonce = head.hash.first_half();
        let body = ReplyBody::Ack { head, conflicts: Vec::new() };
        let reply = Reply { nonce, terminal: whose.0, time: now, body };
        Ok((key, reply.seal(&self.keys.platform)))
    }
}
