//! What is accepted has one spelling, even under the right signature.

use ciborium::Value;
use countersign::domain::{
    enrol::EnrolmentCode,
    envelope::Envelope,
    id::BranchId,
    time::Timestamp,
    voucher::{Claims, ClaimsError, Terms, UntrustedToken, from_text, mint, to_text},
};

use crate::{defects::misspellings, independent, samples::samples, world};

#[test]
fn claims_have_one_spelling_even_under_the_right_signature() {
    for terms in all_terms() {
        let payload = payload_of(&terms);
        let value: Value = ciborium::from_reader(&payload[..]).unwrap();
        assert_eq!(independent::to_bytes(&value), payload);
        assert!(accepts_claims(&payload), "{terms:?}");
        let misspelt = misspellings(&value);
        assert!(misspelt.len() > 60, "only {}", misspelt.len());
        for (defect, bytes) in misspelt {
            assert!(!accepts_claims(&bytes), "{defect} in {terms:?}");
        }
    }
}

#[test]
fn envelopes_have_one_spelling() {
    for sample in samples() {
        let bytes = match std::str::from_utf8(&sample.bytes) {
            Ok(text) => from_text(text).unwrap(),
            Err(_) => sample.bytes,
        };
        let value: Value = ciborium::from_reader(&bytes[..]).unwrap();
        assert!(Envelope::parse(&bytes).is_ok());
        for (defect, bytes) in misspellings(&value) {
            assert!(Envelope::parse(&bytes).is_err(), "{defect} in {}", sample.name);
        }
        let inside = independent::from_diagnostic("{1: -19, 4: h'01020304'}");
        for (defect, header) in misspellings(&inside) {
            let mut parts = value.clone().into_array().unwrap();
            parts[0] = Value::Bytes(header);
            let bytes = independent::to_bytes(&Value::Array(parts));
            assert!(Envelope::parse(&bytes).is_err(), "{defect} in the header");
        }
    }
}

#[test]
fn enrolment_codes_have_one_spelling() {
    let value = enrolment_value("https://vouchers.example");
    let text = |bytes: &[u8]| format!("CSE1:{}", independent::base45(bytes));
    assert!(EnrolmentCode::parse(&text(&independent::to_bytes(&value))).is_ok());
    for (defect, bytes) in misspellings(&value) {
        assert!(EnrolmentCode::parse(&text(&bytes)).is_err(), "{defect}");
    }
    for address in ["", "vouchers.example", "file:///etc/passwd", "HTTPS://a", "javascript:x"] {
        let bytes = independent::to_bytes(&enrolment_value(address));
        assert!(EnrolmentCode::parse(&text(&bytes)).is_err(), "{address}");
    }
}

/// At each bound of `FORMAT.md`, and one beyond it.
#[test]
fn every_bound_of_the_terms_holds_to_the_last_unit() {
    for (within, beyond) in [
        ("prepaid 0.01", "prepaid 0.00"),
        ("prepaid 10000000000.00", "prepaid 10000000000.01"),
        ("off 0.01", "off 0.00"),
        ("off 10000000000.00", "off 10000000000.01"),
        ("off 1.00 min 10000000000.00", "off 1.00 min 10000000000.01"),
        ("off 1.00 min 0.00", "off 1.00 min -0.01"),
        ("percent 0.01%", "percent 0%"),
        ("percent 100%", "percent 100.01%"),
        ("percent 1% cap 10000000000.00", "percent 1% cap 10000000000.01"),
        ("percent 1% cap 0.00", "percent 1% cap -0.01"),
        ("percent 1% min 10000000000.00", "percent 1% min 10000000000.01"),
        ("pass 1 x 1.00", "pass 0 x 1.00"),
        ("pass 10000 x 1.00", "pass 10001 x 1.00"),
        ("pass 2 x 0.00", "pass 2 x -0.01"),
        ("pass 2 x 10000000000.00", "pass 2 x 10000000000.01"),
        ("value 0.01", "value 0.00"),
        ("value 10000000000.00", "value 10000000000.01"),
    ] {
        assert_eq!(minted(within, |_| {}), None, "{within}");
        assert_eq!(minted(beyond, |_| {}), Some(ClaimsError::Terms), "{beyond}");
    }
}

#[test]
fn scope_and_validity_have_bounds() {
    let branches = |numbers: &[u32]| numbers.iter().copied().map(BranchId).collect::<Vec<_>>();
    let within =
        |listed: Vec<BranchId>| minted("value 1.00", |claims| claims.scope.branches = listed);
    assert_eq!(within(branches(&[])), None);
    assert_eq!(within((1..=16).map(BranchId).collect()), None);
    assert_eq!(within((1..=17).map(BranchId).collect()), Some(ClaimsError::Scope));
    assert_eq!(within(branches(&[1, 1])), Some(ClaimsError::Scope));
    assert_eq!(within(branches(&[2, 1])), Some(ClaimsError::Scope));
    let valid = |from, until| {
        minted("value 1.00", |claims| {
            (claims.from, claims.until) = (Timestamp(from), Timestamp(until));
        })
    };
    assert_eq!(valid(0, 1), None);
    assert_eq!(valid(1, 1), Some(ClaimsError::Validity));
    assert_eq!(valid(-1, 1), Some(ClaimsError::Validity));
}

/// Why a voucher is not minted; where it is, it must be read back the same.
fn minted(terms: &str, change: impl FnOnce(&mut Claims)) -> Option<ClaimsError> {
    let mut claims = world::claims(crate::rule_row::parse_terms(terms).unwrap());
    change(&mut claims);
    let text = match mint(&world::issuer_key(), &claims) {
        Ok(text) => text,
        Err(error) => return Some(error),
    };
    let token = UntrustedToken::parse(&text).unwrap();
    assert_eq!(*token.verify(&world::bundle().keyring()).unwrap().claims(), claims);
    None
}

fn enrolment_value(address: &str) -> Value {
    Value::Map(vec![
        (1.into(), Value::Text(address.to_owned())),
        (2.into(), Value::Bytes(world::root_key().public().to_bytes().to_vec())),
        (3.into(), Value::Bytes(vec![5; 16])),
    ])
}

pub(crate) fn all_terms() -> Vec<Terms> {
    [
        "prepaid 12.50",
        "off 5.00 min 20.00",
        "percent 15% cap 10.00",
        "pass 10 x 4.00",
        "value 500.00",
    ]
    .map(|text| crate::rule_row::parse_terms(text).unwrap())
    .to_vec()
}

pub(crate) fn payload_of(terms: &Terms) -> Vec<u8> {
    let claims = world::claims(terms.clone());
    let text = mint(&world::issuer_key(), &claims).unwrap();
    let bytes = from_text(&text).unwrap();
    Envelope::parse(&bytes).unwrap().unverified_payload().to_vec()
}

pub(crate) fn accepts_claims(payload: &[u8]) -> bool {
    let text = to_text(&independent::sign(&[1; 32], b"countersign/voucher/1", payload));
    let token = UntrustedToken::parse(&text).unwrap();
    token.verify(&world::bundle().keyring()).is_ok()
}
