//! Presentations: from a text, from an envelope's bytes, from what the phone signs, from the token inside.

use std::{collections::BTreeSet, sync::OnceLock};

use ciborium::Value;
use countersign::domain::{
    envelope::Envelope,
    trust::Keyring,
    voucher::{
        PRESENTATION_PREFIX, Tier, UntrustedToken, decode_claims, from_text, mint, present, to_text,
    },
};

use super::{by_hand, chosen, token, way};
use crate::world;

const TEXT: u8 = 0;
const BYTES: u8 = 1;
const SHOWN: u8 = 2;

pub(crate) fn holds(data: &[u8]) {
    match data.split_first() {
        Some((&TEXT, text)) => std::str::from_utf8(text).into_iter().for_each(text_holds),
        Some((&BYTES, bytes)) => text_holds(&text_of(bytes)),
        Some((&SHOWN, shown)) => text_holds(&text_of(&by_hand::wrapped([1, 2, 3, 4], shown))),
        Some((_, token)) => inside_holds(token),
        None => {}
    }
}

fn text_of(bytes: &[u8]) -> String {
    to_text(bytes).replacen("CS1:", PRESENTATION_PREFIX, 1)
}

/// A presentation is one exactly where the token inside is, says what that says, and is spelled in one way.
fn text_holds(text: &str) {
    let Some(body) = text.strip_prefix(PRESENTATION_PREFIX) else {
        return;
    };
    let Ok(token) = UntrustedToken::parse(text) else {
        return;
    };
    let bytes = by_hand::base45(body).expect("it was read");
    assert_eq!(text_of(&bytes), text);
    let envelope = Envelope::parse(&bytes).expect("a presentation is an envelope");
    let inside = inner(envelope.unverified_payload());
    let plain = UntrustedToken::parse(&to_text(&inside)).expect("a token is inside");
    assert_eq!(plain.kid(), token.kid());
    assert_eq!(plain.unverified_claims().ok(), token.unverified_claims().ok());
    if chosen(text.as_bytes(), 64) {
        by_hand::assert_deterministic(&bytes);
        by_hand::assert_deterministic(envelope.unverified_payload());
        let believed = token.verify(keyring());
        let tier = believed.ok().map(|voucher| voucher.presence().tier());
        assert_eq!(tier, signed().contains(text).then_some(Tier::Signed));
    }
}

/// The token in `[time, token]`.
fn inner(shown: &[u8]) -> Vec<u8> {
    let (_time, token): (i64, Value) = ciborium::from_reader(shown).expect("a time and a token");
    token.into_bytes().expect("a string of bytes")
}

/// Any token is taken to be shown that is a token, and no other.
fn inside_holds(token: &[u8]) {
    let shown = [&[0x82, 0x00][..], &by_hand::head(2, token.len()), token].concat();
    let text = text_of(&by_hand::wrapped([1, 2, 3, 4], &shown));
    let expected = UntrustedToken::parse(&to_text(token)).is_ok();
    assert_eq!(UntrustedToken::parse(&text).is_ok(), expected);
}

fn keyring() -> &'static Keyring {
    static KEYRING: OnceLock<Keyring> = OnceLock::new();
    KEYRING.get_or_init(|| world::bundle().keyring())
}

/// All texts that a phone signed.
fn signed() -> &'static BTreeSet<String> {
    static SIGNED: OnceLock<BTreeSet<String>> = OnceLock::new();
    SIGNED.get_or_init(|| texts().into_iter().collect())
}

fn texts() -> Vec<String> {
    let claims = token::all_claims().into_iter().filter_map(|payload| decode_claims(&payload).ok());
    let shown = claims.filter_map(|mut claims| {
        claims.holder = Some(world::holder());
        let text = mint(&world::issuer_key(), &claims).ok()?;
        present(&world::holder_key(), &text, world::NOON).ok()
    });
    shown.collect()
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts = texts();
    let examples = token::format_lines("text:").into_iter().chain(texts.iter().map(String::as_str));
    let examples: Vec<_> = examples.filter(|text| text.starts_with(PRESENTATION_PREFIX)).collect();
    let mut seeds: Vec<_> = examples.iter().map(|text| way(TEXT, text.as_bytes())).collect();
    for text in &examples {
        let body = text.strip_prefix(PRESENTATION_PREFIX).and_then(by_hand::base45);
        let Some(bytes) = body else { continue };
        seeds.push(way(BYTES, &bytes));
        if let Ok(envelope) = Envelope::parse(&bytes) {
            seeds.push(way(SHOWN, envelope.unverified_payload()));
        }
    }
    let plain = token::format_lines("text:").into_iter().filter_map(|text| from_text(text).ok());
    seeds.extend(plain.map(|bytes| way(3, &bytes)));
    seeds
}
