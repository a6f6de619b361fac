//! Status lists: two bits a voucher, per campaign, in chunks under a signed manifest.
//!
//! The bit layout is that of the Token Status List (draft-ietf-oauth-status-list): index 0 in the
//! least significant bits of byte 0. Status 3 is application specific there and means *redeemed* here.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::domain::{
    crypto::{PublicKey, SecretKey, hash},
    envelope::{Context, EnvelopeError, open_message, seal_message},
    id::{CampaignId, Hash, IssuerName},
    time::Timestamp,
};

/// Bytes of a full chunk.
pub const CHUNK_BYTES: usize = 8192;

/// Vouchers a chunk covers.
pub const CHUNK_VOUCHERS: u32 = 4 * 8192;

/// What the platform knows of a voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Status {
    /// Nothing speaks against it.
    #[n(0)]
    Valid,
    /// Cancelled or refunded, for good.
    #[n(1)]
    Revoked,
    /// Not to be honoured until further notice.
    #[n(2)]
    Suspended,
    /// Consumed to its limit.
    #[n(3)]
    Redeemed,
}

impl Status {
    /// All four, by their bits.
    pub const ALL: [Self; 4] = [Self::Valid, Self::Revoked, Self::Suspended, Self::Redeemed];

    /// Stable code, such as `revoked`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::Redeemed => "redeemed",
        }
    }

    /// The status that two bits stand for; higher bits are not looked at.
    pub fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            1 => Self::Revoked,
            2 => Self::Suspended,
            3 => Self::Redeemed,
            _zero => Self::Valid,
        }
    }

    fn bits(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Revoked => 1,
            Self::Suspended => 2,
            Self::Redeemed => 3,
        }
    }
}

/// The number of the chunk that covers a voucher's index.
pub fn chunk_of(index: u32) -> u32 {
    index / CHUNK_VOUCHERS
}

/// A run of [`CHUNK_VOUCHERS`] statuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    bits: Vec<u8>,
}

impl Default for Chunk {
    fn default() -> Self {
        Self { bits: vec![0; CHUNK_BYTES] }
    }
}

impl Chunk {
    /// A chunk as it was stored or sent; it has exactly [`CHUNK_BYTES`] bytes.
    pub fn from_bytes(bits: Vec<u8>) -> Option<Self> {
        (bits.len() == CHUNK_BYTES).then_some(Self { bits })
    }

    /// The bytes as they are stored, sent and hashed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bits
    }

    /// The hash that stands in the manifest.
    pub fn hash(&self) -> Hash {
        hash(&self.bits)
    }

    /// The status of the voucher with this index in its campaign.
    pub fn get(&self, index: u32) -> Status {
        let (byte, shift) = place_of(index);
        Status::from_bits(self.bits.get(byte).map_or(0, |byte| byte >> shift))
    }

    /// Sets the status of the voucher with this index in its campaign.
    pub fn set(&mut self, index: u32, status: Status) {
        let (byte, shift) = place_of(index);
        if let Some(byte) = self.bits.get_mut(byte) {
            *byte = (*byte & !(3 << shift)) | (status.bits() << shift);
        }
    }

    /// How many vouchers of each status the first `covered` of the chunk are.
    fn count(&self, covered: u32) -> [u64; 4] {
        let mut counts = [0_u64; 4];
        for index in 0..covered.min(CHUNK_VOUCHERS) {
            let status = usize::from(self.get(index).bits());
            if let Some(count) = counts.get_mut(status) {
                *count = count.saturating_add(1);
            }
        }
        counts
    }
}

/// The byte within its chunk that holds a voucher's status, and how far its bits are shifted there.
pub fn place_of(index: u32) -> (usize, u32) {
    let within = index % CHUNK_VOUCHERS;
    (usize::try_from(within / 4).unwrap_or(usize::MAX), (within % 4).saturating_mul(2))
}

/// What the platform signs for the list of one campaign.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Manifest {
    /// Who mints the campaign's vouchers.
    #[n(1)]
    pub issuer: IssuerName,
    /// The campaign.
    #[n(2)]
    pub campaign: CampaignId,
    /// Grows with every change of the list.
    #[n(3)]
    pub version: u64,
    /// What the platform had learnt by then is in the list.
    #[n(4)]
    pub as_of: Timestamp,
    /// Indexes below this are covered; others are not, which does not mean valid.
    #[n(5)]
    pub covered: u32,
    /// The hash of each chunk, in order.
    #[n(6)]
    pub chunks: Vec<Hash>,
    /// How many of the covered are valid, revoked, suspended, redeemed.
    #[n(7)]
    pub counts: [u64; 4],
}

impl Manifest {
    /// Signs the manifest with the platform's acknowledgement key.
    pub fn seal(&self, platform: &SecretKey) -> Vec<u8> {
        seal_message(platform, Context::Manifest, self)
    }

