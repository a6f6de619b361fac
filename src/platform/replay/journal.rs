//! Reading an exported journal: a header line, then a JSON object a line with the signed bytes of one entry.

use serde::Deserialize;

use crate::domain::{
    crypto::hash,
    envelope::{Envelope, decode},
    id::{Hash, parse_hex},
    journal::{ENTRY_BYTES_MAX, Entry},
};

/// Longest line that is looked at, in bytes.
pub const LINE_BYTES_MAX: usize = 2 * ENTRY_BYTES_MAX + 1024;

/// What the header line says.
const FORMAT: &str = "countersign-journal/1";

/// One entry of an exported journal, believed as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalLine {
    /// What the signed bytes say.
    pub entry: Entry,
    /// Their hash.
    pub hash: Hash,
}

#[derive(Deserialize)]
struct Written {
    format: Option<String>,
    bytes: Option<String>,
}

/// Reads one line of `countersign journal export`; nothing for its header and for blank lines.
pub fn read_line(line: &str) -> Result<Option<JournalLine>, JournalError> {
    let Some(bytes) = read_bytes(line)? else {
        return Ok(None);
    };
    let entry = unverified(&bytes).ok_or(JournalError::Entry)?;
    Ok(Some(JournalLine { entry, hash: hash(&bytes) }))
}

/// What signed bytes say; whether the signature holds is not looked at.
pub fn unverified(bytes: &[u8]) -> Option<Entry> {
    decode(Envelope::parse(bytes).ok()?.unverified_payload()).ok()
}

/// The signed bytes in one line; nothing for the header and for blank lines.
pub fn read_bytes(line: &str) -> Result<Option<Vec<u8>>, JournalError> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() > LINE_BYTES_MAX {
        return Err(JournalError::Shape);
    }
    let written: Written = serde_json::from_str(line).map_err(|_error| JournalError::Shape)?;
    match (written.format, written.bytes) {
        (Some(format), None) if format == FORMAT => Ok(None),
        (Some(_), None) => Err(JournalError::Format),
        (_, Some(digits)) => spelled(&digits).ok_or(JournalError::Entry).map(Some),
        (None, None) => Err(JournalError::Shape),
    }
}

fn spelled(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| parse_hex::<1>(std::str::from_utf8(pair).ok()?);
    let bytes: Option<Vec<u8>> = pairs.iter().map(|pair| byte(pair).map(|[byte]| byte)).collect();
    bytes.filter(|bytes| rest.is_empty() && bytes.len() <= ENTRY_BYTES_MAX)
}

/// Why a line is not one of an exported journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Not an object with an entry.
    #[error("not a line of `countersign journal export`")]
    Shape,
    /// A header of something else.
    #[error("not a journal of the format {FORMAT}")]
    Format,
    /// Bytes that are no entry.
    #[error("its bytes are no journal entry")]
    Entry,
}
