//! A platform in a directory: keys, database and the platform over them.
//!
//! ```text
//! platform.db       everything the platform knows
//! root.key          signs trust bundles
//! platform.key      signs replies
//! issuer-NAME.key   signs vouchers, one file an issuer
//! ```

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    clock::Clock,
    entropy::Entropy,
    service::{ApiToken, IssuerKeys, Platform, PlatformKeys, ServiceError},
    store::{SqliteStore, StoreError, TokenRole},
};
use crate::{
    domain::{crypto::SecretKey, id::IssuerName},
    issuer::keys::{self, KeyFileError},
};

const DATABASE: &str = "platform.db";
const ROOT_KEY: &str = "root.key";
const PLATFORM_KEY: &str = "platform.key";

const NAME: &str = "name";
const URL: &str = "url";
const ROOT_PUBLIC: &str = "root_key";

/// How long an issuer's key may be relied on, in seconds: five years.
const KEY_LIFETIME_S: i64 = 5 * 365 * 24 * 3600;

/// A platform in a directory.
#[derive(Debug)]
pub struct Site {
    dir: PathBuf,
    platform: Arc<Platform>,
}

impl Site {
    /// Makes a platform in a directory that is new or empty; also a token that reads everything, which is not kept.
    pub fn create(
        dir: &Path,
        name: &str,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<(Self, ApiToken), SiteError> {
        make_empty(dir)?;
        let keys = PlatformKeys {
            root: keys::create(&dir.join(ROOT_KEY))?,
            platform: keys::create(&dir.join(PLATFORM_KEY))?,
        };
        let site = Self::over(dir, keys, clock, entropy)?;
        let root = site.platform.root_key().to_string();
        site.platform.set_setting(NAME, name)?;
        site.platform.set_setting(ROOT_PUBLIC, &root)?;
        let (_first, token) = site.platform.create_token("First", TokenRole::Audit)?;
        Ok((site, token))
    }

    /// Opens the platform of a directory.
    pub fn open(dir: &Path, clock: Clock, entropy: Entropy) -> Result<Self, SiteError> {
        if !dir.join(ROOT_KEY).exists() {
            return Err(SiteError::NotThere(dir.to_owned()));
        }
        let keys = PlatformKeys {
            root: keys::load(&dir.join(ROOT_KEY))?,
            platform: keys::load(&dir.join(PLATFORM_KEY))?,
        };
        let site = Self::over(dir, keys, clock, entropy)?;
        let made_for = site.platform.setting(ROOT_PUBLIC)?;
        if made_for == Some(site.platform.root_key().to_string()) {
            Ok(site)
        } else {
            Err(SiteError::OtherKeys(dir.to_owned()))
        }
    }

    /// The platform.
    pub fn platform(&self) -> &Arc<Platform> {
        &self.platform
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes an issuer with a key file.
    pub fn create_issuer(&self, name: &IssuerName) -> Result<SecretKey, SiteError> {
        let key = keys::create(&self.issuer_path(name))?;
        let until = self.platform.now().plus(KEY_LIFETIME_S);
        self.platform.create_issuer(name, key.public(), until)?;
        Ok(key)
    }

    /// Puts another key in the place of an issuer's; the old file is kept beside it under its key id.
    pub fn rotate_issuer_key(&self, name: &IssuerName) -> Result<SecretKey, SiteError> {
        let path = self.issuer_path(name);
        let old = keys::load(&path)?.public().id();
        let aside = self.dir.join(format!("issuer-{name}-{old}.key"));
        fs::rename(&path, &aside).map_err(|source| SiteError::Io { path, source })?;
        let key = keys::create(&self.issuer_path(name))?;
        let until = self.platform.now().plus(KEY_LIFETIME_S);
        self.platform.add_issuer_key(name, key.public(), until)?;
        Ok(key)
    }

    /// The key an issuer signs with.
    pub fn issuer_key(&self, name: &IssuerName) -> Result<SecretKey, SiteError> {
        Ok(keys::load(&self.issuer_path(name))?)
    }

    /// Where terminals reach the platform, as the server was last told.
    pub fn url(&self) -> Result<Option<String>, SiteError> {
        Ok(self.platform.setting(URL)?)
    }

    /// Remembers where terminals reach the platform.
    pub fn set_url(&self, url: &str) -> Result<(), SiteError> {
        Ok(self.platform.set_setting(URL, url)?)
    }

    fn over(
        dir: &Path,
        keys: PlatformKeys,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, SiteError> {
        let store = SqliteStore::open(&dir.join(DATABASE))?;
        let issuer_keys = Arc::new(KeyFiles(dir.to_owned()));
        let platform = Platform::new(Arc::new(store), keys, clock, entropy);
        let platform = platform.with_issuer_keys(issuer_keys);
        Ok(Self { dir: dir.to_owned(), platform: Arc::new(platform) })
    }

    fn issuer_path(&self, name: &IssuerName) -> PathBuf {
        issuer_path(&self.dir, name)
    }
}

fn issuer_path(dir: &Path, name: &IssuerName) -> PathBuf {
    dir.join(format!("issuer-{name}.key"))
}

/// The issuers' key files of a directory, read when they are needed: another program may rotate them.
struct KeyFiles(PathBuf);

impl IssuerKeys for KeyFiles {
    fn key(&self, issuer: &IssuerName) -> Option<SecretKey> {
        keys::load(&issuer_path(&self.0, issuer)).ok()
    }
}

/// Makes the directory, readable by its owner only.
fn make_empty(dir: &Path) -> Result<(), SiteError> {
    let failed = |source| SiteError::Io { path: dir.to_owned(), source };
    if dir.exists() {
        let mut inside = fs::read_dir(dir).map_err(failed)?;
        if inside.next().is_some() {
            return Err(SiteError::Exists(dir.to_owned()));
        }
    }
    fs::create_dir_all(dir).map_err(failed)?;
    make_private(dir).map_err(failed)
}

#[cfg(unix)]
fn make_private(dir: &Path) -> io::Result<()> {
    fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private(_dir: &Path) -> io::Result<()> {
    Ok(())
}

/// Why there is no platform in a directory.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// Something is there already.
    #[error("{} exists and is not empty; a new platform needs a directory of its own", .0.display())]
    Exists(PathBuf),
    /// Nothing is there.
    #[error("there is no platform in {}; make one with `countersign-platform init`", .0.display())]
    NotThere(PathBuf),
    /// Keys and database do not belong together.
    #[error("the keys and the database in {} are not of the same platform", .0.display())]
    OtherKeys(PathBuf),
    /// A directory or file could not be made.
    #[error("{} could not be written: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The platform.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(dir: &Path) -> Result<(Site, ApiToken), SiteError> {
        Site::create(dir, "Test", Clock::system(), Entropy::system())
    }

    fn open(dir: &Path) -> Result<Site, SiteError> {
        Site::open(dir, Clock::system(), Entropy::system())
    }

    #[test]
    fn a_platform_is_found_again_with_its_keys_and_token() {
        let dir = tempfile::tempdir().unwrap();
        let (site, token) = create(dir.path()).unwrap();
        let root = site.platform().root_key();
        let issuer = site.create_issuer(&"demo".parse().unwrap()).unwrap();
        drop(site);
        let site = open(dir.path()).unwrap();
        assert_eq!(site.platform().root_key(), root);
        let key = site.issuer_key(&"demo".parse().unwrap()).unwrap();
        assert_eq!(key.public(), issuer.public());
        let found = site.platform().token(token.reveal()).unwrap();
        assert_eq!(found.unwrap().role, TokenRole::Audit);
    }

    #[test]
    fn nothing_is_made_where_something_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("letter.txt"), "dear").unwrap();
        assert!(matches!(create(dir.path()), Err(SiteError::Exists(_))));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(matches!(open(dir.path()), Err(SiteError::NotThere(_))));
    }

