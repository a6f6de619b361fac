//! PINs of supervisors: a salted, slow hash that a terminal can check without a network.
//!
//! A PIN of four digits falls to whoever has the hash and an afternoon; the hash keeps it from being read off a file. What
//! a stolen PIN can do is bounded by the policy and stands in the journal.

use argon2::{Algorithm, Argon2, Params, Version};
use minicbor::{Decode, Encode};

use super::{crypto::is_same_secret, id::OperatorId};

/// Argon2id (RFC 9106) with 8 MiB, two passes, one lane: some tens of milliseconds on a shop PC.
const MEMORY_KIB: u32 = 8 * 1024;
const PASSES: u32 = 2;

/// What is kept of a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PinHash {
    /// Sixteen random bytes.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    salt: [u8; 16],
    /// Argon2id of the PIN.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    hash: [u8; 32],
}

impl PinHash {
    /// Fewest and most digits of a PIN.
    pub const DIGITS: std::ops::RangeInclusive<usize> = 4..=12;

    /// The hash of a PIN of 4 to 12 digits, with sixteen unpredictable bytes.
    pub fn new(pin: &str, salt: [u8; 16]) -> Result<Self, PinError> {
        let digits = pin.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !Self::DIGITS.contains(&pin.len()) {
            return Err(PinError);
        }
        let hash = hash(pin, &salt).ok_or(PinError)?;
        Ok(Self { salt, hash })
    }

    /// Whether it is this PIN.
    pub fn fits(&self, pin: &str) -> bool {
        let own = hash(pin.trim(), &self.salt);
        own.is_some_and(|own| is_same_secret(&own, &self.hash))
    }
}

fn hash(pin: &str, salt: &[u8; 16]) -> Option<[u8; 32]> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).ok()?;
    let mut hash = [0; 32];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password_into(pin.as_bytes(), salt, &mut hash).ok()?;
    Some(hash)
}

/// What stands between a supervisor's number and their PIN, where both are typed.
pub const NUMBER_ENDS: char = '*';

/// A PIN as it is typed, alone or after the number of the supervisor whose it is, such as `12*2580`.
pub fn read_typed(text: &str) -> (Option<OperatorId>, &str) {
    let text = text.trim();
    match text.split_once(NUMBER_ENDS) {
        // A number that is none is nobody's.
        Some((number, pin)) => (Some(number.parse().unwrap_or(OperatorId(0))), pin),
        None => (None, text),
    }
}

/// Wrong PINs in a row before the first wait.
pub const TRIES_FREE: u32 = 5;

/// Longest wait, in seconds: whoever plays with the keys keeps nobody from their work for longer.
const WAIT_MAX_S: u32 = 300;

const WAIT_FIRST_S: u32 = 30;

/// How long no PIN is taken after so many wrong ones in a row, in seconds; twice as long each time.
pub fn wait_s(wrong: u32) -> u32 {
    match wrong.checked_sub(TRIES_FREE) {
        Some(more) => WAIT_FIRST_S.saturating_mul(1 << more.min(8)).min(WAIT_MAX_S),
        None => 0,
    }
}

/// Not a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a PIN has 4 to 12 digits")]
pub struct PinError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pin_fits() {
        let pin = PinHash::new("2580", [7; 16]).unwrap();
        assert!(pin.fits("2580") && pin.fits(" 2580\n"));
        for other in ["2581", "258", "25800", "", "²580"] {
            assert!(!pin.fits(other), "{other}");
        }
        assert_ne!(pin, PinHash::new("2580", [8; 16]).unwrap());
    }

    #[test]
    fn a_pin_is_typed_alone_or_after_its_supervisors_number() {
        assert_eq!(read_typed(" 2580\n"), (None, "2580"));
        assert_eq!(read_typed("12*2580"), (Some(OperatorId(12)), "2580"));
        assert_eq!(read_typed("*2580"), (Some(OperatorId(0)), "2580"));
        assert_eq!(read_typed("99999999999*2580"), (Some(OperatorId(0)), "2580"));
        assert_eq!(read_typed("1*2*3"), (Some(OperatorId(1)), "2*3"));
    }

    #[test]
    fn waits_grow_and_end() {
        let waits = [0, 4, 5, 6, 7, 8, 9, 100, u32::MAX].map(wait_s);
        assert_eq!(waits, [0, 0, 30, 60, 120, 240, 300, 300, 300]);
    }

    #[test]
    fn a_pin_is_four_to_twelve_digits() {
        for bad in ["", "123", "1234567890123", "12a4", "12 4", "１２３４"] {
            assert_eq!(PinHash::new(bad, [0; 16]), Err(PinError), "{bad}");
        }
    }
}
