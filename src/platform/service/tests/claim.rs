//! Claims, pulls and look-ups.

use super::world::{START, Till, World, claim_of, stranger};
use crate::{
    domain::{
        crypto::SecretKey,
        redeem::PlatformRefusal,
        sync::{Claim, ClaimAnswer, ListName, ListVersion, ReplyBody, RequestBody},
        time::Timestamp,
        trust::{CampaignState, Chunk, Manifest, StatusList, TrustBundle},
        voucher::{Limit, Used},
    },
    platform::service::{Issued, ServiceError, VoucherName},
};

fn answer(world: &World, till: &Till, voucher: &Issued, minor: i64) -> ClaimAnswer {
    world.claim(till, vec![claim_of(voucher, Used::new(1, minor))]).remove(0)
}

fn refusal(answer: ClaimAnswer) -> Option<PlatformRefusal> {
    match answer {
        ClaimAnswer::Granted { .. } => None,
        ClaimAnswer::Refused { reason, .. } => Some(reason),
    }
}

fn pull(
    world: &World,
    till: &Till,
    bundle: u64,
    lists: Vec<ListVersion>,
) -> (Option<u64>, Vec<Manifest>) {
    let leases = Vec::new();
    let ask = RequestBody::Pull { bundle, lists, conflicts_after: 0, listed_after: 0, leases };
    let ReplyBody::Pulled { bundle, manifests, .. } = world.ask(till, ask).unwrap() else {
        panic!("not pulled");
    };
    let root = world.platform.root_key();
    let version = bundle.map(|bytes| TrustBundle::open(&bytes, &root).unwrap().version);
    let key = world.platform.platform_key();
    let manifests = manifests.iter().map(|bytes| Manifest::open(bytes, &key).unwrap());
    (version, manifests.collect())
}

fn list_of(world: &World) -> ListName {
    ListName { issuer: "demo".parse().unwrap(), campaign: world.campaign }
}

#[test]
fn of_two_terminals_that_race_for_one_use_exactly_one_is_granted() {
    for _ in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let world = World::on_disk(&dir);
        let voucher = world.deal();
        let tills = [world.till(), world.till()];
        let answers: Vec<_> = std::thread::scope(|scope| {
            let (world, voucher) = (&world, &voucher);
            let asked = tills.iter().map(|till| {
                let ask = move || refusal(answer(world, till, voucher, 1000));
                std::thread::Builder::new().spawn_scoped(scope, ask).unwrap()
            });
            let asked: Vec<_> = asked.collect();
            asked.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(
            answers == [None, Some(PlatformRefusal::Claimed)]
                || answers == [Some(PlatformRefusal::Claimed), None],
            "{answers:?}"
        );
    }
}

#[test]
fn a_claim_lasts_until_the_next_entry_and_no_clock_ends_it() {
    let world = World::in_memory();
    let voucher = world.deal();
    let (mut one, two) = (world.till(), world.till());
    world.push_all(&one);
    assert_eq!(refusal(answer(&world, &one, &voucher, 1000)), None);
    assert_eq!(refusal(answer(&world, &one, &voucher, 1000)), None, "its own claim blocks nobody");
    world.push_all(&one);
    world.wait(365 * 24 * 3600);
    assert_eq!(refusal(answer(&world, &two, &voucher, 1000)), Some(PlatformRefusal::Claimed));
    one.redeem(&world.deal(), 1000);
    world.push_all(&one);
    assert_eq!(refusal(answer(&world, &two, &voucher, 1000)), None);
}

#[test]
fn what_a_lost_device_set_aside_blocks_its_successor_too() {
    let world = World::in_memory();
    let voucher = world.deal();
    let lost = world.till();
    assert_eq!(refusal(answer(&world, &lost, &voucher, 1000)), None);
    let key = world.device();
    let grant = world.enrol(world.code(Some(lost.terminal)), &key).unwrap();
    let next = Till::new(&grant, key);
    assert_eq!(refusal(answer(&world, &next, &voucher, 1000)), Some(PlatformRefusal::Claimed));
}

#[test]
fn the_administrator_releases_what_a_lost_terminal_holds() {
    let world = World::in_memory();
    let voucher = world.deal();
    let (one, two) = (world.till(), world.till());
    answer(&world, &one, &voucher, 1000);
    let key = voucher.claims.key();
    world.platform.release_claim(&key, one.terminal).unwrap();
    assert_eq!(refusal(answer(&world, &two, &voucher, 1000)), None);
    assert!(world.platform.release_claim(&key, one.terminal).is_err());
}

#[test]
fn what_is_used_says_so_with_time_and_place() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let (mut one, two) = (world.till(), world.till());
    one.redeem(&voucher, 700);
    world.push_all(&one);
    assert_eq!(refusal(answer(&world, &two, &voucher, 300)), None);
    let ClaimAnswer::Refused { reason, used_elsewhere, last } = answer(&world, &two, &voucher, 301)
    else {
        panic!("granted beyond the balance");
    };
    assert_eq!(reason, PlatformRefusal::Exhausted);
    assert_eq!(used_elsewhere, Used::new(1, 700));
    let last = last.unwrap();
    assert_eq!(
        (last.at, last.terminal, last.branch),
        (Timestamp(START + 10), one.terminal, one.branch)
    );
}

