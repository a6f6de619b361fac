//! Taking in: idempotent, in order, unaltered, and honest about double redemptions.

use std::collections::BTreeMap;

use minicbor::bytes::ByteVec;
use proptest::prelude::*;

use super::world::{Till, World, pull_all, stranger};
use crate::{
    domain::{
        envelope::{Context, decode, open},
        id::{Epoch, Seq},
        journal::{Body, Entry, SignedEntry, append},
        redeem::Liable,
        sync::{ConflictNotice, Mismatch, ReplyBody, RequestBody},
        trust::Status,
        voucher::{Kind, Used},
    },
    platform::{
        service::{ServiceError, VoucherName},
        store::RedemptionFilter,
    },
};

fn mismatch(reply: Result<ReplyBody, ServiceError>) -> Mismatch {
    match reply.unwrap() {
        ReplyBody::Mismatch { kind, .. } => kind,
        other => panic!("{other:?}"),
    }
}

fn conflicts(world: &World, till: &Till) -> Vec<ConflictNotice> {
    match world.ask(till, pull_all()).unwrap() {
        ReplyBody::Pulled { conflicts, .. } => conflicts,
        other => panic!("{other:?}"),
    }
}

fn entry(notice: &ConflictNotice, at: usize) -> Entry {
    let evidence = &notice.evidence[at];
    decode(open(&evidence.entry, &evidence.terminal_key, Context::Entry).unwrap()).unwrap()
}

fn notes(world: &World) -> Vec<Option<String>> {
    let filter = RedemptionFilter { limit: 100, ..RedemptionFilter::default() };
    let page = world.platform.redemptions(&filter).unwrap();
    page.redemptions.into_iter().map(|line| line.note).collect()
}

#[test]
fn a_run_that_comes_again_in_any_cut_changes_nothing() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let mut till = world.till();
    for _ in 0..5 {
        till.redeem(&voucher, 100);
    }
    for (from, to) in [(1, 3), (1, 3), (2, 4), (1, 6), (5, 6), (1, 6)] {
        let reply = world.push(&till, from, to).unwrap();
        assert!(matches!(reply, ReplyBody::Ack { .. }), "{from}..{to}: {reply:?}");
    }
    assert_eq!(world.push_all(&till), Vec::<u64>::new());
    assert_eq!(world.used(&voucher), Used::new(5, 500));
}

#[test]
fn an_empty_run_is_acknowledged_with_the_head() {
    let world = World::in_memory();
    let till = world.till();
    world.push_all(&till);
    let empty = RequestBody::Push { after: till.head(1), entries: Vec::new() };
    let ReplyBody::Ack { head, .. } = world.ask(&till, empty).unwrap() else {
        panic!("no acknowledgement");
    };
    assert_eq!(head, till.head(1));
}

#[test]
fn a_gap_a_fork_and_another_epoch_are_told_apart_and_store_nothing() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let mut till = world.till();
    till.redeem(&voucher, 100);
    till.redeem(&voucher, 100);
    assert_eq!(mismatch(world.push(&till, 2, 3)), Mismatch::Gap);
    assert!(matches!(world.push(&till, 1, 2), Ok(ReplyBody::Ack { .. })));

    let mut restored = Till {
        journal: till.journal[..1].to_vec(),
        key: crate::domain::crypto::SecretKey::from_seed(&till.key.seed()),
        ..till
    };
    restored.redeem(&voucher, 200);
    assert_eq!(mismatch(world.push(&restored, 1, 2)), Mismatch::Fork);
    assert_eq!(mismatch(world.push(&restored, 2, 2)), Mismatch::Fork);

    let mut after = till.head(2);
    after.epoch = Epoch(2);
    let entries = Vec::new();
    let other = RequestBody::Push { after, entries };
    assert_eq!(mismatch(world.ask(&till, other)), Mismatch::Epoch);
    let mut foreign = till.journal[2].entry.clone();
    foreign.epoch = Epoch(2);
    let foreign = append(&till.key, foreign);
    let odd =
        RequestBody::Push { after: till.head(2), entries: vec![ByteVec::from(foreign.bytes)] };
    assert_eq!(mismatch(world.ask(&till, odd)), Mismatch::Epoch);
    assert_eq!(world.used(&voucher), Used::new(1, 100));
}

