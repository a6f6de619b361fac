//! What only a store in a file can show.

use std::sync::Arc;

use super::fixture::*;
use crate::platform::store::*;

#[test]
fn what_was_committed_is_there_when_the_file_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.db");
    let store = SqliteStore::open(&path).unwrap();
    merchant(&store);
    let other = SqliteStore::open(&path).unwrap();
    merchant(&other);
    drop(store);
    let names = write(&other, |txn| txn.merchants()).unwrap();
    assert_eq!(names.len(), 2);
}

#[test]
fn two_programs_write_to_one_file_in_turn() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.db");
    let stores = [0, 1].map(|_| Arc::new(SqliteStore::open(&path).unwrap()));
    std::thread::scope(|scope| {
        for store in &stores {
            let work = move || (0..20).for_each(|_| assert!(merchant(store.as_ref()).0 > 0));
            std::thread::Builder::new().spawn_scoped(scope, work).unwrap();
        }
    });
    let all = write(stores[0].as_ref(), |txn| txn.merchants()).unwrap();
    assert_eq!(all.last().unwrap().id, MerchantId(40));
}

#[test]
fn a_row_that_was_changed_behind_our_back_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.db");
    let store = SqliteStore::open(&path).unwrap();
    let (id, owner) = terminal(&store);
    fill(&store, (id, owner), 1);
    tamper(&path, "UPDATE journal SET bytes = x'84'");
    let read = write(&store, |txn| txn.entry(at(id, 1)));
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
}
