//! Vouchers that terminals hold themselves.

use super::world::{Till, World, euro};
use crate::{
    domain::{
        redeem::{Policy, Rules},
        sync::{LISTED_MAX, Listed, ReplyBody, RequestBody},
        voucher::Terms,
    },
    platform::{service::Order, store::Home},
};

fn pull(world: &World, till: &Till, listed_after: u64) -> Vec<Listed> {
    let pull = RequestBody::Pull {
        bundle: 0,
        lists: Vec::new(),
        conflicts_after: 0,
        listed_after,
        leases: Vec::new(),
    };
    match world.ask(till, pull).unwrap() {
        ReplyBody::Pulled { listed, .. } => listed,
        other => panic!("{other:?}"),
    }
}

fn listed() -> Rules {
    Rules { listed: true, ..Rules::default() }
}

fn texts(listed: &[Listed]) -> Vec<&str> {
    listed.iter().map(|row| row.text.as_str()).collect()
}

#[test]
fn vouchers_of_listed_campaigns_are_delivered_by_number() {
    let world = World::in_memory();
    let till = world.till();
    let early = world.deal();
    assert_eq!(pull(&world, &till, 0), []);
    world.rule(listed());
    let late = world.deal();
    let all = pull(&world, &till, 0);
    assert_eq!(texts(&all), [&early.text, &late.text], "those from before the rule too");
    assert_eq!(texts(&pull(&world, &till, all[0].number)), [&late.text]);
    assert_eq!(pull(&world, &till, all[1].number), []);
    world.rule(Rules::default());
    assert_eq!(pull(&world, &till, 0), [], "listed no more");
}

#[test]
fn only_what_may_be_honoured_there_is_delivered() {
    let world = World::in_memory();
    world.rule(listed());
    let [north, south] = world.branches;
    let order =
        Order { branches: vec![south], ..world.order(Terms::PrepaidDeal { value: euro(1) }) };
    let souths = world.issue_by(&order);
    let everywhere = world.deal();
    let rival = world.platform.create_merchant("Rival").unwrap();
    let market = world.platform.create_branch(rival, "Market", "UTC").unwrap();
    assert_eq!(texts(&pull(&world, &world.till_at(north), 0)), [&everywhere.text]);
    let south = world.till_at(south);
    assert_eq!(texts(&pull(&world, &south, 0)), [&souths.text, &everywhere.text]);
    assert_eq!(pull(&world, &world.till_at(market), 0), []);
}

#[test]
fn a_branch_that_joins_a_group_is_given_all_of_it_and_more_comes_with_the_next_pull() {
    let world = World::in_memory();
    let group = world.platform.create_group("Mall").unwrap();
    let policy = Policy { rules: listed(), ..Policy::default() };
    let new = crate::platform::service::NewCampaign {
        issuer: "demo".parse().unwrap(),
        home: Home::Group(group),
        title: "Mall".to_owned(),
        policy,
        capacity: 3000,
    };
    let campaign = world.platform.create_campaign(&new).unwrap();
    let count = u32::try_from(LISTED_MAX).unwrap() + 5;
    let order = world.order(Terms::PrepaidDeal { value: euro(100) });
    world.platform.issue(&world.issuer, &Order { campaign, count, ..order }).unwrap();
    let [north, south] = world.branches;
    world.platform.add_to_group(group, north).unwrap();
    let first = pull(&world, &world.till_at(north), 0);
    assert_eq!(first.len(), LISTED_MAX);
    let till = world.till_at(north);
    let rest = pull(&world, &till, first.last().unwrap().number);
    assert_eq!(rest.len(), 5);
    let last = rest.last().unwrap().number;
    // A terminal of the other branch that had come as far for another campaign's sake.
    let other = world.till_at(south);
    assert_eq!(pull(&world, &other, last), []);
    world.platform.add_to_group(group, south).unwrap();
    assert_eq!(pull(&world, &other, last).len(), LISTED_MAX);
}
