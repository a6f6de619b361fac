//! Bundles, enrolment and issuing.

use super::world::{START, World, euro};
use crate::{
    domain::{
        id::{BranchId, Epoch, MerchantId},
        time::Timestamp,
        trust::CampaignState,
        voucher::Terms,
    },
    platform::service::{Ends, Order, ServiceError},
};

#[test]
fn bundle_versions_grow_with_every_change_and_never_fall() {
    let world = World::in_memory();
    let mut last = world.bundle().version;
    let mut grew = |world: &World| {
        let version = world.bundle().version;
        assert!(version > last, "{version} after {last}");
        last = version;
    };
    let issuer = "demo".parse().unwrap();
    world.platform.create_branch(world.merchant, "West", "UTC").unwrap();
    grew(&world);
    world.platform.set_campaign_state(world.campaign, CampaignState::Suspended).unwrap();
    grew(&world);
    assert_eq!(world.bundle().campaigns[0].state, CampaignState::Suspended);
    world.platform.withdraw_key(&issuer, world.issuer.public().id()).unwrap();
    grew(&world);
    assert!(world.bundle().issuers[0].keys[0].withdrawn);
}

#[test]
fn only_issuers_with_a_campaign_are_in_a_merchants_bundle() {
    let world = World::in_memory();
    let key = world.device().public();
    let until = Timestamp(START + 100);
    world.platform.create_issuer(&"other".parse().unwrap(), key, until).unwrap();
    world.platform.create_branch(world.merchant, "West", "UTC").unwrap();
    let names: Vec<_> =
        world.bundle().issuers.into_iter().map(|issuer| issuer.name.to_string()).collect();
    assert_eq!(names, ["demo"]);
}

#[test]
fn operators_are_published_to_their_merchant_and_branches_only() {
    let world = World::in_memory();
    let [north, south] = world.branches;
    let stranger = world.platform.create_merchant("Bakery").unwrap();
    let market = world.platform.create_branch(stranger, "Market", "UTC").unwrap();
    let before = world.bundle().version;
    let create =
        |merchant, name, branches: &[_]| world.platform.create_operator(merchant, name, branches);
    let mira = create(world.merchant, " Mira ", &[]).unwrap();
    let noor = create(world.merchant, "Noor", &[south, south]).unwrap();
    let other = create(stranger, "Otto", &[market]).unwrap();
    let bundle = world.bundle();
    assert_eq!(bundle.version, before + 2);
    let allowed = |id, branch| bundle.operator(id, branch).map(|operator| operator.name.as_str());
    assert_eq!((allowed(mira, north), allowed(mira, south)), (Some("Mira"), Some("Mira")));
    assert_eq!((allowed(noor, north), allowed(noor, south)), (None, Some("Noor")));
    assert_eq!((allowed(other, north), allowed(other, market)), (None, None));
    assert_eq!(bundle.operators[1].branches, [south]);

    let lost = create(world.merchant, "Lost", &[north, market]);
    assert!(matches!(lost, Err(ServiceError::NotFound(_))), "another's branch: {lost:?}");
    let nobody = create(MerchantId(99), "Nobody", &[]);
    assert!(matches!(nobody, Err(ServiceError::NotFound(_))), "{nobody:?}");
    assert!(matches!(create(world.merchant, " ", &[]), Err(ServiceError::Invalid(_))));
    let listed = world.platform.operators().unwrap();
    assert_eq!(listed.iter().map(|row| row.operator.id).collect::<Vec<_>>(), [mira, noor, other]);
    assert_eq!(world.bundle().version, before + 2, "what was refused changed nothing");
}

#[test]
fn an_enrolment_code_belongs_to_the_first_key() {
    let world = World::in_memory();
    let secret = world.code(None);
    let (one, two) = (world.device(), world.device());
    let grant = world.enrol(secret, &one).unwrap();
    assert_eq!(grant.epoch, Epoch(1));
    let refused = world.enrol(secret, &two);
    assert!(matches!(refused, Err(ServiceError::EnrolmentCodeUsed)), "{refused:?}");
    world.wait(7200);
    assert_eq!(world.enrol(secret, &one).unwrap(), grant, "a lost answer is given again");
    assert_eq!(world.platform.terminals().unwrap().len(), 1);
    let unknown = world.enrol([5; 16], &one);
    assert!(matches!(unknown, Err(ServiceError::EnrolmentCodeUnknown)), "{unknown:?}");
}

#[test]
fn an_enrolment_code_ends_after_an_hour() {
    let world = World::in_memory();
    let (early, late) = (world.code(None), world.code(None));
    world.wait(3599);
    world.enrol(early, &world.device()).unwrap();
    world.wait(1);
    let refused = world.enrol(late, &world.device());
    assert!(matches!(refused, Err(ServiceError::EnrolmentCodeExpired)), "{refused:?}");
}

#[test]
fn of_two_devices_with_one_code_exactly_one_becomes_a_terminal() {
    for _ in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let world = World::on_disk(&dir);
        let secret = world.code(None);
        let keys = [world.device(), world.device()];
        let granted: Vec<_> = std::thread::scope(|scope| {
            let world = &world;
            let asked = keys.iter().map(|key| {
                let ask = move || world.enrol(secret, key).is_ok();
                std::thread::Builder::new().spawn_scoped(scope, ask).unwrap()
            });
            let asked: Vec<_> = asked.collect();
            asked.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(granted.iter().filter(|granted| **granted).count(), 1);
        assert_eq!(world.platform.terminals().unwrap().len(), 1);
    }
}

#[test]
fn vouchers_are_issued_within_capacity_key_and_branches_or_not_at_all() {
    let world = World::in_memory();
    let order = |count, until: i64, branches| Order {
        branches,
        until: Ends::At(Timestamp(until)),
        count,
        ..world.order(Terms::PrepaidDeal { value: euro(100) })
    };
    let issue = |order| world.platform.issue(&world.issuer, &order);
    assert!(issue(order(1001, START + 1, vec![])).is_err());
    assert!(issue(order(1, START + 100_000_001, vec![])).is_err(), "beyond the key");
    assert!(issue(order(1, START, vec![])).is_err(), "ends before it begins");
    assert!(issue(order(1, START + 1, vec![BranchId(9)])).is_err());
    assert_eq!(world.platform.campaigns().unwrap()[0].next_ordinal, 0);
    let issued = issue(order(1000, START + 1, vec![])).unwrap();
    let indexes: std::collections::BTreeSet<_> = issued.iter().map(|v| v.claims.id.index).collect();
    assert_eq!((indexes.len(), indexes.last()), (1000, Some(&999)));
    assert!(issue(order(1, START + 1, vec![])).is_err(), "the campaign is full");
}
