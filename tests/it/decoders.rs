//! Everything that reads what comes from outside: nothing panics, and nothing but the original is accepted.

use countersign::domain::{
    crypto::{PublicKey, SecretKey},
    enrol::EnrolmentCode,
    envelope::{Context, seal},
    id::{Hash, IssuerName, VoucherId},
    money::{Currency, Money, MoneyError},
    scan::{ShortCode, classify},
    voucher::{UntrustedToken, from_text, to_text},
};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{
    independent,
    samples::{Sample, samples},
    spelling::{accepts_claims, all_claims, payload_of},
    world,
};

/// Texts of other systems, and texts that are none.
const FOREIGN: &[&str] = &[
    "",
    " ",
    "\0",
    "CS1:",
    "CSP1:",
    "CS1",
    "cs1:",
    "CSE1:",
    "CSO1:",
    "4006381333931",
    "0000-0000-001Y",
    "https://shop.example/v?c=CS1:BB8",
    "WIFI:T:WPA;S:guest;P:secret;;",
    "HC1:6BFOXN*TS0BI$ZD4N9:9S6RCVN5+O30K3/XIV0W23NTDE",
    "shc:/567629095243206034602924374044603122295953265460346029254077",
    "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJkZW1vIn0.c2lnbmF0dXJl",
    "v4.public.eyJkYXRhIjoidGhpcyJ9",
    "BCD\n002\n1\nSCT\n\nRed Cross\nDE12500105170648489890\nEUR1",
    "]Q1CS1:BB8",
    "\u{feff}CS1:BB8",
    "CS1:\u{ff22}\u{ff22}\u{ff18}",
];

#[test]
fn every_message_is_accepted_by_its_own_decoder_and_by_no_other() {
    let samples = samples();
    for sample in &samples {
        for decoder in &samples {
            let own = sample.name == decoder.name;
            let accepted = (decoder.accepts)(&sample.bytes);
            assert_eq!(accepted, own, "{} as {}", sample.name, decoder.name);
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for Sample { name, bytes, accepts } in samples() {
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!accepts(&changed), "{name}, bit {bit}");
        }
    }
}

#[test]
fn every_truncation_and_every_appended_or_leading_byte_is_refused() {
    for Sample { name, bytes, accepts } in samples() {
        for end in 0..bytes.len() {
            assert!(!accepts(&bytes[..end]), "{name}, cut to {end}");
            assert!(!accepts(&bytes[end + 1..]), "{name}, without its first {}", end + 1);
        }
        for byte in 0..=u8::MAX {
            assert!(!accepts(&[&bytes[..], &[byte]].concat()), "{name}, then {byte}");
            assert!(!accepts(&[&[byte], &bytes[..]].concat()), "{name}, after {byte}");
        }
    }
}

#[test]
fn texts_of_other_systems_are_refused_by_all() {
    for text in FOREIGN {
        for sample in samples() {
            assert!(!(sample.accepts)(text.as_bytes()), "{text:?} as {}", sample.name);
        }
        assert!(EnrolmentCode::parse(text).is_err(), "{text:?}");
        let _named = classify(text);
    }
}

/// A megabyte, as letters, behind a prefix, as nested arrays, and as heads that promise more than there is.
#[test]
fn a_megabyte_of_anything_is_refused() {
    let many = |byte: u8| vec![byte; 1_000_000];
    let mut huge = vec![many(b'A'), many(0), many(0x81), many(0x9f), many(0xa1), many(0xbf)];
    for prefix in ["CS1:", "CSP1:", "CSE1:", "CSO1:", "]Q1"] {
        huge.push([prefix.as_bytes(), &many(b'A')].concat());
    }
    for head in [0x5b, 0x7b, 0x9b, 0xbb] {
        let promise = [[head].as_slice(), &[0xff; 8], &many(0)].concat();
        huge.push([&[0x84, 0x49], &promise[..]].concat());
        huge.push(promise);
    }
    for bytes in &huge {
        for sample in samples() {
            assert!(!(sample.accepts)(bytes), "{}", sample.name);
        }
        let text = String::from_utf8_lossy(bytes);
        let _named = classify(&text);
        assert!(EnrolmentCode::parse(&text).is_err());
        assert!(ShortCode::parse(&text).is_err());
        assert!(Money::parse(&text, Currency::EUR).is_err());
        assert!(text.parse::<IssuerName>().is_err() && text.parse::<VoucherId>().is_err());
    }
}

/// The same with the right signature around it: lengths and nesting inside the payload.
#[test]
fn signed_payloads_that_promise_too_much_are_refused() {
    let keys = [
        world::terminal_key(),
        world::platform_key(),
        world::root_key(),
        world::issuer_key(),
        world::holder_key(),
    ];
    for payload in hostile_payloads() {
        for key in &keys {
            for context in CONTEXTS {
                let bytes = seal(key, context, &payload);
                let text = to_text(&bytes);
                let shown = text.replacen("CS1:", "CSP1:", 1);
                for sample in samples().iter().filter(|sample| sample.name != "envelope") {
                    for bytes in [&bytes[..], text.as_bytes(), shown.as_bytes()] {
                        assert!(!(sample.accepts)(bytes), "{} {context:?}", sample.name);
                    }
                }
            }
        }
    }
}

const CONTEXTS: [Context; 8] = [
    Context::Voucher,
    Context::Presentation,
    Context::Bundle,
    Context::Manifest,
    Context::Entry,
    Context::Request,
    Context::Reply,
    Context::Enrolment,
];

