//! Parcels: signed messages in one file, carried by hand between a terminal that is never online and the platform.
//!
//! No promise rests on who carries it: every message inside is signed as if it had gone over the network, and a parcel that
//! is lost, doubled, old or another's changes nothing.

use std::{fmt, str::FromStr};

use jiff::{civil::Date, tz::TimeZone};
use minicbor::Decoder;

use super::message::MESSAGE_BYTES_MAX;
use crate::domain::{
    crypto::KeyId,
    envelope::build,
    id::{TerminalId, parse_hex},
    time::Timestamp,
};

/// Largest parcel, in bytes.
pub const PARCEL_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most messages of one parcel.
pub const PARCEL_MESSAGES_MAX: usize = 1024;

/// Bytes around the messages, and around each of them, at the most.
const FRAME_BYTES: usize = 64;

/// What a parcel holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParcelKind {
    /// A terminal's requests, on their way to the platform.
    Requests,
    /// The platform's replies, on their way to a terminal.
    Replies,
}

impl ParcelKind {
    /// What stands first in the file.
    fn format(self) -> &'static str {
        match self {
            Self::Requests => "countersign-requests/1",
            Self::Replies => "countersign-replies/1",
        }
    }

    /// What the file's name ends with.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Requests => ".to-platform",
            Self::Replies => ".from-platform",
        }
    }
}

/// Signed messages that travel together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    kind: ParcelKind,
    messages: Vec<Vec<u8>>,
    size: usize,
}

impl Parcel {
    /// An empty parcel.
    pub fn new(kind: ParcelKind) -> Self {
        Self { kind, messages: Vec::new(), size: FRAME_BYTES }
    }

    /// Bytes that one more message may have.
    pub fn room(&self) -> usize {
        if self.messages.len() >= PARCEL_MESSAGES_MAX {
            return 0;
        }
        PARCEL_BYTES_MAX.saturating_sub(self.size.saturating_add(FRAME_BYTES))
    }

    /// Adds a message; false, and nothing changes, where it does not fit.
    pub fn push(&mut self, message: Vec<u8>) -> bool {
        let fits = self.messages.len() < PARCEL_MESSAGES_MAX && message.len() <= self.room();
        if fits {
            self.size = self.size.saturating_add(message.len()).saturating_add(FRAME_BYTES);
            self.messages.push(message);
        }
        fits
    }

    /// Whether there is no message in it.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The file: a CBOR array of the format and an array of the messages, each a byte string.
    pub fn to_bytes(&self) -> Vec<u8> {
        build(self.size, |e| {
            e.array(2)?.str(self.kind.format())?.array(self.messages.len() as u64)?;
            for message in &self.messages {
                e.bytes(message)?;
            }
            e.ok()
        })
    }

    /// The messages of a file of this kind; their signatures are not looked at.
    pub fn messages(kind: ParcelKind, bytes: &[u8]) -> Result<Vec<&[u8]>, ParcelError> {
        if bytes.len() > PARCEL_BYTES_MAX {
            return Err(ParcelError::TooLarge);
        }
        read(kind, bytes).map_err(|_error| ParcelError::NotAParcel)
    }
}

fn read(kind: ParcelKind, bytes: &[u8]) -> Result<Vec<&[u8]>, minicbor::decode::Error> {
    let error = minicbor::decode::Error::message;
    let mut decoder = Decoder::new(bytes);
    if decoder.array()? != Some(2) || decoder.str()? != kind.format() {
        return Err(error("not a parcel of this kind"));
    }
    let count = decoder.array()?.ok_or_else(|| error("no count of messages"))?;
    if count > PARCEL_MESSAGES_MAX as u64 {
        return Err(error("too many messages"));
    }
    let mut messages = Vec::new();
    for _ in 0..count {
        let message = decoder.bytes()?;
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(error("a message is too long"));
        }
        messages.push(message);
    }
    let whole = decoder.position() == bytes.len();
    whole.then_some(messages).ok_or_else(|| error("bytes after the end"))
}

/// What a parcel's file is called: whose it is, the day it was packed, and the first digits of the terminal's key, so
/// that parcels of two platforms' terminals can lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParcelName {
    /// The terminal that packed it, or that it is for.
    pub terminal: TerminalId,
    /// The day it was packed, in UTC.
    pub day: Date,
    /// Which key the terminal signs with.
    pub key: KeyId,
    /// What is in it.
    pub kind: ParcelKind,
}

const BEGINNING: &str = "countersign-terminal-";

impl ParcelName {
    /// The name of a parcel that is packed at a time.
    pub fn new(terminal: TerminalId, key: KeyId, kind: ParcelKind, at: Timestamp) -> Self {
        let at = jiff::Timestamp::from_second(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Self { terminal, day: at.to_zoned(TimeZone::UTC).date(), key, kind }
    }

    /// The name of the platform's answer to it.
    #[must_use]
    pub fn answer(self) -> Self {
        Self { kind: ParcelKind::Replies, ..self }
    }
}

impl fmt::Display for ParcelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (terminal, day, key) = (self.terminal, self.day, self.key);
        write!(f, "{BEGINNING}{terminal}-{day}-{key}{}", self.kind.ending())
    }
}

impl FromStr for ParcelName {
    type Err = ParcelError;

    /// Takes the one spelling that is written, so that a name is never a path to anywhere.
    fn from_str(text: &str) -> Result<Self, ParcelError> {
        let name = parts(text).filter(|name| name.to_string() == text);
        name.ok_or(ParcelError::OtherName)
    }
}

