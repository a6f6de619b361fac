#![doc = include_str!("FORMAT.md")]

mod claims;
mod codec;
mod text;
mod token;

pub use claims::{
    AmountOff, Claims, ClaimsError, Kind, Limit, MINOR_MAX, PercentOff, Scope, Terms, USES_MAX,
    Used, short_code_bits,
};
pub use codec::ClaimsDecodeError;
pub use text::{PREFIX, TextError, from_text, to_text};
pub use token::{IssuerKey, KeySource, TOKEN_MAX, UntrustedToken, VerifyError, Voucher, mint};
