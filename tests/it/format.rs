//! The examples of `FORMAT.md`: built again with unrelated libraries, and verified and minted by the program.

use ciborium::Value;
use countersign::domain::{
    crypto::SecretKey,
    enrol::{EnrolError, EnrolmentCode},
    id::{BranchId, MerchantId, VoucherId},
    money::{Currency, Money},
    scan::ShortCode,
    time::Timestamp,
    trust::{Keyring, PublishedKey},
    voucher::{
        AmountOff, Claims, Kind, MINOR_MAX, PercentOff, Scope, TOKEN_MAX, Terms, UntrustedToken,
        from_text, mint,
    },
};
use ed25519_dalek::{Signature, SigningKey};
use qrcode::{EcLevel, QrCode, Version};

use crate::{
    fences::{Fence, fences},
    independent::{base45, from_diagnostic, sign, to_bytes},
    world,
};

const FORMAT: &str = include_str!("../../src/domain/voucher/FORMAT.md");
const CONTEXT: &[u8] = b"countersign/voucher/1";

#[test]
fn unrelated_libraries_build_the_same_bytes() {
    for example in examples() {
        let claims = to_bytes(&from_diagnostic(example.get("claims")));
        assert_eq!(claims, example.bytes("claims hex"), "{example:?}");
        let token = sign(&seed(), CONTEXT, &claims);
        assert_eq!(token, example.bytes("token hex"), "{example:?}");
        assert_eq!(format!("CS1:{}", base45(&token)), example.get("text"));
    }
}

#[test]
fn the_program_reads_verifies_and_mints_every_example() {
    for example in examples() {
        let token = UntrustedToken::parse(example.get("text")).unwrap();
        let voucher = token.verify(&keyring()).unwrap();
        assert_eq!(*voucher.claims(), claims_of(&example), "{example:?}");
        assert_eq!(voucher.claims().terms.kind().code(), example.get("kind"));
        assert_eq!(voucher.claims().id.to_string(), example.get("voucher id"));
        let key = SecretKey::from_seed(&seed());
        assert_eq!(mint(&key, &claims_of(&example)).unwrap(), example.get("text"));
    }
}

#[test]
fn there_is_an_example_of_every_kind() {
    let kinds: Vec<String> =
        examples().iter().map(|example| example.get("kind").to_owned()).collect();
    assert_eq!(kinds, Kind::ALL.map(|kind| kind.code().to_owned()));
}

#[test]
fn short_codes_are_derived_as_written() {
    for example in examples() {
        let code = ShortCode::from_bits(claims_of(&example).short_code_bits());
        assert_eq!(code.to_string(), example.get("short code"));
    }
}

#[test]
fn what_is_signed_is_the_printed_structure() {
    let signed = &fences(FORMAT, "to be signed")[0];
    let key = SigningKey::from_bytes(&seed()).verifying_key();
    let signature = Signature::from_slice(&signed.bytes("signature")).unwrap();
    key.verify_strict(&signed.bytes("to be signed"), &signature).unwrap();
    assert!(examples()[0].bytes("token hex").ends_with(&signed.bytes("signature")));
}

#[test]
fn every_refused_spelling_is_refused_for_its_reason() {
    let refused = fences(FORMAT, "refused");
    assert!(refused.len() >= 25, "only {} were found", refused.len());
    for example in refused {
        let reason = example.get("refused");
        let error = UntrustedToken::parse(example.get("text"))
            .and_then(|token| token.verify(&keyring()))
            .expect_err(reason);
        assert_eq!(error.code(), example.get("code"), "{reason}: {error}");
    }
}

/// Codes are coarse; these tell that the changed claims were reached, and not stopped by a signature that does not fit.
#[test]
fn refused_claims_are_refused_as_claims() {
    let issuers_own = fences(FORMAT, "refused").into_iter().filter(|example| {
        let bytes = from_text(example.get("text")).unwrap_or_default();
        let payload = bytes.get(14..bytes.len().saturating_sub(66)).unwrap_or_default();
        bytes == sign(&seed(), CONTEXT, payload)
    });
    let errors: Vec<String> = issuers_own
        .map(|example| {
            let token = UntrustedToken::parse(example.get("text")).unwrap();
            token.verify(&keyring()).unwrap_err().to_string()
        })
        .collect();
    assert!(errors.len() >= 14, "{errors:?}");
    assert!(errors.iter().all(|error| !error.contains("signature")), "{errors:?}");
}

#[test]
fn enrolment_codes_are_spelled_as_written() {
    let example = &fences(FORMAT, "code hex")[0];
    let bytes = to_bytes(&from_diagnostic(example.get("code")));
    assert_eq!(bytes, example.bytes("code hex"));
    assert_eq!(format!("CSE1:{}", base45(&bytes)), example.get("text"));
    let code = EnrolmentCode::parse(example.get("text")).unwrap();
    assert_eq!(code.url, "https://vouchers.example");
    assert_eq!(code.to_text(), example.get("text"));
    let lower = example.get("text").to_ascii_lowercase();
    assert!(matches!(EnrolmentCode::parse(&lower), Err(EnrolError::NotACode)));
}

