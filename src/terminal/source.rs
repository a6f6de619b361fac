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
    keys::{self, KeyFileError},
    store::{Place, Store, StoreError},
};

/// The key file's name within the data folder.
const KEY_FILE: &str = "device.key";

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
        let mut store = Store::open(self.place(), self.key()?)?;
        if let Some(built) = BUILT_AT.and_then(|text| text.parse().ok()) {
            store.learn(Timestamp(built));
        }
        Ok(store)
    }

    /// The device's key.
    pub(super) fn key(&self) -> Result<SecretKey, SourceError> {
        match &self.key {
            Some(key) => Ok(SecretKey::from_seed(&key.seed())),
            None if self.key_file().exists() => Ok(keys::load(&self.key_file())?),
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

    /// The device's key; made where there is none, and never replaced.
    ///
    /// It is on disk before the platform hears of it, so that an enrolment whose answer was lost is simply repeated.
    pub(super) fn device_key(&self) -> Result<SecretKey, SourceError> {
        if let Some(key) = &self.key {
            return Ok(SecretKey::from_seed(&key.seed()));
        }
        let dir = self.place.dir();
        std::fs::create_dir_all(dir)
            .map_err(|source| SourceError::Folder { dir: dir.to_owned(), source })?;
        let file = self.key_file();
        Ok(if file.exists() { keys::load(&file)? } else { keys::create(&file)? })
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
