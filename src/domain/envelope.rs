//! The one signed shape: an untagged `COSE_Sign1` (RFC 9052 section 4.2) with Ed25519 and a four-byte key id.
//!
//! ```text
//! 84                      array of 4
//!   49 a2 01 32 04 44 …   protected: { alg (1): Ed25519 (-19, RFC 9864), kid (4): 4 bytes }
//!   a0                    unprotected: empty
//!   58 … / 59 … / 5a …    payload
//!   58 40 …               signature, 64 bytes
//! ```
//!
//! Every part but the payload has one spelling; [`Envelope::parse`] refuses all others. What the
//! signature covers includes a fixed text for each kind of message, so that none can pass for another.

use std::convert::Infallible;

use minicbor::{Decoder, Encoder};

use super::crypto::{KeyId, PublicKey, SecretKey};

/// What is signed: the `external_aad` of RFC 9052 section 4.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A voucher, by an issuer's key.
    Voucher,
    /// A voucher with the time it was shown, by the key of the phone it lives on.
    Presentation,
    /// A trust bundle, by the platform's root key.
    Bundle,
    /// A status manifest, by the platform's acknowledgement key.
    Manifest,
    /// A journal entry, by a terminal's key.
    Entry,
    /// A terminal's request, by its key.
    Request,
    /// The platform's reply, by its acknowledgement key.
    Reply,
    /// A new terminal's request to be enrolled, by the key it made for itself.
    Enrolment,
    /// Where a terminal's journal ended, by its key, for itself alone.
    Anchor,
}

impl Context {
    /// The text that is signed along.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Voucher => "countersign/voucher/1",
            Self::Presentation => "countersign/presentation/1",
            Self::Bundle => "countersign/bundle/1",
            Self::Manifest => "countersign/manifest/1",
            Self::Entry => "countersign/entry/1",
            Self::Request => "countersign/request/1",
            Self::Reply => "countersign/reply/1",
            Self::Enrolment => "countersign/enrolment/1",
            Self::Anchor => "countersign/anchor/1",
        }
    }
}

/// Signs `payload` and wraps it.
pub fn seal(key: &SecretKey, context: Context, payload: &[u8]) -> Vec<u8> {
    let protected = protected(key.public().id());
    let signature = key.sign(&to_be_signed(&protected, context, payload));
    wrap(&protected, payload, &signature)
}

/// A signed message whose shape was checked and whose signature was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    kid: KeyId,
    payload: &'a [u8],
    signature: [u8; 64],
}

impl<'a> Envelope<'a> {
    /// Reads the one accepted spelling.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let envelope = read(bytes).map_err(EnvelopeError::Shape)?;
        let again = wrap(&protected(envelope.kid), envelope.payload, &envelope.signature);
        if again == bytes { Ok(envelope) } else { Err(EnvelopeError::Spelling) }
    }

    /// Which key claims to have signed: a hint.
    pub fn kid(&self) -> KeyId {
        self.kid
    }

    /// What is inside, not yet to be believed.
    pub fn unverified_payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The payload, when `key` signed it in this context.
    pub fn verify(&self, key: &PublicKey, context: Context) -> Option<&'a [u8]> {
        let signed = to_be_signed(&protected(self.kid), context, self.payload);
        key.verify(&signed, &self.signature).then_some(self.payload)
    }
}

/// The payload of `bytes`, when it is well formed and `key` signed it in this context.
pub fn open<'a>(
    bytes: &'a [u8],
    key: &PublicKey,
    context: Context,
) -> Result<&'a [u8], EnvelopeError> {
    Envelope::parse(bytes)?.verify(key, context).ok_or(EnvelopeError::Signature)
}

/// Encodes `message` and signs it.
pub fn seal_message<T: minicbor::Encode<()>>(
    key: &SecretKey,
    context: Context,
    message: &T,
) -> Vec<u8> {
    seal(key, context, &encode(message))
}

/// The CBOR of `message`, deterministic (RFC 8949 section 4.2.1) for the types of this crate.
pub fn encode<T: minicbor::Encode<()>>(message: &T) -> Vec<u8> {
    build(0, |e| e.encode(message)?.ok())
}

/// What `write` wrote. A vector takes every write and no type of this crate refuses to be encoded;
/// were one to, the empty result would be refused wherever it is read.
pub fn build(
    capacity: usize,
    write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), minicbor::encode::Error<Infallible>>,
) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::with_capacity(capacity));
    match write(&mut encoder) {
        Ok(()) => encoder.into_writer(),
        Err(_) => Vec::new(),
    }
}

/// Opens a signed message and decodes it.
pub fn open_message<T>(bytes: &[u8], key: &PublicKey, context: Context) -> Result<T, EnvelopeError>
where
    T: for<'b> minicbor::Decode<'b, ()>,
{
    decode(open(bytes, key, context)?).map_err(EnvelopeError::NotUnderstood)
}

