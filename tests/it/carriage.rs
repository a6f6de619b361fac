//! Terminals that are never online: their entries and the platform's news travel on sticks, which are lost, doubled, old,
//! swapped and hostile.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use countersign::{
    carriage,
    domain::{
        id::Seq,
        redeem::{OfflineMode, Request},
        scan::EntryMethod,
        sync::{Parcel, ParcelKind, ParcelName},
    },
    platform::{
        parcels,
        service::{Carried, ImportRun, Issued, Platform, VoucherName},
        store::RedemptionFilter,
    },
    terminal::{
        clock::Clock as _,
        engine::{Carry, CarryReport},
        enrolment,
        outcome::Outcome,
    },
};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::stage::{Stage, Till};

fn stick() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn out(till: &Till<'_>, stick: &Path) -> CarryReport {
    let report = till.open().carry_by_hand(stick, Carry::Out);
    assert_eq!(report.problem, None);
    report
}

fn take_in(till: &Till<'_>, stick: &Path) -> CarryReport {
    till.open().carry_by_hand(stick, Carry::In)
}

/// The platform answers every parcel on the stick; how many entries were new.
fn answer(stage: &Stage, stick: &Path) -> u64 {
    let answered = parcels::answer_all(&stage.platform, stick).unwrap().into_iter();
    let entries = answered.map(|(_, carried)| {
        let carried = carried.unwrap();
        assert!(carried.refused.is_empty(), "{:?}", carried.refused);
        carried.entries
    });
    entries.sum()
}

/// What comes of the one parcel on the stick.
fn answer_one(platform: &Platform, stick: &Path) -> Result<Carried, String> {
    let answered = parcels::answer_all(platform, stick).map_err(|error| error.to_string())?;
    let mut answered = answered.into_iter().map(|(_, carried)| carried);
    let only = answered.next().ok_or("no parcel")?;
    assert!(answered.next().is_none());
    only.map_err(|error| error.to_string())
}

/// A terminal that was never online after its enrolment.
fn lone<'a>(stage: &'a Stage, name: &str, branch: usize) -> Till<'a> {
    let till = stage.terminal(name, stage.branches[branch]);
    till.wire.cut(true);
    till
}

fn redeem(till: &Till<'_>, voucher: &Issued) -> Outcome {
    till.open().redeem(&voucher.text, Request::plain(EntryMethod::Program)).unwrap()
}

fn code(outcome: &Outcome) -> (&'static str, &str) {
    (outcome.state.code(), outcome.code.as_str())
}

fn unsent(till: &Till<'_>) -> u64 {
    till.open().engine.store().unwrap().unsent_entries()
}

fn redemptions(stage: &Stage) -> Vec<(u32, u64, String)> {
    let filter = RedemptionFilter { limit: 1000, ..RedemptionFilter::default() };
    let lines = stage.platform.redemptions(&filter).unwrap().redemptions.into_iter();
    lines.map(|line| (line.terminal, line.seq, line.voucher)).collect()
}

fn files(stick: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(stick).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn the_file(stick: &Path, ending: &str) -> PathBuf {
    let mut found = files(stick).into_iter().filter(|name| name.ends_with(ending));
    let only = found.next().unwrap();
    assert_eq!(found.next(), None);
    stick.join(only)
}

#[test]
fn a_round_trip_acknowledges_the_entries_and_brings_what_is_newer() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 3);
    let (a, b) = (lone(&stage, "a", 0), lone(&stage, "b", 1));
    assert_eq!(code(&redeem(&a, &vouchers[0])), ("accepted", "accepted"));
    stage.platform.revoke_voucher(VoucherName::Code(vouchers[1].code)).unwrap();
    let stick = stick();
    let written = out(&a, stick.path()).written.unwrap();
    assert_eq!((written.entries, written.left), (unsent(&a), 0));
    out(&b, stick.path());
    assert!(unsent(&a) > 0, "nothing leaves the queue before the answer came");
    assert!(answer(&stage, stick.path()) > 0);
    stage.clock.advance(3 * 86_400);

    for till in [&a, &b] {
        let taken = take_in(till, stick.path()).taken.unwrap();
        assert_eq!((taken.parcels, taken.old, taken.foreign, taken.refused), (1, 0, 0, 0));
        assert_eq!((taken.incomplete, taken.forked, taken.problems.len()), (0, false, 0));
        assert_eq!(unsent(till), 0);
    }
    assert_eq!(redemptions(&stage).len(), 1);
    // Both lists know of the revocation, and the second terminal of the first one's redemption.
    for till in [&a, &b] {
        assert_eq!(code(&redeem(till, &vouchers[1])), ("refused", "voucher_revoked"));
    }
    assert_eq!(code(&redeem(&b, &vouchers[0])), ("refused", "voucher_redeemed_elsewhere"));
}

