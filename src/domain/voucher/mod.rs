#![doc = include_str!("FORMAT.md")]

mod claims;
mod codec;
mod limit;
mod presentation;
mod terms;
mod text;
mod token;

pub use claims::{Claims, ClaimsError, Customer, Scope, short_code_bits};
pub use codec::{ClaimsDecodeError, decode_claims, encode_claims};
pub use limit::{LINES_MAX, Limit, Lines, Used};
pub use presentation::{Presence, Tier, present};
pub use terms::{
    AmountOff, Item, Kind, Label, MINOR_MAX, OrderLine, PercentOff, TOLERANCE_MAX_S, Terms, Ticket,
    USES_MAX,
};
pub use text::{PREFIX, PRESENTATION_PREFIX, TextError, from_text, to_text};
pub use token::{IssuerKey, KeySource, TOKEN_MAX, UntrustedToken, VerifyError, Voucher, mint};
