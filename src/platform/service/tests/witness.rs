//! Redemptions that customers hand in before their terminals do.

use super::world::*;
use crate::{
    domain::{
        journal::{Body, SignedEntry},
        redeem::PlatformRefusal,
        sync::{Mismatch, ReplyBody, RequestBody},
        trust::Status,
        voucher::Used,
    },
    platform::{
        service::{Issued, ServiceError, VoucherName, WITNESSES_MAX, Witnessed},
        store::WitnessRow,
    },
};

fn hand_in(world: &World, entry: &SignedEntry) -> Witnessed {
    world.platform.witness(&entry.bytes).unwrap().state
}

fn last(till: &Till) -> &SignedEntry {
    till.journal.last().unwrap()
}

fn status(world: &World, voucher: &Issued) -> Status {
    world.platform.voucher(VoucherName::Code(voucher.code)).unwrap().status
}

fn forks(world: &World) -> Vec<u64> {
    world.platform.forks().unwrap().iter().map(|line| line.seq).collect()
}

fn mismatch(reply: &ReplyBody) -> Option<Mismatch> {
    if let ReplyBody::Mismatch { kind, .. } = reply { Some(*kind) } else { None }
}

#[test]
fn a_witnessed_voucher_is_in_use_for_others_until_its_journal_arrives() {
    let dir = tempfile::tempdir().unwrap();
    for world in [World::in_memory(), World::on_disk(&dir)] {
        let (mut one, two, voucher) = (world.till(), world.till(), world.deal());
        one.redeem(&voucher, 1000);
        assert_eq!(status(&world, &voucher), Status::Valid);
        assert_eq!(hand_in(&world, last(&one)), Witnessed::New);
        assert_eq!(hand_in(&world, last(&one)), Witnessed::Known);
        assert_eq!(status(&world, &voucher), Status::Redeemed, "offline terminals are warned");
        assert_eq!(world.used(&voucher), Used::default(), "nothing is booked");
        assert_eq!(world.refusal(&two, &voucher, 1000), Some(PlatformRefusal::Claimed));
        assert_eq!(world.push_all(&one), [0; 0], "no false conflict");
        assert_eq!(world.used(&voucher), Used::new(1, 1000));
        assert_eq!(world.refusal(&two, &voucher, 1000), Some(PlatformRefusal::Exhausted));
        assert_eq!(hand_in(&world, last(&one)), Witnessed::Held, "after the journal");
        assert_eq!((status(&world, &voucher), forks(&world).len()), (Status::Redeemed, 0));
        let view = world.platform.voucher(VoucherName::Code(voucher.code)).unwrap();
        assert_eq!((view.witnessed.len(), view.ledger.uses.len()), (0, 1));
        // What is given back is free again.
        one.roll_back(&voucher, one.last(), 1000);
        world.push_all(&one);
        assert_eq!(status(&world, &voucher), Status::Valid);
        assert_eq!(world.refusal(&two, &voucher, 1000), None);
    }
}

#[test]
fn entries_are_handed_in_in_any_order_and_each_is_booked_once() {
    let world = World::in_memory();
    let (mut till, pass) = (world.till(), world.pass(5));
    for _ in 0..3 {
        till.redeem(&pass, 100);
    }
    let entries: Vec<_> = till.journal[1..].to_vec();
    for at in [2, 0, 1, 2] {
        hand_in(&world, &entries[at]);
    }
    let view = || world.platform.voucher(VoucherName::Code(pass.code)).unwrap();
    assert_eq!((view().witnessed.len(), view().used), (3, Used::default()));
    // The journal arrives in two parts.
    world.push(&till, 1, 2).unwrap();
    assert_eq!((view().witnessed.len(), view().used), (2, Used::new(1, 100)));
    world.push(&till, 3, 4).unwrap();
    assert_eq!((view().witnessed.len(), view().used), (0, Used::new(3, 300)));
    assert!(forks(&world).is_empty());
}