fn parts(text: &str) -> Option<ParcelName> {
    let inner = text.strip_prefix(BEGINNING)?;
    let mut kinds = [ParcelKind::Requests, ParcelKind::Replies].into_iter();
    let (kind, inner) =
        kinds.find_map(|kind| inner.strip_suffix(kind.ending()).map(|inner| (kind, inner)))?;
    let (terminal, inner) = inner.split_once('-')?;
    let (day, key) = inner.rsplit_once('-')?;
    Some(ParcelName {
        terminal: terminal.parse().ok()?,
        day: day.parse().ok()?,
        key: KeyId(parse_hex(key)?),
        kind,
    })
}

/// Why a file is not taken for a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParcelError {
    /// Beyond [`PARCEL_BYTES_MAX`].
    #[error("it is larger than any parcel")]
    TooLarge,
    /// Another file, or a damaged one.
    #[error("it is not a parcel of this kind, or it is damaged")]
    NotAParcel,
    /// Not a name that a terminal or the platform gives.
    #[error("it has another name than it was given")]
    OtherName,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(messages: &[&[u8]]) -> Parcel {
        let mut parcel = Parcel::new(ParcelKind::Requests);
        assert!(messages.iter().all(|message| parcel.push(message.to_vec())));
        parcel
    }

    #[test]
    fn a_parcel_is_read_as_its_own_kind_and_whole() {
        let bytes = parcel(&[b"one", b""]).to_bytes();
        // RFC 8949: an array of two, a text of 22 bytes, an array of two byte strings.
        let expected = [b"\x82\x76countersign-requests/1\x82\x43one\x40".as_slice()].concat();
        assert_eq!(bytes, expected);
        let read = Parcel::messages(ParcelKind::Requests, &bytes).unwrap();
        assert_eq!(read, [b"one".as_slice(), b""]);
        assert_eq!(
            Parcel::messages(ParcelKind::Replies, &bytes),
            Err(ParcelError::NotAParcel),
            "requests are not replies"
        );
        for end in 0..bytes.len() {
            assert!(Parcel::messages(ParcelKind::Requests, &bytes[..end]).is_err(), "{end}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(Parcel::messages(ParcelKind::Requests, &longer).is_err());
    }

    #[test]
    fn lengths_that_lie_are_refused_before_anything_is_kept() {
        let start = b"\x82\x76countersign-requests/1".as_slice();
        for lie in [
            // An array of 2^63 messages, one of 1025, one without a count, and a message of 2^62 bytes.
            b"\x9b\x80\0\0\0\0\0\0\0".as_slice(),
            b"\x99\x04\x01",
            b"\x9f\x41a\xff",
            b"\x81\x5b\x40\0\0\0\0\0\0\0",
        ] {
            let bytes = [start, lie].concat();
            assert!(Parcel::messages(ParcelKind::Requests, &bytes).is_err(), "{lie:?}");
        }
        let large = vec![0; PARCEL_BYTES_MAX + 1];
        assert_eq!(Parcel::messages(ParcelKind::Requests, &large), Err(ParcelError::TooLarge));
    }

    #[test]
    fn a_full_parcel_takes_no_more_and_can_be_read() {
        let mut full = Parcel::new(ParcelKind::Replies);
        while full.push(vec![7; 1024 * 1024]) {}
        assert!(!full.push(vec![7; full.room() + 1]));
        let bytes = full.to_bytes();
        assert!((15 * 1024 * 1024..=PARCEL_BYTES_MAX).contains(&bytes.len()), "{}", bytes.len());
        assert_eq!(Parcel::messages(ParcelKind::Replies, &bytes).unwrap().len(), 15);
        let mut many = Parcel::new(ParcelKind::Replies);
        while many.push(Vec::new()) {}
        // The array, the text of 21 characters with its head, the count, and an empty string each.
        assert_eq!(many.to_bytes().len(), 1 + 22 + 3 + 1024);
    }

    #[test]
    fn a_name_says_terminal_and_day_and_has_one_spelling() {
        let key = KeyId([0x1a, 0x2b, 0, 0x4d]);
        let at = Timestamp(1_795_338_000);
        let name = ParcelName::new(TerminalId(5), key, ParcelKind::Requests, at);
        let text = "countersign-terminal-5-2026-11-22-1a2b004d.to-platform";
        assert_eq!(name.to_string(), text);
        assert_eq!(text.parse(), Ok(name));
        assert_eq!(name.answer().to_string(), text.replace("to-", "from-"));
        for other in [
            "",
            "countersign-terminal-5-2026-11-22-1a2b004d",
            "countersign-terminal-5-2026-11-22-1A2B004D.to-platform",
            "countersign-terminal-05-2026-11-22-1a2b004d.to-platform",
            "countersign-terminal-5-2026-11-31-1a2b004d.to-platform",
            "countersign-terminal-5-2026-11-22-1a2b.to-platform",
            "countersign-terminal-5-2026-11-22-1a2b004d (1).to-platform",
            "../countersign-terminal-5-2026-11-22-1a2b004d.to-platform",
            "countersign-terminal-../../x-2026-11-22-1a2b004d.to-platform",
        ] {
            assert_eq!(other.parse::<ParcelName>(), Err(ParcelError::OtherName), "{other}");
        }
    }
}
