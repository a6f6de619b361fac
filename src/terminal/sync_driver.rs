//! Carries out what `domain::sync` decides: builds signed requests from the store, applies signed replies to it.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::Now;
use crate::{
    domain::{
        envelope::EnvelopeError,
        id::{Epoch, Hash, Seq},
        journal::Head,
        redeem::PlatformFact,
        scan::ShortCode,
        sync::{
            CHUNKS_MAX, Claim, ClaimAnswer, ConflictNotice, Exchange, ListName, Listed, Millis,
            Mismatch, NumberedChunk, PROTOCOL, Reading, ReplyBody, Request, RequestBody, Wanted,
            acknowledges, read_reply,
        },
        time::Timestamp,
        trust::{BundleError, Chunk, Manifest, ManifestError, TrustBundle},
        voucher::UntrustedToken,
    },
    net::TransportError,
    store::{Store, StoreError, Told, Waiting},
};

/// Sixteen random bytes that tie a reply to its request.
pub type Nonce = [u8; 16];

/// Lists whose manifests came and whose parts are still to come.
#[derive(Default)]
pub(super) struct Arriving {
    lists: BTreeMap<ListName, Arrival>,
    /// Parts of lists that were given up: the next manifest names most of them again.
    spare: BTreeMap<Hash, Chunk>,
    /// Whether replies come by hand, in any order: an older bundle is then an old reply and no attack.
    by_hand: bool,
}

/// Spare parts that are kept, 8 KiB each.
const SPARE_MAX: usize = 4096;

struct Arrival {
    manifest: Manifest,
    bytes: Vec<u8>,
    chunks: BTreeMap<u32, Chunk>,
    missing: Vec<u32>,
}

/// What a reply came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// Entries were acknowledged, or the platform holds less than it did.
    Pushed {
        /// Whether entries are left to send.
        more: bool,
        /// Where to go on, when that is before what was acknowledged once.
        from: Option<Seq>,
    },
    /// It was about a life that is over.
    Past {
        /// Whether entries are left to send.
        more: bool,
    },
    /// News was taken over.
    Pulled {
        /// Parts of lists that are still wanted.
        wanted: Vec<Wanted>,
        /// Whether the platform has more than one reply holds.
        more: bool,
    },
    /// The parts that came are of a newer list than its manifest.
    Outdated,
    /// The platform holds another journal under this terminal's name.
    Forked,
}

/// The signed request for an exchange; `from` overrides where the journal is sent from.
pub(super) fn request(
    store: &Store,
    exchange: &Exchange,
    from: Option<Seq>,
    nonce: Nonce,
) -> Result<Vec<u8>, StoreError> {
    let body = match exchange {
        Exchange::Push => {
            let Waiting { epoch, after, .. } = store.next_to_send(from);
            return Ok(push(store, (epoch, after), nonce)?.0);
        }
        Exchange::Pull => {
            let lists = store.lists()?.into_iter().map(|held| held.version).collect();
            let conflicts_after = store.identity().conflicts_after;
            RequestBody::Pull {
                bundle: store.bundle()?.version,
                lists,
                conflicts_after,
                listed_after: store.identity().listed_after,
                leases: store.leases()?,
            }
        }
        Exchange::Chunks(Wanted { list, numbers }) => {
            let numbers = numbers.iter().copied().take(CHUNKS_MAX).collect();
            RequestBody::Chunks { list: list.clone(), numbers }
        }
    };
    Ok(seal(store, nonce, body))
}

/// The signed push of the entries of one life after a position, and how many there are.
pub(super) fn push(
    store: &Store,
    after: (Epoch, Seq),
    nonce: Nonce,
) -> Result<(Vec<u8>, u64), StoreError> {
    let batch = store.batch(after)?;
    let entries: Vec<_> = batch.entries.into_iter().map(Into::into).collect();
    let count = entries.len() as u64;
    Ok((seal(store, nonce, RequestBody::Push { after: batch.after, entries }), count))
}

/// The signed question whether vouchers may be consumed.
pub(super) fn claim(
    store: &Store,
    claims: Vec<Claim>,
    nonce: Nonce,
) -> Result<Vec<u8>, StoreError> {
    let (after, trail) = (store.head().seq, store.trail()?);
    Ok(seal(store, nonce, RequestBody::Claim { claims, after, trail }))
}