#[test]
fn an_entry_that_is_not_the_terminals_rejects_the_whole_run() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let (mut till, other) = (world.till(), world.till());
    till.redeem(&voucher, 100);
    till.redeem(&voucher, 100);
    let middle = &till.journal[1];
    let forged = append(&other.key, middle.entry.clone());
    let mut elsewhere = middle.entry.clone();
    elsewhere.terminal = other.terminal;
    let elsewhere = append(&till.key, elsewhere);
    let mut flipped = middle.bytes.clone();
    flipped[40] ^= 1;
    for bad in [forged.bytes, elsewhere.bytes, flipped, Vec::new(), vec![0; 5000]] {
        let RequestBody::Push { after, mut entries } = till.run(1, 3) else {
            panic!("not a push");
        };
        entries[1] = ByteVec::from(bad);
        let refused = world.ask(&till, RequestBody::Push { after, entries });
        assert!(matches!(refused, Err(ServiceError::EntryInvalid { position: 2 })), "{refused:?}");
    }
    assert_eq!(world.used(&voucher), Used::default());
}

#[test]
fn a_request_signed_by_another_key_is_not_heard() {
    let world = World::in_memory();
    let (mut till, other) = (world.till(), world.till());
    till.key = other.key;
    let refused = world.push(&till, 1, 1);
    assert!(matches!(refused, Err(ServiceError::SignatureInvalid)), "{refused:?}");
    till.terminal = crate::domain::id::TerminalId(99);
    let refused = world.push(&till, 1, 1);
    assert!(matches!(refused, Err(ServiceError::TerminalUnknown)), "{refused:?}");
}

#[test]
fn a_revoked_terminal_is_not_heard_until_it_is_enrolled_again() {
    let world = World::in_memory();
    let till = world.till();
    world.platform.revoke_terminal(till.terminal).unwrap();
    let refused = world.push(&till, 1, 1);
    assert!(matches!(refused, Err(ServiceError::TerminalRevoked)), "{refused:?}");
    let key = world.device();
    let grant = world.enrol(world.code(Some(till.terminal)), &key).unwrap();
    world.push_all(&Till::new(&grant, key));
    assert!(world.push(&till, 1, 1).is_err());
}

#[test]
fn too_many_entries_or_bytes_are_refused() {
    let world = World::in_memory();
    let till = world.till();
    let one = ByteVec::from(till.journal[0].bytes.clone());
    let large = ByteVec::from(vec![0; 4096]);
    for entries in [vec![one; 501], vec![large; 129]] {
        let after = till.head(0);
        let refused = world.ask(&till, RequestBody::Push { after, entries });
        assert!(matches!(refused, Err(ServiceError::BatchTooLarge)), "{refused:?}");
    }
}

#[test]
fn a_conflict_is_found_exactly_when_the_sum_goes_beyond_the_limit() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let (mut one, mut two) = (world.till(), world.till());
    one.redeem(&voucher, 400);
    two.redeem(&voucher, 600);
    assert_eq!(world.push_all(&one), Vec::<u64>::new());
    assert_eq!(world.push_all(&two), Vec::<u64>::new());
    let over = one.redeem(&voucher, 1);
    assert_eq!(world.push_all(&one), vec![1]);

    let told = conflicts(&world, &two);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].id, told[0].liable), (1, Liable::Issuer));
    assert_eq!(told[0].voucher, voucher.claims.key());
    assert_eq!(told[0].evidence.len(), 3);
    assert_eq!((entry(&told[0], 0).terminal, entry(&told[0], 0).seq), (one.terminal, over));
    assert_eq!((entry(&told[0], 1).terminal, entry(&told[0], 1).seq), (one.terminal, Seq(2)));
    assert_eq!((entry(&told[0], 2).terminal, entry(&told[0], 2).seq), (two.terminal, Seq(2)));
    assert_eq!(world.push_all(&one), Vec::<u64>::new());
    assert_eq!(conflicts(&world, &one).len(), 1);
}

