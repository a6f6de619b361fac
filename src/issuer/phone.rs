//! A customer's phone, played: a key that never leaves it, and vouchers that it signs each time they are shown.
//!
//! An issuer tries with it what its customers' program will do, and writes that program from it: [`Phone::create`]
//! makes the key, its public half goes onto the voucher as holder key, and [`Phone::show`] makes the text of the
//! code that is drawn. Such a code is worth nothing a minute later, so it is drawn anew while it is on the screen.

use std::path::Path;

use crate::{
    domain::{
        crypto::{HolderKey, SecretKey},
        time::Timestamp,
        voucher::{UntrustedToken, VerifyError, present},
    },
    keys::{self, KeyFileError},
};

/// A phone with its key.
#[derive(Debug)]
pub struct Phone(SecretKey);

impl Phone {
    /// Makes a key in a new file that only its owner reads.
    pub fn create(path: &Path) -> Result<Self, PhoneError> {
        Ok(Self(keys::create(path)?))
    }

    /// The phone whose key is in a file.
    pub fn open(path: &Path) -> Result<Self, PhoneError> {
        Ok(Self(keys::load(path)?))
    }

    /// What goes onto the vouchers that shall live on this phone.
    pub fn holder(&self) -> HolderKey {
        HolderKey(self.0.public().to_bytes())
    }

    /// The text of a voucher that is being shown at `at`; only of one that lives on this phone.
    pub fn show(&self, voucher: &str, at: Timestamp) -> Result<String, PhoneError> {
        let claims = UntrustedToken::parse(voucher)?.unverified_claims()?;
        match claims.holder {
            Some(holder) if holder == self.holder() => Ok(present(&self.0, voucher, at)?),
            Some(_) => Err(PhoneError::OtherPhone),
            None => Err(PhoneError::NoHolder),
        }
    }
}

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// The key file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// Not the text of a voucher.
    #[error("this is not a voucher: {0}")]
    Voucher(#[from] VerifyError),
    /// Its voucher names another key.
    #[error("the voucher lives on another phone")]
    OtherPhone,
    /// Its voucher names none.
    #[error("the voucher lives on no phone: show its code as it is")]
    NoHolder,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        crypto::KeyId,
        id::{CampaignId, MerchantId, VoucherId},
        money::{Currency, Money},
        voucher::{Claims, IssuerKey, KeySource, Presence, Scope, Terms, mint},
    };

    const NOON: Timestamp = Timestamp(1_795_003_200);

    struct OneKey([IssuerKey; 1]);

    impl KeySource for OneKey {
        fn keys(&self, _kid: KeyId) -> &[IssuerKey] {
            &self.0
        }
    }

    fn issuer() -> SecretKey {
        SecretKey::from_seed(&[5; 32])
    }

    fn voucher(holder: Option<HolderKey>) -> String {
        let claims = Claims {
            issuer: "demo".parse().unwrap(),
            customer: None,
            id: VoucherId { campaign: CampaignId(7), index: 5, random: 0xaabb },
            from: Timestamp(0),
            until: NOON.plus(86_400),
            holder,
            conditional: false,
            scope: Scope::of(MerchantId(101)),
            terms: Terms::StoredValue { balance: Money::new(10_000, Currency::EUR) },
        };
        mint(&issuer(), &claims).unwrap()
    }

    #[test]
    fn a_terminal_sees_when_the_phone_showed_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phone.key");
        let phone = Phone::create(&path).unwrap();
        let shown = phone.show(&voucher(Some(phone.holder())), NOON).unwrap();
        let key = IssuerKey {
            issuer: "demo".parse().unwrap(),
            public: issuer().public(),
            from: Timestamp(0),
            until: NOON.plus(86_400),
            withdrawn: false,
        };
        let verified = UntrustedToken::parse(&shown).unwrap().verify(&OneKey([key])).unwrap();
        assert_eq!(verified.presence(), Presence::Signed { at: NOON });
        let again = Phone::open(&path).unwrap();
        assert_eq!(again.show(&voucher(Some(again.holder())), NOON).unwrap(), shown);
        assert!(matches!(Phone::create(&path), Err(PhoneError::Key(_))));
    }

    #[test]
    fn a_phone_shows_its_own_vouchers_only() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] =
            ["one", "two"].map(|name| Phone::create(&folder.path().join(name)).unwrap());
        let of_two = voucher(Some(two.holder()));
        assert!(matches!(one.show(&of_two, NOON), Err(PhoneError::OtherPhone)));
        assert!(matches!(one.show(&voucher(None), NOON), Err(PhoneError::NoHolder)));
        for text in ["", "CS1:", "hello", &of_two[..40]] {
            assert!(matches!(one.show(text, NOON), Err(PhoneError::Voucher(_))), "{text}");
        }
        let shown = two.show(&of_two, NOON).unwrap();
        assert!(two.show(&shown, NOON).is_err(), "a presentation is not presented again");
    }
}
