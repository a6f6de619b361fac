//! Parcels of this terminal: packing what the platform lacks, taking in what it answered, in any order and as often as it comes.

use super::sync_driver::{Applied, Arriving, Nonce, SyncError, open_carried, push, request};
use crate::{
    domain::{
        envelope::{Envelope, EnvelopeError, decode},
        id::Seq,
        sync::{Exchange, Parcel, ParcelKind, ParcelName, Reply, ReplyBody},
        time::Timestamp,
        trust::TrustBundle,
    },
    store::{Store, StoreError, Waiting},
};

/// A parcel that is ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// What its file is called.
    pub name: ParcelName,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Entries in it.
    pub entries: u64,
    /// Entries that had no room in it.
    pub left: u64,
}

/// What came of the parcels that were taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Files that were read.
    pub parcels: u32,
    /// Entries that are acknowledged and were not before.
    pub acknowledged: u64,
    /// The platform's time in the latest reply that was taken.
    pub as_of: Option<Timestamp>,
    /// Replies to questions that are no longer waited for.
    pub old: u32,
    /// Replies that are another terminal's.
    pub foreign: u32,
    /// Replies that are not the platform's, or damaged.
    pub refused: u32,
    /// Status lists of which parts were missing.
    pub incomplete: u32,
    /// Whether the platform has shown that it knows another journal.
    pub forked: bool,
    /// Files that could not be used, in words.
    pub problems: Vec<String>,
}

/// Packs all entries that were not acknowledged, as far as a parcel holds them, and a question for what is newer.
///
/// The question comes last, so that the lists of its answer know of the entries.
pub(super) fn pack(
    store: &mut Store,
    random: &dyn Fn() -> Nonce,
    now: Timestamp,
) -> Result<Packed, StoreError> {
    let mut parcel = Parcel::new(ParcelKind::Requests);
    let mut nonces = vec![random()];
    let pull = nonces.first().copied().unwrap_or_default();
    let pull = request(store, &Exchange::Pull, None, pull)?;
    let from = store.packed_after()?;
    let waiting_lives =
        if store.identity().forked { Vec::new() } else { store.to_send(Some(from)) };
    let waiting = waiting_lives.iter().map(Waiting::entries).fold(0, u64::saturating_add);
    let entries =
        pack_entries(store, (&mut parcel, pull.len()), &waiting_lives, (random, &mut nonces))?;
    parcel.push(pull);
    store.send_away(&nonces)?;
    let (terminal, key) = (store.identity().terminal, store.key().public().id());
    Ok(Packed {
        name: ParcelName::new(terminal, key, ParcelKind::Requests, now),
        bytes: parcel.to_bytes(),
        entries,
        left: waiting.saturating_sub(entries),
    })
}

/// Packs as many runs as have room beside what is still to come, in their order, and counts their entries. Of the last
/// also an empty run, which asks what the platform holds.
fn pack_entries(
    store: &Store,
    (parcel, reserved): (&mut Parcel, usize),
    waiting_lives: &[Waiting],
    (random, nonces): (&dyn Fn() -> Nonce, &mut Vec<Nonce>),
) -> Result<u64, StoreError> {
    let mut entries = 0_u64;
    for life in waiting_lives {
        let mut packed = life.after;
        loop {
            let nonce = random();
            let (push, run) = push(store, (life.epoch, packed), nonce)?;
            if push.len().saturating_add(reserved) > parcel.room() || !parcel.push(push) {
                return Ok(entries);
            }
            nonces.push(nonce);
            entries = entries.saturating_add(run);
            packed = Seq(packed.0.saturating_add(run));
            if run == 0 || packed >= life.last {
                break;
            }
        }
    }
    Ok(entries)
}