#[test]
fn what_was_rolled_back_conflicts_with_nothing() {
    let world = World::in_memory();
    let voucher = world.deal();
    let (mut one, mut two) = (world.till(), world.till());
    let first = one.redeem(&voucher, 1000);
    one.roll_back(&voucher, first, 1000);
    two.redeem(&voucher, 1000);
    assert_eq!(world.push_all(&one), Vec::<u64>::new());
    assert_eq!(world.push_all(&two), Vec::<u64>::new());
    assert_eq!(world.used(&voucher), Used::new(1, 1000));
}

#[test]
fn a_roll_back_that_matches_nothing_is_kept_and_noted() {
    let world = World::in_memory();
    let (voucher, other) = (world.deal(), world.deal());
    let mut till = world.till();
    let seq = till.redeem(&voucher, 1000);
    till.roll_back(&other, seq, 1000);
    till.roll_back(&voucher, Seq(77), 1000);
    till.roll_back(&voucher, seq, 999);
    till.roll_back(&voucher, seq, 1001);
    world.push_all(&till);
    let unmatched = || Some("rollback_unmatched".to_owned());
    let expected = [None, unmatched(), unmatched(), unmatched(), unmatched()];
    assert_eq!(notes(&world), expected, "a deal is not divided");
    assert_eq!(world.used(&voucher).uses, 1);
}

#[test]
fn strange_redemptions_are_stored_counted_and_noted() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let mut till = world.till();
    let (key, limit) = stranger(world.campaign);
    till.redeem(&voucher, 10);
    let Body::Redeemed(mut redeemed) = till.journal[1].entry.body.clone() else {
        panic!("not a redemption");
    };
    redeemed.voucher = key;
    redeemed.limit = limit;
    till.write(Body::Redeemed(redeemed.clone()));
    till.write(Body::Redeemed(redeemed));
    till.redeem(&voucher, -500);
    assert_eq!(world.push_all(&till), vec![1], "the stranger's second use");
    let found: Vec<_> = notes(&world).into_iter().map(Option::unwrap_or_default).collect();
    assert_eq!(found, ["", "voucher_unknown", "voucher_unknown", "use_out_of_range"]);
    assert_eq!(world.used(&voucher), Used::new(2, 10), "money is never given back so");
}

#[test]
fn the_status_follows_the_ledger_but_not_over_the_administrator() {
    let world = World::in_memory();
    let voucher = world.deal();
    let name = VoucherName::Code(voucher.code);
    let status = || world.platform.voucher(name).unwrap().status;
    let listed = || {
        let id = voucher.claims.id;
        let number = crate::domain::trust::chunk_of(id.index);
        let chunk = world.platform.run(|txn| Ok(txn.chunk(id.campaign, number)?));
        chunk.unwrap().get(id.index)
    };
    let mut till = world.till();
    let seq = till.redeem(&voucher, 1000);
    world.push_all(&till);
    assert_eq!((status(), listed()), (Status::Redeemed, Status::Redeemed));
    till.roll_back(&voucher, seq, 1000);
    world.push_all(&till);
    assert_eq!((status(), listed()), (Status::Valid, Status::Valid));
    world.platform.suspend_voucher(name).unwrap();
    till.redeem(&voucher, 1000);
    world.push_all(&till);
    assert_eq!((status(), listed()), (Status::Suspended, Status::Suspended));
    world.platform.resume_voucher(name).unwrap();
    assert_eq!((status(), listed()), (Status::Redeemed, Status::Redeemed));
    world.platform.revoke_voucher(name).unwrap();
    assert_eq!((status(), listed()), (Status::Revoked, Status::Revoked));
    assert!(world.platform.resume_voucher(name).is_err());
}