fn hostile_payloads() -> Vec<Vec<u8>> {
    let mut payloads = vec![Vec::new(), vec![0x81; 900], vec![0xbf], vec![0xa0], vec![0xf6]];
    for head in [0x5b, 0x7b, 0x9b, 0xbb] {
        payloads.push([[head].as_slice(), &[0xff; 8]].concat());
        payloads.push([&[0xa1, 0x01, head][..], &[0x7f; 8]].concat());
        payloads.push([&[0xa1, 0x05, head][..], &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]].concat());
    }
    payloads
}

proptest! {
    #[test]
    fn random_bytes_are_refused(bytes in vec(any::<u8>(), 0..600)) {
        for sample in samples() {
            prop_assert!(!(sample.accepts)(&bytes), "{}", sample.name);
        }
    }

    #[test]
    fn random_texts_are_refused(body in ".{0,300}", prefix in "(CS1:|CSP1:|CSE1:|CSO1:|cs1:|)") {
        let text = format!("{prefix}{body}");
        let _named = classify(&text);
        prop_assert!(UntrustedToken::parse(&text).is_err());
        prop_assert!(EnrolmentCode::parse(&text).is_err());
    }

    #[test]
    fn random_base45_is_spelled_once(body in "[0-9A-Z $%*+./:-]{0,60}") {
        if let Ok(bytes) = from_text(&format!("CS1:{body}")) {
            prop_assert_eq!(independent::base45(&bytes), body);
        }
    }

    #[test]
    fn texts_have_no_blanks_at_their_ends(bytes in vec(any::<u8>(), 0..40)) {
        let text = to_text(&bytes);
        prop_assert_eq!(text.trim(), &text);
        prop_assert_eq!(from_text(&text), Ok(bytes));
    }

    #[test]
    fn a_piece_replaced_is_refused(
        which in any::<Index>(),
        (from, length) in (any::<Index>(), 0..20_usize),
        piece in vec(any::<u8>(), 0..20),
    ) {
        let samples = samples();
        let sample = which.get(&samples);
        let from = from.index(sample.bytes.len());
        let to = (from + length).min(sample.bytes.len());
        let mut changed = sample.bytes.clone();
        changed.splice(from..to, piece);
        prop_assume!(changed != sample.bytes);
        prop_assert!(!(sample.accepts)(&changed), "{} {from}..{to}", sample.name);
    }

    #[test]
    fn random_claims_under_the_right_signature_do_not_panic(payload in vec(any::<u8>(), 0..120)) {
        prop_assert!(!accepts_claims(&payload));
    }

    #[test]
    fn damaged_claims_under_the_right_signature_are_read_back_the_same(
        which in any::<Index>(),
        at in any::<Index>(),
        byte in any::<u8>(),
    ) {
        let claims = all_claims();
        let mut payload = payload_of(which.get(&claims));
        let at = at.index(payload.len());
        payload[at] = byte;
        let text = to_text(&independent::sign(&[1; 32], b"countersign/voucher/1", &payload));
        if let Ok(voucher) = UntrustedToken::parse(&text).unwrap().verify(&world::bundle().keyring()) {
            let again = countersign::domain::voucher::mint(&world::issuer_key(), voucher.claims());
            prop_assert_eq!(again.unwrap(), text);
        }
    }

    #[test]
    fn amounts_are_read_as_they_are_written(whole in 0..=1_000_000_u32, fraction in "[0-9]{0,4}") {
        for (code, digits) in [("EUR", 2), ("JPY", 0), ("KWD", 3)] {
            let text = format!("{whole}.{fraction}");
            let read = Money::parse(&text, code.parse().unwrap()).map(|money| money.minor);
            let padded: String = fraction.chars().chain("000".chars()).take(digits).collect();
            let minor = i64::from(whole) * 10_i64.pow(u32::try_from(digits).unwrap())
                + padded.parse::<i64>().unwrap_or(0);
            let fits = fraction.len() <= digits;
            let expected = fits.then_some(minor).ok_or(MoneyError::TooManyDecimals);
            prop_assert_eq!(read, expected, "{} {}", text, code);
        }
    }

    #[test]
    fn no_text_is_less_than_nothing(text in "[0-9]{0,20}[.,]?[0-9]{0,4}|.{0,12}") {
        if let Ok(money) = Money::parse(&text, Currency::EUR) {
            prop_assert!(money.minor >= 0);
        }
    }

    #[test]
    fn amounts_are_shown_as_they_are_typed(minor in 0..=i64::MAX) {
        for currency in ["EUR", "JPY", "KWD"].map(|code| code.parse::<Currency>().unwrap()) {
            let money = Money::new(minor, currency);
            prop_assert_eq!(Money::parse(&money.number(), currency), Ok(money));
        }
    }

    #[test]
    fn names_and_numbers_are_read_as_they_are_shown(text in "[0-9a-fA-F]{30,66}|.{0,40}") {
        if let Ok(id) = text.parse::<VoucherId>() {
            prop_assert_eq!(id.to_string(), text.to_ascii_lowercase());
        }
        if let Ok(hash) = text.parse::<Hash>() {
            prop_assert_eq!(hash.to_string(), text.to_ascii_lowercase());
        }
        if let Ok(name) = text.parse::<IssuerName>() {
            prop_assert_eq!(name.as_str(), text);
        }
    }

    #[test]
    fn keys_are_read_as_they_are_shown(seed in any::<[u8; 32]>()) {
        let public = SecretKey::from_seed(&seed).public();
        prop_assert_eq!(public.to_string().parse::<PublicKey>().unwrap(), public);
        if let Ok(key) = PublicKey::from_bytes(&seed) {
            prop_assert_eq!(key.to_bytes(), seed);
        }
    }
}
