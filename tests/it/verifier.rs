//! The verifier that is written from the published pages alone, in another language, reads real journals, and names the
//! first entry that somebody touched.

use std::collections::BTreeMap;

use countersign::{
    domain::{
        crypto::SecretKey,
        enrol::EnrolmentCode,
        id::{Hash, Hex, Seq, TerminalId},
        journal::{Body, Entry, Head, append, totals},
        money::{Currency, Money},
        redeem::{Caps, Limits, OfflineMode, Part, Policy, Request, Rules},
        scan::EntryMethod,
        sync::{Reply, ReplyBody},
        time::Timestamp,
        voucher::{Lines, OrderLine, PercentOff, Terms},
    },
    platform::{
        service::{EnrolmentOrder, LeaseOrder, Order},
        store::Home,
    },
    terminal::{RollBackOrder, enrolment, outcome::State, session::Session, source::Source},
};
use serde_json::{Value, json};

use crate::{
    fences::hex,
    proving::{Export, Touched, assert_named, is_here, line, python, row, verify},
    stage::{START, Stage, Till},
};

#[test]
fn its_own_tests_pass() {
    if is_here() {
        let output = python(&["-m", "unittest", "-q", "test_verify_journal"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !told.contains("Ran 0 tests"), "{told}");
    }
}

#[test]
fn a_real_journal_of_two_epochs_holds_and_everybody_reads_the_same_sums() {
    if !is_here() {
        return;
    }
    let stage = Stage::new();
    let (export, key) = told(&stage);
    let (exit, answer) = export.verify(&[
        "--key",
        export.header["key"].as_str().unwrap(),
        "--root",
        &stage.platform.root_key().to_string(),
        "--platform-key",
        &SecretKey::from_seed(&[2; 32]).public().to_string(),
    ]);
    assert_eq!((exit, &answer["holds"]), (0, &json!(true)), "{answer}");
    assert_eq!(answer["insisted_on"], json!(["key", "root", "platform_key"]));
    assert_eq!(answer["entries"], json!(export.rows.len()));
    let entries: Vec<_> = (0..export.rows.len()).map(|at| export.entry(at, &key).entry).collect();
    let epochs: Vec<_> = answer["epochs"].as_array().unwrap().iter().collect();
    let ends = entries.iter().map(|entry| (entry.epoch.0, entry.seq.0)).collect::<BTreeMap<_, _>>();
    assert_eq!(ends.len(), 2);
    for (epoch, (number, last)) in epochs.iter().zip(&ends) {
        assert_eq!((&epoch["epoch"], &epoch["entries"]), (&json!(number), &json!(last)));
    }
    // Of the first epoch no acknowledgement is kept; of the second, two entries were not sent.
    assert_eq!(epochs[0]["acknowledged"], 0);
    assert_eq!(epochs[1]["acknowledged"], json!(ends[&2] - 2));

    let own = totals(&entries);
    let mut sums = BTreeMap::<String, i128>::new();
    for sum in answer["totals"].as_array().unwrap() {
        let net =
            sum["redeemed_minor"].as_i64().unwrap() - sum["given_back_minor"].as_i64().unwrap();
        *sums.entry(sum["unit"].as_str().unwrap().to_owned()).or_default() += i128::from(net);
    }
    let expected: BTreeMap<_, _> =
        own.by_currency().into_iter().map(|(unit, sum)| (unit.to_string(), sum)).collect();
    assert_eq!(sums, expected);
    let count = |name: &str| -> u64 {
        answer["totals"].as_array().unwrap().iter().map(|sum| sum[name].as_u64().unwrap()).sum()
    };
    assert_eq!((count("redemptions"), count("rollbacks")), (own.redeemed, own.rolled_back));
    let refused = own.refused.values().sum::<u64>() + own.not_a_voucher;
    assert_eq!(answer["refused"], json!(refused));
    let kinds: Vec<_> = answer["totals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sum| sum["kind"].as_str().unwrap())
        .collect();
    for kind in ["prepaid_deal", "percent_off", "pass", "stored_value", "pick_up"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
}

/// One thing that somebody does to a line, with the row that is then the first bad one, and what is said of it.
type Tamper = fn(&mut Export, usize, &Keys) -> (usize, &'static [&'static str]);

/// The till's key, and one that somebody else made.
struct Keys {
    own: SecretKey,
    other: SecretKey,
}

const TAMPERS: [(&str, Tamper); 9] = [
    ("removed", |export, at, _| {
        export.rows.remove(at);
        (at, &["gap", "epoch_not_continued"])
    }),
    ("swapped with the next", |export, at, _| {
        export.rows.swap(at, at + 1);
        (at, &["gap", "epoch_not_continued"])
    }),
    ("written twice", |export, at, _| {
        let twice = export.rows[at].clone();
        export.rows.insert(at, twice);
        (at + 1, &["gap"])
    }),
    ("another's put before it", |export, at, keys| {
        let entry = export.entry(at, &keys.own).entry;
        export.rows.insert(at, row(&append(&keys.other, entry)));
        (at, &["other_key"])
    }),
    ("signed by another key", |export, at, keys| {
        let entry = export.entry(at, &keys.own).entry;
        export.rows[at] = row(&append(&keys.other, entry));
        (at, &["other_key"])
    }),
    ("linked to another entry, by the till itself", |export, at, keys| {
        let entry = export.entry(at, &keys.own).entry;
        export.rows[at] = row(&append(&keys.own, Entry { prev: Hash([7; 32]), ..entry }));
        (at, &["chain_broken"])
    }),
    ("of another terminal, by the till itself", |export, at, keys| {
        let entry = export.entry(at, &keys.own).entry;
        export.rows[at] = row(&append(&keys.own, Entry { terminal: TerminalId(99), ..entry }));
        (at, &["other_terminal"])
    }),
    ("told to stand elsewhere", |export, at, _| {
        export.rows[at]["seq"] = json!(1_000);
        (at, &["other_place"])
    }),
    ("with another hash", |export, at, _| {
        export.rows[at]["hash"] = json!(Hash([7; 32]).to_string());
        (at, &["hash_wrong"])
    }),
];

#[test]
fn whatever_is_done_to_a_row_of_whatever_kind_that_row_is_named() {
    if !is_here() {
        return;
    }
    let (export, own) = told(&Stage::new());
    let keys = Keys { own, other: SecretKey::from_seed(&[77; 32]) };
    let mut journals = Vec::new();
    for (kind, at) in one_of_each_kind(&export, &keys.own) {
        for (name, tamper) in TAMPERS {
            let mut export = export.clone();
            let (row, codes) = tamper(&mut export, at, &keys);
            journals.push(Touched { export, what: format!("{kind} {name}"), row, codes });
        }
    }
    assert_named(&journals);
}

/// A row of each kind of entry in each epoch, but for the last of all.
fn one_of_each_kind(export: &Export, key: &SecretKey) -> BTreeMap<String, usize> {
    let kind = |at: usize| {
        let entry = export.entry(at, key).entry;
        let name = match entry.body {
            Body::Opened(_) => "opened",
            Body::Redeemed(redeemed) if redeemed.act.is_some() => "redeemed together",
            Body::Redeemed(_) => "redeemed",
            Body::Refused(_) => "refused",
            Body::RolledBack(_) => "rolled back",
            Body::BundleTaken { .. } => "bundle taken",
            Body::LeaseEnded { .. } => "lease ended",
            Body::Recovered(_) => "recovered",
        };
        (format!("{name} in epoch {}", entry.epoch), at)
    };
    let kinds: BTreeMap<_, _> = (0..export.rows.len() - 1).map(kind).collect();
    assert!(kinds.len() >= 7 + 3, "{kinds:?}");
    kinds
}

#[test]
fn a_bit_that_is_flipped_anywhere_in_an_entry_is_named_even_where_its_hash_was_worked_out_again() {
    if !is_here() {
        return;
    }
    let (export, _) = told(&Stage::new());
    let at = export.rows.len() / 2;
    let bytes = hex(export.rows[at]["bytes"].as_str().unwrap());
    let place =
        (row_number(&export, at, "epoch").try_into().unwrap(), row_number(&export, at, "seq"));
    let flipped = (0..bytes.len()).step_by(5).map(|byte| {
        let mut flipped = bytes.clone();
        flipped[byte] ^= 1;
        let mut export = export.clone();
        export.rows[at] = line(place, &flipped);
        let codes: &[_] =
            &["not_cose", "not_cbor", "other_key", "signature_wrong", "signature_not_strict"];
        Touched { export, what: format!("byte {byte}"), row: at, codes }
    });
    assert_named(&flipped.collect::<Vec<_>>());
}

fn row_number(export: &Export, at: usize, name: &str) -> u64 {
    export.rows[at][name].as_u64().unwrap()
}

#[test]
fn what_the_platform_acknowledged_is_missed_where_it_is_cut_off_set_back_or_written_anew() {
    if !is_here() {
        return;
    }
    let stage = Stage::new();
    let (export, own) = told(&stage);
    let last = export.rows.len() - 1;
    // The two entries that were not sent can be cut off, and nobody would know; the verifier says that.
    let missing = |export: &Export, row| {
        let (what, codes) = ("cut off".to_owned(), &["entries_missing"] as &[_]);
        assert_named(&[Touched { export: export.clone(), what, row, codes }]);
    };
    let mut cut = export.clone();
    cut.rows.truncate(last - 1);
    let (exit, answer) = cut.verify(&[]);
    assert_eq!((exit, &answer["entries"]), (0, &json!(last - 1)));
    cut.rows.truncate(last - 2);
    missing(&cut, last - 3);
    cut.rows.truncate(2);
    missing(&cut, 1);
    // A till that was set back goes on with other entries, properly signed and linked.
    let mut anew = export.clone();
    let mut before = None;
    for at in last - 3..=last {
        let mut entry = export.entry(at, &own).entry;
        entry.prev = before.unwrap_or(entry.prev);
        entry.at = Timestamp(entry.at.0 - i64::from(before.is_none()));
        let signed = append(&own, entry);
        before = Some(signed.hash);
        anew.rows[at] = row(&signed);
    }
    let (row, codes) = (last - 2, &["other_entry_acknowledged"] as &[_]);
    assert_named(&[Touched { export: anew.clone(), what: "written anew".to_owned(), row, codes }]);
    // Without an acknowledgement it holds together, and the verifier says that nobody else speaks for it.
    anew.header["acknowledgement"] = Value::Null;
    let (exit, answer) = anew.verify(&[]);
    assert_eq!((exit, &answer["acknowledged"]), (0, &json!(0)));
}

#[test]
fn an_acknowledgement_is_the_platforms_for_this_till_or_it_is_none() {
    if !is_here() {
        return;
    }
    let stage = Stage::new();
    let (export, own) = told(&stage);
    let platform = SecretKey::from_seed(&[2; 32]);
    let last = export.rows.len() - 1;
    let head = |at: usize| export.entry(at, &own).head();
    let terminal = export.entry(0, &own).entry.terminal;
    let ack = |head, terminal, key: &SecretKey| {
        let body = ReplyBody::Ack { head, conflicts: Vec::new() };
        Hex(&Reply { nonce: [0; 16], terminal, time: START, body }.seal(key)).to_string()
    };
    let cases = [
        (ack(head(last), terminal, &platform), None),
        (ack(head(last), terminal, &own), Some("other_key")),
        (ack(head(last), TerminalId(99), &platform), Some("other_terminal")),
        (export.rows[0]["bytes"].as_str().unwrap().to_owned(), Some("other_key")),
        ("00".to_owned(), Some("not_cose")),
        ("zz".to_owned(), Some("malformed")),
    ];
    for (acknowledgement, code) in cases {
        let mut changed = export.clone();
        changed.header["acknowledgement"] = json!(acknowledgement);
        let (exit, answer) = changed.verify(&[]);
        let expected =
            code.map_or((0, Value::Null, Value::Null), |code| (1, json!(1), json!(code)));
        assert_eq!((exit, answer["line"].clone(), answer["code"].clone()), expected, "{answer}");
    }
    // One more of the same entries adds to what is known, one of another entry convicts the platform.
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let same = file("same", ack(head(last), terminal, &platform));
    let (exit, answer) = export.verify(&["--acknowledgement", &same]);
    assert_eq!((exit, &answer["epochs"][1]["acknowledged"]), (0, &json!(head(last).seq.0)));
    let lie = Head { hash: Hash([7; 32]), ..head(last) };
    let lie = file("lie", ack(lie, terminal, &platform));
    let options = ["--acknowledgement", &same, "--acknowledgement", &lie];
    let (exit, answer) = export.verify(&options);
    assert_eq!((exit, &answer["code"]), (1, &json!("equivocation")), "{answer}");
    assert!(answer["why"].as_str().unwrap().contains(&Hash([7; 32]).to_string()), "{answer}");
}

#[test]
fn keys_that_are_insisted_on_are_the_ones_or_nothing_is_confirmed() {
    if !is_here() {
        return;
    }
    let (export, _) = told(&Stage::new());
    let other = SecretKey::from_seed(&[77; 32]).public().to_string();
    for option in ["--key", "--root", "--platform-key"] {
        let (exit, answer) = export.verify(&[option, &other]);
        assert_eq!((exit, &answer["code"]), (1, &json!("other_key")), "{option}");
    }
}

#[test]
fn a_conflict_is_proved_by_the_entries_of_both_sides_and_by_nothing_less() {
    if !is_here() {
        return;
    }
    let stage = Stage::new();
    let vouchers = [deal(&stage), issue(&stage, &Terms::Pass { uses: 3, value_each: euro(280) })];
    let tills = [stage.terminal("a", stage.branches[0]), stage.terminal("b", stage.branches[1])];
    for till in &tills {
        assert!(till.sync());
        till.wire.cut(true);
        redeem(&mut till.open(), &vouchers[0], 0);
        redeem(&mut till.open(), &vouchers[1], 2);
        till.wire.cut(false);
    }
    assert!(tills.iter().all(Till::sync));
    let told = json!({ "conflicts": stage.platform.conflicts(0, 10).unwrap() });
    let folder = tempfile::tempdir().unwrap();
    let check = |conflicts: &Value, options: &[&str]| {
        let path = folder.path().join("conflicts.json");
        std::fs::write(&path, conflicts.to_string()).unwrap();
        let (exit, mut answers) =
            verify(&[&["--conflict", path.to_str().unwrap()], options].concat());
        (exit, answers.remove(0))
    };
    let (exit, answer) = check(&told, &[]);
    assert_eq!(exit, 0, "{answer}");
    let uses: Vec<_> =
        answer["conflicts"].as_array().unwrap().iter().map(|one| &one["uses"]).collect();
    assert_eq!(uses, [2, 4]);
    assert_eq!(check(&told["conflicts"][0], &[]).0, 0, "one of them");
    let dispute = serde_json::to_value(stage.platform.conflict(1).unwrap()).unwrap();
    assert_eq!(check(&dispute, &[]).0, 0, "with both sides in words: {:?}", check(&dispute, &[]));
    let keys: Vec<_> = ["a", "b"]
        .map(|name| Source::from(&stage.dir(name)).device_key().unwrap().public().to_string())
        .into();
    assert_eq!(check(&told, &["--key", &keys[0], "--key", &keys[1]]).0, 0);
    assert_eq!(check(&told, &["--key", &keys[0]]).1["code"], "other_key");

    let spoil: [Spoil<'_>; 7] = [
        ("twice", &|told| *evidence(told, 1) = evidence(told, 0).clone()),
        ("within_limit", &|told| {
            told["conflicts"][0]["evidence"].as_array_mut().unwrap().truncate(1);
        }),
        ("other_voucher", &|told| *evidence(told, 1) = told["conflicts"][1]["evidence"][0].clone()),
        ("other_key", &|told| {
            evidence(told, 1)["terminal_key"] = evidence(told, 0)["terminal_key"].clone();
        }),
        ("told_otherwise", &|told| evidence(told, 0)["amount_minor"] = json!(1)),
        ("malformed", &|told| evidence(told, 0)["entry"] = Value::Null),
        ("malformed", &|told| *told = json!([])),
    ];
    for (code, change) in spoil {
        let mut changed = told.clone();
        change(&mut changed);
        let (exit, answer) = check(&changed, &[]);
        assert_eq!((exit, &answer["code"]), (1, &json!(code)), "{answer}");
    }
}

/// What is said of conflicts that were changed so.
type Spoil<'a> = (&'static str, &'a dyn Fn(&mut Value));

fn evidence(told: &mut Value, at: usize) -> &mut Value {
    &mut told["conflicts"][0]["evidence"][at]
}

/// A till's journal with every kind of entry, in two epochs, of which the last two entries were not sent.
pub(crate) fn told(stage: &Stage) -> (Export, SecretKey) {
    let till = stage.terminal("a", stage.branches[0]);
    assert!(till.sync());
    first_epoch(stage, &till);
    enrol_again(stage, &till);
    assert!(till.sync());
    redeem(&mut till.open(), &deal(stage), 0);
    assert!(till.sync());
    till.wire.cut(true);
    redeem(&mut till.open(), &deal(stage), 0);
    redeem(&mut till.open(), &deal(stage), 0);
    (Export::of(&stage.dir("a")), Source::from(&stage.dir("a")).device_key().unwrap())
}

fn first_epoch(stage: &Stage, till: &Till<'_>) {
    let line =
        |count, name: &str| OrderLine { count, value_each: 250, name: name.parse().unwrap() };
    let order = vec![line(2, "Bread"), line(3, "Roll")];
    let mut session = till.open();
    let text = deal(stage);
    let back = redeem(&mut session, &text, 0);
    roll_back(&mut session, back, Part::All);
    redeem(&mut session, &text, 0);
    assert!(matches!(session.redeem(&text, asking(0)).unwrap().state, State::Refused));
    session.redeem("4006381333931", asking(0)).unwrap();
    let pass = issue(stage, &Terms::Pass { uses: 3, value_each: euro(280) });
    redeem(&mut session, &pass, 2);
    redeem(&mut session, &pass, 1);
    let gift = issue(stage, &Terms::StoredValue { balance: Money::new(5_000, yen()) });
    let spent = redeem(&mut session, &gift, 3);
    roll_back(&mut session, spent, Part::Amount(100));
    let picked = issue(stage, &Terms::PickUp { currency: Currency::EUR, lines: order });
    let picked = redeem(&mut session, &picked, 2);
    roll_back(&mut session, picked, Part::Lines(Lines::from_slice(&[0, 1]).unwrap()));
    let share = |basis_points| {
        let currency = Currency::EUR;
        issue(
            stage,
            &Terms::PercentOff(PercentOff { basis_points, cap: 0, minimum_spend: 0, currency }),
        )
    };
    let both = [share(1_000), share(500)].map(|text| (text, asking(1)));
    let together = session.redeem_together("20.00", &both).unwrap();
    assert!(matches!(together.state, State::Together(_)), "{together:?}");
    assert!(session.sync());
    drop(session);
    lend(stage, till);
}

/// A lease that is taken from and given back.
fn lend(stage: &Stage, till: &Till<'_>) {
    let caps = Caps { campaign: 5, ..Caps::default() };
    let policy = Policy {
        rules: Rules { caps, ..Rules::default() },
        ..Policy::standard(OfflineMode::Leased, Limits::default())
    };
    let campaign = stage.campaign(Home::Merchant(stage.merchant), policy);
    let lent = stage.issue_as(&Stage::deal(), |order| Order { campaign, ..order }).remove(0);
    let terminal = stage.platform.terminals().unwrap()[0].terminal.id;
    let until = START.plus(86_400);
    let order = LeaseOrder { terminal, campaign, voucher: None, uses: Some(5), minor: None, until };
    let lease = stage.platform.lend(&order).unwrap();
    assert!(till.sync());
    till.wire.cut(true);
    redeem(&mut till.open(), &lent.text, 0);
    till.wire.cut(false);
    assert!(till.sync());
    stage.platform.end_lease(lease).unwrap();
    assert!(till.sync() && till.sync());
}

fn enrol_again(stage: &Stage, till: &Till<'_>) {
    let terminal = Some(stage.platform.terminals().unwrap()[0].terminal.id);
    let order = EnrolmentOrder {
        branch: stage.branches[0],
        name: "a".to_owned(),
        terminal,
        url: "https://platform.example".to_owned(),
    };
    let code = stage.platform.create_enrolment(&order).unwrap().to_text();
    let code = EnrolmentCode::parse(&code).unwrap();
    enrolment::enrol(&stage.dir("a"), &code, &*till.wire, START).unwrap();
}

fn deal(stage: &Stage) -> String {
    issue(stage, &Stage::deal())
}

fn issue(stage: &Stage, terms: &Terms) -> String {
    stage.issue(terms, 1).remove(0).text
}

fn yen() -> Currency {
    "JPY".parse().unwrap()
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn asking(much: u16) -> Request {
    Request {
        bill: Some(euro(2_000)),
        amount: Some(Money::new(i64::from(much) * 300, yen())),
        uses: (much > 0).then_some(much),
        lines: Lines::from_slice(&[1, much]),
        ..Request::plain(EntryMethod::Camera)
    }
}

fn redeem(session: &mut Session, text: &str, much: u16) -> Seq {
    let outcome = session.redeem(text, asking(much)).unwrap();
    assert!(matches!(outcome.state, State::Accepted(_)), "{outcome:?}");
    outcome.entry.unwrap()
}

fn roll_back(session: &mut Session, entry: Seq, part: Part) {
    let reason = "wrong_scan".to_owned();
    let order = RollBackOrder { entry, part, reason, approved_by: None };
    let outcome = session.roll_back(&order).unwrap();
    assert_eq!(outcome.state.code(), "rolled_back", "{outcome:?}");
}
