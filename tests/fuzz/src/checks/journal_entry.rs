//! Journal entries: the signed bytes, and what is signed.

use std::sync::OnceLock;

use countersign::domain::{
    crypto::{PublicKey, hash},
    envelope::{decode, encode},
    id::{Epoch, Hash, LeaseId, OperatorId, Seq, VoucherKey},
    journal::{
        Act, Body, Entry, Goods, Head, Opened, Outcome, Redeemed, Refused, RolledBack, SignedEntry,
        Waiting, append, totals, verify_link,
    },
    money::Currency,
    redeem::{Finding, FindingSet},
    scan::EntryMethod,
    sync::{Intake, Ledger, LedgerChange, ledger_change, plan_intake},
    voucher::{Lines, Tier, Used},
};

use super::{chosen, comes_back, way};
use crate::{samples, world};

const SIGNED: u8 = 0;

pub(crate) fn holds(data: &[u8]) {
    match data.split_first() {
        Some((&SIGNED, bytes)) => signed_holds(bytes),
        Some((_, payload)) => payload_holds(payload),
        None => {}
    }
}

/// Nothing is an entry but what the terminal signed; few are tried, because a signature takes long.
fn signed_holds(bytes: &[u8]) {
    static SIGNED: OnceLock<(Vec<Vec<u8>>, PublicKey)> = OnceLock::new();
    let (signed, terminal) = SIGNED.get_or_init(|| (all_signed(), world::terminal_key().public()));
    if chosen(bytes, 64) {
        let opened = SignedEntry::open(bytes, terminal).ok();
        assert_eq!(opened.is_some(), signed.iter().any(|own| own == bytes));
        assert!(opened.is_none_or(|entry| entry.hash == hash(bytes)));
    }
}

/// What is read comes back, and takes its place in a chain, in sums and in a ledger without going out of any range.
fn payload_holds(payload: &[u8]) {
    let Ok(entry) = decode::<Entry>(payload) else {
        return;
    };
    comes_back(&entry, payload);
    let (prev, seq, epoch) = (entry.prev, entry.seq, entry.epoch);
    let signed = SignedEntry { entry, bytes: payload.to_vec(), hash: hash(payload) };
    let before = Head { epoch, seq: Seq(seq.0.saturating_sub(1)), hash: prev };
    let linked = verify_link(before, &signed);
    assert_eq!(linked.ok(), (seq.0 > 0).then(|| signed.head()));
    let other = Head { hash: hash(b"another"), ..before };
    assert!(verify_link(other, &signed).is_err());
    let twice = [&signed.entry, &signed.entry];
    let sums = totals(twice);
    assert_eq!(sums.by_currency().len(), usize::from(!sums.campaigns.is_empty()));
    ledger_holds(&signed);
    intake_holds(before, signed);
}

fn ledger_holds(signed: &SignedEntry) {
    let LedgerChange::Add(row) = ledger_change(signed) else {
        return;
    };
    let (used, terminal) = (row.used, row.terminal);
    let ledger = Ledger { uses: vec![row.clone(), row] };
    assert_eq!(ledger.used(), used.plus(used));
    assert_eq!(ledger.used_elsewhere(terminal), Used::default());
    assert!(used.minus(used).is_nothing() && used.is_within(used));
}

/// A run is taken once: what is stored already is not stored again.
fn intake_holds(before: Head, signed: SignedEntry) {
    let (end, follows) = (signed.head(), signed.entry.seq.0 > 0);
    let held = |seq| (seq == before.seq).then_some(before.hash);
    let first = plan_intake(before, held, before, vec![signed.clone()]);
    let sound = follows && (before.seq.0 > 0 || before.hash == Hash::ZERO);
    assert_eq!(matches!(&first, Intake::Store(new) if new.len() == 1), sound);
    if sound {
        let held = |seq| if seq == end.seq { Some(end.hash) } else { held(seq) };
        assert_eq!(plan_intake(end, held, before, vec![signed]), Intake::Store(Vec::new()));
    }
}

fn all_signed() -> Vec<Vec<u8>> {
    all_entries().into_iter().map(|entry| append(&world::terminal_key(), entry).bytes).collect()
}

/// An entry of every body.
pub(crate) fn all_entries() -> Vec<Entry> {
    let plain = samples::entry().entry;
    let Body::Redeemed(redeemed) = plain.body.clone() else {
        return Vec::new();
    };
    let key = redeemed.voucher.clone();
    let bodies = [
        Body::Redeemed(full(redeemed)),
        Body::Opened(Opened { software: "0.1.0".to_owned(), continues: Hash([3; 32]) }),
        refused(key.clone()),
        rolled_back(key),
        Body::BundleTaken { version: 4, hash: Hash([5; 32]) },
        Body::LeaseEnded { lease: LeaseId(6), used: Used::new(2, 300) },
    ];
    let entries = bodies.into_iter().zip(1..).map(|(body, seq)| Entry {
        seq: Seq(seq),
        body,
        ..plain.clone()
    });
    std::iter::once(plain.clone()).chain(entries).collect()
}

fn full(redeemed: Redeemed) -> Redeemed {
    Redeemed {
        used: Used { lines: Lines::from_slice(&[2, 0, 1]).unwrap(), ..Used::new(3, 900) },
        rest: Some(300),
        approved_by: Some(OperatorId(9)),
        presence: Tier::Signed,
        customer: Some("anna".parse().unwrap()),
        lease: Some(LeaseId(6)),
        waiting: Waiting { count: 2, minor: 5_000 },
        act: Some(Act { first: Seq(1), vouchers: 2 }),
        goods: vec![Goods { count: 2, value_each: 450, name: "Tea".to_owned() }],
        shown_at: Some(world::NOON),
        ..redeemed
    }
}

fn refused(voucher: VoucherKey) -> Body {
    Body::Refused(Refused {
        outcome: Outcome::CannotCheck,
        code: "platform_silent".to_owned(),
        voucher: Some(voucher),
        scan: Hash([7; 32]),
        method: EntryMethod::Serial,
        findings: FindingSet::from_iter([Finding::PlatformSilent, Finding::NotConfirmed]),
        online: false,
    })
}

fn rolled_back(voucher: VoucherKey) -> Body {
    Body::RolledBack(RolledBack {
        of: Seq(1),
        voucher,
        used: Used::new(1, 1250),
        currency: Currency::EUR,
        reason: "wrong_scan".to_owned(),
        of_epoch: Epoch(1),
        approved_by: None,
    })
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let signed = all_signed().into_iter().map(|bytes| way(SIGNED, &bytes));
    let payloads = all_entries().into_iter().map(|entry| way(1, &encode(&entry)));
    signed.chain(payloads).collect()
}
