//! The data folder: the device's key file and the store beside it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use minicbor::{Decode, Encode};

use crate::{
    domain::{
        crypto::{PublicKey, SecretKey},
        envelope::{decode, encode},
        time::Timestamp,
    },
    keys::{self, KeyFileError, SystemVault},
    store::{Place, Store, StoreError},
};

/// The key file's name within the data folder.
const KEY_FILE: &str = "device.key";

/// The name of the file that says where the key of an encrypted store is; never the key itself.
const STORE_KEY_FILE: &str = "store.key";
/// The name of the file with what the platform granted.
const GRANT_FILE: &str = "terminal.grant";

/// When this program was built, in seconds since 1970, where the build said so: no clock that stands before it is right.
const BUILT_AT: Option<&str> = option_env!("COUNTERSIGN_BUILT_AT");

/// What a store is made anew with.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct KeptGrant {
    /// Where the platform is reached.
    #[n(1)]
    pub(super) url: String,
    /// The key it is known by.
    #[n(2)]
    pub(super) root: PublicKey,
    /// The signed grant, with the bundle of that time in it.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub(super) answer: Vec<u8>,
}

/// Where a terminal's key and store are.
#[derive(Clone, Debug)]
pub struct Source {
    place: Place,
    /// None where it is in a file beside the store.
    key: Option<Arc<SecretKey>>,
}

impl Source {
    /// A terminal whose key is in no file.
    pub fn with_key(place: Place, key: SecretKey) -> Self {
        Self { place, key: Some(Arc::new(key)) }
    }

    /// Where the store is.
    pub fn place(&self) -> Place {
        self.place.clone()
    }

    /// Opens the store of an enrolled terminal.
    pub fn open(&self) -> Result<Store, SourceError> {
        let mut store = Store::open(self.store_place()?, self.key()?)?;
        if let Some(built) = BUILT_AT.and_then(|text| text.parse().ok()) {
            store.learn(Timestamp(built));
        }
        Ok(store)
    }

    /// The device's key.
    pub(super) fn key(&self) -> Result<SecretKey, SourceError> {
        match &self.key {
            Some(key) => Ok(SecretKey::from_seed(&key.seed())),
            None if self.key_file().exists() => {
                Ok(keys::load_with(&SystemVault, &self.key_file())?)
            }
            None if self.place.file(Store::FILE).is_some_and(|file| file.exists()) => {
                Err(SourceError::KeyLost(self.key_file()))
            }
            None => Err(StoreError::NotEnrolled.into()),
        }
    }

    /// Keeps what the platform granted, so that a store that was lost can be made anew.
    pub(super) fn keep_grant(&self, kept: &KeptGrant) -> Result<(), SourceError> {
        let Some(file) = self.place.file(GRANT_FILE) else {
            return Ok(());
        };
        let written = keys::replace_private(&file, &encode(kept));
        written.map_err(|source| SourceError::Folder { dir: self.place.dir().to_owned(), source })
    }

    /// What the platform granted, where that was kept.
    pub(super) fn kept_grant(&self) -> Option<KeptGrant> {
        let file = self.place.file(GRANT_FILE)?;
        decode(&std::fs::read(file).ok()?).ok()
    }

    /// Where the store is, with its key where it is encrypted.
    pub(super) fn store_place(&self) -> Result<Place, SourceError> {
        let file = self.place.dir().join(STORE_KEY_FILE);
        if self.key.is_some() || !file.exists() {
            return Ok(self.place());
        }
        Ok(self.place().encrypted(keys::load_with(&SystemVault, &file)?))
    }

    /// Makes the key under which a store that is yet to be made is encrypted: in a file elsewhere, or in the operating system's
    /// key store.
    pub fn make_store_key(&self, elsewhere: Option<&Path>) -> Result<(), SourceError> {
        if !cfg!(feature = "encrypted") {
            return Err(StoreError::NoCipher.into());
        }
        let file = self.folder()?.join(STORE_KEY_FILE);
        if file.exists() {
            return Ok(());
        }
        if self.place.holds(Store::FILE) {
            return Err(StoreError::MadeAlready.into());
        }
        let made = match elsewhere {
            Some(other) => keys::create_at(other, &file),
            None => keys::create_in(&SystemVault, &file),
        };
        Ok(made.map(drop)?)
    }

    /// The device's key; made where there is none, and never replaced.
    ///
    /// It is on disk before the platform hears of it, so that an enrolment whose answer was lost is simply repeated.
    pub fn device_key(&self) -> Result<SecretKey, SourceError> {
        if let Some(key) = &self.key {
            return Ok(SecretKey::from_seed(&key.seed()));
        }
        self.make_device_key(KeyHome::File)?;
        Ok(keys::load_with(&SystemVault, &self.key_file())?)
    }

    /// Makes the device's key where there is none.
    pub fn make_device_key(&self, home: KeyHome) -> Result<(), SourceError> {
        self.folder()?;
        let file = self.key_file();
        if file.exists() {
            return Ok(());
        }
        let made = match home {
            KeyHome::File => keys::create(&file),
            KeyHome::System => keys::create_in(&SystemVault, &file),
            KeyHome::Auto => keys::create_in(&SystemVault, &file).or_else(|error| {
                tracing::info!(%error, "the device's key goes into a file");
                keys::create(&file)
            }),
        };
        Ok(made.map(drop)?)
    }

    /// The folder, made where there is none.
    fn folder(&self) -> Result<&Path, SourceError> {
        let dir = self.place.dir();
        std::fs::create_dir_all(dir)
            .map_err(|source| SourceError::Folder { dir: dir.to_owned(), source })?;
        Ok(dir)
    }

    fn key_file(&self) -> PathBuf {
        self.place.dir().join(KEY_FILE)
    }
}

impl From<&Path> for Source {
    fn from(dir: &Path) -> Self {
        Self { place: Place::from(dir), key: None }
    }
}

impl From<&PathBuf> for Source {
    fn from(dir: &PathBuf) -> Self {
        Self::from(dir.as_path())
    }
}

/// Opens the store of the terminal that was enrolled in `dir`.
pub fn open(dir: &Path) -> Result<Store, SourceError> {
    Source::from(dir).open()
}

/// Where a new device key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyHome {
    /// In a file that only its owner reads.
    File,
    /// In the operating system's key store.
    System,
    /// In the key store where there is one that works, else in a file.
    Auto,
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The folder cannot be made.
    #[error("cannot use the folder {}: {source}", dir.display())]
    Folder {
        /// Which folder.
        dir: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is a store, and the key it was written with is gone.
    #[error(
        "the device key {} is gone: nothing can be accepted. Put it back; or ask for a new code for this terminal and run `countersign enrol`: entries that wait are sent afterwards. `countersign journal export` works without it", .0.display()
    )]
    KeyLost(PathBuf),
    /// The key file cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}
