//! Key files: the seed of a signing key as 64 hexadecimal digits, readable by its owner only, or a line that says that
//! the operating system's key store holds it.

#[cfg(feature = "terminal")]
mod vault;

use std::{
    fmt::Write as _,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

#[cfg(feature = "terminal")]
pub use vault::{SystemVault, Vault, VaultError};

#[cfg(feature = "terminal")]
use crate::domain::crypto::PublicKey;
use crate::{
    domain::{
        crypto::SecretKey,
        id::{Hex, parse_hex},
    },
    files,
};

/// What stands before the public half of a key that the operating system's key store holds.
#[cfg(feature = "terminal")]
const IN_VAULT: &str = "in the system's key store: ";

/// What stands before the path of another key file.
#[cfg(feature = "terminal")]
const IN_FILE: &str = "in the file: ";

/// Where a key is that stands not in the file itself.
#[cfg(feature = "terminal")]
enum Elsewhere {
    Vault(PublicKey),
    File(PathBuf),
}

/// Makes a new key and keeps it in a new file, on disk before this returns; never overwrites a file.
///
/// On Unix the file has mode 0600 from its first moment; elsewhere it has the rights of its folder.
pub fn create(path: &Path) -> Result<SecretKey, KeyFileError> {
    let key = generate()?;
    // Room for all of it at once: a string that grows leaves copies of itself behind.
    let mut text = Zeroizing::new(String::with_capacity(READ_MAX));
    writeln!(text, "{}", Hex(&*key.seed()))
        .map_err(|_error| KeyFileError::NotAKey(path.to_owned()))?;
    write_private(path, &text)?;
    Ok(key)
}

/// Makes a new key in a key store, and a file that says so; never overwrites a file.
#[cfg(feature = "terminal")]
pub fn create_in(vault: &dyn Vault, path: &Path) -> Result<SecretKey, KeyFileError> {
    let key = generate()?;
    vault.put(&key)?;
    write_private(path, &format!("{IN_VAULT}{}\n", Hex(&key.public().to_bytes())))?;
    Ok(key)
}

/// Makes a file that says that the key is in another file, such as one on a stick, which is made where there is none.
#[cfg(feature = "terminal")]
pub fn create_at(other: &Path, path: &Path) -> Result<SecretKey, KeyFileError> {
    let other = std::path::absolute(other)
        .map_err(|source| KeyFileError::Read { path: other.to_owned(), source })?;
    let key = if other.exists() { load(&other)? } else { create(&other)? };
    let text = other.to_str().filter(|text| text.len() < READ_MAX / 2 && !text.contains('\n'));
    let text = text.ok_or_else(|| KeyFileError::NotAKey(other.clone()))?;
    write_private(path, &format!("{IN_FILE}{text}\n"))?;
    Ok(key)
}

/// Reads a key file, or the key of which it says where it is.
#[cfg(feature = "terminal")]
pub fn load_with(vault: &dyn Vault, path: &Path) -> Result<SecretKey, KeyFileError> {
    match elsewhere(path)? {
        Some(Elsewhere::Vault(public)) => Ok(vault.get(&public)?),
        Some(Elsewhere::File(other)) => load(&other),
        None => load(path),
    }
}

/// Where the key is, where the file says that it is elsewhere.
#[cfg(feature = "terminal")]
fn elsewhere(path: &Path) -> Result<Option<Elsewhere>, KeyFileError> {
    let text = read_private(path)?;
    let text = std::str::from_utf8(&text).unwrap_or_default().trim_end();
    if let Some(other) = text.strip_prefix(IN_FILE) {
        return Ok(Some(Elsewhere::File(other.into())));
    }
    let Some(digits) = text.strip_prefix(IN_VAULT) else {
        return Ok(None);
    };
    let public = parse_hex(digits).and_then(|bytes| PublicKey::from_bytes(&bytes).ok());
    let public = public.ok_or_else(|| KeyFileError::NotAKey(path.to_owned()))?;
    Ok(Some(Elsewhere::Vault(public)))
}

fn generate() -> Result<SecretKey, KeyFileError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(KeyFileError::Random)?;
    Ok(SecretKey::from_seed(&seed))
}

/// Reads a key file; on Unix only one that nobody but its owner may touch.
pub fn load(path: &Path) -> Result<SecretKey, KeyFileError> {
    let text = read_private(path)?;
    let seed = parse_seed(&text).ok_or_else(|| KeyFileError::NotAKey(path.to_owned()))?;
    Ok(SecretKey::from_seed(&seed))
}

fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let not_read = |source| KeyFileError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(not_read)?;
    check_private(&file.metadata().map_err(not_read)?, path)?;
    let mut text = Zeroizing::new(Vec::with_capacity(2 * READ_MAX));
    file.take(READ_MAX as u64).read_to_end(&mut text).map_err(not_read)?;
    Ok(text)
}

/// More bytes than any key file has, so that a longer file is noticed and not read whole.
const READ_MAX: usize = 4096;

fn write_private(path: &Path, text: &str) -> Result<(), KeyFileError> {
    let file = create_private(path).map_err(|source| KeyFileError::not_created(path, source))?;
    write_all(file, path, text).map_err(|source| {
        // Half a key would only stand in the way of the next attempt.
        fs::remove_file(path).ok();
        KeyFileError::not_created(path, source)
    })
}

fn create_private(path: &Path) -> io::Result<File> {
    files::private(OpenOptions::new().write(true).create_new(true)).open(path)
}

fn write_all(mut file: File, path: &Path, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    files::sync_name(path)
}

fn check_private(metadata: &fs::Metadata, path: &Path) -> Result<(), KeyFileError> {
    if !metadata.is_file() {
        return Err(KeyFileError::NotAKey(path.to_owned()));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return Err(KeyFileError::Exposed(path.to_owned()));
    }
    Ok(())
}

/// Puts a file that only its owner reads in the place of what has its name, whole or not at all.
pub fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_added_extension("new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = create_private(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    files::sync_name(path)
}

