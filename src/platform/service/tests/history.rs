//! Giving a terminal its own entries back, and taking in what an earlier device of it wrote.

use super::world::{Till, World};
use crate::{
    domain::{
        crypto::SecretKey,
        id::{Epoch, Seq},
        journal::{Body, Head, Recovered},
        sync::{BATCH_ENTRIES_MAX, Mismatch, ReplyBody, RequestBody},
        voucher::Used,
    },
    platform::{service::ServiceError, store::EntryAt},
};

fn history(
    world: &World,
    till: &Till,
    (epoch, after): (u32, u64),
) -> Result<(Head, Vec<Vec<u8>>), ServiceError> {
    let (epoch, after) = (Epoch(epoch), Seq(after));
    match world.ask(till, RequestBody::History { epoch, after })? {
        ReplyBody::History { head, entries } => {
            Ok((head, entries.into_iter().map(Into::into).collect()))
        }
        other => panic!("{other:?}"),
    }
}

fn bytes(till: &Till, from: usize) -> Vec<Vec<u8>> {
    till.journal[from..].iter().map(|entry| entry.bytes.clone()).collect()
}

#[test]
fn a_terminal_gets_its_own_entries_back_in_order_and_in_parts() {
    let world = World::in_memory();
    let voucher = world.balance(100_000);
    let mut till = world.till();
    for _ in 0..BATCH_ENTRIES_MAX + 20 {
        till.redeem(&voucher, 1);
    }
    let most = u64::try_from(BATCH_ENTRIES_MAX).unwrap();
    for from in (1..=till.journal.len()).step_by(BATCH_ENTRIES_MAX) {
        world.push(&till, from, till.journal.len().min(from + BATCH_ENTRIES_MAX - 1)).unwrap();
    }
    let whole = till.head(till.journal.len());
    let (head, first) = history(&world, &till, (1, 0)).unwrap();
    assert_eq!((head, first.len()), (whole, BATCH_ENTRIES_MAX));
    let (head, rest) = history(&world, &till, (1, most)).unwrap();
    assert_eq!(head, whole);
    assert_eq!([first, rest].concat(), bytes(&till, 0));
    assert_eq!(history(&world, &till, (1, 100_000)).unwrap(), (whole, Vec::new()));
}

#[test]
fn a_device_hears_of_no_later_life_and_no_other_terminal() {
    let world = World::in_memory();
    let (till, other) = (world.till(), world.till());
    world.push_all(&till);
    world.push_all(&other);
    let next = world.successor(&till);
    world.push_all(&next);
    let later = history(&world, &till, (2, 0));
    assert!(matches!(later, Err(ServiceError::TerminalUnknown)), "{later:?}");
    let (head, entries) = history(&world, &next, (1, 0)).unwrap();
    assert_eq!((head, entries), (till.head(1), bytes(&till, 0)));
    let stranger = Till { terminal: other.terminal, journal: Vec::new(), ..till };
    let refused = history(&world, &stranger, (1, 0));
    assert!(matches!(refused, Err(ServiceError::SignatureInvalid)), "{refused:?}");
}

#[test]
fn the_next_device_hands_in_what_the_one_before_wrote() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let mut till = world.till();
    till.redeem(&voucher, 100);
    world.push_all(&till);
    till.redeem(&voucher, 200);
    till.redeem(&voucher, 300);
    let next = world.successor(&till);
    for _ in 0..2 {
        let ReplyBody::Ack { head, .. } = world.ask(&next, till.run(3, 4)).unwrap() else {
            panic!("not taken");
        };
        assert_eq!(head, till.head(4));
        assert_eq!(world.used(&voucher), Used::new(3, 600));
    }
    // Signed with its own key, which was not the key of that life.
    let mut forger = Till { key: SecretKey::from_seed(&next.key.seed()), ..till };
    forger.redeem(&voucher, 1);
    let refused = world.ask(&next, forger.run(5, 5));
    assert!(
        matches!(refused, Ok(ReplyBody::Mismatch { kind: Mismatch::Epoch, .. })),
        "{refused:?}"
    );
    let odd = world.ask(&next, RequestBody::Push { after: forger.head(5), entries: Vec::new() });
    assert!(matches!(odd, Ok(ReplyBody::Mismatch { kind: Mismatch::Gap, .. })), "{odd:?}");
    assert_eq!(world.used(&voucher), Used::new(3, 600));
}

#[test]
fn a_revoked_life_is_handed_in_by_nobody() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let mut till = world.till();
    till.redeem(&voucher, 100);
    world.platform.revoke_terminal(till.terminal).unwrap();
    let next = world.successor(&till);
    let refused = world.ask(&next, till.run(1, 2));
    let ReplyBody::Mismatch { kind: Mismatch::Epoch, head } = refused.unwrap() else {
        panic!("not refused as of a life that is not known");
    };
    assert_eq!(head, Head::start(Epoch(1)));
    assert_eq!(world.used(&voucher), Used::default());
}

#[test]
fn a_journal_that_lost_entries_is_told_from_one_that_did_not() {
    let world = World::in_memory();
    let mut till = world.till();
    let found = |lost, complete| {
        Body::Recovered(Recovered { epoch: Epoch(1), held: Seq(1), lost, complete })
    };
    till.write(found(0, true));
    till.write(found(0, false));
    till.write(found(2, true));
    world.push_all(&till);
    let note = |seq| {
        let at = EntryAt { terminal: till.terminal, epoch: till.epoch, seq: Seq(seq) };
        world.platform.run(|txn| Ok(txn.entry(at)?)).unwrap().unwrap().note
    };
    let lost = Some("entries_lost".to_owned());
    assert_eq!([note(2), note(3), note(4)], [None, lost.clone(), lost]);
}