#[test]
fn examples_keep_within_the_budget_and_the_picture() {
    for example in examples() {
        let (bytes, text) = (example.bytes("token hex"), example.get("text"));
        assert!(bytes.len() <= 150, "{} bytes", bytes.len());
        assert!(text.len() <= 225, "{} characters", text.len());
    }
    let full = "A".repeat(225);
    QrCode::with_version(full, Version::Normal(9), EcLevel::M).unwrap();
}

#[test]
fn the_largest_voucher_is_as_large_as_written() {
    let mut claims = world::claims(Terms::PercentOff(PercentOff {
        basis_points: 10_000,
        cap: MINOR_MAX,
        minimum_spend: MINOR_MAX,
        currency: Currency::EUR,
    }));
    claims.issuer = "a".repeat(16).parse().unwrap();
    claims.id = VoucherId::from_bytes([255; 16]);
    (claims.from, claims.until) = (Timestamp(i64::MAX - 1), Timestamp(i64::MAX));
    claims.scope = Scope {
        merchant: MerchantId(u32::MAX),
        branches: (u32::MAX - 15..=u32::MAX).map(BranchId).collect(),
    };
    let text = mint(&world::issuer_key(), &claims).unwrap();
    let bytes = from_text(&text).unwrap();
    assert!(bytes.len() <= TOKEN_MAX);
    let written = format!("has {} bytes and {} characters", bytes.len(), text.len());
    assert!(FORMAT.contains(&written), "FORMAT.md does not say that the largest voucher {written}");
}

fn examples() -> Vec<Fence> {
    fences(FORMAT, "voucher id")
}

fn seed() -> [u8; 32] {
    let key = &fences(FORMAT, "issuer seed")[0];
    let seed = key.bytes("issuer seed").try_into().unwrap();
    let public = SigningKey::from_bytes(&seed).verifying_key();
    assert_eq!(public.as_bytes()[..], key.bytes("issuer key"));
    assert_eq!(SecretKey::from_seed(&seed).public().id().to_string(), key.get("key id"));
    seed
}

fn keyring() -> Keyring {
    world::keyring(PublishedKey {
        public: SecretKey::from_seed(&seed()).public(),
        ..world::published_key()
    })
}

/// The claims of an example, read from its diagnostic notation as the tables of `FORMAT.md` have them.
fn claims_of(example: &Fence) -> Claims {
    let map = from_diagnostic(example.get("claims")).into_map().unwrap();
    let [iss, exp, nbf, cti, worth] = map.try_into().unwrap();
    let [iss, exp, nbf, cti, worth] = [(1, iss), (4, exp), (5, nbf), (7, cti), (-65_537, worth)]
        .map(|(label, (key, value)): (i64, (Value, Value))| {
            assert_eq!(key, Value::from(label));
            value
        });
    let worth = worth.into_array().unwrap();
    let scope: Vec<u32> = worth[2].as_array().unwrap().iter().map(integer).collect();
    Claims {
        issuer: iss.into_text().unwrap().parse().unwrap(),
        id: VoucherId::from_bytes(cti.into_bytes().unwrap().try_into().unwrap()),
        from: Timestamp(integer(&nbf)),
        until: Timestamp(integer(&exp)),
        scope: Scope {
            merchant: MerchantId(scope[0]),
            branches: scope[1..].iter().copied().map(BranchId).collect(),
        },
        terms: terms_of(&worth),
    }
}

fn terms_of(worth: &[Value]) -> Terms {
    let currency = Currency::from_number(integer(&worth[1])).unwrap();
    let money = |value: &Value| Money::new(integer(value), currency);
    match (integer::<u8>(&worth[0]), &worth[3..]) {
        (1, [value]) => Terms::PrepaidDeal { value: money(value) },
        (2, [off, minimum]) => {
            Terms::AmountOff(AmountOff { off: money(off), minimum_spend: integer(minimum) })
        }
        (3, [share, cap, minimum]) => Terms::PercentOff(PercentOff {
            basis_points: integer(share),
            cap: integer(cap),
            minimum_spend: integer(minimum),
            currency,
        }),
        (4, [uses, each]) => Terms::Pass { uses: integer(uses), value_each: money(each) },
        (5, [balance]) => Terms::StoredValue { balance: money(balance) },
        other => panic!("{other:?}"),
    }
}

fn integer<T: TryFrom<i128>>(value: &Value) -> T {
    let number: i128 = value.as_integer().unwrap().into();
    T::try_from(number).ok().unwrap()
}