#[test]
fn what_was_claimed_and_is_then_witnessed_counts_once() {
    let world = World::in_memory();
    let (mut one, two, pass) = (world.till(), world.till(), world.pass(3));
    world.push_all(&one);
    assert_eq!(world.refusal(&one, &pass, 100), None);
    one.redeem(&pass, 100);
    hand_in(&world, last(&one));
    // One use is taken, so two are left: not one.
    let asked = |uses| {
        let answers = world.claim(&two, vec![claim_of(&pass, Used::new(uses, 200))]);
        format!("{:?}", answers[0]).starts_with("Granted")
    };
    assert!(!asked(3) && asked(2));
    one.redeem(&pass, 100);
    hand_in(&world, last(&one));
    assert!(!asked(2) && asked(1), "one that follows comes on top");
}

#[test]
fn a_claim_from_before_a_witnessed_entry_is_stale() {
    let world = World::in_memory();
    let (mut till, voucher, other) = (world.till(), world.deal(), world.deal());
    world.push_all(&till);
    let kept_back = till.claim(&other, 1000);
    till.redeem(&voucher, 1000);
    hand_in(&world, last(&till));
    let stale = world.ask(&till, kept_back);
    assert!(matches!(stale, Err(ServiceError::RequestStale)), "{stale:?}");
    assert_eq!(world.refusal(&till, &other, 1000), None, "asked after it, it is granted");
}

#[test]
fn a_journal_that_was_set_back_behind_a_witnessed_entry_is_found() {
    let world = World::in_memory();
    let (mut till, voucher, other) = (world.till(), world.deal(), world.deal());
    world.push_all(&till);
    let honest = till.journal.len();
    till.write(opened_again());
    till.redeem(&voucher, 1000);
    hand_in(&world, last(&till));
    // A copy from before goes on: other entries, and fewer.
    let witnessed = till.journal.split_off(honest);
    till.redeem(&other, 1000);
    let reply = world.push(&till, honest + 1, honest + 1).unwrap();
    assert_eq!(mismatch(&reply), Some(Mismatch::Fork));
    assert_eq!(forks(&world), [honest as u64 + 1]);
    let fork = world.platform.forks().unwrap().remove(0);
    assert!([&fork.first, &fork.second].iter().all(|proof| proof.len() > 200));
    let line = world.platform.terminal(till.terminal).unwrap();
    assert_eq!((line.witnessed, line.forks.len()), (1, 1));
    assert_eq!(status(&world, &voucher), Status::Redeemed, "it was redeemed all the same");
    // The journal as it truly was is taken.
    till.journal.truncate(honest);
    till.journal.extend(witnessed);
    assert_eq!(world.push_all(&till), [0; 0]);
    assert_eq!(world.used(&voucher), Used::new(1, 1000));
}

fn opened_again() -> Body {
    Body::BundleTaken { version: 9, hash: crate::domain::id::Hash([9; 32]) }
}

#[test]
fn a_witnessed_entry_that_contradicts_what_is_held_or_witnessed_is_proof_of_a_fork() {
    let world = World::in_memory();
    let (mut till, voucher, other) = (world.till(), world.deal(), world.deal());
    till.redeem(&voucher, 1000);
    world.push_all(&till);
    // Another entry where one is held.
    till.rewrite(|entry| entry.at = entry.at.plus(60));
    assert_eq!(hand_in(&world, last(&till)), Witnessed::New);
    assert_eq!(forks(&world), [2]);
    assert_eq!(world.platform.conflicts(0, 9).unwrap().len(), 0);
    // Two entries at a position that is not held.
    let mut two = world.till();
    two.redeem(&other, 1000);
    hand_in(&world, last(&two));
    two.rewrite(|entry| entry.at = entry.at.plus(60));
    hand_in(&world, last(&two));
    assert_eq!(forks(&world), [2, 2]);
    assert_eq!(world.platform.terminal(two.terminal).unwrap().witnessed, 2);
}

