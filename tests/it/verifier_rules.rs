//! What a till that lies in its own name writes: every entry is signed and linked as it should be, and the verifier names
//! the first one that no honest till would have written.

use countersign::domain::{
    crypto::SecretKey,
    id::{Epoch, Hash, Seq},
    journal::{Act, Body, Entry, Opened, Redeemed, RolledBack, append},
    money::Currency,
    time::Timestamp,
    voucher::{Kind, Used},
};
use serde_json::Value;

use crate::{
    proving::{Export, Touched, assert_named, is_here, row},
    stage::Stage,
    verifier::told,
};

/// Changes entries, and says which is then the first that is wrong, by its place from 0.
type Lie = fn(&mut Vec<Entry>) -> usize;

const LIES: [(&str, Lie); 18] = [
    ("beyond_limit", |entries| {
        change(entries, Kind::Pass, 1, |pass| pass.used = Used::new(2, 560))
    }),
    ("beyond_limit", |entries| {
        // The second time the voucher is honoured although nothing was given back.
        let back = back(entries, 0);
        let refused = entries.iter().position(|entry| matches!(entry.body, Body::Refused(_)));
        entries[back].body = entries[refused.unwrap()].body.clone();
        redeemed(entries, Kind::PrepaidDeal, 1)
    }),
    ("left_too_much", |entries| change(entries, Kind::Pass, 0, |pass| pass.left += 1)),
    ("left_too_much", |entries| change(entries, Kind::PickUp, 0, |order| order.left += 1)),
    ("currency_mixed", |entries| {
        change(entries, Kind::Pass, 1, |pass| pass.currency = "JPY".parse().unwrap())
    }),
    ("currency_mixed", |entries| give_back(entries, 1, |back| back.currency = Currency::EUR)),
    ("gives_back_too_much", |entries| give_back(entries, 1, |back| back.used.minor = 901)),
    ("gives_back_too_much", |entries| give_back(entries, 2, |back| back.used.lines.0[1] = 3)),
    ("gives_back_a_part", |entries| give_back(entries, 0, |back| back.used.minor -= 1)),
    ("rollback_of_nothing", |entries| give_back(entries, 0, |back| back.of = Seq(1))),
    ("rollback_of_other", |entries| give_back(entries, 0, |back| back.voucher.id.random ^= 1)),
    ("rollback_of_later", |entries| {
        let at = back(entries, 0);
        give_back(entries, 0, |back| back.of = Seq(at as u64 + 1))
    }),
    ("floor_fell", |entries| {
        let floor = entries[4].time_floor;
        entries[5].time_floor = Timestamp(floor.0 - 1);
        entries[5].at = entries[5].time_floor;
        5
    }),
    ("clock_beyond_floor", |entries| {
        entries[5].at = Timestamp(entries[5].time_floor.0 + 1);
        5
    }),
    ("act_broken", |entries| {
        // Three vouchers were redeemed together, and only two are here.
        let first = redeemed(entries, Kind::PercentOff, 0);
        for entry in &mut entries[first..first + 2] {
            let Body::Redeemed(redeemed) = &mut entry.body else { panic!("not an act") };
            redeemed.act = redeemed.act.map(|act| Act { vouchers: 3, ..act });
        }
        first + 2
    }),
    ("act_broken", |entries| {
        let first = redeemed(entries, Kind::PercentOff, 0);
        change(entries, Kind::PercentOff, 1, |share| {
            share.act = Some(Act { first: Seq(first as u64), vouchers: 2 });
        })
    }),
    ("opened_again", |entries| {
        let software = "0.1.0".to_owned();
        entries[5].body = Body::Opened(Opened { software, continues: Hash::ZERO });
        5
    }),
    ("lease_over", |entries| {
        let ended = |entry: &Entry| matches!(entry.body, Body::LeaseEnded { .. });
        let ended = entries.iter().position(ended).unwrap();
        let leased =
            |entry: &Entry| matches!(&entry.body, Body::Redeemed(one) if one.lease.is_some());
        let leased = entries.iter().position(leased).unwrap();
        let (earlier, later) = (entries[leased].body.clone(), entries[ended].body.clone());
        (entries[leased].body, entries[ended].body) = (later, earlier);
        ended
    }),
];

