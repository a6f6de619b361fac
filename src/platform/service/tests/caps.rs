//! Caps over all terminals: quotas, customers, first visits.

use super::world::{START, Till, World, claim_of};
use crate::{
    domain::{
        journal::Body,
        redeem::{Caps, PlatformRefusal, Rules},
        sync::{Claim, ClaimAnswer},
        time::Timestamp,
        voucher::Used,
    },
    platform::service::{Issued, VoucherName},
};

fn caps(caps: Caps) -> Rules {
    Rules { caps, ..Rules::default() }
}

fn quota(campaign: u32) -> Rules {
    caps(Caps { campaign, ..Caps::default() })
}

/// Redeems without the platform and sends it.
fn redeem(world: &World, till: &mut Till, voucher: &Issued) {
    till.redeem(voucher, 1000);
    world.push_all(till);
}

#[test]
fn a_quota_counts_what_was_made_and_what_is_set_aside_anywhere() {
    let world = World::in_memory();
    world.rule(quota(3));
    let (mut one, two, three) = (world.till(), world.till(), world.till());
    redeem(&world, &mut one, &world.deal());
    assert_eq!(world.refusal(&two, &world.deal(), 1000), None, "the second");
    let third = world.deal();
    assert_eq!(world.refusal(&three, &third, 1000), None, "the third");
    assert_eq!(world.refusal(&three, &third, 1000), None, "asking again takes no second share");
    let fourth = world.refusal(&one, &world.deal(), 1000);
    assert_eq!(fourth, Some(PlatformRefusal::CampaignLimit));
}

#[test]
fn a_quota_counts_uses_and_gives_rolled_back_ones_back() {
    let world = World::in_memory();
    world.rule(quota(3));
    let (mut one, two) = (world.till(), world.till());
    let pass = world.pass(5);
    let seq = one.write(Body::Redeemed(super::world::redeemed(&pass, Used::new(3, 300))));
    world.push_all(&one);
    let deal = world.deal();
    assert_eq!(world.refusal(&two, &deal, 1000), Some(PlatformRefusal::CampaignLimit));
    one.give_back(&pass, seq, Used::new(1, 100));
    world.push_all(&one);
    assert_eq!(world.refusal(&two, &deal, 1000), None, "2 + 1 = 3");
}

#[test]
fn vouchers_of_one_act_share_the_quota() {
    let world = World::in_memory();
    world.rule(quota(2));
    let till = world.till();
    let deals = [world.deal(), world.deal(), world.deal()];
    let [a, b, c] = &deals;
    let limit = Some(PlatformRefusal::CampaignLimit);
    assert_eq!(world.refusals(&till, &[a, b, c]), [None, None, limit]);
    assert_eq!(world.platform.claims().unwrap(), []);
    assert_eq!(world.refusals(&till, &[a, b]), [None, None]);
    assert_eq!(world.refusals(&till, &[a, b]), [None, None], "again");
    assert_eq!(world.refusals(&world.till(), &[c]), [limit]);
}

#[test]
fn a_customer_is_counted_over_all_terminals() {
    let world = World::in_memory();
    world.rule(caps(Caps { customer: 2, ..Caps::default() }));
    let (mut one, two) = (world.till(), world.till());
    redeem(&world, &mut one, &world.deal_of("anna"));
    assert_eq!(world.refusal(&one, &world.deal_of("anna"), 1000), None, "set aside");
    let third = world.deal_of("anna");
    assert_eq!(world.refusal(&two, &third, 1000), Some(PlatformRefusal::CustomerLimit));
    assert_eq!(world.refusal(&two, &world.deal_of("ben"), 1000), None);
}

#[test]
fn what_was_taken_back_and_not_sent_is_not_held_against_the_customer() {
    let world = World::in_memory();
    world.rule(caps(Caps { customer: 1, ..Caps::default() }));
    let mut till = world.till();
    let deal = world.deal_of("anna");
    redeem(&world, &mut till, &deal);
    // The terminal took it back a moment ago: its journal holds nothing of it.
    assert_eq!(world.refusal(&till, &deal, 1000), None);
    let claim = Claim { used_here: Used::new(1, 1000), ..claim_of(&deal, Used::new(1, 1000)) };
    let kept = world.claim(&till, vec![claim]).remove(0);
    assert!(matches!(kept, ClaimAnswer::Refused { reason: PlatformRefusal::Exhausted, .. }));
}