#[test]
fn a_pushed_entry_that_contradicts_a_held_one_is_kept_as_proof() {
    let world = World::in_memory();
    let (mut till, voucher) = (world.till(), world.deal());
    till.redeem(&voucher, 1000);
    world.push_all(&till);
    till.rewrite(|entry| entry.at = entry.at.plus(60));
    let reply = world.push(&till, 1, 2).unwrap();
    assert_eq!(mismatch(&reply), Some(Mismatch::Fork));
    assert_eq!(forks(&world), [2]);
}

#[test]
fn what_nobody_here_signed_is_refused_and_leaves_no_trace() {
    let world = World::in_memory();
    let (mut till, voucher) = (world.till(), world.deal());
    till.redeem(&voucher, 1000);
    let good = last(&till).clone();
    let mut refused: Vec<Vec<u8>> = (0..good.bytes.len() * 8)
        .step_by(7)
        .map(|bit| {
            let mut changed = good.bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            changed
        })
        .collect();
    let stranger = World::in_memory();
    let foreign =
        Till::new(&stranger.enrol(stranger.code(None), &world.device()).unwrap(), world.device());
    refused.push(foreign.journal[0].bytes.clone());
    refused.push(till.journal[0].bytes.clone());
    refused.extend([Vec::new(), vec![0; 4097], vec![0x84; 4096], b"CS1:".to_vec()]);
    // A request is signed by the same key, and is no entry.
    let request = crate::domain::sync::Request {
        terminal: till.terminal,
        epoch: till.epoch,
        nonce: [1; 16],
        body: RequestBody::Lookup { code: 1 },
    };
    refused.push(request.seal(&till.key));
    for bytes in refused {
        let answer = world.platform.witness(&bytes);
        assert!(matches!(answer, Err(ServiceError::WitnessInvalid)), "{answer:?}");
    }
    world.platform.revoke_terminal(till.terminal).unwrap();
    let revoked = world.platform.witness(&good.bytes);
    assert!(matches!(revoked, Err(ServiceError::WitnessInvalid)), "{revoked:?}");
    assert_eq!(status(&world, &voucher), Status::Valid);
    assert!(forks(&world).is_empty());
}

#[test]
fn more_than_are_kept_are_refused() {
    let world = World::in_memory();
    let (mut till, pass) = (world.till(), world.pass(9));
    for _ in 0..=WITNESSES_MAX {
        till.redeem(&pass, 100);
    }
    hand_in(&world, &till.journal[1]);
    let first = world.platform.run(|txn| Ok(txn.witnessed(&pass.claims.key())?)).unwrap().remove(0);
    // As if all the others but the last had been handed in one by one.
    let others = &till.journal[2..=WITNESSES_MAX];
    let kept = world.platform.run(|txn| {
        for signed in others {
            txn.add_witness(&WitnessRow { signed: signed.clone(), ..first.clone() })?;
        }
        Ok(())
    });
    kept.unwrap();
    let full = world.platform.witness(&last(&till).bytes);
    assert!(matches!(full, Err(ServiceError::WitnessesFull)), "{full:?}");
    assert_eq!(hand_in(&world, &till.journal[1]), Witnessed::Known);
    world.push(&till, 1, 2).unwrap();
    assert_eq!(hand_in(&world, last(&till)), Witnessed::New);
}

#[test]
fn a_dispute_says_that_a_side_was_forked() {
    let world = World::in_memory();
    let (mut one, mut two, voucher) = (world.till(), world.till(), world.deal());
    one.redeem(&voucher, 1000);
    two.redeem(&voucher, 1000);
    world.push_all(&one);
    let ids = world.push_all(&two);
    let before = world.platform.conflict(ids[0]).unwrap();
    assert!(before.sides.iter().all(|side| side.forked_at.is_none()));
    one.rewrite(|entry| entry.at = entry.at.plus(60));
    hand_in(&world, last(&one));
    let after = world.platform.conflict(ids[0]).unwrap();
    let forked: Vec<_> = after.sides.iter().map(|side| side.forked_at).collect();
    assert_eq!(forked, [None, Some(2)]);
    let page = crate::platform::http::page(&after);
    assert!(page.contains("forked at entry 2"), "{page}");
}
