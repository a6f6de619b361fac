//! What is accepted has one spelling, even under the right signature.

use ciborium::Value;
use countersign::domain::{
    enrol::EnrolmentCode,
    envelope::Envelope,
    voucher::{Terms, UntrustedToken, from_text, mint, to_text},
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
            assert!(
                Envelope::parse(&bytes).is_err(),
                "{defect} in {}",
                sample.name
            );
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
    for address in [
        "",
        "vouchers.example",
        "file:///etc/passwd",
        "HTTPS://a",
        "javascript:x",
    ] {
        let bytes = independent::to_bytes(&enrolment_value(address));
        assert!(EnrolmentCode::parse(&text(&bytes)).is_err(), "{address}");
    }
}

fn enrolment_value(address: &str) -> Value {
    Value::Map(vec![
        (1.into(), Value::Text(address.to_owned())),
        (
            2.into(),
            Value::Bytes(world::root_key().public().to_bytes().to_vec()),
        ),
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
    Envelope::parse(&bytes)
        .unwrap()
        .unverified_payload()
        .to_vec()
}

pub(crate) fn accepts_claims(payload: &[u8]) -> bool {
    let text = to_text(&independent::sign(
        &[1; 32],
        b"countersign/voucher/1",
        payload,
    ));
    let token = UntrustedToken::parse(&text).unwrap();
    token.verify(&world::bundle().keyring()).is_ok()
}
