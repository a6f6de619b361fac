//! What is accepted has one spelling, even under the right signature.

use ciborium::Value;
use countersign::domain::{
    enrol::EnrolmentCode,
    envelope::Envelope,
    id::{BranchId, GroupId, MerchantId},
    time::Timestamp,
    voucher::{
        Claims, ClaimsError, Customer, Label, Scope, Terms, UntrustedToken, from_text, mint,
        present, to_text,
    },
};

use crate::{
    defects::misspellings,
    independent,
    rule_voucher::parse_terms,
    samples::samples,
    world::{self, NOON},
};

#[test]
fn claims_have_one_spelling_even_under_the_right_signature() {
    for claims in all_claims() {
        let payload = payload_of(&claims);
        let value: Value = ciborium::from_reader(&payload[..]).unwrap();
        assert_eq!(independent::to_bytes(&value), payload);
        assert!(accepts_claims(&payload), "{claims:?}");
        let misspelt = misspellings(&value);
        assert!(misspelt.len() > 60, "only {}", misspelt.len());
        for (defect, bytes) in misspelt {
            assert!(!accepts_claims(&bytes), "{defect} in {claims:?}");
        }
    }
}

#[test]
fn envelopes_have_one_spelling() {
    for sample in samples() {
        let bytes = match std::str::from_utf8(&sample.bytes) {
            Ok(text) => base45::decode(text.split_once(':').unwrap().1).unwrap(),
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
        ("item 1 Tea 0.00", "item 0 Tea 0.00"),
        ("item 10000 Tea 2.50", "item 10001 Tea 2.50"),
        ("item 1 Tea 10000000000.00", "item 1 Tea 10000000000.01"),
        ("item 1 Tea 0.00", "item 1 Tea -0.01"),
        ("item 1 Tea 0.00 for 10000000000.00", "item 1 Tea 0.00 for 10000000000.01"),
        ("item 1 Tea 2.50 for 0.00", "item 1 Tea 2.50 for -0.01"),
        ("ticket 1 x 9.00 at 1970-01-01 00:00:00", "ticket 1 x 9.00 at 1969-12-31 23:59:59"),
        ("ticket 1 x 9.00 at 2026-12-15 12:00:00", "ticket 0 x 9.00 at 2026-12-15 12:00:00"),
        (
            "ticket 10000 x 0.00 at 2026-12-15 12:00:00",
            "ticket 10001 x 0.00 at 2026-12-15 12:00:00",
        ),
        (
            "ticket 1 x 10000000000.00 at 2026-12-15 12:00:00",
            "ticket 1 x 10000000000.01 at 2026-12-15 12:00:00",
        ),
        ("ticket 1 x 0.00 at 2026-12-15 12:00:00", "ticket 1 x -0.01 at 2026-12-15 12:00:00"),
        (
            "ticket 1 x 9.00 at 2026-12-15 12:00:00 early 7d",
            "ticket 1 x 9.00 at 2026-12-15 12:00:00 early 604801s",
        ),
        (
            "ticket 1 x 9.00 at 2026-12-15 12:00:00 late 7d",
            "ticket 1 x 9.00 at 2026-12-15 12:00:00 late 604801s",
        ),
        ("order 1 Tea 0.00", "order 0 Tea 0.00"),
        ("order 10000 Tea 1.00", "order 10001 Tea 1.00"),
        ("order 1 Tea 10000000000.00", "order 1 Tea 10000000000.01"),
        ("order 1 Tea 0.00 + 1 Tea 0.00", "order 1 Tea 0.00 + 1 Tea -0.01"),
        (
            "order 1 A 1.00 + 1 B 1.00 + 1 C 1.00 + 1 D 1.00 + 1 E 1.00 + 1 F 1.00 + 1 G 1.00 + 1 H 1.00",
            "order 1 A 1.00 + 1 B 1.00 + 1 C 1.00 + 1 D 1.00 + 1 E 1.00 + 1 F 1.00 + 1 G 1.00 + 1 H 1.00 + 1 I 1.00",
        ),
    ] {
        assert_eq!(minted(within, |_| {}), None, "{within}");
        assert_eq!(minted(beyond, |_| {}), Some(ClaimsError::Terms), "{beyond}");
    }
}

#[test]
fn scope_and_validity_have_bounds() {
    let branches = |numbers: &[u32]| numbers.iter().copied().map(BranchId).collect::<Vec<_>>();
    let within = |branches: Vec<BranchId>| {
        let scope = Scope::Merchant { merchant: MerchantId(1), branches };
        minted("value 1.00", |claims| claims.scope = scope)
    };
    for group in [0, u32::MAX] {
        assert_eq!(
            minted("value 1.00", |claims| claims.scope = Scope::Group(GroupId(group))),
            None
        );
    }
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

#[test]
fn names_have_bounds() {
    let label = |text: &str| text.parse::<Label>().is_ok();
    assert!(
        label("A") && label(&"a".repeat(32)) && label("Caffè \"doppio\"") && label(&"é".repeat(16))
    );
    for bad in [
        "",
        " ",
        " A",
        "A ",
        "A\n",
        "A\u{7}B",
        "A\u{85}B",
        "\u{a0}A",
        &"a".repeat(33),
        &"é".repeat(17),
    ] {
        assert!(!label(bad), "{bad:?}");
    }
    let customer = |text: &str| text.parse::<Customer>().is_ok();
    assert!(customer("a") && customer("Az09-_") && customer(&"a".repeat(16)));
    for bad in ["", &"a".repeat(17), "a b", "a@b", "é", "a.b", "a\0"] {
        assert!(!customer(bad), "{bad:?}");
    }
}

/// Who it belongs to, on which phone it lives, and that its campaign has rules: in every mixture.
#[test]
fn optional_claims_are_read_back_as_they_were_minted() {
    for bits in 0..8_u8 {
        let change = |claims: &mut Claims| {
            claims.customer = (bits & 1 != 0).then(|| "anna".parse().unwrap());
            claims.holder = (bits & 2 != 0).then(world::holder);
            claims.conditional = bits & 4 != 0;
        };
        for terms in all_terms() {
            let mut claims = world::claims(terms);
            change(&mut claims);
            let payload = payload_of(&claims);
            assert!(accepts_claims(&payload));
            let value: Value = ciborium::from_reader(&payload[..]).unwrap();
            let optional = usize::from(bits & 1 != 0) + usize::from(bits & 2 != 0);
            assert_eq!(value.as_map().unwrap().len(), 5 + optional);
        }
        assert_eq!(minted("value 1.00", change), None);
    }
}

#[test]
fn presentations_have_one_spelling_even_under_the_right_signature() {
    let mut claims = world::claims(all_terms().remove(0));
    claims.holder = Some(world::holder());
    let text = mint(&world::issuer_key(), &claims).unwrap();
    let shown = Value::Array(vec![NOON.0.into(), Value::Bytes(from_text(&text).unwrap())]);
    let signed = |payload: &[u8]| {
        let bytes = independent::sign(&[6; 32], b"countersign/presentation/1", payload);
        let text = format!("CSP1:{}", independent::base45(&bytes));
        UntrustedToken::parse(&text)?.verify(&world::bundle().keyring()).map(|_voucher| text)
    };
    let expected = present(&world::holder_key(), &text, NOON).unwrap();
    assert_eq!(signed(&independent::to_bytes(&shown)).unwrap(), expected);
    for (defect, bytes) in misspellings(&shown) {
        assert!(signed(&bytes).is_err(), "{defect}");
    }
}

/// Why a voucher is not minted; where it is, it must be read back the same.
fn minted(terms: &str, change: impl FnOnce(&mut Claims)) -> Option<ClaimsError> {
    let mut claims = world::claims(parse_terms(terms).unwrap());
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
        "item 2 Cappuccino 5.00 for 1.00",
        "ticket 4 x 9.00 at 2026-12-15 12:00:00 early 30m late 15m",
        "order 2 Bread 3.20 + 1 Cake 18.00",
    ]
    .map(|text| parse_terms(text).unwrap())
    .to_vec()
}

/// Vouchers of every kind, and one that carries all that may be left out.
pub(crate) fn all_claims() -> Vec<Claims> {
    let mut all: Vec<Claims> = all_terms().into_iter().map(world::claims).collect();
    let mut full = all[0].clone();
    full.customer = Some("anna".parse().unwrap());
    full.holder = Some(world::holder());
    full.conditional = true;
    full.scope = Scope::Group(GroupId(5));
    all.push(full);
    all
}

pub(crate) fn payload_of(claims: &Claims) -> Vec<u8> {
    let text = mint(&world::issuer_key(), claims).unwrap();
    let bytes = from_text(&text).unwrap();
    Envelope::parse(&bytes).unwrap().unverified_payload().to_vec()
}

pub(crate) fn accepts_claims(payload: &[u8]) -> bool {
    let text = to_text(&independent::sign(&[1; 32], b"countersign/voucher/1", payload));
    let token = UntrustedToken::parse(&text).unwrap();
    token.verify(&world::bundle().keyring()).is_ok()
}
