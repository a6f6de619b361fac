//! `PROTOCOL.md` and the message types say the same.

use std::fs;

use countersign::domain::{
    crypto::hash,
    envelope::{Context, Envelope, encode},
    id::{CampaignId, Epoch, Hash, Seq, TerminalId},
    journal::ENTRY_BYTES_MAX,
    sync::{
        BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, CHUNKS_MAX, Claim, ListName, ListVersion,
        MESSAGE_BYTES_MAX, PARCEL_BYTES_MAX, PARCEL_MESSAGES_MAX, REQUEST_BYTES_MAX, Request,
        RequestBody, TRAIL_MAX, Trail,
    },
    trust::TrustBundle,
    voucher::{Limit, TOKEN_MAX, Terms, Used},
};

use crate::{
    fences::{Fence, fences},
    independent::{from_diagnostic, to_bytes},
    samples::{self, samples},
    sources::root,
    world,
};

const PROTOCOL: &str = include_str!("../../src/domain/sync/PROTOCOL.md");

#[test]
fn the_page_was_compared_with_the_types_it_describes() {
    let files =
        ["src/domain/sync/message.rs", "src/domain/journal/entry.rs", "src/domain/enrol.rs"];
    let written = &fences(PROTOCOL, files[0])[0];
    for file in files {
        let bytes = fs::read(root().join(file)).unwrap();
        let digest = hash(&bytes).to_string();
        assert_eq!(
            written.get(file),
            digest,
            "{file} changed: review src/domain/sync/PROTOCOL.md against it, then write the new hash there"
        );
    }
}

#[test]
fn examples_are_what_the_types_encode_to() {
    assert_eq!(encode(&samples::entry().entry), example("entry"));
    assert_eq!(encode(&request(pull())), example("pull"));
    assert_eq!(encode(&request(claim())), example("claim"));
    let refusal = samples().into_iter().find(|sample| sample.name == "reply").unwrap();
    let sealed = Envelope::parse(&refusal.bytes).unwrap();
    assert_eq!(sealed.unverified_payload(), example("refusal"));
}

#[test]
fn limits_are_those_of_the_program() {
    for (what, most) in [
        ("entries of one push", BATCH_ENTRIES_MAX),
        ("bytes of the entries of one push", BATCH_BYTES_MAX),
        ("one signed entry", ENTRY_BYTES_MAX),
        ("parts of a list in one request", CHUNKS_MAX),
        ("one request", REQUEST_BYTES_MAX),
        ("hashes of one claim", TRAIL_MAX),
        ("one message, either way", MESSAGE_BYTES_MAX),
        ("a parcel", PARCEL_BYTES_MAX),
        ("messages of one parcel", PARCEL_MESSAGES_MAX),
        ("a trust bundle", TrustBundle::BYTES_MAX),
        ("a token", TOKEN_MAX),
    ] {
        let row = PROTOCOL.lines().find(|line| line.starts_with(&format!("| {what} |"))).unwrap();
        let digits: String = row.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits, most.to_string(), "{what}");
    }
}

#[test]
fn every_context_is_listed() {
    for context in [
        Context::Voucher,
        Context::Presentation,
        Context::Bundle,
        Context::Manifest,
        Context::Entry,
        Context::Request,
        Context::Reply,
        Context::Enrolment,
        Context::Anchor,
    ] {
        let cell = format!("| `{}` |", context.text());
        assert!(PROTOCOL.contains(&cell), "{context:?} is not in the table");
    }
}

fn example(name: &str) -> Vec<u8> {
    let examples: &Fence = &fences(PROTOCOL, "refusal")[0];
    to_bytes(&from_diagnostic(examples.get(name)))
}

fn request(body: RequestBody) -> Request {
    Request { terminal: TerminalId(3), epoch: Epoch(1), nonce: [9; 16], body }
}

fn pull() -> RequestBody {
    let list = ListName { issuer: "demo".parse().unwrap(), campaign: CampaignId(7) };
    RequestBody::Pull {
        bundle: 3,
        lists: vec![ListVersion { list, version: 3 }],
        conflicts_after: 0,
        listed_after: 0,
        leases: Vec::new(),
    }
}

fn claim() -> RequestBody {
    let value = world::euro(1250);
    let claim = Claim {
        voucher: world::claims(Terms::PrepaidDeal { value }).key(),
        limit: Limit::Uses(1),
        asked: samples::used(),
        used_here: Used::default(),
        customer: None,
        lease: None,
    };
    let trail = Trail { since: Seq(1), hashes: vec![Hash([7; 32])] };
    RequestBody::Claim { claims: vec![claim], after: Seq(1), trail }
}
