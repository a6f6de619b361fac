//! Status lists: manifests, signed and not, and the two bits of each voucher in the chunks.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use countersign::domain::{
    crypto::PublicKey,
    envelope::{decode, encode},
    id::CampaignId,
    time::Timestamp,
    trust::{CHUNK_BYTES, CHUNK_VOUCHERS, Chunk, Manifest, Status, StatusList, chunk_of, place_of},
};

use super::{chosen, comes_back, way};
use crate::world;

const SIGNED: u8 = 0;
const MANIFEST: u8 = 1;

/// Bytes of one change: index and status.
const CHANGE: usize = 5;

pub(crate) fn holds(data: &[u8]) {
    match data.split_first() {
        Some((&SIGNED, bytes)) => signed_holds(bytes),
        Some((&MANIFEST, bytes)) => manifest_holds(bytes),
        Some((_, changes)) => list_holds(changes),
        None => {}
    }
}

/// Nothing is a manifest but what the platform signed; few are tried, because a signature takes long.
fn signed_holds(bytes: &[u8]) {
    static SEALED: OnceLock<(Vec<u8>, PublicKey)> = OnceLock::new();
    let (sealed, platform) = SEALED.get_or_init(|| {
        let platform = world::platform_key();
        (manifest().seal(&platform), platform.public())
    });
    if chosen(bytes, 64) {
        assert_eq!(Manifest::open(bytes, platform).is_ok(), bytes == sealed);
    }
}

/// What is read comes back, and is in agreement with itself exactly where its sums come out.
fn manifest_holds(bytes: &[u8]) {
    let Ok(manifest) = decode::<Manifest>(bytes) else {
        return;
    };
    comes_back(&manifest, bytes);
    let counted: u128 = manifest.counts.iter().copied().map(u128::from).sum();
    let needed = u128::from(manifest.covered).div_ceil(u128::from(CHUNK_VOUCHERS));
    let fits = counted == u128::from(manifest.covered) && needed == manifest.chunks.len() as u128;
    assert_eq!(manifest.is_consistent(), fits);
}

/// A chunk says of every voucher what was set last, and its list what its manifest says.
fn list_holds(changes: &[u8]) {
    let mut chunk = Chunk::default();
    let mut expected = BTreeMap::new();
    for change in changes.chunks_exact(CHANGE).take(16) {
        let (index, status) = (number(&change[..4]), Status::from_bits(change[4]));
        chunk.set(index, status);
        expected.insert(index % CHUNK_VOUCHERS, status);
        let (byte, shift) = place_of(index);
        assert!(byte < CHUNK_BYTES && shift < 8 && chunk_of(index) == index / CHUNK_VOUCHERS);
        // The bits of the Token Status List: the lowest index lowest.
        assert_eq!(chunk.as_bytes()[byte] >> shift & 3, change[4] & 3);
    }
    for (index, status) in &expected {
        assert_eq!(chunk.get(*index), *status);
    }
    if chosen(changes, 512) {
        reconciles(chunk, &expected);
    }
}

fn reconciles(chunk: Chunk, expected: &BTreeMap<u32, Status>) {
    let same = Chunk::from_bytes(chunk.as_bytes().to_vec());
    assert_eq!(same.as_ref(), Some(&chunk));
    assert_eq!(Chunk::from_bytes(chunk.as_bytes()[1..].to_vec()), None);
    let mut list = StatusList::default();
    list.insert(0, chunk);
    let name = ("demo".parse().unwrap(), CampaignId(7));
    let manifest = list.manifest(name, 1, Timestamp(5), CHUNK_VOUCHERS);
    assert!(manifest.is_consistent() && list.reconciles_with(&manifest));
    for (number, status) in (0..).zip(Status::ALL) {
        let set = expected.values().filter(|set| **set == status).count() as u64;
        let untouched = u64::from(CHUNK_VOUCHERS) - expected.len() as u64;
        let rest = if status == Status::Valid { untouched } else { 0 };
        assert_eq!(manifest.counts[number], set + rest);
    }
    list.set(
        9,
        if list.chunk(0).get(9) == Status::Valid { Status::Revoked } else { Status::Valid },
    );
    assert!(!list.reconciles_with(&manifest));
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

fn manifest() -> Manifest {
    let mut list = StatusList::default();
    list.set(5, Status::Redeemed);
    list.set(40_000, Status::Revoked);
    list.manifest(("demo".parse().unwrap(), CampaignId(7)), 3, world::NOON, 40_001)
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let changes = [[0, 0, 0, 5, 3], [0, 0, 156, 64, 1], [255, 255, 255, 255, 2]].concat();
    vec![
        way(SIGNED, &manifest().seal(&world::platform_key())),
        way(MANIFEST, &encode(&manifest())),
        way(2, &changes),
    ]
}
