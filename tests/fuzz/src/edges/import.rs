//! What is read back: lines of exported journals, and journals of several lines in a replay; lists as they are written.

use std::collections::BTreeMap;

use countersign::{
    domain::{
        crypto::hash,
        envelope::{Envelope, decode, encode},
        id::Hex,
        journal::{Entry, append},
        redeem::Policy,
    },
    platform::replay::{JournalError, LossModel, Scenario, read_line, replay},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{by_hand, chosen, journal_entry, way};
use crate::world;

const LINE: u8 = 0;
const BYTES: u8 = 1;

pub(crate) fn holds(data: &[u8]) {
    match data.split_first() {
        Some((&LINE, line)) => std::str::from_utf8(line).into_iter().for_each(line_holds),
        Some((&BYTES, bytes)) => bytes_hold(bytes),
        Some((_, payload)) => replay_holds(payload),
        None => {}
    }
}

/// What a header must say; it may say more, also numbers that no [`Value`] holds.
#[derive(Deserialize)]
struct Header {
    format: String,
}

/// A line is read as another reader of JSON has it.
fn line_holds(line: &str) {
    let read = read_line(line);
    match &read {
        Ok(Some(read)) => {
            let value: Value = serde_json::from_str(line.trim()).expect("a line is JSON");
            let bytes = value["bytes"].as_str().and_then(by_hand::hex).expect("hexadecimal");
            assert_eq!(read.hash, hash(&bytes));
            bytes_hold(&bytes);
        }
        Ok(None) if line.trim().is_empty() => {}
        Ok(None) => {
            let header: Header = serde_json::from_str(line.trim()).expect("a header is JSON");
            assert_eq!(header.format, "countersign-journal/1");
        }
        Err(JournalError::Shape | JournalError::Format | JournalError::Entry) => {}
    }
}

/// A line around bytes is read exactly where they are an entry in an envelope.
fn bytes_hold(bytes: &[u8]) {
    let line = json!({ "epoch": 1, "seq": 1, "bytes": Hex(bytes).to_string() }).to_string();
    let entry = Envelope::parse(bytes).ok().and_then(|envelope| {
        decode::<Entry>(envelope.unverified_payload()).ok().filter(|_| bytes.len() <= 4096)
    });
    let read = read_line(&line).ok().flatten();
    assert_eq!(read.map(|line| line.entry), entry);
}

/// A journal of the same entry in two places is replayed to an end, and its sums come out.
fn replay_holds(payload: &[u8]) {
    let Ok(entry) = decode::<Entry>(payload) else {
        return;
    };
    if !chosen(payload, 4) {
        return;
    }
    let first = line_of(entry.clone());
    let mut second = line_of(entry);
    second.entry.seq = first.entry.seq.next();
    second.entry.prev = first.hash;
    let policy = Policy::default();
    let scenario = Scenario {
        policy: &policy,
        loss: LossModel::default(),
        campaign: None,
        zones: &BTreeMap::new(),
        zone: None,
    };
    let distinct = 1 + u64::from(second.entry.seq != first.entry.seq);
    let report = replay(vec![first.clone(), second, first], &scenario);
    assert_eq!((report.entries, report.journals), (distinct, 1));
    let now = report.accepted_now.redemptions + report.approval_now.redemptions;
    let sum =
        |groups: &BTreeMap<String, _>, of: fn(&_) -> u64| groups.values().map(of).sum::<u64>();
    let refused =
        sum(&report.refused_now, |group: &countersign::platform::replay::Group| group.redemptions);
    let unknown =
        sum(&report.unknown_now, |group: &countersign::platform::replay::Group| group.redemptions);
    assert_eq!(now + refused + unknown, report.accepted_then.redemptions);
    assert!(!report.to_string().is_empty());
}

fn line_of(entry: Entry) -> countersign::platform::replay::JournalLine {
    let bytes = encode(&entry);
    countersign::platform::replay::JournalLine { entry, hash: hash(&bytes) }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let header =
        r#"{"format":"countersign-journal/1","terminal":5,"key":"00","acknowledgement":null}"#;
    let mut seeds = vec![way(LINE, header.as_bytes()), way(LINE, b"{\"format\":\"x\"}")];
    for entry in journal_entry::all_entries() {
        seeds.push(way(2, &encode(&entry)));
        let bytes = append(&world::terminal_key(), entry).bytes;
        let line = json!({ "epoch": 1, "seq": 1, "hash": hash(&bytes).to_string(), "bytes": Hex(&bytes).to_string() });
        seeds.push(way(LINE, line.to_string().as_bytes()));
        seeds.push(way(BYTES, &bytes));
    }
    seeds
}