#[test]
fn what_came_by_stick_is_as_old_as_the_platforms_time_on_it() {
    let stage = Stage::new();
    let till = lone(&stage, "a", 0);
    let stick = stick();
    out(&till, stick.path());
    stage.clock.advance(3600);
    let packed = stage.clock.now().time;
    answer(&stage, stick.path());
    stage.clock.advance(5 * 86_400);
    for _ in 0..2 {
        let taken = take_in(&till, stick.path()).taken.unwrap();
        assert_eq!(taken.as_of, Some(packed));
        let session = till.open();
        let store = session.engine.store().unwrap();
        assert_eq!(store.identity().synced_at, Some(packed));
        assert!(store.time_floor() >= packed);
        let lists = store.lists().unwrap();
        assert_eq!(lists.len(), 1);
        assert_eq!(lists[0].as_of, packed, "not current as of now");
    }
}

#[test]
fn a_lost_stick_loses_nothing_and_an_old_one_that_turns_up_changes_nothing() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 4);
    let till = lone(&stage, "a", 0);
    let (lost, second) = (stick(), stick());
    redeem(&till, &vouchers[0]);
    out(&till, lost.path());
    redeem(&till, &vouchers[1]);
    out(&till, second.path());
    assert!(answer(&stage, second.path()) > 0);
    take_in(&till, second.path());
    assert_eq!(unsent(&till), 0);
    redeem(&till, &vouchers[2]);
    let waiting = unsent(&till);
    let newest = till.open().engine.store().unwrap().lists().unwrap();
    // The stick that was lost turns up: the platform holds all of it, and its answer takes nothing back.
    stage.clock.advance(60);
    assert_eq!(answer(&stage, lost.path()), 0);
    let taken = take_in(&till, lost.path()).taken.unwrap();
    assert_eq!((taken.acknowledged, taken.refused, taken.forked), (0, 0, false));
    assert_eq!(unsent(&till), waiting);
    assert_eq!(redemptions(&stage).len(), 2);
    let held = till.open().engine.store().unwrap().lists().unwrap();
    assert!(held[0].version.version >= newest[0].version.version);
    assert!(held[0].as_of >= newest[0].as_of);
    // What was never on a stick that arrived still goes with the next.
    out(&till, lost.path());
    answer(&stage, lost.path());
    take_in(&till, lost.path());
    assert_eq!((unsent(&till), redemptions(&stage).len()), (0, 3));
}

#[test]
fn an_answer_that_comes_before_a_later_one_or_after_it_gives_the_same() {
    for later_first in [false, true] {
        let stage = Stage::new();
        let vouchers = stage.issue(&Stage::deal(), 4);
        let till = lone(&stage, "a", 0);
        let (early, late) = (stick(), stick());
        redeem(&till, &vouchers[0]);
        out(&till, early.path());
        answer(&stage, early.path());
        stage.clock.advance(60);
        stage.platform.revoke_voucher(VoucherName::Code(vouchers[3].code)).unwrap();
        stage.platform.create_operator(stage.merchant, "Mira", &[]).unwrap();
        redeem(&till, &vouchers[1]);
        out(&till, late.path());
        answer(&stage, late.path());
        let (first, then) = if later_first { (&late, &early) } else { (&early, &late) };
        for folder in [first, then, first, then] {
            let taken = take_in(&till, folder.path()).taken.unwrap();
            assert_eq!((taken.refused, taken.incomplete, taken.forked), (0, 0, false));
        }
        let session = till.open();
        let store = session.engine.store().unwrap();
        assert_eq!(store.bundle().unwrap().operators.len(), 1, "the newer bundle is in force");
        assert_eq!(store.identity().synced_at, Some(stage.clock.now().time));
        assert_eq!(store.lists().unwrap()[0].as_of, stage.clock.now().time);
        drop(session);
        assert_eq!(code(&redeem(&till, &vouchers[3])), ("refused", "voucher_revoked"));
        assert_eq!(redemptions(&stage).len(), 2);
    }
}

