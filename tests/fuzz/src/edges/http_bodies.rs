//! What comes over HTTP: questions of phones, media types, problem documents, and whole requests through all routes.

use countersign::{
    net::{TransportError, refusal},
    platform::http::{is_of_type, voucher_asked},
};
use serde_json::{Value, json};

use super::{chosen, router, sync_seeds, way};
use crate::samples;

const QUESTION: u8 = 0;
const PROBLEM: u8 = 1;
const MEDIA_TYPE: u8 = 2;

pub(crate) fn holds(data: &[u8]) {
    match data.split_first() {
        Some((&QUESTION, body)) => question_holds(body),
        Some((&PROBLEM, body)) => problem_holds(body),
        Some((&MEDIA_TYPE, header)) => {
            std::str::from_utf8(header).into_iter().for_each(media_type_holds);
        }
        Some((_, request)) if chosen(request, 64) => router::answers(request),
        _ => {}
    }
}

/// A question is an object with one text under one key, once.
fn question_holds(body: &[u8]) {
    let asked = voucher_asked(body);
    if asked.is_none() && !chosen(body, 16) {
        return;
    }
    let value = serde_json::from_slice::<Value>(body).ok();
    let object = value.as_ref().and_then(Value::as_object);
    let alone = object.filter(|object| object.len() == 1);
    let text = alone.and_then(|object| object.get("voucher")?.as_str());
    match asked {
        Some(asked) => {
            assert_eq!(
                Some(asked.as_str()).filter(|_| object.is_some()),
                text.filter(|_| object.is_some())
            );
            let again = json!({ "voucher": asked }).to_string();
            assert_eq!(voucher_asked(again.as_bytes()), Some(asked));
        }
        // A key that stands there twice is refused, where a lenient reader takes the last.
        None => assert!(
            text.is_none() || body.windows(9).filter(|it| it == b"\"voucher\"").count() != 1
        ),
    }
}

/// Whatever answers instead of the platform is a refusal with its words, or something that is not the platform's.
fn problem_holds(body: &[u8]) {
    match refusal(403, body) {
        TransportError::Refused { status, code, detail } => {
            assert_eq!(status, 403);
            let again = json!({ "code": code, "detail": detail, "more": null }).to_string();
            let expected = TransportError::Refused { status, code, detail };
            assert_eq!(refusal(403, again.as_bytes()), expected);
        }
        TransportError::Invalid(reason) => assert!(reason.contains("403")),
        other @ (TransportError::Offline(_)
        | TransportError::Timeout
        | TransportError::Untrusted(_)
        | TransportError::Address(_)) => panic!("{other}"),
    }
}

fn media_type_holds(header: &str) {
    for wanted in ["application/cose", "application/json"] {
        let is = is_of_type(header, wanted);
        assert_eq!(is_of_type(&format!(" {header} ; charset=x"), wanted), is);
        assert_eq!(is_of_type(&header.to_ascii_uppercase(), wanted), is);
        let plain = header.trim_start().get(..wanted.len());
        assert!(!is || plain.is_some_and(|plain| plain.eq_ignore_ascii_case(wanted)));
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let problem = br#"{"type":"urn:countersign:problem:busy","title":"Busy","status":503,"detail":"again","code":"busy","retryable":true,"trace_id":"00"}"#;
    let mut seeds = vec![
        way(QUESTION, br#"{"voucher": "CS1:BB8"}"#),
        way(QUESTION, "{\"voucher\":\"\\u00e9\u{1f600}\\\"\"}".as_bytes()),
        way(PROBLEM, problem),
        way(MEDIA_TYPE, b"application/cose; cose-type=\"cose-sign1\""),
        way(MEDIA_TYPE, b"Application/JSON;charset=utf-8"),
    ];
    let signed = samples::samples().into_iter().map(|sample| sample.bytes);
    let bodies = signed.chain(sync_seeds::signed_requests()).flat_map(router::requests_with);
    seeds.extend(bodies.map(|request| way(3, &request)));
    seeds.extend(router::questions().into_iter().map(|request| way(3, &request)));
    seeds
}