/// Takes the replies of one parcel; only a store that fails is an error.
pub(super) fn unpack(
    store: &mut Store,
    bytes: &[u8],
    now: Timestamp,
    report: &mut Unpacked,
) -> Result<(), StoreError> {
    let messages = match Parcel::messages(ParcelKind::Replies, bytes) {
        Ok(messages) => messages,
        Err(error) => {
            report.problems.push(error.to_string());
            return Ok(());
        }
    };
    report.parcels = report.parcels.saturating_add(1);
    let acked = store.acknowledged_entries();
    let (mut arriving, mut bundle) = (Arriving::by_hand(), store.bundle()?);
    for message in messages {
        match take(store, (&mut arriving, &mut bundle), message, now) {
            Ok(taken) => report.note(taken),
            Err(SyncError::Store(StoreError::Forked)) => report.forked = true,
            Err(SyncError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "a reply that was carried by hand was not taken");
                report.refused = report.refused.saturating_add(1);
            }
        }
    }
    let acknowledged = store.acknowledged_entries().saturating_sub(acked);
    report.acknowledged = report.acknowledged.saturating_add(acknowledged);
    report.incomplete = report.incomplete.saturating_add(arriving.incomplete());
    Ok(())
}

/// What became of one reply.
enum Taken {
    Applied(Timestamp, Applied),
    Old,
    Foreign,
}

impl Unpacked {
    fn note(&mut self, taken: Taken) {
        match taken {
            Taken::Old => self.old = self.old.saturating_add(1),
            Taken::Foreign => self.foreign = self.foreign.saturating_add(1),
            Taken::Applied(time, applied) => {
                self.as_of = self.as_of.max(Some(time));
                self.forked |= applied == Applied::Forked;
            }
        }
    }
}

fn take(
    store: &mut Store,
    (arriving, bundle): (&mut Arriving, &mut TrustBundle),
    bytes: &[u8],
    now: Timestamp,
) -> Result<Taken, SyncError> {
    let unverified: Reply =
        decode(Envelope::parse(bytes)?.unverified_payload()).map_err(EnvelopeError::Shape)?;
    if unverified.terminal != store.identity().terminal {
        return Ok(Taken::Foreign);
    }
    if is_old(store, &unverified)? {
        return Ok(Taken::Old);
    }
    let read = open_carried(store, bundle, (bytes, unverified.nonce))?;
    let (time, head) = (read.reply().time, head_of(&read.reply().body));
    let acked = store.identity().acked;
    let applied = arriving.apply(store, bundle, (read, bytes), now);
    if matches!(unverified.body, ReplyBody::Pulled { .. }) {
        // It may have brought a bundle, also where the rest of it failed.
        *bundle = store.bundle()?;
    }
    let applied = applied?;
    match (&applied, head) {
        (Applied::Forked, _) => store.mark_forked()?,
        (Applied::Pushed { .. }, Some((true, seq))) if seq >= acked => store.holds_less(None)?,
        (Applied::Pushed { .. }, Some((false, seq))) => store.holds_less(Some(seq))?,
        _other => {}
    }
    Ok(Taken::Applied(time, applied))
}

/// Whether nobody waits for this reply. An acknowledgement of a journal that was brought to the platform as a file answers
/// no question: it stands for itself, and names the entry it is about in place of a nonce.
fn is_old(store: &Store, reply: &Reply) -> Result<bool, StoreError> {
    let by_itself = match &reply.body {
        ReplyBody::Ack { head, .. } => {
            head.epoch == store.identity().epoch && reply.nonce == head.hash.first_half()
        }
        ReplyBody::Mismatch { .. }
        | ReplyBody::Pulled { .. }
        | ReplyBody::Chunks(_)
        | ReplyBody::Claim(_)
        | ReplyBody::Lookup(_)
        | ReplyBody::History { .. } => false,
    };
    Ok(!by_itself && !store.awaits(&reply.nonce)?)
}

/// The head that a reply to a push names, and whether everything up to it was acknowledged.
fn head_of(body: &ReplyBody) -> Option<(bool, Seq)> {
    match body {
        ReplyBody::Ack { head, .. } => Some((true, head.seq)),
        ReplyBody::Mismatch { head, .. } => Some((false, head.seq)),
        ReplyBody::Pulled { .. }
        | ReplyBody::Chunks(_)
        | ReplyBody::Claim(_)
        | ReplyBody::Lookup(_)
        | ReplyBody::History { .. } => None,
    }
}
