//! The formats again, by other means than the programs': what they are compared with.

use ciborium::Value;
use coset::{CborSerializable as _, CoseSign1, RegisteredLabelWithPrivate, iana};

/// The value of each character of Base45 (RFC 9285 table 1); none where it is 255.
const VALUES: [u8; 256] = {
    let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 45 {
        values[alphabet[value as usize] as usize] = value;
        value += 1;
    }
    values
};

/// Base45 as RFC 9285 section 4 describes it, with its three refusals: foreign characters, numbers beyond their
/// bytes, and a single character at the end.
pub(crate) fn base45(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for group in text.as_bytes().chunks(3) {
        let mut number = 0_usize;
        for character in group.iter().rev() {
            let value = VALUES[usize::from(*character)];
            if value == u8::MAX {
                return None;
            }
            number = number * 45 + usize::from(value);
        }
        match group.len() {
            3 => bytes.extend(u16::try_from(number).ok()?.to_be_bytes()),
            2 => bytes.push(u8::try_from(number).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

/// An envelope of the one accepted shape around `payload`, with a signature that is none.
pub(crate) fn wrapped(kid: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x84, 0x49, 0xa2, 0x01, 0x32, 0x04, 0x44];
    bytes.extend(kid);
    bytes.push(0xa0);
    bytes.extend(head(2, payload.len()));
    bytes.extend(payload);
    bytes.extend([0x58, 0x40]);
    bytes.extend([7; 64]);
    bytes
}

/// The head of a CBOR item in its shortest form (RFC 8949 section 3).
pub(crate) fn head(major: u8, length: usize) -> Vec<u8> {
    let first = major << 5;
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    match (u8::try_from(length), u16::try_from(length), u32::try_from(length)) {
        (Ok(short @ 0..24), ..) => vec![first | short],
        (Ok(byte), ..) => vec![first | 0x18, byte],
        (_, Ok(word), _) => [&[first | 0x19][..], &word.to_be_bytes()].concat(),
        (_, _, Ok(word)) => [&[first | 0x1a][..], &word.to_be_bytes()].concat(),
        _ => [&[first | 0x1b][..], &length.to_be_bytes()].concat(),
    }
}

/// Whether another library writes the same bytes again, with the keys of every map ascending (RFC 8949 section 4.2.1).
pub(crate) fn assert_deterministic(bytes: &[u8]) {
    let value: Value = ciborium::from_reader(bytes).expect("well-formed CBOR");
    assert_eq!(written(&value), bytes);
    assert_ascending(&value);
}

fn assert_ascending(value: &Value) {
    if let Value::Array(items) = value {
        items.iter().for_each(assert_ascending);
    }
    if let Value::Map(pairs) = value {
        let keys: Vec<_> = pairs.iter().map(|(key, _)| written(key)).collect();
        assert!(keys.is_sorted_by(|a, b| a < b), "{pairs:?}");
        for (_, value) in pairs {
            assert_ascending(value);
        }
    }
}

fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("a vector takes every write");
    bytes
}

/// Key id, payload and signature of `bytes`, where another library has them for an envelope of our one shape.
pub(crate) fn cose(bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    let sign1 = CoseSign1::from_slice(bytes).ok()?;
    let header = &sign1.protected.header;
    let algorithm = RegisteredLabelWithPrivate::Assigned(iana::Algorithm::Ed25519);
    let mut plain = coset::Header { alg: Some(algorithm), ..coset::Header::default() };
    plain.key_id.clone_from(&header.key_id);
    let ours = *header == plain && sign1.unprotected.is_empty() && header.key_id.len() == 4;
    let spelled = sign1.clone().to_vec().is_ok_and(|again| again == bytes)
        && sign1.protected.original_data.as_ref().is_some_and(|kept| {
            *kept == [&[0xa2, 0x01, 0x32, 0x04, 0x44], &header.key_id[..]].concat()
        });
    let payload = sign1.payload.clone()?;
    let fits = ours && spelled && sign1.signature.len() == 64;
    fits.then(|| (header.key_id.clone(), payload, sign1.signature.clone()))
}

/// The bytes that pairs of hexadecimal digits spell.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |character: u8| char::from(character).to_digit(16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    };
    text.as_bytes().chunks(2).map(byte).collect()
}