#[test]
fn what_no_honest_till_would_have_written_is_named_though_it_is_signed_and_linked() {
    if !is_here() {
        return;
    }
    let (export, own) = told(&Stage::new());
    let entries: Vec<_> = (0..export.rows.len()).map(|at| export.entry(at, &own).entry).collect();
    let (exit, answer) = retold(&export, &own, &entries).verify(&[]);
    assert_eq!(exit, 0, "told again without a lie: {answer}");
    let journals = LIES.iter().map(|(code, lie)| {
        let mut entries = entries.clone();
        let row = lie(&mut entries);
        let export = retold(&export, &own, &entries);
        Touched { export, what: (*code).to_owned(), row, codes: std::slice::from_ref(code) }
    });
    assert_named(&journals.collect::<Vec<_>>());
}

#[test]
fn an_epoch_is_opened_where_the_one_before_ended_and_nowhere_else() {
    if !is_here() {
        return;
    }
    let (export, own) = told(&Stage::new());
    let entries: Vec<_> = (0..export.rows.len()).map(|at| export.entry(at, &own).entry).collect();
    let second = entries.iter().position(|entry| entry.epoch == Epoch(2)).unwrap();
    let whole = retold(&export, &own, &entries);
    let mut cut = whole.clone();
    cut.rows.drain(second - 1..second);
    let mut alone = whole.clone();
    alone.rows.drain(..second);
    let mut backwards = whole.clone();
    backwards.rows.rotate_left(second);
    let mut headless = entries.clone();
    headless[0].body = entries[5].body.clone();
    let headless = retold(&export, &own, &headless);
    let touched = |export, what: &str, row, codes| {
        let what = what.to_owned();
        Touched { export, what, row, codes }
    };
    assert_named(&[
        touched(cut, "its end is gone", second - 1, &["epoch_not_continued"]),
        touched(alone, "it is gone", 0, &["epoch_not_continued"]),
        touched(backwards, "it comes after", 0, &["epoch_not_continued"]),
        touched(headless, "it was never opened", 0, &["not_opened"]),
    ]);
}

/// The journal of a till that wrote these entries instead, and sent none of them.
fn retold(export: &Export, key: &SecretKey, entries: &[Entry]) -> Export {
    let mut header = export.header.clone();
    header["acknowledgement"] = Value::Null;
    let mut rows = Vec::new();
    let (mut before, mut epoch) = (Hash::ZERO, Epoch(0));
    for entry in entries {
        let mut entry = entry.clone();
        entry.prev = if entry.epoch == epoch { before } else { Hash::ZERO };
        if let Body::Opened(opened) = &mut entry.body {
            opened.continues = before;
        }
        let signed = append(key, entry);
        (before, epoch) = (signed.hash, signed.entry.epoch);
        rows.push(row(&signed));
    }
    Export { header, rows }
}

fn redeemed(entries: &[Entry], kind: Kind, nth: usize) -> usize {
    let found = |entry: &Entry| matches!(&entry.body, Body::Redeemed(one) if one.kind == kind);
    (0..entries.len()).filter(|at| found(&entries[*at])).nth(nth).unwrap()
}

fn change(
    entries: &mut [Entry],
    kind: Kind,
    nth: usize,
    change: impl FnOnce(&mut Redeemed),
) -> usize {
    let at = redeemed(entries, kind, nth);
    let Body::Redeemed(redeemed) = &mut entries[at].body else { panic!("not a redemption") };
    change(redeemed);
    at
}

/// The place of a roll-back: of the whole deal, of a part of the balance, of a piece of the order.
fn back(entries: &[Entry], nth: usize) -> usize {
    let found = |entry: &Entry| matches!(entry.body, Body::RolledBack(_));
    (0..entries.len()).filter(|at| found(&entries[*at])).nth(nth).unwrap()
}

fn give_back(entries: &mut [Entry], nth: usize, change: impl FnOnce(&mut RolledBack)) -> usize {
    let at = back(entries, nth);
    let Body::RolledBack(back) = &mut entries[at].body else { panic!("not a roll-back") };
    change(back);
    at
}