fn parse_seed(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    let digits = line.strip_suffix(b"\r").unwrap_or(line);
    let digits = std::str::from_utf8(digits).ok()?;
    parse_hex(digits).map(Zeroizing::new)
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// A file of this name exists.
    #[error("{} exists already; a key file is never overwritten", .0.display())]
    Exists(PathBuf),
    /// It could not be created, written or brought to disk.
    #[error("the key file {} could not be written", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// It could not be opened or read.
    #[error("the key file {} could not be read", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Its content is something else.
    #[error("{} is not a key file: that is 64 hexadecimal digits and nothing else", .0.display())]
    NotAKey(PathBuf),
    /// Others than its owner may read or change it.
    #[error("others can read the key file {path}; run `chmod 600 {path}` and use a new key if they may have", path = .0.display())]
    Exposed(PathBuf),
    /// The operating system's key store.
    #[cfg(feature = "terminal")]
    #[error("{0}; log in so that the key store is unlocked, and start again")]
    Vault(#[from] VaultError),
    /// The system has no random numbers.
    #[error("the system gave no random numbers")]
    Random(#[source] getrandom::Error),
}

impl KeyFileError {
    fn not_created(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::AlreadyExists {
            Self::Exists(path)
        } else {
            Self::Write { path, source }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seed and public key of RFC 8032 section 7.1, test 2.
    const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    const PUBLIC: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn private_file(folder: &tempfile::TempDir, content: &[u8]) -> PathBuf {
        let path = folder.path().join("issuer.key");
        create_private(&path).unwrap().write_all(content).unwrap();
        path
    }

    #[test]
    fn a_key_file_is_64_digits_and_a_line_end() {
        let folder = folder();
        let path = folder.path().join("issuer.key");
        let made = create(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{}\n", Hex(&*made.seed())));
        assert_eq!(text.len(), 65);
        assert_eq!(load(&path).unwrap().public(), made.public());
    }

    #[test]
    fn a_known_seed_gives_its_known_public_key() {
        for end in ["\n", "\r\n", ""] {
            let folder = folder();
            let path = private_file(&folder, format!("{SEED}{end}").as_bytes());
            assert_eq!(load(&path).unwrap().public().to_string(), PUBLIC);
        }
    }

    #[test]
    fn two_keys_differ() {
        let folder = folder();
        let one = create(&folder.path().join("one")).unwrap();
        let two = create(&folder.path().join("two")).unwrap();
        assert_ne!(one.public(), two.public());
    }

    #[test]
    fn an_existing_file_is_left_as_it_is() {
        let folder = folder();
        let path = private_file(&folder, b"precious");
        let refused = create(&path).unwrap_err();
        assert!(matches!(refused, KeyFileError::Exists(_)), "{refused:?}");
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn other_contents_are_refused() {
        let short = &SEED[1..];
        let contents = [
            String::new(),
            "\n".to_owned(),
            short.to_owned(),
            format!("{SEED}0"),
            format!("{SEED}\n\n"),
            format!("{SEED} \n"),
            format!("{SEED}\n{SEED}\n"),
            format!(" {SEED}"),
            format!("g{short}\n"),
            format!("\u{feff}{SEED}\n"),
        ];
        for content in contents {
            let folder = folder();
            let path = private_file(&folder, content.as_bytes());
            let refused = load(&path).unwrap_err();
            assert!(matches!(refused, KeyFileError::NotAKey(_)), "{content:?}");
            assert!(!refused.to_string().contains(short));
        }
    }

    /// A key store that remembers the last key it was given.
    #[cfg(feature = "terminal")]
    #[derive(Default)]
    struct Drawer(std::cell::RefCell<Option<SecretKey>>);

    #[cfg(feature = "terminal")]
    impl Vault for Drawer {
        fn put(&self, key: &SecretKey) -> Result<(), VaultError> {
            *self.0.borrow_mut() = Some(SecretKey::from_seed(&key.seed()));
            Ok(())
        }

        fn get(&self, public: &PublicKey) -> Result<SecretKey, VaultError> {
            let kept = self.0.borrow();
            let key = kept.as_ref().filter(|key| key.public() == *public);
            key.map(|key| SecretKey::from_seed(&key.seed())).ok_or(VaultError::OtherKey)
        }
    }

    /// A locked key store.
    #[cfg(feature = "terminal")]
    struct Locked;

    #[cfg(feature = "terminal")]
    impl Vault for Locked {
        fn put(&self, _key: &SecretKey) -> Result<(), VaultError> {
            Err(VaultError::Store(keyring::v1::Error::NoEntry))
        }

        fn get(&self, _public: &PublicKey) -> Result<SecretKey, VaultError> {
            Err(VaultError::Store(keyring::v1::Error::NoEntry))
        }
    }

    #[cfg(feature = "terminal")]
    #[test]
    fn a_key_in_a_key_store_leaves_only_its_public_half_in_the_folder() {
        let (folder, drawer) = (folder(), Drawer::default());
        let path = folder.path().join("device.key");
        let made = create_in(&drawer, &path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("in the system's key store: {}\n", made.public()));
        assert!(!text.contains(&Hex(&*made.seed()).to_string()));
        assert_eq!(load_with(&drawer, &path).unwrap().public(), made.public());
        // The line is not a seed: without the key store there is no key, whatever reads the file.
        assert!(matches!(load(&path), Err(KeyFileError::NotAKey(_))));
        assert!(matches!(load_with(&Locked, &path), Err(KeyFileError::Vault(_))));
        drawer.put(&SecretKey::from_seed(&[9; 32])).unwrap();
        assert!(matches!(load_with(&drawer, &path), Err(KeyFileError::Vault(_))));
    }

    #[cfg(feature = "terminal")]
    #[test]
    fn a_key_on_a_stick_is_there_as_long_as_the_stick_is() {
        let (folder, stick) = (folder(), folder());
        let (path, other) = (folder.path().join("store.key"), stick.path().join("till-1.key"));
        let made = create_at(&other, &path).unwrap();
        assert!(!fs::read_to_string(&path).unwrap().contains(&Hex(&*made.seed()).to_string()));
        assert_eq!(load_with(&Locked, &path).unwrap().public(), made.public());
        let again = folder.path().join("second.key");
        assert_eq!(create_at(&other, &again).unwrap().public(), made.public(), "a key is kept");
        fs::remove_file(&other).unwrap();
        let missing = load_with(&Locked, &path).unwrap_err();
        assert!(missing.to_string().contains("till-1.key"), "{missing}");
    }

    #[cfg(feature = "terminal")]
    #[test]
    fn a_key_store_that_does_not_help_leaves_nothing_behind() {
        let folder = folder();
        let path = folder.path().join("device.key");
        assert!(matches!(create_in(&Locked, &path), Err(KeyFileError::Vault(_))));
        assert!(!path.exists());
        create(&path).unwrap();
        load_with(&Locked, &path).expect("a key in a file needs no key store");
        assert!(matches!(create_in(&Drawer::default(), &path), Err(KeyFileError::Exists(_))));
    }

    #[test]
    fn folders_and_missing_files_are_named() {
        let folder = folder();
        let refused = load(folder.path()).unwrap_err();
        assert!(matches!(refused, KeyFileError::NotAKey(_)), "{refused:?}");
        let missing = load(&folder.path().join("none")).unwrap_err();
        assert!(missing.to_string().contains("none"));
        let nowhere = create(&folder.path().join("none/issuer.key")).unwrap_err();
        assert!(matches!(nowhere, KeyFileError::Write { .. }), "{nowhere:?}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_but_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = folder();
        let path = folder.path().join("issuer.key");
        create(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        for exposed in [0o640, 0o604, 0o620, 0o644, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(exposed)).unwrap();
            let refused = load(&path).unwrap_err();
            assert!(refused.to_string().contains("chmod 600"), "{exposed:o}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        load(&path).unwrap();
    }
}
