//! Requests and replies: their payloads, and the envelopes around every signed message.

use countersign::domain::{
    envelope::{Context, Envelope, decode, encode, open},
    id::Hex,
    sync::{ClaimAnswer, Reply, ReplyBody, Request, RequestBody},
};

use super::{by_hand, chosen, comes_back, sync_seeds, way};
use crate::{samples, world};

const ENVELOPE: u8 = 0;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;

pub(crate) fn holds(data: &[u8]) {
    match data.split_first() {
        Some((&ENVELOPE, bytes)) => envelope_holds(bytes),
        Some((&REQUEST, payload)) => request_holds(payload),
        Some((&REPLY, payload)) => reply_holds(payload),
        Some((_, payload)) => wrapped_holds(payload),
        None => {}
    }
}

/// Bytes are an envelope exactly where another library finds one of our shape; only a signer's own opens.
fn envelope_holds(bytes: &[u8]) {
    let envelope = Envelope::parse(bytes).ok();
    if envelope.is_some() || chosen(bytes, 8) {
        let ours = envelope.map(|it| (it.kid().0.to_vec(), it.unverified_payload().to_vec()));
        let theirs = by_hand::cose(bytes).map(|(kid, payload, _)| (kid, payload));
        assert_eq!(ours, theirs, "{}", Hex(bytes));
    }
    if chosen(bytes, 256) {
        let key = world::terminal_key().public();
        let opened = open(bytes, &key, Context::Request).is_ok();
        let signed = samples::samples()
            .into_iter()
            .any(|sample| sample.name == "request" && sample.bytes == bytes);
        assert_eq!(opened, signed || sync_seeds::signed_requests().iter().any(|own| own == bytes));
    }
}

/// A payload is the same inside an envelope.
fn wrapped_holds(payload: &[u8]) {
    let bytes = by_hand::wrapped([9, 8, 7, 6], payload);
    let envelope = Envelope::parse(&bytes).expect("an envelope by hand");
    assert_eq!(envelope.unverified_payload(), payload);
    assert_eq!(envelope.kid().0, [9, 8, 7, 6]);
}

fn request_holds(payload: &[u8]) {
    let Ok(request) = decode::<Request>(payload) else {
        return;
    };
    comes_back(&request, payload);
    if let RequestBody::Push { entries, .. } = &request.body {
        let length: usize = entries.iter().map(|entry| entry.len()).sum();
        assert!(length < payload.len());
    }
}

/// What is read takes no more than a few times the bytes it was read from.
fn reply_holds(payload: &[u8]) {
    let Ok(reply) = decode::<Reply>(payload) else {
        return;
    };
    comes_back(&reply, payload);
    match &reply.body {
        ReplyBody::Claim(answers) => {
            let granted = |answer: &&ClaimAnswer| matches!(answer, ClaimAnswer::Granted { .. });
            assert!(answers.iter().filter(granted).count() <= payload.len());
        }
        ReplyBody::Pulled { conflicts, .. } | ReplyBody::Ack { conflicts, .. } => {
            let evidence: usize = conflicts.iter().map(|notice| notice.evidence.len()).sum();
            assert!(evidence * 34 <= payload.len());
        }
        ReplyBody::History { entries, .. } => {
            assert!(entries.iter().map(|entry| entry.len()).sum::<usize>() < payload.len());
        }
        ReplyBody::Mismatch { .. } | ReplyBody::Chunks(_) | ReplyBody::Lookup(_) => {}
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let sealed = samples::samples().into_iter().map(|sample| sample.bytes);
    let sealed = sealed.filter(|bytes| bytes.first() == Some(&0x84));
    let sealed = sealed.chain(sync_seeds::signed_requests()).map(|bytes| way(ENVELOPE, &bytes));
    let requests = sync_seeds::requests().into_iter().map(|it| way(REQUEST, &encode(&it)));
    let replies = sync_seeds::replies().into_iter().map(|it| way(REPLY, &encode(&it)));
    sealed.chain(requests).chain(replies).chain([way(3, b"payload")]).collect()
}
