//! Bytes of a store that changed behind its back, and files that were cut off: wherever that is, it is noticed, or what was
//! written down and what is counted from it are what they were.

use std::{fs, path::Path};

use countersign::{
    console::random,
    domain::{id::Hash, redeem::Request, scan::EntryMethod},
    store::StoreError,
    terminal::{
        RollBackOrder,
        clock::{Clock as _, Now},
        engine::Engine,
        source::{Source, SourceError},
    },
};

use crate::{
    damage::{copy_of, worked},
    stage::Stage,
};

/// What a terminal says of its journal.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    entries: Vec<Hash>,
    unsent: u64,
}

/// Opens a folder as the program does on the next day; none where it does not go on, and says so.
fn known(dir: &Path, now: Now) -> Option<Known> {
    let engine = match Engine::open(Source::from(dir), random, now) {
        Ok(engine) => engine,
        Err(SourceError::Store(StoreError::NotEnrolled)) => panic!("as if it were new"),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    let store = engine.store().unwrap();
    if engine.fault().is_some() {
        return None;
    }
    let mut entries = Vec::new();
    store.verify_journal(|signed| entries.push(signed.hash)).unwrap();
    store.check_books().unwrap();
    Some(Known { entries, unsent: store.unsent_entries() })
}

/// A day's work, with something taken back; the folder is as at a clean end, or as at one from outside.
fn a_day(stage: &Stage, clean: bool) -> (std::path::PathBuf, Now) {
    let (till, vouchers) = worked(stage, 3, 4);
    let mut session = till.open();
    let entry = session.redeem(&vouchers[7].text, Request::plain(EntryMethod::Program));
    let entry = entry.unwrap().entry.unwrap();
    let part = countersign::domain::redeem::Part::All;
    let order = RollBackOrder { entry, part, reason: "wrong_scan".to_owned(), approved_by: None };
    session.engine.roll_back(&order, stage.clock.now());
    session.engine.rest();
    let session = Some(session).filter(|_| !clean);
    let dir = copy_of(stage, "base");
    drop(session);
    stage.clock.advance(2 * 86_400);
    (dir, stage.clock.now())
}

/// Changes one file of a copy of a folder, and opens it.
fn changed(dir: &Path, name: &str, now: Now, change: impl FnOnce(&mut Vec<u8>)) -> Option<Known> {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let file = copy.path().join(name);
    let mut bytes = fs::read(&file).unwrap();
    change(&mut bytes);
    fs::write(&file, bytes).unwrap();
    known(copy.path(), now)
}

/// Tries places all over a file; how many of the changes were noticed, and how many changed nothing.
fn sweep(dir: &Path, name: &str, now: Now, change: impl Fn(&mut Vec<u8>, usize)) -> (usize, usize) {
    let whole = known(&copied(dir), now).unwrap();
    let length = fs::read(dir.join(name)).unwrap().len();
    let (mut noticed, mut nothing) = (0, 0);
    // A step without a common factor with the page's size comes to every kind of place in it.
    for at in (0..length).step_by(611) {
        match changed(dir, name, now, |bytes| change(bytes, at)) {
            None => noticed += 1,
            Some(known) => {
                assert_eq!(known, whole, "{name}, byte {at}");
                nothing += 1;
            }
        }
    }
    (noticed, nothing)
}

fn copied(dir: &Path) -> std::path::PathBuf {
    let copy = dir.with_extension("whole");
    fs::create_dir_all(&copy).unwrap();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    copy
}

#[test]
fn a_byte_of_the_database_that_changed_is_noticed_or_changes_nothing() {
    let stage = Stage::new();
    let (dir, now) = a_day(&stage, true);
    let (noticed, _) = sweep(&dir, "terminal.db", now, |bytes, at| bytes[at] ^= 0x10);
    assert!(noticed > 10, "{noticed}: the places are not those where something is");
}

#[test]
fn a_byte_of_the_log_that_changed_is_noticed_or_changes_nothing() {
    let stage = Stage::new();
    let (dir, now) = a_day(&stage, false);
    let (noticed, _) = sweep(&dir, "terminal.db-wal", now, |bytes, at| bytes[at] ^= 0x01);
    assert!(noticed > 10, "{noticed}: the log is empty");
}

#[test]
fn a_file_that_was_cut_off_is_noticed_or_was_whole() {
    for (clean, name) in [(true, "terminal.db"), (false, "terminal.db-wal")] {
        let stage = Stage::new();
        let (dir, now) = a_day(&stage, clean);
        let (noticed, _) = sweep(&dir, name, now, Vec::truncate);
        assert!(noticed > 10, "{name}: {noticed}");
    }
}
