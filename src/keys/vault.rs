//! The operating system's key store: Keychain, Credential Manager, or a Secret Service.
//!
//! What is kept there is found by the key's public half, so that a data folder says which key it wants and cannot be
//! opened with another.

use keyring::v1::Entry;
use zeroize::Zeroizing;

use crate::domain::{
    crypto::{PublicKey, SecretKey},
    id::Hex,
};

/// Under which service the keys of this program stand.
const SERVICE: &str = "countersign";

/// Where seeds of keys are kept outside files.
pub trait Vault {
    /// Keeps a key; it is there again after a restart of the machine once this returned.
    fn put(&self, key: &SecretKey) -> Result<(), VaultError>;

    /// The key with this public half.
    fn get(&self, public: &PublicKey) -> Result<SecretKey, VaultError>;
}

/// The key store of the person who is logged in.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemVault;

impl SystemVault {
    fn entry(public: &PublicKey) -> Result<Entry, VaultError> {
        Entry::new(SERVICE, &Hex(&public.to_bytes()).to_string()).map_err(VaultError::Store)
    }
}

impl Vault for SystemVault {
    fn put(&self, key: &SecretKey) -> Result<(), VaultError> {
        let entry = Self::entry(&key.public())?;
        entry.set_secret(key.seed().as_slice()).map_err(VaultError::Store)?;
        // A store that takes a key and does not give it back is worse than none.
        self.get(&key.public()).map(drop)
    }

    fn get(&self, public: &PublicKey) -> Result<SecretKey, VaultError> {
        let secret = Self::entry(public)?.get_secret().map_err(VaultError::Store)?;
        let secret = Zeroizing::new(secret);
        let seed =
            <&[u8; 32]>::try_from(secret.as_slice()).map_err(|_error| VaultError::OtherKey)?;
        let key = SecretKey::from_seed(seed);
        if key.public() == *public { Ok(key) } else { Err(VaultError::OtherKey) }
    }
}

/// Why the operating system's key store is of no use.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is none, it is locked, or it does not hold the key.
    #[error("the system's key store does not help: {0}")]
    Store(#[source] keyring::v1::Error),
    /// What it gave back is not the key.
    #[error("the system's key store gave another key than it was given")]
    OtherKey,
}
