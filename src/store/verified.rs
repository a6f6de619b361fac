//! Entries whose signatures were verified since the store was opened: a list that is shown again need not be verified again.

use std::{cell::RefCell, collections::BTreeSet};

use super::{lives::Lives, open::StoreError, pace::unverified};
use crate::domain::{crypto::hash, id::Hash, journal::Entry};

/// Entries that are remembered at the most; beyond, all are verified anew.
const MOST: usize = 4096;

/// The hashes of entries that were verified.
#[derive(Debug, Default)]
pub(super) struct Verified(RefCell<BTreeSet<Hash>>);

impl Verified {
    /// The entry in signed bytes, which the key of its own life signed.
    pub(super) fn open(&self, bytes: &[u8], lives: &Lives) -> Result<Entry, StoreError> {
        let digest = hash(bytes);
        if self.0.borrow().contains(&digest) {
            return unverified(bytes).ok_or(StoreError::Damaged("an entry"));
        }
        let entry = lives.open(bytes)?.entry;
        let mut known = self.0.borrow_mut();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(digest);
        Ok(entry)
    }
}