#[test]
fn entries_of_an_earlier_life_are_still_taken_in_and_nothing_else_of_it() {
    let world = World::in_memory();
    let voucher = world.deal();
    let mut old = world.till();
    old.redeem(&voucher, 1000);
    let key = world.device();
    let grant = world.enrol(world.code(Some(old.terminal)), &key).unwrap();
    assert_eq!((grant.terminal, grant.epoch), (old.terminal, Epoch(2)));
    world.push_all(&Till::new(&grant, key));
    world.push_all(&old);
    assert_eq!(world.used(&voucher).uses, 1);
    let refused = world.ask(&old, RequestBody::Lookup { code: 1 });
    assert!(matches!(refused, Err(ServiceError::TerminalSuperseded)), "{refused:?}");
}

/// One step of two terminals: write something, or send some stretch of the journal.
#[derive(Clone, Debug)]
enum Step {
    Redeem(usize, usize, i64),
    RollBack(usize, usize, i64),
    Push(usize, usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..2_usize, 0..3_usize, 1..400_i64).prop_map(|(t, v, m)| Step::Redeem(t, v, m)),
        2 => (0..2_usize, 0..20_usize, 1..500_i64)
            .prop_map(|(t, n, m)| Step::RollBack(t, n, m)),
        4 => (0..2_usize, 0..30_usize, 0..30_usize).prop_map(|(t, a, b)| Step::Push(t, a, b)),
    ];
    prop::collection::vec(step, 1..40)
}

fn outstanding(journals: [&[SignedEntry]; 2]) -> BTreeMap<String, Used> {
    let mut sums = BTreeMap::new();
    for entry in journals.into_iter().flatten() {
        let (key, change): (_, fn(Used, Used) -> Used) = match &entry.entry.body {
            Body::Redeemed(redeemed) => ((&redeemed.voucher, redeemed.used), Used::plus),
            Body::RolledBack(back) => ((&back.voucher, back.used), Used::minus),
            _ => continue,
        };
        let sum: &mut Used = sums.entry(key.0.id.to_string()).or_default();
        *sum = change(*sum, key.1);
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn however_it_is_cut_and_repeated_the_ledger_is_the_journals(steps in steps()) {
        let world = World::in_memory();
        let vouchers = [world.balance(1000), world.balance(100_000), world.deal()];
        let mut tills = [world.till(), world.till()];
        let mut returned = BTreeMap::<_, Used>::new();
        for step in steps {
            match step {
                Step::Redeem(t, v, minor) => { tills[t].redeem(&vouchers[v], minor); }
                Step::RollBack(t, n, minor) => {
                    let at = n % tills[t].journal.len();
                    let entry = tills[t].journal[at].entry.clone();
                    if let Body::Redeemed(redeemed) = entry.body {
                        let own = vouchers.iter().find(|v| v.claims.key() == redeemed.voucher);
                        let given = returned.entry((t, entry.seq)).or_default();
                        let left = redeemed.used.minus(*given);
                        // A part of a balance; else, or where it comes to all, the whole.
                        let part = Used::new(0, minor);
                        let parts = redeemed.kind == Kind::StoredValue && minor < left.minor;
                        let back = if parts { part } else { left };
                        if !back.is_nothing() {
                            *given = given.plus(back);
                            tills[t].give_back(own.unwrap(), entry.seq, back);
                        }
                    }
                }
                Step::Push(t, a, b) => {
                    let len = tills[t].journal.len();
                    let (from, to) = (a % len + 1, b % len + 1);
                    if from <= to {
                        let reply = world.push(&tills[t], from, to).unwrap();
                        let gap = matches!(reply, ReplyBody::Mismatch { kind: Mismatch::Gap, .. });
                        prop_assert!(gap || matches!(reply, ReplyBody::Ack { .. }), "{:?}", reply);
                    }
                }
            }
        }
        for till in &tills { world.push_all(till); }
        let sums = outstanding([&tills[0].journal, &tills[1].journal]);
        for voucher in &vouchers {
            let id = voucher.claims.id.to_string();
            prop_assert_eq!(world.used(voucher), sums.get(&id).copied().unwrap_or_default());
        }
    }
}