#[test]
fn a_customers_day_is_that_of_the_branch() {
    let world = World::in_memory();
    world.rule(caps(Caps { customer_day: 1, ..Caps::default() }));
    let mut till = world.till();
    // The world begins at 09:00 UTC, 10:00 in Berlin; the entry says ten seconds later.
    world.wait(10);
    redeem(&world, &mut till, &world.deal_of("anna"));
    let deal = world.deal_of("anna");
    let limit = Some(PlatformRefusal::CustomerLimit);
    assert_eq!(world.refusal(&till, &deal, 1000), limit);
    // 22:59:59 UTC is the last second of that day in Berlin, fourteen hours less eleven seconds later.
    world.wait(14 * 3600 - 11);
    assert_eq!(world.platform.now(), Timestamp(START + 14 * 3600 - 1));
    assert_eq!(world.refusal(&till, &deal, 1000), limit);
    world.wait(1);
    assert_eq!(world.refusal(&till, &deal, 1000), None);
}

#[test]
fn no_clock_moves_a_use_to_another_day() {
    for set in [-2 * 86_400, 2 * 86_400] {
        let world = World::in_memory();
        world.rule(caps(Caps { customer_day: 1, ..Caps::default() }));
        world.wait(10);
        let mut till = world.till();
        till.redeem(&world.deal_of("anna"), 1000);
        // The time that is known to have passed is that of today all the same.
        till.rewrite(|entry| entry.at = entry.at.plus(set));
        world.push_all(&till);
        let again = world.refusal(&till, &world.deal_of("anna"), 1000);
        assert_eq!(again, Some(PlatformRefusal::CustomerLimit), "{set} s");
    }
}

#[test]
fn uses_of_one_voucher_at_several_terminals_share_the_quota() {
    let world = World::in_memory();
    world.rule(quota(2));
    let pass = world.pass(5);
    let ask = || world.refusal(&world.till(), &pass, 100);
    assert_eq!([ask(), ask(), ask()], [None, None, Some(PlatformRefusal::CampaignLimit)]);
}

#[test]
fn a_first_visit_is_the_first_to_the_merchant_at_any_campaign() {
    let world = World::in_memory();
    let mut till = world.till();
    let seq = till.redeem(&world.deal_of("anna"), 1000);
    world.push_all(&till);
    world.rule(Rules { first_visit: true, ..Rules::default() });
    let (annas, bens) = (world.deal_of("anna"), world.deal_of("ben"));
    let other = world.till();
    assert_eq!(world.refusal(&other, &annas, 1000), Some(PlatformRefusal::NotFirstVisit));
    assert_eq!(world.refusal(&other, &bens, 1000), None);
    let second = world.deal_of("ben");
    let there = world.refusal(&world.till(), &second, 1000);
    assert_eq!(there, Some(PlatformRefusal::NotFirstVisit), "it is being redeemed elsewhere");
    let Body::Redeemed(first) = &till.journal[1].entry.body else { panic!("not a redemption") };
    let id = VoucherName::Id(first.voucher.id);
    assert_eq!(world.platform.voucher(id).unwrap().used.uses, 1);
    let deal = world.deal_of("carl");
    let visit = till.redeem(&deal, 1000);
    till.roll_back(&deal, visit, 1000);
    world.push_all(&till);
    assert_eq!(world.refusal(&other, &world.deal_of("carl"), 1000), None, "nothing came of it");
    assert!(seq < visit);
}

#[test]
fn two_vouchers_of_one_act_are_one_first_visit() {
    let world = World::in_memory();
    world.rule(Rules { first_visit: true, ..Rules::default() });
    let deals = [world.deal_of("anna"), world.deal_of("anna")];
    let till = world.till();
    assert_eq!(world.refusals(&till, &[&deals[0], &deals[1]]), [None, None]);
}

#[test]
fn of_two_terminals_that_race_for_the_last_of_a_quota_one_is_granted() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::on_disk(&dir);
    world.rule(quota(1));
    let tills = [(world.till(), world.deal()), (world.till(), world.deal())];
    let mut answers: Vec<_> = std::thread::scope(|scope| {
        let world = &world;
        let asked = tills.iter().map(|(till, deal)| {
            let ask = move || world.refusal(till, deal, 1000);
            std::thread::Builder::new().spawn_scoped(scope, ask).unwrap()
        });
        let asked: Vec<_> = asked.collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    answers.sort_by_key(Option::is_some);
    assert_eq!(answers, [None, Some(PlatformRefusal::CampaignLimit)]);
}