/// Decodes all of `bytes` as one message.
pub fn decode<T>(bytes: &[u8]) -> Result<T, minicbor::decode::Error>
where
    T: for<'b> minicbor::Decode<'b, ()>,
{
    let mut decoder = Decoder::new(bytes);
    let message = decoder.decode()?;
    if decoder.position() == bytes.len() {
        Ok(message)
    } else {
        Err(minicbor::decode::Error::message("bytes after the end"))
    }
}

fn read(bytes: &[u8]) -> Result<Envelope<'_>, minicbor::decode::Error> {
    let error = minicbor::decode::Error::message;
    let mut decoder = Decoder::new(bytes);
    if decoder.array()? != Some(4) {
        return Err(error("not an array of four"));
    }
    let header = decoder.bytes()?;
    let kid = header.last_chunk().copied().ok_or_else(|| error("the header is too short"))?;
    if decoder.map()? != Some(0) {
        return Err(error("the unprotected header is not empty"));
    }
    let payload = decoder.bytes()?;
    let signature = decoder.bytes()?;
    let signature = signature.try_into().map_err(|_error| error("a signature has 64 bytes"))?;
    Ok(Envelope { kid: KeyId(kid), payload, signature })
}

fn protected(KeyId([a, b, c, d]): KeyId) -> [u8; 9] {
    [0xa2, 0x01, 0x32, 0x04, 0x44, a, b, c, d]
}

fn wrap(protected: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    build(payload.len().saturating_add(96), |e| {
        e.array(4)?.bytes(protected)?.map(0)?.bytes(payload)?.bytes(signature)?.ok()
    })
}

/// The `Sig_structure` of RFC 9052 section 4.4.
fn to_be_signed(protected: &[u8], context: Context, payload: &[u8]) -> Vec<u8> {
    build(payload.len().saturating_add(64), |e| {
        let aad = context.text().as_bytes();
        e.array(4)?.str("Signature1")?.bytes(protected)?.bytes(aad)?.bytes(payload)?.ok()
    })
}

/// Why bytes are not a signed message that is believed.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Not the shape of one.
    #[error("not a signed message: {0}")]
    Shape(#[source] minicbor::decode::Error),
    /// The right shape in another spelling.
    #[error("a signed message in another spelling than the one accepted")]
    Spelling,
    /// Not signed by the key it should be.
    #[error("the signature does not fit")]
    Signature,
    /// Signed as it should be, and not a message that this version of the program knows.
    #[error("it is of a later version than this program knows; update the program ({0})")]
    NotUnderstood(#[source] minicbor::decode::Error),
}

#[cfg(test)]
mod tests {
    use coset::{CborSerializable as _, CoseSign1};

    use super::*;

    fn key() -> SecretKey {
        SecretKey::from_seed(&[1; 32])
    }

    #[test]
    fn an_unrelated_cose_library_reads_and_verifies_what_we_seal() {
        let sealed = seal(&key(), Context::Voucher, b"payload");
        let theirs = CoseSign1::from_slice(&sealed).unwrap();
        assert_eq!(theirs.payload.as_deref(), Some(&b"payload"[..]));
        assert_eq!(theirs.protected.header.key_id, key().public().id().0);
        let verdict = theirs.verify_signature(b"countersign/voucher/1", |signature, message| {
            key().public().verify(message, signature.try_into().unwrap()).then_some(()).ok_or(())
        });
        assert_eq!(verdict, Ok(()));
    }

    #[test]
    fn a_signature_holds_in_its_own_context_only() {
        let sealed = seal(&key(), Context::Entry, b"payload");
        assert!(open(&sealed, &key().public(), Context::Entry).is_ok());
        for other in [Context::Voucher, Context::Bundle, Context::Request, Context::Reply] {
            let opened = open(&sealed, &key().public(), other);
            assert!(matches!(opened, Err(EnvelopeError::Signature)), "{other:?}");
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let sealed = seal(&key(), Context::Entry, b"payload");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&changed, &key().public(), Context::Entry).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn shapes_that_lenient_readers_take_are_refused() {
        let sealed = seal(&key(), Context::Entry, b"payload");
        let tail = &sealed[1..];
        let tagged = [&[0xd2], &sealed[..]].concat();
        let indefinite = [&[0x9f], tail, &[0xff]].concat();
        let trailing = [&sealed[..], &[0]].concat();
        let wide_length = [&[0x98, 4], tail].concat();
        for odd in [tagged, indefinite, trailing, wide_length, Vec::new()] {
            assert!(Envelope::parse(&odd).is_err(), "{}", super::super::id::Hex(&odd));
        }
    }
}
