//! What requests carry, read from plain bytes.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    voucher: String,
}

/// The text of the voucher that a customer's phone asks to have signed anew; none where it asks nothing of the kind.
pub fn voucher_asked(body: &[u8]) -> Option<String> {
    serde_json::from_slice(body).ok().map(|Question { voucher }| voucher)
}

/// Whether a `Content-Type` names this media type, whatever its parameters say (RFC 9110 section 8.3.1).
pub fn is_of_type(header: &str, wanted: &str) -> bool {
    header.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case(wanted)
}
