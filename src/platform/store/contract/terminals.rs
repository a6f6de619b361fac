//! Terminals and enrolment codes.

use super::fixture::*;
use crate::platform::store::*;

pub(super) fn an_enrolment_is_used_once(store: &dyn Store) {
    let (id, owner) = terminal(store);
    let mut row = EnrolmentRow {
        secret_hash: Hash([8; 32]),
        merchant: owner,
        branch: BranchId(1),
        name: "Till 2".to_owned(),
        terminal: Some(id),
        expires: NOW,
        used: None,
    };
    write(store, |txn| txn.add_enrolment(&row)).unwrap();
    assert!(is_duplicate(&write(store, |txn| txn.add_enrolment(&row))));
    let hash = row.secret_hash;
    assert_eq!(write(store, |txn| txn.enrolment(hash)).unwrap(), Some(row.clone()));
    let used = EnrolmentUse { key: key(5).public(), terminal: id, epoch: Epoch(2) };
    write(store, |txn| txn.use_enrolment(hash, used)).unwrap();
    assert!(is_duplicate(&write(store, |txn| txn.use_enrolment(hash, used))));
    row.used = Some(used);
    assert_eq!(write(store, |txn| txn.enrolment(hash)).unwrap(), Some(row));
    assert_eq!(write(store, |txn| txn.enrolment(Hash::ZERO)).unwrap(), None);
}

pub(super) fn terminals_and_their_keys(store: &dyn Store) {
    let (id, owner) = terminal(store);
    assert!(is_duplicate(&write(store, |txn| txn.add_terminal_key(&key_row(id, 1)))));
    write(store, |txn| txn.add_terminal_key(&key_row(id, 2))).unwrap();
    assert_eq!(write(store, |txn| txn.revoke_terminal(id)).unwrap(), 2);
    assert_eq!(write(store, |txn| txn.revoke_terminal(id)).unwrap(), 0);
    let found = write(store, |txn| txn.terminal_key(id, Epoch(2))).unwrap();
    assert_eq!(found, Some(TerminalKeyRow { revoked: true, ..key_row(id, 2) }));
    let row = TerminalRow {
        id,
        epoch: Epoch(2),
        last_contact: Some(NOW),
        software: Some("countersign/9.9.9".to_owned()),
        name: "Till 9".to_owned(),
        ..terminal_row(owner, BranchId(1))
    };
    write(store, |txn| txn.put_terminal(&row)).unwrap();
    assert_eq!(write(store, |txn| txn.terminals()).unwrap(), std::slice::from_ref(&row));
    assert_eq!(write(store, |txn| txn.terminal(id)).unwrap(), Some(row));
}
