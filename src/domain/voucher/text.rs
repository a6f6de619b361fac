//! Token bytes as QR text: a prefix and Base45 (RFC 9285), in one spelling.

/// What every voucher's text begins with; all of the QR alphanumeric alphabet.
pub const PREFIX: &str = "CS1:";

/// What the text of a voucher begins with that a phone signed for this moment.
pub const PRESENTATION_PREFIX: &str = "CSP1:";

/// The text of a token.
pub fn to_text(bytes: &[u8]) -> String {
    format!("{PREFIX}{}", base45::encode(bytes))
}

/// The bytes that a text with the prefix spells.
///
/// The decoder is lenient about groups beyond 0xFFFF and 0xFF, so the result is spelled again and compared.
pub fn from_text(text: &str) -> Result<Vec<u8>, TextError> {
    spelled(text.strip_prefix(PREFIX).ok_or(TextError::Prefix)?, TEXT_MAX)
}

/// The bytes of a Base45 text in its one spelling, of at most so many characters.
pub(super) fn spelled(body: &str, characters_max: usize) -> Result<Vec<u8>, TextError> {
    if body.len() > characters_max {
        return Err(TextError::TooLong);
    }
    let bytes = base45::decode(body).map_err(|_error| TextError::NotBase45)?;
    if base45::encode(&bytes) == body { Ok(bytes) } else { Err(TextError::NotBase45) }
}

/// Base45 characters of the longest token.
const TEXT_MAX: usize = super::TOKEN_MAX.div_ceil(2) * 3;

/// Why a text is not the text of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It begins otherwise.
    #[error("a voucher's text begins with CS1: or CSP1:")]
    Prefix,
    /// More than any voucher has.
    #[error("the text is longer than any voucher")]
    TooLong,
    /// Not Base45 as RFC 9285 has it.
    #[error("the text is not Base45: characters are missing or wrong")]
    NotBase45,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(body: &str) -> Result<Vec<u8>, TextError> {
        from_text(&format!("{PREFIX}{body}"))
    }

    #[test]
    fn rfc_9285_examples_hold() {
        // RFC 9285 sections 4.3 and 4.4.
        for (text, base45) in
            [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581")]
        {
            assert_eq!(to_text(text.as_bytes()), format!("{PREFIX}{base45}"));
            assert_eq!(decode(base45), Ok(text.as_bytes().to_vec()));
        }
        assert_eq!(decode("QED8WEX0"), Ok(b"ietf!".to_vec()));
        assert_eq!(decode("FGW"), Ok(vec![0xff, 0xff]));
    }

    #[test]
    fn groups_beyond_their_range_are_refused() {
        for bad in ["GGW", ":::", "::", "5R", "A", "BB8A", "bb8", "BB8 ", "B\u{e9}8"] {
            assert_eq!(decode(bad), Err(TextError::NotBase45), "{bad}");
        }
        assert_eq!(from_text("BB8"), Err(TextError::Prefix));
        assert_eq!(from_text("cs1:BB8"), Err(TextError::Prefix));
        assert_eq!(decode(&"0".repeat(1_000_000)), Err(TextError::TooLong));
    }
}
