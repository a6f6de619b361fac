//! Journals that were tampered with, and totals worked out a second way.

use std::collections::BTreeMap;

use countersign::domain::{
    crypto::SecretKey,
    id::{BranchId, CampaignId, Epoch, Hash, LeaseId, Seq, TerminalId, VoucherId, VoucherKey},
    journal::{
        Body, ChainError, Entry, Head, Opened, Outcome, Redeemed, Refused, RolledBack, SignedEntry,
        Uptime, Waiting, append, totals, verify_link,
    },
    money::Currency,
    redeem::FindingSet,
    scan::EntryMethod,
    voucher::{Kind, Limit, Tier, Used},
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

use crate::world::{self, NOON};

/// One thing that someone with the database but without the key might do.
#[derive(Clone, Copy, Debug)]
enum Tamper {
    Flip,
    Drop,
    Swap,
    Duplicate,
    InsertForged,
    ReplaceForged,
    InsertOwn,
    Truncate,
    OtherEpoch,
}

proptest! {
    #[test]
    fn an_untouched_journal_verifies(bodies in vec(body(), 1..8)) {
        let journal = chain(&bodies);
        prop_assert_eq!(verify(&bytes_of(&journal)), Some(journal.last().unwrap().head()));
    }

    #[test]
    fn every_tampering_is_found(
        bodies in vec(body(), 2..8),
        tamper in tamper(),
        (at, other, bit) in (any::<Index>(), any::<Index>(), any::<Index>()),
    ) {
        let journal = chain(&bodies);
        let before = bytes_of(&journal);
        let mut after = before.clone();
        let (at, other) = (at.index(after.len()), other.index(after.len()));
        change(&mut after, &journal, tamper, (at, other), bit);
        prop_assume!(after != before);
        let head = journal.last().unwrap().head();
        prop_assert_ne!(verify(&after), Some(head), "{:?} at {}", tamper, at);
    }

    #[test]
    fn totals_are_the_sum_of_their_entries(bodies in vec(body(), 0..40)) {
        let entries: Vec<Entry> = chain(&bodies).into_iter().map(|signed| signed.entry).collect();
        let sums = totals(&entries);
        let count = |wanted: fn(&Body) -> bool| bodies.iter().filter(|body| wanted(body)).count() as u64;
        prop_assert_eq!(sums.redeemed, count(|body| matches!(body, Body::Redeemed(_))));
        prop_assert_eq!(sums.rolled_back, count(|body| matches!(body, Body::RolledBack(_))));
        prop_assert_eq!(sums.offline, count(|body| matches!(body, Body::Redeemed(one) if !one.online)));
        let refusals = sums.refused.values().chain(sums.cannot_check.values()).sum::<u64>();
        prop_assert_eq!(refusals + sums.not_a_voucher, count(|body| matches!(body, Body::Refused(_))));
        let mut booked = BTreeMap::<_, (i64, i128)>::new();
        for (key, currency, count, minor) in bodies.iter().filter_map(booking) {
            let sum = booked.entry((key.issuer, key.id.campaign, currency)).or_default();
            *sum = (sum.0 + count, sum.1 + minor);
        }
        let told = sums.campaigns.iter().map(|(key, sum)| (key.clone(), (sum.uses, sum.minor)));
        prop_assert_eq!(told.collect::<BTreeMap<_, _>>(), booked);
        let mut backwards = entries.clone();
        backwards.reverse();
        prop_assert_eq!(totals(&backwards), sums);
    }
}

#[test]
fn sums_beyond_64_bits_do_not_wrap() {
    let all = vec![redeemed(1, 0, i64::MAX, false); 3];
    let entries: Vec<Entry> = chain(&all).into_iter().map(|signed| signed.entry).collect();
    let sums = totals(&entries).by_currency();
    assert_eq!(sums[&Currency::EUR], 3 * i128::from(i64::MAX));
}

#[test]
fn every_flipped_bit_of_a_journal_is_found() {
    let journal = chain(&[redeemed(1, 1, 1250, true), redeemed(2, 1, 400, false)]);
    for (at, entry) in journal.iter().enumerate() {
        for bit in 0..entry.bytes.len() * 8 {
            let mut bytes = bytes_of(&journal);
            bytes[at][bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(&bytes), None, "entry {at}, bit {bit}");
        }
    }
}

/// Signed by the terminal itself, so that nothing but the link can tell.
#[test]
fn a_link_names_what_is_wrong_with_it() {
    let journal = chain(&[redeemed(1, 1, 1250, true), redeemed(2, 1, 400, false)]);
    let (head, second) = (journal[0].head(), &journal[1].entry);
    let link = |change: fn(&mut Entry)| {
        let mut entry = second.clone();
        change(&mut entry);
        verify_link(head, &append(&world::terminal_key(), entry))
    };
    assert_eq!(link(|_| {}), Ok(journal[1].head()));
    let (expected, again, later) = (Seq(2), Seq(1), Seq(3));
    let gap = |at| Err(ChainError::Gap { expected, at });
    assert_eq!(link(|entry| entry.seq = Seq(3)), gap(later));
    assert_eq!(link(|entry| entry.seq = Seq(1)), gap(again));
    assert_eq!(link(|entry| entry.epoch = Epoch(2)), Err(ChainError::Epoch { at: expected }));
    assert_eq!(link(|entry| entry.epoch = Epoch(0)), Err(ChainError::Epoch { at: expected }));
    assert_eq!(link(|entry| entry.prev = Hash::ZERO), Err(ChainError::Fork { at: expected }));
}

/// Does what `tamper` says.
fn change(
    list: &mut Vec<Vec<u8>>,
    journal: &[SignedEntry],
    tamper: Tamper,
    (at, other): (usize, usize),
    bit: Index,
) {
    match tamper {
        Tamper::Flip => {
            let bit = bit.index(list[at].len() * 8);
            list[at][bit / 8] ^= 1 << (bit % 8);
        }
        Tamper::Drop => drop(list.remove(at)),
        Tamper::Swap => list.swap(at, other),
        Tamper::Duplicate => list.insert(other, list[at].clone()),
        Tamper::InsertForged => list.insert(at, forged(&journal[at].entry, [9; 32])),
        Tamper::ReplaceForged => list[at] = forged(&journal[at].entry, [9; 32]),
        // The terminal's own key, as after a restored copy: another entry at the same position.
        Tamper::InsertOwn => list[at] = forged(&journal[at].entry, [4; 32]),
        Tamper::Truncate => list.truncate(at),
        Tamper::OtherEpoch => {
            let mut entry = journal[at].entry.clone();
            entry.epoch = Epoch(2);
            list[at] = append(&world::terminal_key(), entry).bytes;
        }
    }
}

/// The same entry a second later, under a key grown from `seed`.
fn forged(entry: &Entry, seed: [u8; 32]) -> Vec<u8> {
    let mut entry = entry.clone();
    entry.at = entry.at.plus(1);
    append(&SecretKey::from_seed(&seed), entry).bytes
}

/// Where the journal ends, when it holds together from its beginning.
fn verify(list: &[Vec<u8>]) -> Option<Head> {
    list.iter().try_fold(Head::start(Epoch(1)), |head, bytes| {
        let entry = SignedEntry::open(bytes, &world::terminal_key().public()).ok()?;
        verify_link(head, &entry).ok()
    })
}

fn bytes_of(journal: &[SignedEntry]) -> Vec<Vec<u8>> {
    journal.iter().map(|signed| signed.bytes.clone()).collect()
}

fn chain(bodies: &[Body]) -> Vec<SignedEntry> {
    let mut journal: Vec<SignedEntry> = Vec::new();
    for body in bodies {
        let head = journal.last().map_or(Head::start(Epoch(1)), SignedEntry::head);
        let entry = Entry {
            terminal: TerminalId(3),
            epoch: Epoch(1),
            seq: head.seq.next(),
            prev: head.hash,
            at: NOON,
            time_floor: NOON,
            branch: BranchId(11),
            operator: None,
            body: body.clone(),
            uptime: Uptime::default(),
        };
        journal.push(append(&world::terminal_key(), entry));
    }
    journal
}

/// What a body adds to the sums of its campaign.
fn booking(body: &Body) -> Option<(VoucherKey, Currency, i64, i128)> {
    match body {
        Body::Redeemed(one) => Some((
            one.voucher.clone(),
            one.currency,
            i64::from(one.used.uses),
            i128::from(one.used.minor),
        )),
        Body::RolledBack(back) => Some((
            back.voucher.clone(),
            back.currency,
            -i64::from(back.used.uses),
            -i128::from(back.used.minor),
        )),
        Body::Opened(_)
        | Body::Refused(_)
        | Body::BundleTaken { .. }
        | Body::LeaseEnded { .. }
        | Body::Recovered(_) => None,
    }
}

fn tamper() -> impl Strategy<Value = Tamper> {
    select(vec![
        Tamper::Flip,
        Tamper::Drop,
        Tamper::Swap,
        Tamper::Duplicate,
        Tamper::InsertForged,
        Tamper::ReplaceForged,
        Tamper::InsertOwn,
        Tamper::Truncate,
        Tamper::OtherEpoch,
    ])
}

fn body() -> impl Strategy<Value = Body> {
    let any_voucher = || (1..4_u32, 0..3_u32, 0..100_000_i64);
    // A part of a balance is given back without a use.
    let uses = || 0..5_u32;
    prop_oneof![
        4 => (any_voucher(), uses(), any::<bool>()).prop_map(|(one, uses, online)| {
            let (campaign, index, minor) = one;
            let mut body = redeemed(campaign, index, minor, online);
            if let Body::Redeemed(redeemed) = &mut body {
                redeemed.used.uses = uses;
            }
            body
        }),
        1 => (any_voucher(), uses()).prop_map(|((campaign, index, minor), uses)| Body::RolledBack(RolledBack {
            of: Seq(1),
            voucher: voucher(campaign, index),
            used: Used::new(uses, minor),
            currency: currency(campaign),
            reason: "wrong_scan".to_owned(),
            of_epoch: Epoch(1),
            approved_by: None,
        })),
        1 => (0..3_usize, "[a-c]").prop_map(|(outcome, code)| Body::Refused(Refused {
            outcome: [Outcome::Refused, Outcome::CannotCheck, Outcome::NotAVoucher][outcome],
            code,
            voucher: None,
            scan: Hash([8; 32]),
            method: EntryMethod::Serial,
            findings: FindingSet::EMPTY,
            online: false,
        })),
        1 => Just(Body::Opened(Opened { software: "0.1.0".to_owned(), continues: Hash::ZERO })),
        1 => any::<u64>().prop_map(|version| Body::BundleTaken { version, hash: Hash([6; 32]) }),
        1 => any::<u32>().prop_map(|uses| Body::LeaseEnded {
            lease: LeaseId(9),
            used: Used::new(uses, 0),
        }),
    ]
}

fn redeemed(campaign: u32, index: u32, minor: i64, online: bool) -> Body {
    Body::Redeemed(Redeemed {
        voucher: voucher(campaign, index),
        token: Hash([7; 32]),
        kind: Kind::PrepaidDeal,
        used: Used::new(1, minor),
        currency: currency(campaign),
        bill: None,
        limit: Limit::Uses(1),
        left: 0,
        method: EntryMethod::Camera,
        findings: FindingSet::EMPTY,
        online,
        bundle: 3,
        list_as_of: None,
        rest: None,
        due: None,
        approved_by: None,
        presence: Tier::Static,
        customer: None,
        lease: None,
        waiting: Waiting::default(),
        act: None,
        goods: Vec::new(),
        shown_at: None,
    })
}

fn voucher(campaign: u32, index: u32) -> VoucherKey {
    VoucherKey {
        issuer: "demo".parse().unwrap(),
        id: VoucherId { campaign: CampaignId(campaign), index, random: 5 },
    }
}

/// Campaign 3 is in yen.
fn currency(campaign: u32) -> Currency {
    let code = if campaign == 3 { "JPY" } else { "EUR" };
    code.parse().unwrap()
}