#[test]
fn what_a_terminal_has_not_sent_counts() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let till = world.till();
    let ask = |used_here, asked| {
        let claim = claim_of(&voucher, Used::new(1, asked));
        let claim = Claim { used_here: Used::new(1, used_here), ..claim };
        refusal(world.claim(&till, vec![claim]).remove(0))
    };
    assert_eq!(ask(600, 400), None);
    assert_eq!(ask(601, 400), Some(PlatformRefusal::Exhausted));
}

#[test]
fn the_limit_is_the_one_that_was_issued_whatever_the_terminal_says() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let till = world.till();
    let claim = claim_of(&voucher, Used::new(1, 5000));
    let claim = Claim { limit: Limit::Balance(10_000), ..claim };
    let answer = world.claim(&till, vec![claim]).remove(0);
    assert_eq!(refusal(answer), Some(PlatformRefusal::Exhausted));
}

#[test]
fn suspended_and_revoked_are_refused() {
    let world = World::in_memory();
    let voucher = world.deal();
    let name = VoucherName::Id(voucher.claims.id);
    let till = world.till();
    let ask = || refusal(answer(&world, &till, &voucher, 1000));
    world.platform.suspend_voucher(name).unwrap();
    assert_eq!(ask(), Some(PlatformRefusal::Suspended));
    world.platform.resume_voucher(name).unwrap();
    assert_eq!(ask(), None);
    world.platform.set_campaign_state(world.campaign, CampaignState::Suspended).unwrap();
    assert_eq!(ask(), Some(PlatformRefusal::Suspended));
    world.platform.set_campaign_state(world.campaign, CampaignState::Active).unwrap();
    world.platform.withdraw_key(&"demo".parse().unwrap(), world.issuer.public().id()).unwrap();
    assert_eq!(ask(), Some(PlatformRefusal::Revoked));
}

#[test]
fn a_request_kept_back_and_sent_again_sets_nothing_aside() {
    let world = World::in_memory();
    let voucher = world.deal();
    let mut till = world.till();
    let old = till.claim(&voucher, 1000);
    world.ask(&till, old.clone()).unwrap();
    till.redeem(&world.deal(), 1000);
    world.push_all(&till);
    let refused = world.ask(&till, old);
    assert!(matches!(refused, Err(ServiceError::RequestStale)), "{refused:?}");
    assert_eq!(world.platform.claims().unwrap(), []);
}

#[test]
fn a_question_kept_back_takes_the_place_of_no_later_one() {
    let world = World::in_memory();
    let voucher = world.deal();
    let (mut one, two) = (world.till(), world.till());
    let first = one.claim(&voucher, 1000);
    world.ask(&one, first.clone()).unwrap();
    let refused = one.redeem(&world.deal(), 1000);
    assert_eq!(refusal(answer(&world, &one, &voucher, 1000)), None);
    let late = world.ask(&one, first);
    assert!(matches!(late, Err(ServiceError::RequestStale)), "{late:?}");
    // What arrives ends the first question only; the redemption that follows the second was not sent yet.
    world.ask(&one, one.run(1, usize::try_from(refused.0).unwrap())).unwrap();
    assert_eq!(refusal(answer(&world, &two, &voucher, 1000)), Some(PlatformRefusal::Claimed));
}

#[test]
fn a_question_from_the_same_moment_never_lessens_what_is_set_aside() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let (one, two) = (world.till(), world.till());
    let less = one.claim(&voucher, 300);
    world.ask(&one, less.clone()).unwrap();
    world.ask(&one, one.claim(&voucher, 500)).unwrap();
    world.ask(&one, less).unwrap();
    assert_eq!(refusal(answer(&world, &two, &voucher, 501)), Some(PlatformRefusal::Claimed));
    assert_eq!(refusal(answer(&world, &two, &voucher, 500)), None);
}

#[test]
fn the_next_device_does_not_take_the_place_of_what_a_lost_one_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    for world in [World::in_memory(), World::on_disk(&dir)] {
        let voucher = world.balance(1000);
        let (lost, two) = (world.till(), world.till());
        assert_eq!(refusal(answer(&world, &lost, &voucher, 400)), None);
        let next = world.successor(&lost);
        assert_eq!(refusal(answer(&world, &next, &voucher, 400)), None);
        assert_eq!(refusal(answer(&world, &two, &voucher, 201)), Some(PlatformRefusal::Claimed));
        assert_eq!(refusal(answer(&world, &two, &voucher, 200)), None);
        world.platform.release_claim(&voucher.claims.key(), lost.terminal).unwrap();
        assert_eq!(refusal(answer(&world, &two, &voucher, 1000)), None, "of both epochs");
    }
}