#[test]
fn a_double_redemption_is_reported_to_both_by_stick() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let tills = [lone(&stage, "a", 0), lone(&stage, "b", 1)];
    let stick = stick();
    for till in &tills {
        assert_eq!(code(&redeem(till, &voucher)), ("accepted", "accepted"));
        out(till, stick.path());
    }
    answer(&stage, stick.path());
    for till in &tills {
        take_in(till, stick.path());
    }
    // The one whose entries were taken in first hears of it on the next trip.
    for till in &tills {
        out(till, stick.path());
    }
    answer(&stage, stick.path());
    for till in &tills {
        take_in(till, stick.path());
        let session = till.open();
        let notices = session.engine.store().unwrap().conflicts().unwrap();
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].evidence.len(), 2);
    }
    assert_eq!(stage.platform.conflicts(0, 10).unwrap().len(), 1);
}

#[test]
fn a_stick_that_goes_to_another_terminal_or_platform_changes_nothing_there() {
    let (stage, other) = (Stage::new(), Stage::new());
    let till = lone(&stage, "a", 0);
    let (stranger, twin) = (lone(&stage, "b", 1), lone(&other, "a", 0));
    let folder = stick();
    redeem(&till, &stage.issue(&Stage::deal(), 1)[0]);
    out(&till, folder.path());
    answer(&stage, folder.path());
    let (before, twins) = (unsent(&stranger), unsent(&twin));
    for other in [&stranger, &twin] {
        let taken = take_in(other, folder.path()).taken.unwrap();
        assert_eq!((taken.parcels, taken.acknowledged), (0, 0), "its names say whose they are");
    }
    // Somebody gives the answer the name of the others' answers.
    let answered = the_file(folder.path(), ".from-platform");
    for other in [&stranger, &twin] {
        let forged = stick();
        out(other, forged.path());
        let name = the_file(forged.path(), ".to-platform");
        let name = name.to_str().unwrap().replace(".to-platform", ".from-platform");
        fs::copy(&answered, name).unwrap();
        let taken = take_in(other, forged.path()).taken.unwrap();
        assert_eq!((taken.parcels, taken.acknowledged, taken.as_of), (1, 0, None));
        assert!(taken.foreign + taken.old > 0);
    }
    assert_eq!((unsent(&stranger), unsent(&twin)), (before, twins));
    // And the platform refuses requests under another terminal's name.
    let requests = the_file(folder.path(), ".to-platform");
    let theirs = stick();
    out(&stranger, theirs.path());
    fs::copy(&requests, the_file(theirs.path(), ".to-platform")).unwrap();
    let carried = answer_one(&stage.platform, theirs.path()).unwrap();
    assert_eq!(carried.entries, 0);
    assert!(!carried.refused.is_empty() && carried.answer.is_none());
}

#[test]
fn replies_of_a_platform_that_knows_the_nonce_but_not_the_key_are_refused() {
    let stage = Stage::new();
    let till = lone(&stage, "a", 0);
    let stick = stick();
    out(&till, stick.path());
    answer(&stage, stick.path());
    let path = the_file(stick.path(), ".from-platform");
    let bytes = fs::read(&path).unwrap();
    let messages = Parcel::messages(ParcelKind::Replies, &bytes).unwrap();
    let mut forged = Parcel::new(ParcelKind::Replies);
    for message in &messages {
        let mut message = message.to_vec();
        // The last byte belongs to the signature.
        *message.last_mut().unwrap() ^= 1;
        forged.push(message);
    }
    fs::write(&path, forged.to_bytes()).unwrap();
    let before = unsent(&till);
    let taken = take_in(&till, stick.path()).taken.unwrap();
    assert_eq!(taken.refused as usize, messages.len());
    assert_eq!((taken.acknowledged, taken.as_of), (0, None));
    assert_eq!(unsent(&till), before);
    assert_eq!(till.open().engine.store().unwrap().identity().synced_at, None);
}

