//! How this terminal knows the platform's server: by the files `platform-ca.pem` and `platform-pins.txt` of its folder.
//!
//! Pins come with the enrolment code, the authorities' certificates with `countersign enrol --ca`. Where there are pins,
//! they alone count; where there is neither file, this machine's own authorities do.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::clock::Clock;
use crate::{
    domain::{id::Hash, time::Timestamp},
    files,
    net::{HttpTransport, ServerTrust, Times, TransportError, TrustError},
};

/// Certificates of the authorities that may vouch for the platform's server, in PEM format.
const AUTHORITIES: &str = "platform-ca.pem";

/// The hashes of keys that the platform's server may have, one a line.
const PINS: &str = "platform-pins.txt";

/// Longest file that is looked at, in bytes.
const FILE_MAX: u64 = 1024 * 1024;

const HEAD: &str = "# SHA-256 of the public keys that the platform's server may have, one a line: the key in use and the next.\n";

/// The way to the platform at `url`; `proven` is the time in its last reply.
pub fn transport(
    dir: &Path,
    url: &str,
    proven: Option<Timestamp>,
    clock: Arc<dyn Clock>,
) -> Result<HttpTransport, ServerError> {
    let times = Times::new(move || clock.now().time, proven);
    Ok(HttpTransport::new(url, &trust(dir)?, times)?)
}

/// Whom an enrolment goes to: the server of the code's pins, or one that the authorities of a file vouch for, or as
/// [`trust`] has it.
pub fn trust_of(
    dir: &Path,
    pins: &[Hash],
    file: Option<&Path>,
) -> Result<ServerTrust, ServerError> {
    match file {
        _ if !pins.is_empty() => Ok(ServerTrust::Pins(pins.to_vec())),
        Some(file) => authorities(file).map(|(_, trust)| trust),
        None => trust(dir),
    }
}

/// Whom the folder takes for the platform's server.
pub fn trust(dir: &Path) -> Result<ServerTrust, ServerError> {
    if let Some(text) = read(&dir.join(PINS))? {
        return parse_pins(&text).map(ServerTrust::Pins).ok_or(ServerError::Pins(dir.join(PINS)));
    }
    let file = dir.join(AUTHORITIES);
    if file.exists() { authorities(&file).map(|(_, trust)| trust) } else { Ok(ServerTrust::System) }
}

/// Keeps the pins of an enrolment code in the folder; a code without any leaves what is there.
pub fn keep_pins(dir: &Path, pins: &[Hash]) -> Result<(), ServerError> {
    if pins.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = pins.iter().map(Hash::to_string).collect();
    write(dir, PINS, format!("{HEAD}{}\n", lines.join("\n")).as_bytes())
}

/// Keeps the certificates of a file in PEM format as the authorities of the folder.
pub fn keep_authorities(dir: &Path, file: &Path) -> Result<(), ServerError> {
    write(dir, AUTHORITIES, &authorities(file)?.0)
}

fn authorities(file: &Path) -> Result<(Vec<u8>, ServerTrust), ServerError> {
    let path = file.to_owned();
    let Some(text) = read(file)? else {
        return Err(ServerError::Read { path, source: io::ErrorKind::NotFound.into() });
    };
    match ServerTrust::from_pem(&text) {
        Ok(trust) => Ok((text, trust)),
        Err(source) => Err(ServerError::Authorities { path, source }),
    }
}

/// The pins of a file; none where a line is no pin, or there is not one.
fn parse_pins(text: &[u8]) -> Option<Vec<Hash>> {
    let text = std::str::from_utf8(text).ok()?;
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pins = lines.map(|line| line.parse().ok()).collect::<Option<Vec<_>>>()?;
    (!pins.is_empty()).then_some(pins)
}

/// A file's content; none where there is no such file.
fn read(path: &Path) -> Result<Option<Vec<u8>>, ServerError> {
    let failed = |source| ServerError::Read { path: path.to_owned(), source };
    match fs::metadata(path) {
        Ok(file) if file.len() > FILE_MAX => Err(failed(io::ErrorKind::FileTooLarge.into())),
        Ok(_) => fs::read(path).map(Some).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Half a file must never stand where a whole one was.
fn write(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), ServerError> {
    let (path, half) = (dir.join(name), dir.join(format!("{name}.half")));
    let written = fs::create_dir_all(dir)
        .and_then(|()| fs::write(&half, bytes))
        .and_then(|()| fs::File::open(&half)?.sync_all())
        .and_then(|()| fs::rename(&half, &path))
        .and_then(|()| files::sync_folder(dir));
    written.map_err(|source| ServerError::Write { path, source })
}

/// Why there is no way to the platform.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A file cannot be read.
    #[error("{} could not be read: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{} could not be written: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file of the pins holds something else.
    #[error(
        "{} holds something that is no pin; a pin is 64 digits, 0-9 and a-f, on a line of its own",
        .0.display()
    )]
    Pins(PathBuf),
    /// The certificates cannot be used.
    #[error("{}: {source}", path.display())]
    Authorities {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: TrustError,
    },
    /// The address or the network.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[test]
    fn pins_are_kept_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(trust(dir.path()).unwrap(), ServerTrust::System);
        let pins = [Hash([7; 32]), Hash([9; 32])];
        keep_pins(dir.path(), &pins).unwrap();
        assert_eq!(trust(dir.path()).unwrap(), ServerTrust::Pins(pins.to_vec()));
        keep_pins(dir.path(), &[]).unwrap();
        assert_eq!(trust(dir.path()).unwrap(), ServerTrust::Pins(pins.to_vec()));
    }

    #[test]
    fn a_file_of_pins_that_is_damaged_is_never_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        for bad in ["", "# nothing\n", "00ff\n", "hello", &format!("{PIN}0\n"), "\u{feff}"] {
            fs::write(dir.path().join(PINS), bad).unwrap();
            assert!(matches!(trust(dir.path()), Err(ServerError::Pins(_))), "{bad:?}");
        }
        fs::write(dir.path().join(PINS), format!("  # the next\r\n\r\n {PIN} \r\n")).unwrap();
        assert!(matches!(trust(dir.path()), Ok(ServerTrust::Pins(pins)) if pins.len() == 1));
    }

    #[test]
    fn a_file_that_is_no_certificate_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("letter.txt");
        assert!(keep_authorities(dir.path(), &file).is_err(), "there is none");
        fs::write(&file, "dear landlord").unwrap();
        assert!(keep_authorities(dir.path(), &file).is_err());
        assert_eq!(trust(dir.path()).unwrap(), ServerTrust::System);
        fs::write(dir.path().join(AUTHORITIES), "dear landlord").unwrap();
        assert!(trust(dir.path()).is_err(), "never the system's authorities instead");
    }
}