#[test]
fn a_journal_that_the_platform_does_not_know_is_given_no_word() {
    let world = World::in_memory();
    let (voucher, other) = (world.deal(), world.deal());
    let mut till = world.till();
    till.redeem(&voucher, 1000);
    world.push_all(&till);
    // Set back, it wrote as many entries as it had lost, and more.
    let key = SecretKey::from_seed(&till.key.seed());
    let mut restored = Till { journal: till.journal.clone(), key, ..till };
    restored.rewrite(|entry| entry.at = Timestamp(START + 99));
    for _ in 0..2 {
        let asked = world.ask(&restored, restored.claim(&other, 1000));
        assert!(matches!(asked, Err(ServiceError::RequestStale)), "{asked:?}");
        restored.redeem(&world.deal(), 1000);
    }
    assert_eq!(world.platform.claims().unwrap(), []);
}

#[test]
fn another_merchants_terminal_neither_claims_nor_finds() {
    let world = World::in_memory();
    let voucher = world.deal();
    let other = world.platform.create_merchant("Rival").unwrap();
    let branch = world.platform.create_branch(other, "Here", "UTC").unwrap();
    let order = crate::platform::service::EnrolmentOrder {
        branch,
        name: "Till".to_owned(),
        terminal: None,
        url: "https://p.example".to_owned(),
    };
    let key = world.device();
    let secret = world.platform.create_enrolment(&order).unwrap().secret;
    let rival = Till::new(&world.enrol(secret, &key).unwrap(), key);
    let refused = world.ask(&rival, rival.claim(&voucher, 1000));
    assert!(matches!(refused, Err(ServiceError::VoucherNotAllowed)), "{refused:?}");
    let lookup = || RequestBody::Lookup { code: voucher.code.bits() };
    assert_eq!(world.ask(&rival, lookup()).unwrap(), ReplyBody::Lookup(None));
    let till = world.till();
    let found = world.ask(&till, lookup()).unwrap();
    assert_eq!(found, ReplyBody::Lookup(Some(voucher.text.clone())));
    let chunks = RequestBody::Chunks { list: list_of(&world), numbers: vec![0] };
    assert!(world.ask(&rival, chunks).is_err());
    assert_eq!(pull(&world, &rival, 0, Vec::new()).1, []);
}

#[test]
fn a_pull_brings_what_is_newer_and_nothing_else() {
    let world = World::in_memory();
    let till = world.till();
    let (version, manifests) = pull(&world, &till, 0, Vec::new());
    let version = version.unwrap();
    assert_eq!(manifests.len(), 1);
    let now = world.platform.now();
    assert_eq!((manifests[0].version, manifests[0].as_of, manifests[0].covered), (1, now, 1000));
    let held = |version| vec![ListVersion { list: list_of(&world), version }];
    assert_eq!(pull(&world, &till, version, held(1)), (None, Vec::new()));

    let voucher = world.deal();
    world.platform.revoke_voucher(VoucherName::Id(voucher.claims.id)).unwrap();
    let (newer, manifests) = pull(&world, &till, version, held(1));
    assert_eq!((newer, manifests.len()), (None, 1));
    let second = u64::try_from(now.0).unwrap();
    assert_eq!((manifests[0].version, manifests[0].counts), (second, [999, 1, 0, 0]));

    let chunks = RequestBody::Chunks { list: list_of(&world), numbers: vec![0, 1, 99] };
    let ReplyBody::Chunks(chunks) = world.ask(&till, chunks).unwrap() else {
        panic!("no parts");
    };
    assert_eq!(chunks.len(), 1);
    let mut list = StatusList::default();
    list.insert(0, Chunk::from_bytes(chunks[0].bits.to_vec()).unwrap());
    assert!(list.reconciles_with(&manifests[0]));
}

#[test]
fn a_voucher_nobody_issued_is_claimed_once_too() {
    let world = World::in_memory();
    let (voucher, limit) = stranger(world.campaign);
    let ask = |till: &Till| {
        let claim = Claim {
            voucher: voucher.clone(),
            limit,
            asked: Used::new(1, 1),
            used_here: Used::default(),
            customer: None,
            lease: None,
        };
        let claims = vec![claim];
        match world.ask(till, till.claim_all(claims)).unwrap() {
            ReplyBody::Claim(mut answers) => refusal(answers.remove(0)),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ask(&world.till()), None);
    assert_eq!(ask(&world.till()), Some(PlatformRefusal::Claimed));
}