/// The signed question which voucher has a short code.
pub(super) fn lookup(store: &Store, code: ShortCode, nonce: Nonce) -> Vec<u8> {
    seal(store, nonce, RequestBody::Lookup { code: code.bits() })
}

fn seal(store: &Store, nonce: Nonce, body: RequestBody) -> Vec<u8> {
    let identity = store.identity();
    let request = Request { terminal: identity.terminal, epoch: identity.epoch, nonce, body };
    request.seal(store.key())
}

/// Verifies a reply to a question that was sent at a reading of the monotonic clock, and takes note of the platform's clock.
pub(super) fn open_reply(
    store: &mut Store,
    platform: &TrustBundle,
    (bytes, nonce): (&[u8], Nonce),
    (sent, now): (Millis, Now),
) -> Result<Reading, SyncError> {
    let read = read(store, platform, (bytes, nonce))?;
    store.heard(read.reply().time, sent, now)?;
    Ok(read)
}

/// Verifies a reply that took its own way here, and takes note of the platform's clock.
pub(super) fn open_carried(
    store: &mut Store,
    platform: &TrustBundle,
    (bytes, nonce): (&[u8], Nonce),
) -> Result<Reading, SyncError> {
    let read = read(store, platform, (bytes, nonce))?;
    store.learnt(read.reply().time)?;
    Ok(read)
}

/// Verifies a reply, and takes note of a version beyond this program's.
fn read(
    store: &mut Store,
    platform: &TrustBundle,
    (bytes, nonce): (&[u8], Nonce),
) -> Result<Reading, SyncError> {
    let who = (store.identity().terminal, nonce);
    let read = read_reply(bytes, &platform.platform_key, who);
    if matches!(read, Ok(Reading::Part(_)) | Err(EnvelopeError::NotUnderstood(_))) {
        store.heard_protocol(store.identity().least_protocol.max(LATER))?;
    }
    Ok(read?)
}

/// Later than this program's.
const LATER: u32 = PROTOCOL.saturating_add(1);

/// What the platform's answer to a claim says about the voucher.
pub(super) fn platform_fact(answer: ClaimAnswer) -> PlatformFact {
    match answer {
        ClaimAnswer::Granted { used_elsewhere, limit } => {
            PlatformFact::Granted { used_elsewhere, limit }
        }
        ClaimAnswer::Refused { reason, used_elsewhere, last } => {
            PlatformFact::Refused { reason, used_elsewhere, last }
        }
    }
}

impl Arriving {
    /// Applies the reply to an exchange; `bytes` is the signed reply, kept as proof.
    pub(super) fn apply(
        &mut self,
        store: &mut Store,
        bundle: &TrustBundle,
        (read, bytes): (Reading, &[u8]),
        now: Timestamp,
    ) -> Result<Applied, SyncError> {
        // What was left out comes again once this program knows it.
        let (reply, told) = match read {
            Reading::Whole(reply) => (reply, Told::All),
            Reading::Part(reply) => (reply, Told::Some),
        };
        match reply.body {
            ReplyBody::Ack { head, conflicts } => acked(store, head, &conflicts, bytes),
            ReplyBody::Mismatch { kind, head } => mismatch(store, kind, head),
            ReplyBody::Pulled { bundle: newer, manifests, conflicts, listed, leases, ended } => {
                store.keep_conflicts(&conflicts, told)?;
                store.take_leases(&leases)?;
                store.end_leases(&ended, now)?;
                let newer = newer.as_ref().map(|newer| newer.as_slice());
                let least = self.take_bundle(store, bundle, newer, now)?;
                take_listed(store, &listed)?;
                let manifests = manifests.iter().map(|bytes| bytes.as_slice());
                let all = self.announce(store, bundle, manifests, reply.time)?;
                take_note(store, least, all && told == Told::All)?;
                let more = !listed.is_empty();
                Ok(Applied::Pulled { wanted: self.settle(store)?, more })
            }
            ReplyBody::Chunks(chunks) => {
                if !self.receive(chunks) {
                    self.forget();
                    return Ok(Applied::Outdated);
                }
                Ok(Applied::Pulled { wanted: self.settle(store)?, more: false })
            }
            ReplyBody::Claim(_) | ReplyBody::Lookup(_) | ReplyBody::History { .. } => {
                Err(SyncError::Unexpected)
            }
        }
    }

    /// For replies that are carried by hand.
    pub(super) fn by_hand() -> Self {
        Self { by_hand: true, ..Self::default() }
    }

