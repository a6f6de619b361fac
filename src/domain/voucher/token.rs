//! From bytes nobody vouches for to a voucher the rules may look at.

use std::borrow::Cow;

use super::{
    claims::{Claims, ClaimsError},
    codec::{ClaimsDecodeError, decode_claims, encode_claims},
    presentation::{Presence, Presentation},
    text::{PRESENTATION_PREFIX, TextError, from_text, to_text},
};
use crate::domain::{
    crypto::{KeyId, PublicKey, SecretKey, hash},
    envelope::{Context, Envelope, EnvelopeError, seal},
    id::{Hash, IssuerName},
    time::Timestamp,
};

/// Longest token that is looked at, in bytes.
pub const TOKEN_MAX: usize = 1024;

/// Signs claims as a voucher's text.
pub fn mint(key: &SecretKey, claims: &Claims) -> Result<String, ClaimsError> {
    claims.check()?;
    Ok(to_text(&seal(key, Context::Voucher, &encode_claims(claims))))
}

/// A token of the right shape, with everything in it still to be doubted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntrustedToken {
    bytes: Vec<u8>,
    kid: KeyId,
    presentation: Option<Presentation>,
}

impl UntrustedToken {
    /// Reads the text of a QR code: a voucher, or a voucher that a phone signed for this moment.
    pub fn parse(text: &str) -> Result<Self, VerifyError> {
        if let Some(body) = text.strip_prefix(PRESENTATION_PREFIX) {
            let (presentation, token) = Presentation::parse(body)?;
            return Self::from_bytes(token, Some(presentation));
        }
        Self::from_bytes(from_text(text)?, None)
    }

    fn from_bytes(bytes: Vec<u8>, presentation: Option<Presentation>) -> Result<Self, VerifyError> {
        if bytes.len() > TOKEN_MAX {
            return Err(TextError::TooLong.into());
        }
        let kid = Envelope::parse(&bytes)?.kid();
        Ok(Self { bytes, kid, presentation })
    }

    /// Which key claims to have signed.
    pub fn kid(&self) -> KeyId {
        self.kid
    }

    /// The claims as they stand, signed by whomever: for looking at, never for deciding.
    pub fn unverified_claims(&self) -> Result<Claims, VerifyError> {
        Ok(decode_claims(Envelope::parse(&self.bytes)?.unverified_payload())?)
    }

    /// The voucher, when one of the issuers' keys signed it.
    ///
    /// A key id is only a hint: every key that shares it is tried.
    pub fn verify(&self, keys: &impl KeySource) -> Result<Voucher, VerifyError> {
        let envelope = Envelope::parse(&self.bytes)?;
        let candidates = keys.keys(self.kid);
        if candidates.is_empty() {
            return Err(VerifyError::KeyUnknown(self.kid));
        }
        let signed = |key: &&IssuerKey| envelope.verify(&key.public, Context::Voucher).is_some();
        let key = candidates.iter().find(signed).ok_or(VerifyError::Signature)?;
        let claims = decode_claims(envelope.unverified_payload())?;
        if claims.issuer != key.issuer {
            return Err(VerifyError::Issuer);
        }
        let presence = self.presence(&claims)?;
        Ok(Voucher { claims, key: key.clone(), token: hash(&self.bytes), presence })
    }

    /// What the voucher itself proves about being here now.
    fn presence(&self, claims: &Claims) -> Result<Presence, VerifyError> {
        match (&self.presentation, &claims.holder) {
            (Some(presentation), Some(holder)) => {
                let at = presentation.verify(holder).ok_or(VerifyError::Holder)?;
                Ok(Presence::Signed { at })
            }
            (Some(_), None) => Err(VerifyError::Holder),
            (None, _) if claims.is_fresh() => Ok(Presence::Fresh),
            (None, _) => Ok(Presence::Static),
        }
    }
}

/// Where the keys of issuers are looked up.
pub trait KeySource {
    /// All keys with this id, of any issuer; few, since ids are hashes.
    fn keys(&self, kid: KeyId) -> &[IssuerKey];
}

/// A key that an issuer signs vouchers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerKey {
    /// Whose it is.
    pub issuer: IssuerName,
    /// The key.
    pub public: PublicKey,
    /// First second it may be relied on.
    pub from: Timestamp,
    /// First second it may no longer be relied on.
    pub until: Timestamp,
    /// Whether it was withdrawn: nothing it signed is believed.
    pub withdrawn: bool,
}

/// A voucher whose signature was verified; there is no other way to come by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voucher {
    claims: Claims,
    key: IssuerKey,
    token: Hash,
    presence: Presence,
}

impl Voucher {
    /// What it says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The key that signed it.
    pub fn key(&self) -> &IssuerKey {
        &self.key
    }

    /// The same voucher with the key that signed it as it stands among others; a key that is gone counts as withdrawn.
    pub fn under(&self, keys: &impl KeySource) -> Cow<'_, Self> {
        let mut known = keys.keys(self.key.public.id()).iter();
        let signer = (&self.key.issuer, self.key.public);
        match known.find(|key| (&key.issuer, key.public) == signer) {
            Some(key) if *key == self.key => Cow::Borrowed(self),
            Some(key) => Cow::Owned(Self { key: key.clone(), ..self.clone() }),
            None => {
                let key = IssuerKey { withdrawn: true, ..self.key.clone() };
                Cow::Owned(Self { key, ..self.clone() })
            }
        }
    }

    /// What it proves about being here now, and not only a copy.
    pub fn presence(&self) -> Presence {
        self.presence
    }

    /// The hash of the token, as evidence which one was shown.
    pub fn token_hash(&self) -> Hash {
        self.token
    }
}

/// Why a text is not a voucher that is believed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Not the text of a token.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Not a signed message, or in another spelling.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// No issuer's key has this id.
    #[error("no key {0} of any issuer is known here")]
    KeyUnknown(KeyId),
    /// No key with this id signed it.
    #[error("the signature does not fit")]
    Signature,
    /// Signed by another issuer's key than it names.
    #[error("the voucher names another issuer than the one who signed")]
    Issuer,
    /// Another key than the one on the voucher signed that it is being shown.
    #[error("another phone signed than the one the voucher lives on")]
    Holder,
    /// Signed, but not understood.
    #[error(transparent)]
    Claims(#[from] ClaimsDecodeError),
}

impl VerifyError {
    /// Stable code for journals and programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KeyUnknown(_) => "key_unknown",
            Self::Holder => "live_proof_invalid",
            Self::Signature | Self::Issuer => "signature_invalid",
            Self::Claims(error) if error.is_from_newer_version() => "token_too_new",
            Self::Text(_) | Self::Envelope(_) | Self::Claims(_) => "token_malformed",
        }
    }
}
