//! Enrolment: codes from a text and from bytes, requests and grants.

use std::sync::OnceLock;

use countersign::domain::{
    crypto::PublicKey,
    enrol::{EnrolmentCode, EnrolmentRequest, Grant, PREFIX},
    envelope::{Envelope, encode},
};

use super::{by_hand, chosen, part_holds, way};
use crate::{samples, world};

const TEXT: u8 = 0;
const BYTES: u8 = 1;
const REQUEST: u8 = 2;
const GRANT: u8 = 3;

pub(crate) fn holds(data: &[u8]) {
    match data.split_first() {
        Some((&TEXT, text)) => std::str::from_utf8(text).into_iter().for_each(text_holds),
        Some((&BYTES, bytes)) => bytes_hold(bytes),
        Some((&REQUEST, payload)) => part_holds::<EnrolmentRequest>(payload),
        Some((&GRANT, payload)) => part_holds::<Grant>(payload),
        Some((_, bytes)) => signed_holds(bytes),
        None => {}
    }
}

/// A code has one spelling, but for blanks around it.
fn text_holds(text: &str) {
    if let Ok(code) = EnrolmentCode::parse(text) {
        assert_eq!(code.to_text(), text.trim());
        assert!(code.url.starts_with("http"));
        let bytes = text.trim().strip_prefix(PREFIX).and_then(by_hand::base45);
        assert_eq!(bytes.as_deref(), Some(&encode(&code)[..]));
    }
}

fn bytes_hold(bytes: &[u8]) {
    let text = format!("{PREFIX}{}", base45::encode(bytes));
    text_holds(&text);
    if EnrolmentCode::parse(&text).is_ok() {
        by_hand::assert_deterministic(bytes);
    }
}

/// Nothing enrols but what the device signed, and nothing is granted but what the platform signed.
fn signed_holds(bytes: &[u8]) {
    static SIGNED: OnceLock<(Vec<Vec<u8>>, PublicKey, PublicKey)> = OnceLock::new();
    let (signed, root, device) = SIGNED
        .get_or_init(|| (signed(), world::root_key().public(), world::terminal_key().public()));
    if Envelope::parse(bytes).is_ok() && chosen(bytes, 64) {
        let taken =
            EnrolmentRequest::open(bytes).is_ok() || Grant::open(bytes, root, device).is_ok();
        assert_eq!(taken, signed.iter().any(|own| own == bytes));
    }
}

fn signed() -> Vec<Vec<u8>> {
    let ours = |name: &str| name == "enrolment request" || name == "grant";
    let samples = samples::samples().into_iter().filter(|sample| ours(sample.name));
    samples.map(|sample| sample.bytes).collect()
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let code = EnrolmentCode {
        url: "https://vouchers.example".to_owned(),
        root: world::root_key().public(),
        secret: [5; 16],
        pins: None,
    };
    let mut seeds = vec![way(TEXT, code.to_text().as_bytes()), way(BYTES, &encode(&code))];
    for (number, bytes) in (REQUEST..).zip(signed()) {
        let envelope = Envelope::parse(&bytes).expect("a signed message");
        seeds.push(way(number, envelope.unverified_payload()));
        seeds.push(way(4, &bytes));
    }
    seeds
}