    /// The manifest in `bytes`, when the platform signed it and it is consistent in itself.
    pub fn open(bytes: &[u8], platform: &PublicKey) -> Result<Self, ManifestError> {
        let manifest: Self = open_message(bytes, platform, Context::Manifest)?;
        if manifest.is_consistent() { Ok(manifest) } else { Err(ManifestError::Inconsistent) }
    }

    /// Whether it has as many chunks as it covers, and its counts add up to what it covers.
    pub fn is_consistent(&self) -> bool {
        let chunks = u64::from(self.covered).div_ceil(u64::from(CHUNK_VOUCHERS));
        let counted = self.counts.iter().fold(0, |sum: u64, count| sum.saturating_add(*count));
        self.chunks.len() as u64 == chunks && counted == u64::from(self.covered)
    }
}

/// The statuses of a campaign's vouchers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusList {
    chunks: BTreeMap<u32, Chunk>,
}

impl StatusList {
    /// Puts a chunk in its place.
    pub fn insert(&mut self, number: u32, chunk: Chunk) {
        self.chunks.insert(number, chunk);
    }

    /// The chunk with this number; one never touched is all valid.
    pub fn chunk(&self, number: u32) -> Chunk {
        self.chunks.get(&number).cloned().unwrap_or_default()
    }

    /// Sets the status of a voucher.
    pub fn set(&mut self, index: u32, status: Status) {
        self.chunks.entry(chunk_of(index)).or_default().set(index, status);
    }

    /// The manifest of this list with `covered` vouchers.
    pub fn manifest(
        &self,
        (issuer, campaign): (IssuerName, CampaignId),
        version: u64,
        as_of: Timestamp,
        covered: u32,
    ) -> Manifest {
        let numbers = 0..covered.div_ceil(CHUNK_VOUCHERS);
        let chunks: Vec<_> = numbers.map(|number| self.chunk(number)).collect();
        let counts = count(&chunks, covered);
        let chunks = chunks.iter().map(Chunk::hash).collect();
        Manifest { issuer, campaign, version, as_of, covered, chunks, counts }
    }

    /// Whether the chunks are those of the manifest, and its counts come out.
    pub fn reconciles_with(&self, manifest: &Manifest) -> bool {
        let numbered = (0_u32..).zip(&manifest.chunks);
        let chunks: Vec<_> = numbered.clone().map(|(number, _)| self.chunk(number)).collect();
        let same = numbered.zip(&chunks).all(|((_, hash), chunk)| chunk.hash() == *hash);
        same && count(&chunks, manifest.covered) == manifest.counts
    }
}

fn count(chunks: &[Chunk], covered: u32) -> [u64; 4] {
    let mut left = covered;
    let mut sums = [0_u64; 4];
    for chunk in chunks {
        for (sum, count) in sums.iter_mut().zip(chunk.count(left)) {
            *sum = sum.saturating_add(count);
        }
        left = left.saturating_sub(CHUNK_VOUCHERS);
    }
    sums
}

/// Why a manifest is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not signed by the platform, or not a manifest.
    #[error("the status list is not the platform's: {0}")]
    NotSigned(#[from] EnvelopeError),
    /// Its parts contradict each other.
    #[error("the status list contradicts itself")]
    Inconsistent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_lie_as_in_the_token_status_list() {
        // draft-ietf-oauth-status-list, "2-bit" example: statuses 1,2,0,3,0,1,0,1,1,2,3,3 are C9 44 F9.
        let mut chunk = Chunk::default();
        for (index, status) in [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3].into_iter().enumerate() {
            chunk.set(u32::try_from(index).unwrap(), Status::ALL[status]);
        }
        assert_eq!(&chunk.as_bytes()[..4], &[0xc9, 0x44, 0xf9, 0]);
        assert_eq!(chunk.get(3), Status::Redeemed);
        assert_eq!(chunk.get(9), Status::Suspended);
    }

    #[test]
    fn a_manifest_fits_its_list_and_no_other() {
        let name = ("demo".parse().unwrap(), CampaignId(7));
        let mut list = StatusList::default();
        list.set(5, Status::Redeemed);
        list.set(40_000, Status::Revoked);
        let manifest = list.manifest(name, 3, Timestamp(100), 40_001);
        assert_eq!(manifest.chunks.len(), 2);
        assert_eq!(manifest.counts, [39_999, 1, 0, 1]);
        assert!(list.reconciles_with(&manifest));
        list.set(6, Status::Redeemed);
        assert!(!list.reconciles_with(&manifest));
    }

    #[test]
    fn a_manifest_whose_counts_do_not_add_up_is_refused() {
        let key = SecretKey::from_seed(&[3; 32]);
        let name = ("demo".parse().unwrap(), CampaignId(7));
        let mut manifest = StatusList::default().manifest(name, 1, Timestamp(0), 10);
        assert!(Manifest::open(&manifest.seal(&key), &key.public()).is_ok());
        manifest.counts = [9, 0, 0, 0];
        let opened = Manifest::open(&manifest.seal(&key), &key.public());
        assert!(matches!(opened, Err(ManifestError::Inconsistent)));
    }
}
