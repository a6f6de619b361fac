//! A voucher signed once more by the phone it lives on, so that a copy of the code is worth nothing a minute later.

use minicbor::{Decode, Encode, bytes::ByteVec};

use super::{
    text::{PRESENTATION_PREFIX, from_text, spelled},
    token::{TOKEN_MAX, VerifyError},
};
use crate::domain::{
    crypto::{HolderKey, SecretKey},
    envelope::{Context, Envelope, EnvelopeError, decode, encode, seal},
    time::Timestamp,
};

/// Longest presentation that is looked at, in Base45 characters.
const TEXT_MAX: usize = (TOKEN_MAX + 128).div_ceil(2) * 3;

/// What a voucher proves about being here now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// Nothing: a print, a screenshot or a copy looks the same.
    Static,
    /// The issuer signed it again a few minutes ago and had it as unredeemed then.
    Fresh,
    /// The phone it lives on signed that it is being shown.
    Signed {
        /// When, by the phone's clock.
        at: Timestamp,
    },
}

/// How much presence there is, without the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Tier {
    /// A code that may be a copy.
    #[n(0)]
    #[default]
    Static,
    /// Signed again by the issuer.
    #[n(1)]
    Fresh,
    /// Signed by the phone.
    #[n(2)]
    Signed,
}

impl Tier {
    /// All, the least first.
    pub const ALL: [Self; 3] = [Self::Static, Self::Fresh, Self::Signed];

    /// Stable code, such as `static`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Fresh => "fresh",
            Self::Signed => "signed",
        }
    }
}

impl std::str::FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|tier| tier.code() == text);
        found.ok_or_else(|| "use static, fresh or signed".to_owned())
    }
}

impl Presence {
    /// Without the time.
    pub fn tier(self) -> Tier {
        match self {
            Self::Static => Tier::Static,
            Self::Fresh => Tier::Fresh,
            Self::Signed { .. } => Tier::Signed,
        }
    }

    /// When the phone signed.
    pub fn signed_at(self) -> Option<Timestamp> {
        match self {
            Self::Signed { at } => Some(at),
            Self::Static | Self::Fresh => None,
        }
    }
}

/// What the phone signs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Shown {
    #[n(0)]
    at: Timestamp,
    #[n(1)]
    token: ByteVec,
}

/// A presentation of the right shape, signed by whomever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Presentation {
    bytes: Vec<u8>,
    at: Timestamp,
}

impl Presentation {
    /// Reads the Base45 text behind the prefix; the token inside comes along.
    pub(super) fn parse(body: &str) -> Result<(Self, Vec<u8>), VerifyError> {
        let bytes = spelled(body, TEXT_MAX)?;
        let payload = Envelope::parse(&bytes)?.unverified_payload();
        let shown: Shown = decode(payload).map_err(EnvelopeError::Shape)?;
        if encode(&shown) != payload {
            return Err(EnvelopeError::Spelling.into());
        }
        Ok((Self { bytes, at: shown.at }, shown.token.into()))
    }

    /// When it was shown, where the holder's key signed it.
    pub(super) fn verify(&self, holder: &HolderKey) -> Option<Timestamp> {
        let key = holder.key().ok()?;
        let envelope = Envelope::parse(&self.bytes).ok()?;
        if envelope.kid() != key.id() {
            return None;
        }
        envelope.verify(&key, Context::Presentation).map(|_payload| self.at)
    }
}

/// What a phone with the holder's key shows at `at`: the voucher, signed once more.
pub fn present(holder: &SecretKey, voucher: &str, at: Timestamp) -> Result<String, VerifyError> {
    let shown = Shown { at, token: from_text(voucher)?.into() };
    let bytes = seal(holder, Context::Presentation, &encode(&shown));
    Ok(format!("{PRESENTATION_PREFIX}{}", base45::encode(bytes)))
}