    #[test]
    fn another_programs_database_is_named_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        drop(create(dir.path()).unwrap());
        let path = dir.path().join(DATABASE);
        for name in ["platform.db", "platform.db-wal", "platform.db-shm"] {
            fs::remove_file(dir.path().join(name)).ok();
        }
        crate::platform::store::tamper(&path, "CREATE TABLE notes (a)");
        let before = fs::read(&path).unwrap();
        let refused = open(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("another program"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn keys_of_another_platform_are_refused() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        drop(create(one.path()).unwrap());
        drop(create(two.path()).unwrap());
        fs::copy(two.path().join(ROOT_KEY), one.path().join(ROOT_KEY)).unwrap();
        assert!(matches!(open(one.path()), Err(SiteError::OtherKeys(_))));
    }

    #[test]
    fn vouchers_are_signed_anew_with_the_key_file_that_is_there() {
        use crate::{
            domain::{
                money::{Currency, Money},
                redeem::Policy,
                voucher::Terms,
            },
            platform::{
                service::{Ends, NewCampaign, Order},
                store::Home,
            },
        };
        let dir = tempfile::tempdir().unwrap();
        let (site, _token) = create(dir.path()).unwrap();
        let (platform, issuer) = (site.platform(), "demo".parse().unwrap());
        let key = site.create_issuer(&issuer).unwrap();
        let home = Home::Merchant(platform.create_merchant("Corner").unwrap());
        let (title, policy) = ("Deal".to_owned(), Policy::default());
        let new = NewCampaign { issuer: issuer.clone(), home, title, policy, capacity: 10 };
        let order = Order {
            campaign: platform.create_campaign(&new).unwrap(),
            terms: Terms::PrepaidDeal { value: Money::new(1000, Currency::EUR) },
            branches: Vec::new(),
            group: None,
            customer: None,
            holder: None,
            from: platform.now(),
            until: Ends::Days(3),
            count: 1,
        };
        let voucher = platform.issue(&key, &order).unwrap().remove(0);
        assert!(platform.refresh(&voucher.text).is_ok());
        site.rotate_issuer_key(&issuer).unwrap();
        assert!(platform.refresh(&voucher.text).is_ok(), "with the key that is there by then");
        fs::remove_file(site.issuer_path(&issuer)).unwrap();
        let refused = platform.refresh(&voucher.text).unwrap_err();
        assert_eq!(refused.code(), "signing_unavailable");
    }
}
