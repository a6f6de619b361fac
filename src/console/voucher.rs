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

/// The text an argument stands for, and how it came in.
pub(super) fn text(argument: &str) -> Result<(String, EntryMethod), ConsoleError> {
    let path = Path::new(argument);
    if argument.len() < 1024 && path.is_file() {
        return Ok((from_picture(path)?, EntryMethod::Camera));
    }
    Ok((argument.to_owned(), EntryMethod::Program))
}

/// The first code of ours in a picture, or else the first of any kind.
fn from_picture(path: &Path) -> Result<String, ConsoleError> {
    let fail = |reason: String| ConsoleError::Picture { path: path.display().to_string(), reason };
    let size = path.metadata().map_err(|error| fail(error.to_string()))?.len();
    if size > FILE_MAX {
        return Err(fail("the file is too large for a picture of a code".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
    let luma = picture::load(&bytes).map_err(|error| fail(error.to_string()))?;
    let mut reader = Reader::start().map_err(|error| fail(error.to_string()))?;
    let texts = reader.read(luma, PICTURE_BUDGET).map_err(|error| fail(error.to_string()))?;
    first_of_ours(texts)
        .ok_or_else(|| fail("there is no readable QR code in the picture".to_owned()))
}
