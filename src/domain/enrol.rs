//! Enrolment: a one-time code bound to the platform's root key turns a fresh device into a terminal.
//!
//! The code itself carries the root key, so a hostile network cannot enrol a terminal to another platform:
//! whatever it answers must be signed under the key the owner carried over.

use minicbor::{Decode, Encode, bytes::ByteVec};

use super::{
    crypto::{PublicKey, SecretKey},
    envelope::{Context, Envelope, EnvelopeError, decode, encode, open_message, seal_message},
    id::{BranchId, Epoch, Hash, MerchantId, TerminalId},
    trust::{BundleError, TrustBundle},
};

/// What every enrolment code begins with.
pub const PREFIX: &str = "CSE1:";

/// Longest enrolment code, in characters.
const TEXT_MAX: usize = 512;

/// Most pins of a code: the key in use and the next.
pub const PINS_MAX: usize = 2;

/// What the owner carries from the platform to the terminal, as a QR code or a text.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EnrolmentCode {
    /// Where the platform is reached, such as `https://vouchers.example`.
    #[n(1)]
    pub url: String,
    /// The key everything else is signed under.
    #[n(2)]
    pub root: PublicKey,
    /// Works once, for an hour.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub secret: [u8; 16],
    /// SHA-256 of the public keys that its server may have, at most [`PINS_MAX`]; none where the authorities that the
    /// device trusts are to vouch for it.
    #[n(4)]
    pub pins: Option<Vec<Hash>>,
}

impl EnrolmentCode {
    /// The code as text in the QR alphanumeric alphabet.
    pub fn to_text(&self) -> String {
        format!("{PREFIX}{}", base45::encode(encode(self)))
    }

    /// Reads a code.
    pub fn parse(text: &str) -> Result<Self, EnrolError> {
        let body = text.trim().strip_prefix(PREFIX).ok_or(EnrolError::NotACode)?;
        if body.len() > TEXT_MAX {
            return Err(EnrolError::Damaged);
        }
        let bytes = base45::decode(body).map_err(|_error| EnrolError::Damaged)?;
        let code: Self = decode(&bytes).map_err(|_error| EnrolError::Damaged)?;
        let same = encode(&code) == bytes && base45::encode(&bytes) == body;
        let web = code.url.starts_with("https://") || code.url.starts_with("http://");
        let few = code.pins.as_ref().is_none_or(|pins| (1..=PINS_MAX).contains(&pins.len()));
        if same && web && few { Ok(code) } else { Err(EnrolError::Damaged) }
    }
}

/// What a fresh device asks, signed with the key it made for itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EnrolmentRequest {
    /// The secret of the code.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub secret: [u8; 16],
    /// The device's key; its signature under the request proves that the device has the other half.
    #[n(2)]
    pub key: PublicKey,
    /// Version of the program.
    #[n(3)]
    pub software: String,
}

impl EnrolmentRequest {
    /// Signs the request.
    pub fn seal(&self, key: &SecretKey) -> Vec<u8> {
        seal_message(key, Context::Enrolment, self)
    }

    /// The secret that a request claims to have, before any signature is looked at.
    pub fn unverified_secret(bytes: &[u8]) -> Option<[u8; 16]> {
        let unverified: Self = decode(Envelope::parse(bytes).ok()?.unverified_payload()).ok()?;
        Some(unverified.secret)
    }

    /// The request in `bytes`, when it is signed by the very key it names.
    pub fn open(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let unverified: Self =
            decode(Envelope::parse(bytes)?.unverified_payload()).map_err(EnvelopeError::Shape)?;
        open_message(bytes, &unverified.key, Context::Enrolment)
    }
}

/// What the platform answers, signed with its acknowledgement key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Grant {
    /// The terminal's number.
    #[n(1)]
    pub terminal: TerminalId,
    /// What people call it, such as `Till 3`.
    #[n(2)]
    pub name: String,
    /// Whose it is.
    #[n(3)]
    pub merchant: MerchantId,
    /// Where it stands.
    #[n(4)]
    pub branch: BranchId,
    /// Which life of its journal begins.
    #[n(5)]
    pub epoch: Epoch,
    /// The key the device asked for.
    #[n(6)]
    pub key: PublicKey,
    /// The trust bundle, signed by the root key.
    #[n(7)]
    pub bundle: ByteVec,
}

impl Grant {
    /// Signs the grant.
    pub fn seal(&self, platform: &SecretKey) -> Vec<u8> {
        seal_message(platform, Context::Enrolment, self)
    }

    /// The grant in `bytes` with its bundle: the bundle under the root key of the code, and the grant under
    /// the platform key that the bundle names.
    pub fn open(
        bytes: &[u8],
        root: &PublicKey,
        device: &PublicKey,
    ) -> Result<(Self, TrustBundle), EnrolError> {
        let (grant, bundle) = Self::open_any(bytes, root)?;
        if grant.key == *device { Ok((grant, bundle)) } else { Err(EnrolError::OtherDevice) }
    }

    /// The same, whichever device it is for.
    pub fn open_any(bytes: &[u8], root: &PublicKey) -> Result<(Self, TrustBundle), EnrolError> {
        let unverified: Self =
            decode(Envelope::parse(bytes)?.unverified_payload()).map_err(EnvelopeError::Shape)?;
        let bundle = TrustBundle::open(&unverified.bundle, root)?;
        let grant: Self = open_message(bytes, &bundle.platform_key, Context::Enrolment)?;
        let own = bundle.merchant.id == grant.merchant;
        let fits = own && bundle.branch(grant.branch).is_some();
        if fits { Ok((grant, bundle)) } else { Err(EnrolError::OtherDevice) }
    }
}

/// Why a device does not become a terminal.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// Not the text of an enrolment code.
    #[error("this is not an enrolment code; it begins with CSE1:")]
    NotACode,
    /// Begins like one.
    #[error("the enrolment code is damaged; scan or copy it again as a whole")]
    Damaged,
    /// The answer is not signed as the code demands.
    #[error("the answer does not come from the platform of this enrolment code: {0}")]
    NotThePlatform(#[from] EnvelopeError),
    /// The bundle in the answer is not signed as the code demands.
    #[error("the answer does not come from the platform of this enrolment code: {0}")]
    Bundle(#[from] BundleError),
    /// The answer is for another device.
    #[error("the platform's answer is for another device")]
    OtherDevice,
}
