//! Linking entries: each carries the hash of the one before and its terminal's signature.

use super::entry::Entry;
use crate::domain::{
    crypto::{PublicKey, SecretKey, hash},
    envelope::{Context, EnvelopeError, open_message, seal_message},
    id::{Epoch, Hash, Seq},
};
use minicbor::{Decode, Encode};

/// Longest signed entry that is looked at, in bytes.
pub const ENTRY_BYTES_MAX: usize = 4096;

/// Where a journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Head {
    /// Which life of the journal.
    #[n(0)]
    pub epoch: Epoch,
    /// Position of the last entry; 0 where there is none.
    #[n(1)]
    pub seq: Seq,
    /// Hash of the last entry; zero where there is none.
    #[n(2)]
    pub hash: Hash,
}

impl Head {
    /// The head of an epoch without entries.
    pub fn start(epoch: Epoch) -> Self {
        Self { epoch, seq: Seq(0), hash: Hash::ZERO }
    }
}

/// An entry as it is stored, sent and hashed: signed bytes beside what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedEntry {
    /// What the bytes say.
    pub entry: Entry,
    /// The signed message.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes: what the next entry carries as `prev`.
    pub hash: Hash,
}

impl SignedEntry {
    /// The entry in `bytes`, when the terminal's key signed it.
    pub fn open(bytes: &[u8], terminal: &PublicKey) -> Result<Self, EnvelopeError> {
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(EnvelopeError::Spelling);
        }
        let entry = open_message(bytes, terminal, Context::Entry)?;
        Ok(Self { entry, bytes: bytes.to_vec(), hash: hash(bytes) })
    }

    /// Where a journal that ends with this entry ends.
    pub fn head(&self) -> Head {
        Head { epoch: self.entry.epoch, seq: self.entry.seq, hash: self.hash }
    }
}

/// Signs an entry that follows its `prev`.
pub fn append(key: &SecretKey, entry: Entry) -> SignedEntry {
    let bytes = seal_message(key, Context::Entry, &entry);
    let hash = hash(&bytes);
    SignedEntry { entry, bytes, hash }
}

/// Whether `entry` is the one after `head`.
pub fn verify_link(head: Head, entry: &SignedEntry) -> Result<Head, ChainError> {
    let at = entry.entry.seq;
    if entry.entry.epoch != head.epoch {
        return Err(ChainError::Epoch { at });
    }
    if at != head.seq.next() {
        return Err(ChainError::Gap { expected: head.seq.next(), at });
    }
    if entry.entry.prev != head.hash {
        return Err(ChainError::Fork { at });
    }
    Ok(entry.head())
}

/// Where a journal does not hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Of another life of the journal.
    #[error("entry {at} belongs to another epoch")]
    Epoch {
        /// Its position.
        at: Seq,
    },
    /// Positions are missing or repeated.
    #[error("entry {at} stands where entry {expected} should")]
    Gap {
        /// The position that should follow.
        expected: Seq,
        /// The position that does.
        at: Seq,
    },
    /// Another entry came before.
    #[error("entry {at} does not follow the entry before it")]
    Fork {
        /// Its position.
        at: Seq,
    },
}
