//! A voucher argument: its text, or the path of a picture.

use std::{path::Path, time::Duration};

use super::ConsoleError;
use crate::{
    device::{picture, qr::reader::Reader},
    domain::scan::EntryMethod,
    terminal::pictures::first_of_ours,
};

/// How long one picture may take.
const PICTURE_BUDGET: Duration = Duration::from_secs(10);

/// Largest picture file, in bytes.
const FILE_MAX: u64 = 32 * 1024 * 1024;

/// What an argument stands for, and how it came in.
pub(super) struct Scan {
    /// The text; none where a picture holds none that can be read, for this reason.
    pub(super) text: Result<String, String>,
    pub(super) method: EntryMethod,
}

/// Reads an argument; a file that cannot be read at all is an error.
pub(super) fn scan(argument: &str) -> Result<Scan, ConsoleError> {
    let path = Path::new(argument);
    if argument.len() < 1024 && path.is_file() {
        return Ok(Scan { text: from_picture(path)?, method: EntryMethod::Camera });
    }
    Ok(Scan { text: Ok(argument.to_owned()), method: EntryMethod::Program })
}

/// The text of an argument that is no scan at a counter.
pub(super) fn text(argument: &str) -> Result<String, ConsoleError> {
    let path = argument.to_owned();
    scan(argument)?.text.map_err(|reason| ConsoleError::Picture { path, reason })
}

/// The first code of ours in a picture, or else the first of any kind, or else why there is none.
fn from_picture(path: &Path) -> Result<Result<String, String>, ConsoleError> {
    let fail = |reason: String| ConsoleError::Picture { path: path.display().to_string(), reason };
    let size = path.metadata().map_err(|error| fail(error.to_string()))?.len();
    if size > FILE_MAX {
        return Ok(Err("the file is too large for a picture of a code".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
    let mut reader = Reader::start().map_err(|error| fail(error.to_string()))?;
    let luma = match picture::load(&bytes) {
        Ok(luma) => luma,
        Err(error) => return Ok(Err(error.to_string())),
    };
    Ok(match reader.read(luma, PICTURE_BUDGET) {
        Ok(texts) => first_of_ours(texts).ok_or_else(|| "no readable QR code".to_owned()),
        Err(error) => Err(error.to_string()),
    })
}