#[test]
fn a_hostile_stick_is_refused_in_words_and_nothing_else_is_touched() {
    let stage = Stage::new();
    let till = lone(&stage, "a", 0);
    let folder = stick();
    out(&till, folder.path());
    let requests = the_file(folder.path(), ".to-platform");
    let answers =
        PathBuf::from(requests.to_str().unwrap().replace(".to-platform", ".from-platform"));
    let before = unsent(&till);
    let large = vec![0x82; 17 * 1024 * 1024];
    let garbage: [&[u8]; 6] = [
        b"",
        b"hello",
        b"\x82\x77countersign-replies/1\x9a\xff\xff\xff\xff",
        &[0x9f; 4096],
        &large,
        &[0xff; 9],
    ];
    for bytes in garbage {
        fs::write(&answers, bytes).unwrap();
        let report = take_in(&till, folder.path());
        let taken = report.taken.clone().unwrap();
        assert_eq!((taken.acknowledged, taken.problems.len()), (0, 1), "{taken:?}");
        let words = till.open().engine.carry_lines(&report).join("\n");
        assert!(words.contains("parcel"), "{words}");
        fs::write(&requests, bytes).unwrap();
        let refused = answer_one(&stage.platform, folder.path()).unwrap_err();
        assert!(refused.contains("countersign-terminal-1-"), "{refused}");
    }
    for name in ["autorun.inf", "countersign-terminal-1.from-platform", "-rf", "terminal.db"] {
        fs::write(folder.path().join(name), "x").unwrap();
    }
    let kept = files(folder.path());
    take_in(&till, folder.path());
    assert_eq!(files(folder.path()), kept, "nothing is written when answers are taken in");
    assert_eq!(unsent(&till), before);
    let gone = take_in(&till, &folder.path().join("gone"));
    assert!(gone.problem.unwrap().contains("cannot be read"));
    let full = till.open().carry_by_hand(&folder.path().join("gone"), Carry::Out);
    assert!(full.problem.unwrap().contains("cannot be written"));
    assert_eq!(full.written, None);
}

#[cfg(unix)]
#[test]
fn links_on_a_stick_lead_nowhere() {
    let stage = Stage::new();
    let till = lone(&stage, "a", 0);
    let (folder, home) = (stick(), stick());
    let diary = home.path().join("diary");
    fs::write(&diary, "dear diary").unwrap();
    out(&till, folder.path());
    let requests = the_file(folder.path(), ".to-platform");
    let answers =
        PathBuf::from(requests.to_str().unwrap().replace(".to-platform", ".from-platform"));
    fs::remove_file(&requests).unwrap();
    for link in [&requests, &answers] {
        std::os::unix::fs::symlink(&diary, link).unwrap();
    }
    let taken = take_in(&till, folder.path()).taken.unwrap();
    assert!(taken.problems[0].contains("not a plain file"), "{:?}", taken.problems);
    assert!(answer_one(&stage.platform, folder.path()).is_err());
    out(&till, folder.path());
    answer(&stage, folder.path());
    take_in(&till, folder.path());
    assert_eq!(fs::read_to_string(&diary).unwrap(), "dear diary");
    assert_eq!(unsent(&till), 0);
}

#[test]
fn a_terminal_that_was_set_back_hears_of_it_by_stick() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 2);
    let till = lone(&stage, "a", 0);
    let folder = stick();
    let copy = stage.dir("copy");
    copy_folder(&stage.dir("a"), &copy);
    redeem(&till, &vouchers[0]);
    out(&till, folder.path());
    answer(&stage, folder.path());
    take_in(&till, folder.path());
    fs::remove_dir_all(stage.dir("a")).unwrap();
    copy_folder(&copy, &stage.dir("a"));
    // The restored journal redeems again and writes other entries at positions that the platform holds.
    stage.clock.advance(60);
    assert_eq!(code(&redeem(&till, &vouchers[0])), ("accepted", "accepted"));
    out(&till, folder.path());
    answer(&stage, folder.path());
    let taken = take_in(&till, folder.path()).taken.unwrap();
    assert!(taken.forked);
    assert_eq!(code(&redeem(&till, &vouchers[1])).0, "cannot_check");
    assert_eq!(redemptions(&stage).len(), 1);
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_long_queue_and_many_lists_fit_one_stick() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 700);
    let till = lone(&stage, "a", 0);
    let mut session = till.open();
    for voucher in &vouchers {
        session.redeem(&voucher.text, Request::plain(EntryMethod::Program)).unwrap();
    }
    drop(session);
    let folder = stick();
    out(&till, folder.path());
    assert!(answer(&stage, folder.path()) >= 700);
    let taken = take_in(&till, folder.path()).taken.unwrap();
    assert!(taken.acknowledged >= 700);
    assert_eq!((unsent(&till), redemptions(&stage).len()), (0, 700));
    let lists = till.open().engine.store().unwrap().lists().unwrap();
    assert_eq!(lists.len(), 1);
}

