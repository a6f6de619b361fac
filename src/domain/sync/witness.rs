//! Witnessed entries: the address that a customer's phone opens to tell the platform of a redemption.
//!
//! A phone's camera opens addresses and nothing else, so the signed entry stands in one. It is Base32 (RFC 4648 section 6, without
//! padding): of the QR alphanumeric alphabet, where a character takes five and a half bits, and nothing in it needs escaping.

use crate::domain::journal::ENTRY_BYTES_MAX;

/// Where the platform takes them, before the text of the entry.
pub const WITNESS_PATH: &str = "/E/";

/// Longest address that is shown: what a QR code of version 25 holds at level L (ISO/IEC 18004 table 7).
pub const WITNESS_URL_MAX: usize = 1853;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The address that hands a signed entry to the platform at `platform`; none where it is too long to be shown.
///
/// Scheme and host are written large, which means the same and keeps the code small; a path is left as it is.
pub fn witness_url(platform: &str, entry: &[u8]) -> Option<String> {
    let platform = platform.trim_end_matches('/');
    let host = platform.find("://").map_or(0, |at| at.saturating_add(3));
    let end = platform.get(host..)?.find('/').map_or(platform.len(), |at| host.saturating_add(at));
    let (origin, path) = platform.split_at_checked(end)?;
    let url = format!("{}{path}{WITNESS_PATH}{}", origin.to_ascii_uppercase(), to_text(entry));
    (url.len() <= WITNESS_URL_MAX).then_some(url)
}

/// The bytes of the entry in an address, in their one spelling.
pub fn witness_bytes(text: &str) -> Option<Vec<u8>> {
    // Eight characters are five bytes.
    if text.len() > ENTRY_BYTES_MAX.saturating_mul(2) {
        return None;
    }
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut bytes = Vec::with_capacity(text.len());
    for sign in text.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == sign)?;
        bits = (bits << 5) | u32::try_from(digit).ok()?;
        count = count.saturating_add(5);
        if count >= 8 {
            count = count.saturating_sub(8);
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
            bits &= low(count);
        }
    }
    (to_text(&bytes) == text).then_some(bytes)
}

/// So many ones from the lowest bit.
fn low(count: u32) -> u32 {
    u32::MAX.checked_shl(count).map_or(u32::MAX, |high| !high)
}

fn to_text(bytes: &[u8]) -> String {
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    let digit = |bits: u32| {
        let place = usize::try_from(bits & 31).unwrap_or(0);
        char::from(ALPHABET.get(place).copied().unwrap_or(b'A'))
    };
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        count = count.saturating_add(8);
        while count >= 5 {
            count = count.saturating_sub(5);
            text.push(digit(bits >> count));
        }
        bits &= low(count);
    }
    if count > 0 {
        text.push(digit(bits << 5_u32.saturating_sub(count)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4648_examples_hold() {
        // RFC 4648 section 10, without the padding.
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(to_text(bytes.as_bytes()), text);
            assert_eq!(witness_bytes(text), Some(bytes.as_bytes().to_vec()));
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["MZ", "mzxw6", "MZXW6===", "M", "MZX", "MZXW60", "MZXW 6", "MÄ", "MY======"] {
            assert_eq!(witness_bytes(text), None, "{text}");
        }
        assert_eq!(witness_bytes(&"A".repeat(1_000_000)), None);
    }

    #[test]
    fn the_address_is_of_the_alphanumeric_alphabet() {
        let url = witness_url("https://vouchers.example:8443/", b"foobar").unwrap();
        assert_eq!(url, "HTTPS://VOUCHERS.EXAMPLE:8443/E/MZXW6YTBOI");
        let alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
        assert!(url.chars().all(|sign| alphabet.contains(sign)));
        let below = witness_url("https://example.org/shops/cs", b"f").unwrap();
        assert_eq!(below, "HTTPS://EXAMPLE.ORG/shops/cs/E/MY");
        assert!(witness_url("https://example.org", &[7; 1100]).is_some());
        assert_eq!(witness_url("https://example.org", &[7; 1200]), None);
    }
}
