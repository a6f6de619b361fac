//! Parcels and journals that come by hand.

use super::world::*;
use crate::{
    domain::{
        crypto::KeyId,
        id::Seq,
        sync::{Mismatch, Parcel, ParcelKind, ParcelName, Request, RequestBody},
        time::Timestamp,
    },
    platform::service::{ImportRun, Imported, ServiceError},
};

fn name(till: &Till) -> ParcelName {
    ParcelName::new(till.terminal, KeyId([0; 4]), ParcelKind::Requests, Timestamp(START))
}

fn sealed(till: &Till, body: RequestBody) -> Vec<u8> {
    Request { terminal: till.terminal, epoch: till.epoch, nonce: [3; 16], body }.seal(&till.key)
}

fn pull() -> RequestBody {
    let (lists, leases) = (Vec::new(), Vec::new());
    RequestBody::Pull { bundle: 0, lists, conflicts_after: 0, listed_after: 0, leases }
}

#[test]
fn only_what_may_be_late_is_answered() {
    let world = World::in_memory();
    let (mut till, two, voucher) = (world.till(), world.till(), world.deal());
    let claim = sealed(&till, till.claim(&voucher, 1000));
    let lookup = sealed(&till, RequestBody::Lookup { code: voucher.code.bits() });
    till.redeem(&voucher, 1000);
    let push = sealed(&till, till.run(1, 2));
    let foreign = sealed(&two, two.run(1, 1));
    let messages: [&[u8]; 6] = [&claim, &lookup, &push, &foreign, b"garbage", &push];
    let carried = world.platform.carry(&name(&till), &messages).unwrap();
    assert_eq!((carried.entries, carried.head, carried.refused.len()), (2, Some(Seq(2)), 4));
    let answer = carried.answer.unwrap();
    assert_eq!(Parcel::messages(ParcelKind::Replies, &answer).unwrap().len(), 2);
    assert_eq!(world.platform.statistics().unwrap().counts.claims, 0, "nothing is set aside");
    let none = world.platform.carry(&name(&till), &[&claim]).unwrap();
    assert!(none.answer.is_none(), "where there is nothing to say nothing is written");
}

#[test]
fn a_pull_brings_the_parts_of_lists_that_changed() {
    let world = World::in_memory();
    let (till, _) = (world.till(), world.deal());
    let carried = world.platform.carry(&name(&till), &[&sealed(&till, pull())]).unwrap();
    let answer = carried.answer.unwrap();
    let messages = Parcel::messages(ParcelKind::Replies, &answer).unwrap();
    assert_eq!(messages.len(), 2);
    assert!(messages[1].len() > 8192, "a part of a list");
    // Entries alone are answered with nothing.
    let taken = world.platform.carry_entries(&name(&till), &[&sealed(&till, till.run(1, 1))]);
    let taken = taken.unwrap();
    assert_eq!((taken.entries, taken.answer), (1, None));
}

#[test]
fn a_device_that_was_replaced_still_delivers_its_entries() {
    let world = World::in_memory();
    let (mut old, voucher) = (world.till(), world.deal());
    old.redeem(&voucher, 1000);
    let new = world.successor(&old);
    let messages = [sealed(&old, old.run(1, 2)), sealed(&old, pull())];
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let carried = world.platform.carry(&name(&old), &messages).unwrap();
    assert_eq!((carried.entries, carried.refused.len()), (2, 1));
    assert!(matches!(carried.refused[0], ServiceError::TerminalSuperseded));
    assert_eq!(world.push_all(&new), [0; 0]);
}

fn run_of(till: &Till, from: usize, to: usize) -> ImportRun {
    let mut entries = till.journal[from - 1..to].iter();
    let first = entries.next().unwrap();
    let mut run = ImportRun::of(&first.entry, first.bytes.clone());
    for entry in entries {
        assert!(run.is_followed_by(&entry.entry));
        run.last = entry.entry.seq;
        run.entries.push(entry.bytes.clone().into());
    }
    run
}

#[test]
fn an_imported_journal_goes_through_the_same_intake() {
    let world = World::in_memory();
    let (mut till, mut other, voucher) = (world.till(), world.till(), world.deal());
    for _ in 0..3 {
        till.write(till.journal[0].entry.body.clone());
    }
    till.redeem(&voucher, 1000);
    let import = |run: &ImportRun| world.platform.import(run);
    let gap = Imported::Mismatch { kind: Mismatch::Gap, held: Seq(0) };
    assert_eq!(import(&run_of(&till, 3, 5)).unwrap(), gap);
    assert_eq!(import(&run_of(&till, 1, 3)).unwrap(), Imported::Taken { new: 3 });
    assert_eq!(import(&run_of(&till, 1, 3)).unwrap(), Imported::Taken { new: 0 });
    assert_eq!(import(&run_of(&till, 2, 5)).unwrap(), Imported::Taken { new: 2 });
    assert_eq!(world.used(&voucher).uses, 1);
    // Another terminal's redemption of it is a conflict like any other.
    other.redeem(&voucher, 1000);
    assert_eq!(import(&run_of(&other, 1, 2)).unwrap(), Imported::Taken { new: 2 });
    assert_eq!(world.platform.conflicts(0, 9).unwrap().len(), 1);
    till.rewrite(|entry| entry.at = entry.at.plus(60));
    let fork = Imported::Mismatch { kind: Mismatch::Fork, held: Seq(5) };
    assert_eq!(import(&run_of(&till, 1, 5)).unwrap(), fork);
    assert_eq!(world.platform.forks().unwrap().len(), 1);
    let mut forged = run_of(&other, 1, 2);
    forged.terminal = till.terminal;
    assert!(matches!(import(&forged), Err(ServiceError::EntryInvalid { position: 1 })));
}