#[test]
fn a_platform_that_lost_its_last_days_gets_them_again() {
    let stage = Stage::on_disk();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let till = lone(&stage, "a", 0);
    let folder = stick();
    // A backup that knows the terminal and none of its entries.
    stage.keep_copy("backup");
    redeem(&till, &voucher);
    out(&till, folder.path());
    answer(&stage, folder.path());
    take_in(&till, folder.path());
    let restored = stage.restored("backup");
    out(&till, folder.path());
    assert!(answer_one(&restored, folder.path()).unwrap().mismatch);
    assert!(!take_in(&till, folder.path()).taken.unwrap().forked);
    let all = till.open().engine.store().unwrap().head().seq.0;
    assert_eq!(out(&till, folder.path()).written.unwrap().entries, all);
    assert_eq!(answer_one(&restored, folder.path()).unwrap().entries, all);
    take_in(&till, folder.path());
    assert_eq!(out(&till, folder.path()).written.unwrap().entries, 0);
}

#[test]
fn what_an_earlier_device_wrote_goes_by_stick_too() {
    let stage = Stage::new();
    let vouchers = stage.issue(&Stage::deal(), 605);
    let till = lone(&stage, "a", 0);
    let mut session = till.open();
    for voucher in &vouchers[..604] {
        session.redeem(&voucher.text, Request::plain(EntryMethod::Program)).unwrap();
    }
    let terminal = session.engine.store().unwrap().identity().terminal;
    drop(session);
    fs::remove_file(stage.dir("a").join("device.key")).unwrap();
    let code = stage.code("a", stage.branches[0], Some(terminal));
    till.wire.cut(false);
    enrolment::enrol(&stage.dir("a"), &code, &*till.wire, stage.clock.now().time).unwrap();
    till.wire.cut(true);
    redeem(&till, &vouchers[604]);
    let (folder, all) = (stick(), unsent(&till));
    assert_eq!(out(&till, folder.path()).written.unwrap().entries, all);
    assert_eq!(answer(&stage, folder.path()), all);
    let taken = take_in(&till, folder.path()).taken.unwrap();
    assert_eq!((taken.acknowledged, taken.old, taken.forked), (all, 0, false));
    assert_eq!((unsent(&till), redemptions(&stage).len()), (0, 605));
}

#[test]
fn a_journal_that_was_brought_as_a_file_is_acknowledged_without_a_question() {
    let stage = Stage::new();
    let voucher = stage.issue(&Stage::deal(), 1).remove(0);
    let till = lone(&stage, "a", 0);
    redeem(&till, &voucher);
    let session = till.open();
    let store = session.engine.store().unwrap();
    let mut entries = Vec::new();
    store.verify_journal(|entry| entries.push(entry.clone())).unwrap();
    let key = store.key().public().id();
    drop(session);
    let (terminal, epoch) = (entries[0].entry.terminal, entries[0].entry.epoch);
    let mut run = ImportRun::of(&entries[0].entry, entries[0].bytes.clone());
    for entry in &entries[1..] {
        assert!(run.is_followed_by(&entry.entry));
        run.last = entry.entry.seq;
        run.entries.push(entry.bytes.clone().into());
    }
    stage.platform.import(&run).unwrap();
    stage.platform.import(&run).unwrap();
    assert_eq!(redemptions(&stage).len(), 1);
    let (signer, reply) = stage.platform.acknowledge((terminal, epoch)).unwrap();
    assert_eq!(signer, key);
    let folder = stick();
    let mut parcel = Parcel::new(ParcelKind::Replies);
    parcel.push(reply);
    let name = ParcelName::new(terminal, key, ParcelKind::Replies, stage.clock.now().time);
    carriage::write(folder.path(), &name, &parcel.to_bytes()).unwrap();
    for expected in [entries.len() as u64, 0] {
        assert_eq!(take_in(&till, folder.path()).taken.unwrap().acknowledged, expected);
        assert_eq!(unsent(&till), 0);
    }
}

