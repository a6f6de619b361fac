//! Key files: the seed of a signing key as 64 hexadecimal digits, readable by its owner only.

use std::{
    fmt::Write as _,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::domain::{
    crypto::SecretKey,
    id::{Hex, parse_hex},
};

/// Makes a new key and keeps it in a new file, on disk before this returns; never overwrites a file.
///
/// On Unix the file has mode 0600 from its first moment; elsewhere it has the rights of its folder.
pub fn create(path: &Path) -> Result<SecretKey, KeyFileError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(KeyFileError::Random)?;
    let file = create_private(path).map_err(|source| KeyFileError::not_created(path, source))?;
    write_seed(file, path, &seed).map_err(|source| {
        // Half a key would only stand in the way of the next attempt.
        fs::remove_file(path).ok();
        KeyFileError::not_created(path, source)
    })?;
    Ok(SecretKey::from_seed(&seed))
}

/// Reads a key file; on Unix only one that nobody but its owner may touch.
pub fn load(path: &Path) -> Result<SecretKey, KeyFileError> {
    let not_read = |source| KeyFileError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(not_read)?;
    check_private(&file.metadata().map_err(not_read)?, path)?;
    let mut text = Zeroizing::new(Vec::with_capacity(2 * READ_MAX));
    file.take(READ_MAX as u64).read_to_end(&mut text).map_err(not_read)?;
    let seed = parse_seed(&text).ok_or_else(|| KeyFileError::NotAKey(path.to_owned()))?;
    Ok(SecretKey::from_seed(&seed))
}

/// One byte more than 64 digits and a Windows line end, so that a longer file is noticed and not read whole.
const READ_MAX: usize = 67;

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write_seed(mut file: File, path: &Path, seed: &[u8; 32]) -> io::Result<()> {
    // Room for all of it at once: a string that grows leaves copies of itself behind.
    let mut text = Zeroizing::new(String::with_capacity(READ_MAX));
    writeln!(text, "{}", Hex(seed)).map_err(io::Error::other)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    sync_folder(path)
}

/// Without this the file's name may be lost in a power cut although its content is on disk.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
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
    sync_folder(path)
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