    /// How many lists have not arrived whole.
    pub(super) fn incomplete(&self) -> u32 {
        u32::try_from(self.lists.len()).unwrap_or(u32::MAX)
    }

    /// Puts a newer bundle in force; the least version of the protocol that it asks for. One of a later version is left aside,
    /// and the one in force stays.
    fn take_bundle(
        &self,
        store: &mut Store,
        current: &TrustBundle,
        newer: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Option<u32>, SyncError> {
        let Some(bytes) = newer else {
            return Ok(None);
        };
        let root = store.identity().root;
        let bundle = match TrustBundle::open(bytes, &root) {
            Err(BundleError::NotSigned(EnvelopeError::NotUnderstood(_))) => {
                let least = TrustBundle::least_protocol(bytes, &root);
                return Ok(Some(least.unwrap_or(LATER).max(LATER)));
            }
            opened => opened?,
        };
        match bundle.check_successor_of(current) {
            Err(BundleError::Older { .. }) if self.by_hand => return Ok(None),
            checked => checked?,
        }
        if bundle.version > current.version {
            store.take_bundle(&bundle, bytes, now)?;
        }
        Ok(Some(bundle.protocol.least))
    }

    /// Gives up what has not arrived whole; the next pull begins anew.
    pub(super) fn forget(&mut self) {
        for (_, arrival) in std::mem::take(&mut self.lists) {
            let parts = arrival.chunks.into_values().map(|chunk| (chunk.hash(), chunk));
            self.spare.extend(parts.take(SPARE_MAX.saturating_sub(self.spare.len())));
        }
    }

    /// Opens new manifests; lists that are not mentioned are current as of the reply's time. False where one is of a later
    /// version: then nobody knows which list it is that is not current.
    fn announce<'b>(
        &mut self,
        store: &mut Store,
        bundle: &TrustBundle,
        manifests: impl Iterator<Item = &'b [u8]>,
        time: Timestamp,
    ) -> Result<bool, SyncError> {
        let held: BTreeMap<_, _> = store
            .lists()?
            .into_iter()
            .map(|held| (held.version.list, held.version.version))
            .collect();
        let (mut mentioned, mut all) = (BTreeSet::new(), true);
        for bytes in manifests {
            let manifest = match Manifest::open(bytes, &bundle.platform_key) {
                Err(ManifestError::NotSigned(EnvelopeError::NotUnderstood(_))) => {
                    all = false;
                    continue;
                }
                opened => opened?,
            };
            let list = ListName { issuer: manifest.issuer.clone(), campaign: manifest.campaign };
            if self.by_hand && held.get(&list) == Some(&manifest.version) {
                // Another parcel brought it: it was current when this was written, which may be before that.
                continue;
            }
            mentioned.insert(list.clone());
            if held.get(&list).is_some_and(|version| *version > manifest.version) {
                tracing::warn!(campaign = %list.campaign, "a status list goes backwards");
                continue;
            }
            let missing = store.missing_chunks(&manifest)?;
            let chunks = self.spare_parts(&manifest, &missing);
            let missing = missing.into_iter().filter(|number| !chunks.contains_key(number));
            let missing = missing.collect();
            self.lists.insert(list, Arrival { manifest, bytes: bytes.to_vec(), chunks, missing });
        }
        self.spare.clear();
        let current: Vec<_> = held.into_keys().filter(|list| !mentioned.contains(list)).collect();
        if all {
            store.lists_current(&current, time)?;
        }
        Ok(all)
    }

    /// The missing parts of a list that were fetched before.
    fn spare_parts(&self, manifest: &Manifest, missing: &[u32]) -> BTreeMap<u32, Chunk> {
        let numbered = (0_u32..).zip(&manifest.chunks);
        numbered
            .filter(|(number, _)| missing.contains(number))
            .filter_map(|(number, hash)| Some((number, self.spare.get(hash)?.clone())))
            .collect()
    }

    /// Takes parts that a manifest names and drops any other; false where none was one.
    fn receive(&mut self, chunks: Vec<NumberedChunk>) -> bool {
        let mut taken = false;
        for NumberedChunk { number, bits } in chunks {
            let Some(chunk) = Chunk::from_bytes(bits.into()) else {
                continue;
            };
            let hash = chunk.hash();
            for arrival in self.lists.values_mut() {
                let place = usize::try_from(number).ok();
                let named =
                    place.and_then(|place| arrival.manifest.chunks.get(place)) == Some(&hash);
                if named && arrival.missing.contains(&number) {
                    arrival.missing.retain(|missing| *missing != number);
                    arrival.chunks.insert(number, chunk.clone());
                    taken = true;
                }
            }
        }
        taken
    }

