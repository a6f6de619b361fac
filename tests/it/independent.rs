//! Tokens built without a line of the code under test: `ciborium`, `coset`, `ed25519-dalek`, and Base45 by hand.

use ciborium::Value;
use coset::{CborSerializable as _, CoseSign1Builder, HeaderBuilder, iana};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};

/// The CBOR of a text in diagnostic notation (RFC 8949 section 8): integers, texts, bytes, arrays, maps,
/// `false`, `true` and `null`.
pub(crate) fn from_diagnostic(text: &str) -> Value {
    let mut rest = text;
    let value = value(&mut rest);
    assert_eq!(rest, "", "more than one value in {text}");
    value
}

pub(crate) fn to_bytes(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// An untagged `COSE_Sign1` over `payload`.
pub(crate) fn sign(seed: &[u8; 32], external_aad: &[u8], payload: &[u8]) -> Vec<u8> {
    let key = SigningKey::from_bytes(seed);
    let digest = Sha256::digest(key.verifying_key().as_bytes());
    let header = HeaderBuilder::new()
        .algorithm(iana::Algorithm::Ed25519)
        .key_id(digest[..4].to_vec())
        .build();
    CoseSign1Builder::new()
        .protected(header)
        .payload(payload.to_vec())
        .create_signature(external_aad, |message| key.sign(message).to_vec())
        .build()
        .to_vec()
        .unwrap()
}

/// Base45 as RFC 9285 section 4 describes it.
pub(crate) fn base45(bytes: &[u8]) -> String {
    let alphabet: Vec<char> = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".chars().collect();
    let mut text = String::new();
    for group in bytes.chunks(2) {
        let mut number = group.iter().fold(0, |number, byte| number * 256 + usize::from(*byte));
        for _ in 0..=group.len() {
            text.push(alphabet[number % 45]);
            number /= 45;
        }
    }
    text
}

fn value(rest: &mut &str) -> Value {
    if take(rest, "{") {
        let pair = |rest: &mut &str| {
            let key = value(rest);
            assert!(take(rest, ": "), "no colon before {rest}");
            (key, value(rest))
        };
        return Value::Map(items(rest, "}", pair));
    }
    if take(rest, "[") {
        return Value::Array(items(rest, "]", value));
    }
    if take(rest, "h'") {
        return Value::Bytes(crate::fences::hex(until(rest, '\'')));
    }
    if take(rest, "\"") {
        return Value::Text(until(rest, '"').to_owned());
    }
    for (word, simple) in
        [("false", Value::Bool(false)), ("true", Value::Bool(true)), ("null", Value::Null)]
    {
        if take(rest, word) {
            return simple;
        }
    }
    let end = rest.find([',', ':', ']', '}']).unwrap_or(rest.len());
    let (number, after) = rest.split_at(end);
    *rest = after;
    Value::Integer(number.parse::<i64>().unwrap().into())
}

fn items<T>(rest: &mut &str, end: &str, item: impl Fn(&mut &str) -> T) -> Vec<T> {
    let mut items = Vec::new();
    while !take(rest, end) {
        items.push(item(rest));
        take(rest, ", ");
    }
    items
}

fn take(rest: &mut &str, start: &str) -> bool {
    let after = rest.strip_prefix(start);
    *rest = after.unwrap_or(rest);
    after.is_some()
}

fn until<'a>(rest: &mut &'a str, end: char) -> &'a str {
    let (text, after) = rest.split_once(end).unwrap();
    *rest = after;
    text
}

#[test]
fn the_tools_of_this_file_agree_with_the_standards() {
    // RFC 8949 appendix A.
    for (text, hex) in [
        ("[1, [2, 3], [4, 5]]", "8301820203820405"),
        ("{\"a\": 1, \"b\": [2, 3]}", "a26161016162820203"),
        ("h'01020304'", "4401020304"),
        ("-1000", "3903e7"),
        ("{}", "a0"),
        ("[false, true, null]", "83f4f5f6"),
    ] {
        assert_eq!(to_bytes(&from_diagnostic(text)), crate::fences::hex(hex), "{text}");
    }
    // RFC 9285 section 4.3.
    assert_eq!(base45(b"AB"), "BB8");
    assert_eq!(base45(b"Hello!!"), "%69 VD92EX0");
    assert_eq!(base45(b"base-45"), "UJCLQE7W581");
}
