//! Vouchers: from a text, from a token's bytes, from claims.

use std::{collections::BTreeSet, sync::OnceLock};

use countersign::domain::{
    crypto::KeyId,
    envelope::Envelope,
    id::Hex,
    trust::Keyring,
    voucher::{
        PREFIX, PRESENTATION_PREFIX, TOKEN_MAX, UntrustedToken, Used, decode_claims, encode_claims,
        from_text, mint, to_text,
    },
};

use super::{by_hand, chosen, way};
use crate::world;

const TEXT: u8 = 0;
const TOKEN: u8 = 1;
const CLAIMS: u8 = 2;

pub(crate) fn holds(data: &[u8]) {
    match data.split_first() {
        Some((&TEXT, text)) => std::str::from_utf8(text).into_iter().for_each(text_holds),
        Some((&TOKEN, bytes)) => token_holds(bytes),
        Some((_, claims)) => claims_hold(claims),
        None => {}
    }
}

/// A text is read as the standard has it, and is spelled in one way.
fn text_holds(text: &str) {
    let read = from_text(text).ok();
    let body = text.strip_prefix(PREFIX);
    let expected = body.and_then(by_hand::base45).filter(|bytes| bytes.len() <= TOKEN_MAX);
    assert_eq!(read, expected);
    if let Some(bytes) = read {
        assert_eq!(to_text(&bytes), text);
    }
    if text.starts_with(PRESENTATION_PREFIX) {
        return;
    }
    if let Ok(token) = UntrustedToken::parse(text) {
        nobody_is_in(&token, text);
    }
}

/// Bytes are a token exactly where another library finds an envelope of our shape in them.
fn token_holds(bytes: &[u8]) {
    let envelope = Envelope::parse(bytes).ok();
    if envelope.is_some() || chosen(bytes, 16) {
        assert_eq!(
            envelope.as_ref().map(|it| (it.kid().0.to_vec(), it.unverified_payload().to_vec())),
            by_hand::cose(bytes).map(|(kid, payload, _)| (kid, payload)),
        );
    }
    if let Some(envelope) = envelope.filter(|_| bytes.len() <= TOKEN_MAX) {
        let text = to_text(bytes);
        let token = UntrustedToken::parse(&text).expect("an envelope is a token");
        let claims = decode_claims(envelope.unverified_payload()).ok();
        assert_eq!(token.unverified_claims().ok(), claims);
        nobody_is_in(&token, &text);
    }
}

/// Claims that are read are written in the same bytes, are within their bounds, and go through a whole voucher's life.
fn claims_hold(payload: &[u8]) {
    let Ok(claims) = decode_claims(payload) else {
        return;
    };
    assert_eq!(encode_claims(&claims), payload);
    assert_eq!(claims.check(), Ok(()));
    let limit = claims.terms.limit();
    assert!(limit.left_after(Used::default()) > 0 && !limit.is_exceeded_by(Used::default()));
    if chosen(payload, 256) {
        by_hand::assert_deterministic(payload);
        let text = mint(&world::issuer_key(), &claims).expect("they are within their bounds");
        let token = UntrustedToken::parse(&text).expect("what we mint is a token");
        let voucher = token.verify(keyring());
        let own = claims.issuer.as_str() == "demo";
        assert_eq!(voucher.map(|voucher| voucher.claims().clone()).ok(), own.then_some(claims));
    }
}

/// No token is believed that nobody signed; of those that name our key few are tried, because that takes long.
fn nobody_is_in(token: &UntrustedToken, text: &str) {
    if token.kid() != issuer_kid() || chosen(text.as_bytes(), 64) {
        let believed = token.verify(keyring()).is_ok();
        assert!(!believed || signed().contains(text), "{}", Hex(text.as_bytes()));
    }
}

fn issuer_kid() -> KeyId {
    static KID: OnceLock<KeyId> = OnceLock::new();
    *KID.get_or_init(|| world::issuer_key().public().id())
}

fn keyring() -> &'static Keyring {
    static KEYRING: OnceLock<Keyring> = OnceLock::new();
    KEYRING.get_or_init(|| world::bundle().keyring())
}

/// All texts that were signed.
fn signed() -> &'static BTreeSet<String> {
    static SIGNED: OnceLock<BTreeSet<String>> = OnceLock::new();
    SIGNED.get_or_init(|| texts().into_iter().collect())
}

/// Vouchers of every kind by the issuer of the bundle.
fn texts() -> Vec<String> {
    let claims = all_claims().into_iter().filter_map(|payload| decode_claims(&payload).ok());
    claims.filter_map(|claims| mint(&world::issuer_key(), &claims).ok()).collect()
}

/// The claims of the format's examples: every kind, with a customer, with a phone.
pub(crate) fn all_claims() -> Vec<Vec<u8>> {
    let examples = format_lines("claims hex:").into_iter();
    examples.filter_map(by_hand::hex).collect()
}

/// What stands behind a name in the examples of the voucher format, those that are refused among them.
pub(crate) fn format_lines(name: &str) -> Vec<&'static str> {
    let format = include_str!("../../../../src/domain/voucher/FORMAT.md");
    format.lines().filter_map(|line| Some(line.strip_prefix(name)?.trim())).collect()
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts = texts();
    let examples = format_lines("text:").into_iter().chain(texts.iter().map(String::as_str));
    let examples: Vec<_> = examples.filter(|text| text.starts_with(PREFIX)).collect();
    let tokens = examples.iter().filter_map(|text| from_text(text).ok());
    let tokens = tokens.map(|token| way(TOKEN, &token));
    let texts = examples.iter().map(|text| way(TEXT, text.as_bytes()));
    let claims = all_claims().into_iter().map(|claims| way(CLAIMS, &claims));
    texts.chain(tokens).chain(claims).collect()
}