/// What happens to two terminals and three sticks.
#[derive(Clone, Copy, Debug)]
enum Step {
    Redeem(usize, usize),
    Out(usize, usize),
    Platform(usize),
    In(usize, usize),
    Lose(usize),
    Copy(usize, usize),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let (till, stick, voucher) = (0..2_usize, 0..3_usize, 0..4_usize);
    prop_oneof![
        (till.clone(), voucher).prop_map(|(till, voucher)| Step::Redeem(till, voucher)),
        (till.clone(), stick.clone()).prop_map(|(till, stick)| Step::Out(till, stick)),
        stick.clone().prop_map(Step::Platform),
        (till, stick.clone()).prop_map(|(till, stick)| Step::In(till, stick)),
        stick.clone().prop_map(Step::Lose),
        (stick.clone(), stick).prop_map(|(from, to)| Step::Copy(from, to)),
        Just(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    // Every step opens the terminal anew, as after a restart.
    #[test]
    fn in_every_order_each_entry_takes_effect_once(steps in prop::collection::vec(step(), 1..18)) {
        let stage = Stage::with_mode(OfflineMode::Always);
        let vouchers = stage.issue(&Stage::deal(), 4);
        let tills = [lone(&stage, "a", 0), lone(&stage, "b", 1)];
        let sticks = [stick(), stick(), stick()];
        let mut accepted = BTreeSet::new();
        for step in steps {
            match step {
                Step::Redeem(till, voucher) => {
                    let outcome = redeem(&tills[till], &vouchers[voucher]);
                    if outcome.state.code() == "accepted" {
                        prop_assert!(accepted.insert((till, voucher)), "twice by one terminal");
                    }
                }
                Step::Out(till, stick) => { out(&tills[till], sticks[stick].path()); }
                Step::Platform(stick) => { answer(&stage, sticks[stick].path()); }
                Step::In(till, stick) => {
                    let before = tills[till].open().engine.store().unwrap().identity().clone();
                    let taken = take_in(&tills[till], sticks[stick].path()).taken.unwrap();
                    prop_assert_eq!((taken.refused, taken.incomplete, taken.forked), (0, 0, false));
                    let after = tills[till].open().engine.store().unwrap().identity().clone();
                    prop_assert!(after.acked >= before.acked && after.synced_at >= before.synced_at);
                }
                Step::Lose(stick) => {
                    for name in files(sticks[stick].path()) {
                        fs::remove_file(sticks[stick].path().join(name)).unwrap();
                    }
                }
                Step::Copy(from, to) if from != to => {
                    for name in files(sticks[from].path()) {
                        let target = sticks[to].path().join(&name);
                        fs::copy(sticks[from].path().join(name), target).unwrap();
                    }
                }
                Step::Copy(..) => {}
                Step::Wait => stage.clock.advance(7 * 3600),
            }
        }
        let last = stick();
        for _ in 0..2 {
            for till in &tills { out(till, last.path()); }
            answer(&stage, last.path());
            for till in &tills { take_in(till, last.path()); }
        }
        // Taking in a bundle may have written an entry more.
        for till in &tills { out(till, last.path()); }
        answer(&stage, last.path());
        for till in &tills {
            take_in(till, last.path());
            prop_assert_eq!(unsent(till), 0);
        }
        let arrived = redemptions(&stage);
        prop_assert_eq!(arrived.len(), accepted.len(), "each once");
        let places: BTreeSet<_> = arrived.iter().map(|(till, seq, _)| (*till, Seq(*seq))).collect();
        prop_assert_eq!(places.len(), arrived.len());
        let doubles = (0..4).filter(|voucher| (0..2).all(|till| accepted.contains(&(till, *voucher))));
        let doubles = doubles.count();
        prop_assert_eq!(stage.platform.conflicts(0, 100).unwrap().len(), doubles);
        for till in &tills {
            let told = till.open().engine.store().unwrap().conflicts().unwrap().len();
            prop_assert_eq!(told, doubles, "no false conflict, and none that is kept back");
        }
    }
}