    /// Puts complete lists in force and says what is still wanted.
    fn settle(&mut self, store: &mut Store) -> Result<Vec<Wanted>, SyncError> {
        let (complete, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut self.lists).into_iter().partition(|(_, a)| a.missing.is_empty());
        self.lists = rest;
        for arrival in complete.into_values() {
            let chunks: Vec<_> = arrival.chunks.into_iter().collect();
            if !store.take_list(&arrival.manifest, &arrival.bytes, &chunks)? {
                return Err(SyncError::DoesNotReconcile);
            }
        }
        let wanted = self.lists.iter();
        Ok(wanted
            .map(|(list, a)| Wanted { list: list.clone(), numbers: a.missing.clone() })
            .collect())
    }
}

fn acked(
    store: &mut Store,
    head: Head,
    conflicts: &[ConflictNotice],
    bytes: &[u8],
) -> Result<Applied, SyncError> {
    let own = store.hash_of(head.epoch, head.seq)?;
    let same = acknowledges(head, own);
    if head.epoch < store.identity().epoch {
        if same {
            store.acknowledged_past(head)?;
        } else {
            store.mark_past_forked(head.epoch)?;
        }
        return Ok(past(store));
    }
    if !same {
        return Ok(Applied::Forked);
    }
    store.acknowledged(head, bytes)?;
    store.keep_conflicts(conflicts, Told::Some)?;
    let from = Some(head.seq).filter(|seq| *seq < store.identity().acked);
    Ok(Applied::Pushed { more: head.seq < store.head().seq, from })
}

/// A platform that holds less, or the same further on, is caught up with; one that holds another journal is not: what it
/// does not take of a life that is over goes to it by file.
fn mismatch(store: &mut Store, kind: Mismatch, head: Head) -> Result<Applied, SyncError> {
    let own = store.hash_of(head.epoch, head.seq)?;
    let less = kind == Mismatch::Gap && acknowledges(head, own);
    if head.epoch < store.identity().epoch {
        if less {
            store.lacks_past(head)?;
        } else {
            store.mark_past_forked(head.epoch)?;
        }
        return Ok(past(store));
    }
    if !less {
        return Ok(Applied::Forked);
    }
    // What it lacks of this life, it may lack of those before.
    store.doubt_past()?;
    Ok(Applied::Pushed { more: true, from: Some(head.seq) })
}

fn past(store: &Store) -> Applied {
    Applied::Past { more: store.unsent_entries() > 0 }
}

/// Takes note of what the platform speaks. Only a newer bundle takes back what was heard before.
fn take_note(store: &mut Store, least: Option<u32>, understood: bool) -> Result<(), StoreError> {
    let heard = store.identity().least_protocol;
    match least {
        Some(least) if understood => store.heard_protocol(least),
        None if understood => Ok(()),
        least => store.heard_protocol(heard.max(least.unwrap_or(0)).max(LATER)),
    }
}

/// Keeps the texts of listed vouchers by their short codes, which are looked at again and verified when one is typed.
fn take_listed(store: &mut Store, listed: &[Listed]) -> Result<(), SyncError> {
    let Some(up_to) = listed.iter().map(|listed| listed.number).max() else {
        return Ok(());
    };
    let coded = listed.iter().filter_map(|listed| {
        let claims = UntrustedToken::parse(&listed.text).ok()?.unverified_claims().ok()?;
        Some((claims.short_code_bits(), listed.text.clone()))
    });
    let coded: Vec<_> = coded.collect();
    Ok(store.take_listed(&coded, up_to)?)
}

/// Why a reply was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum SyncError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not signed by the platform for this request.
    #[error("the reply is not the platform's: {0}")]
    Signature(#[from] EnvelopeError),
    /// A bundle that may not be taken.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A list that may not be taken.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Parts that do not add up to their manifest.
    #[error("a status list does not add up")]
    DoesNotReconcile,
    /// No answer came back.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// An answer to another question.
    #[error("the platform answered another question")]
    Unexpected,
}

impl SyncError {
    /// Whether the platform answered in a version of the protocol beyond this program's.
    pub(super) fn is_of_a_later_version(&self) -> bool {
        matches!(self, Self::Signature(EnvelopeError::NotUnderstood(_)))
    }
}
