//! Ed25519 keys (RFC 8032) and SHA-256, with the strictness that the rest relies on.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use minicbor::{Decode, Encode};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::id::{Hash, Hex, parse_hex};

/// First four bytes of the SHA-256 of a public key: a hint which key to try, never proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

/// A public key that was checked when it came in: canonical, not weak, in the prime-order group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key that `bytes` spell, unless it is one of those that verify more than one message.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(KeyError::NotAPoint)?;
        let point = key.to_edwards();
        if point.compress().as_bytes() != bytes {
            return Err(KeyError::NotCanonical);
        }
        if key.is_weak() || !point.is_torsion_free() {
            return Err(KeyError::Weak);
        }
        Ok(Self(key))
    }

    /// The 32 bytes of RFC 8032 section 5.1.2.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The hint that stands in the header of what this key signed.
    pub fn id(self) -> KeyId {
        let [a, b, c, d, ..] = hash(self.0.as_bytes()).0;
        KeyId([a, b, c, d])
    }

    /// Whether `signature` over `message` is this key's, by the strict rules: one accepted signature a signer.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.to_bytes()).fmt(f)
    }
}

impl std::str::FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&parse_hex(text).ok_or(KeyError::NotHex)?)
    }
}

impl<C> Encode<C> for PublicKey {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(self.0.as_bytes())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for PublicKey {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = <[u8; 32]>::try_from(d.bytes()?)
            .map_err(|_error| minicbor::decode::Error::message("a public key has 32 bytes"))?;
        Self::from_bytes(&bytes).map_err(minicbor::decode::Error::custom)
    }
}

/// The key of a customer's phone, as a voucher carries it: any 32 bytes, looked at only when the phone signs.
///
/// A key that verifies more than it should harms only whoever had it put on their own voucher; the strict rules refuse weak ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HolderKey(pub [u8; 32]);

impl HolderKey {
    /// The key, where the bytes are one.
    pub fn key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_bytes(&self.0)
    }
}

/// A private key; wiped from memory when dropped, never shown.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key grown from a seed of 32 random bytes (RFC 8032 section 5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, for a file that only its owner reads.
    pub fn seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs `message`; the same message gives the same signature.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public().id())
    }
}

/// The SHA-256 of `bytes`.
pub fn hash(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

/// Whether two secrets, or their hashes, are the same; the time it takes tells nothing about where they differ.
pub fn is_same_secret(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.ct_eq(other).into()
}

/// Why 32 bytes are not taken as a public key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not 64 hexadecimal digits.
    #[error("a public key is 64 hexadecimal digits")]
    NotHex,
    /// Not a point of the curve.
    #[error("the key is not a point of the curve")]
    NotAPoint(#[source] ed25519_dalek::SignatureError),
    /// Another spelling of a point.
    #[error("the key is not in canonical form")]
    NotCanonical,
    /// Of small order, or with a part of small order.
    #[error("the key is weak")]
    Weak,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_8032_test_2_signs_as_printed() {
        let seed =
            parse_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
        let key = SecretKey::from_seed(&seed);
        let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        assert_eq!(key.public().to_string(), public);
        let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(key.sign(&[0x72]), parse_hex(signature).unwrap());
        assert!(key.public().verify(&[0x72], &key.sign(&[0x72])));
        assert!(!key.public().verify(&[0x73], &key.sign(&[0x72])));
    }

    #[test]
    fn keys_that_would_verify_anything_are_refused() {
        // Small-order points: neutral element, order 2, order 4 and two of order 8.
        for weak in [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        ] {
            assert!(matches!(weak.parse::<PublicKey>(), Err(KeyError::Weak)), "{weak}");
        }
        // y = p + 1 is another spelling of the neutral element.
        let odd = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
        assert!(matches!(odd.parse::<PublicKey>(), Err(KeyError::NotCanonical | KeyError::Weak)));
    }

    #[test]
    fn a_secret_key_does_not_show_itself() {
        let key = SecretKey::from_seed(&[7; 32]);
        assert!(!format!("{key:?}").contains("0707"));
    }
}
