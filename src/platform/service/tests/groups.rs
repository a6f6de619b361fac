//! Vouchers that are honoured at the branches of many merchants.

use super::world::{Till, World, euro, pull_all, redeemed};
use crate::{
    domain::{
        id::{BranchId, GroupId, MerchantId},
        journal::Body,
        redeem::{PlatformRefusal, Policy},
        sync::{ListName, ReplyBody, RequestBody},
        trust::{Manifest, Place, Role, Status},
        voucher::{Scope, Terms, Used},
    },
    platform::{
        service::{Issued, Order, ServiceError, VoucherName},
        store::Home,
    },
};

/// A mall: the café's northern branch and the bakery's only one.
struct Mall {
    world: World,
    group: GroupId,
    bakery: MerchantId,
    market: BranchId,
}

impl Mall {
    fn new() -> Self {
        let world = World::in_memory();
        let bakery = world.platform.create_merchant("Bakery").unwrap();
        let market = world.platform.create_branch(bakery, "Market", "Europe/Berlin").unwrap();
        let group = world.platform.create_group("Mall").unwrap();
        for branch in [world.branches[0], market] {
            world.platform.add_to_group(group, branch).unwrap();
        }
        Self { world, group, bakery, market }
    }

    fn voucher(&self, terms: Terms) -> Issued {
        let campaign = self.world.campaign_at(Home::Group(self.group), Policy::default());
        self.world.issue_by(&Order { campaign, ..self.world.order(terms) })
    }

    fn deal(&self) -> Issued {
        self.voucher(Terms::PrepaidDeal { value: euro(1000) })
    }
}

#[test]
fn bundles_hold_the_groups_of_their_branches_and_the_campaigns_of_those() {
    let mall = Mall::new();
    let deal = mall.deal();
    assert_eq!(deal.claims.scope, Scope::Group(mall.group));
    let (cafe, bakery) = (mall.world.bundle(), mall.world.bundle_of(mall.bakery));
    let named = |campaigns: &[crate::domain::trust::Campaign]| -> Vec<_> {
        campaigns.iter().map(|campaign| campaign.id.0).collect()
    };
    assert_eq!((named(&cafe.campaigns), named(&bakery.campaigns)), (vec![1, 2], vec![2]));
    assert_eq!(bakery.issuers.len(), 1, "the mall's issuer is known to the bakery");
    let members = |bundle: &crate::domain::trust::TrustBundle| -> Vec<_> {
        bundle.groups.iter().map(|group| (group.id, group.branches.clone())).collect()
    };
    let north = mall.world.branches[0];
    assert_eq!(members(&cafe), [(mall.group, vec![north])], "not whose others there are");
    assert_eq!(members(&bakery), [(mall.group, vec![mall.market])]);
    mall.world.platform.remove_from_group(mall.group, mall.market).unwrap();
    let bakery = mall.world.bundle_of(mall.bakery);
    assert_eq!((members(&bakery), named(&bakery.campaigns)), (vec![], vec![]));
}

#[test]
fn groups_change_only_by_what_is_there() {
    let mall = Mall::new();
    let platform = &mall.world.platform;
    let again = platform.add_to_group(mall.group, mall.market);
    assert!(matches!(again, Err(ServiceError::Exists(_))), "{again:?}");
    let south = mall.world.branches[1];
    for refused in [
        platform.remove_from_group(mall.group, south),
        platform.add_to_group(GroupId(9), south),
        platform.add_to_group(mall.group, BranchId(99)),
    ] {
        assert!(matches!(refused, Err(ServiceError::NotFound(_))), "{refused:?}");
    }
    let groups = platform.groups().unwrap();
    assert_eq!(groups[0].branches, [mall.world.branches[0], mall.market]);
}

#[test]
fn every_member_branch_claims_finds_and_lists_and_no_other() {
    let mall = Mall::new();
    let deal = mall.deal();
    let world = &mall.world;
    let tills = [world.till(), world.till_at(mall.market)];
    let outside = world.till_at(world.branches[1]);
    let lookup = || RequestBody::Lookup { code: deal.code.bits() };
    let list = ListName { issuer: "demo".parse().unwrap(), campaign: deal.claims.id.campaign };
    for till in &tills {
        let found = world.ask(till, lookup()).unwrap();
        assert_eq!(found, ReplyBody::Lookup(Some(deal.text.clone())));
        let ReplyBody::Pulled { manifests, .. } = world.ask(till, pull_all()).unwrap() else {
            panic!("not pulled");
        };
        let key = world.platform.platform_key();
        let manifests = manifests.iter().map(|bytes| Manifest::open(bytes, &key).unwrap());
        assert!(manifests.into_iter().any(|manifest| manifest.campaign == list.campaign));
        let chunks = RequestBody::Chunks { list: list.clone(), numbers: vec![0] };
        assert!(world.ask(till, chunks).is_ok());
    }
    assert_eq!(world.ask(&outside, lookup()).unwrap(), ReplyBody::Lookup(None));
    let refused = world.ask(&outside, outside.claim(&deal, 1000));
    assert!(matches!(refused, Err(ServiceError::VoucherNotAllowed)), "{refused:?}");
    assert_eq!(world.refusal(&tills[1], &deal, 1000), None);
    assert_eq!(world.refusal(&tills[0], &deal, 1000), Some(PlatformRefusal::Claimed));
}

#[test]
fn a_double_redemption_across_merchants_is_told_to_both() {
    let mall = Mall::new();
    let deal = mall.deal();
    let world = &mall.world;
    let (mut cafe, mut bakery) = (world.till(), world.till_at(mall.market));
    cafe.redeem(&deal, 1000);
    bakery.redeem(&deal, 1000);
    assert_eq!(world.push_all(&cafe), Vec::<u64>::new());
    assert_eq!(world.push_all(&bakery), [1]);
    for till in [&cafe, &bakery] {
        let ReplyBody::Pulled { conflicts, .. } = world.ask(till, pull_all()).unwrap() else {
            panic!("not pulled");
        };
        assert_eq!(conflicts.len(), 1);
    }
    let view = world.platform.voucher(VoucherName::Code(deal.code)).unwrap();
    assert_eq!((view.status, view.used), (Status::Redeemed, Used::new(2, 2000)));
    let notes = world.platform.conflict(1).unwrap().sides.into_iter().map(|side| side.note);
    assert_eq!(notes.collect::<Vec<_>>(), [None, None], "both may accept it");
}

#[test]
fn settlement_goes_to_who_accepted() {
    let mall = Mall::new();
    let world = &mall.world;
    let balance = mall.voucher(Terms::StoredValue { balance: euro(5000) });
    let (mut cafe, mut bakery) = (world.till(), world.till_at(mall.market));
    cafe.redeem(&balance, 1200);
    bakery.write(Body::Redeemed(redeemed(&balance, Used::new(1, 3000))));
    world.push_all(&cafe);
    world.push_all(&bakery);
    let (from, until) = (world.platform.now(), world.platform.now().plus(1));
    let span = crate::platform::service::Span { from, until, grace_s: 0 };
    let lines = world.platform.settlement(&span).unwrap();
    let owed: Vec<_> = lines.iter().map(|line| (line.merchant, line.net_minor)).collect();
    assert_eq!(owed, [(Some(world.merchant.0), 1200), (Some(mall.bakery.0), 3000)]);
}

#[test]
fn a_region_is_a_group_of_ones_own_branches() {
    let mall = Mall::new();
    let world = &mall.world;
    let order = |group| Order { group, ..world.order(Terms::PrepaidDeal { value: euro(100) }) };
    let of_all = world.platform.issue(&world.issuer, &order(Some(mall.group)));
    assert!(matches!(of_all, Err(ServiceError::NotFound(_))), "the bakery is in it: {of_all:?}");
    let region = world.platform.create_group("North").unwrap();
    world.platform.add_to_group(region, world.branches[0]).unwrap();
    let deal = world.issue_by(&order(Some(region)));
    assert_eq!(deal.claims.scope, Scope::Group(region));
    assert_eq!(world.refusal(&world.till(), &deal, 100), None);
    let south: Till = world.till_at(world.branches[1]);
    let refused = world.ask(&south, south.claim(&deal, 100));
    assert!(matches!(refused, Err(ServiceError::VoucherNotAllowed)), "{refused:?}");
    let both = Order { branches: vec![world.branches[0]], ..order(Some(region)) };
    assert!(world.platform.issue(&world.issuer, &both).is_err(), "branches and a group");
}

#[test]
fn a_branch_says_where_it_stands() {
    let world = World::in_memory();
    let place = Place { latitude: 52_520_008, longitude: 13_404_954 };
    let [north, south] = world.branches;
    world.platform.set_branch_place(north, Some(place)).unwrap();
    let places: Vec<_> = world.bundle().branches.iter().map(|branch| branch.place).collect();
    assert_eq!(places, [Some(place), None]);
    for off in [(90_000_001, 0), (0, -180_000_001)] {
        let place = Place { latitude: off.0, longitude: off.1 };
        assert!(world.platform.set_branch_place(south, Some(place)).is_err(), "{off:?}");
    }
    world.platform.set_branch_place(north, None).unwrap();
    assert_eq!(world.bundle().branches[0].place, None);
}

#[test]
fn a_pin_names_one_supervisor() {
    let world = World::in_memory();
    let platform = &world.platform;
    let [mira, noor] =
        ["Mira", "Noor"].map(|name| platform.create_operator(world.merchant, name, &[]).unwrap());
    let north = world.branches[0];
    let approver = |pin| world.bundle().approver(pin, north);
    platform.set_operator_pin(mira, "2580").unwrap();
    assert_eq!(approver("2580"), None, "a cashier approves nothing");
    platform.set_operator_role(mira, Role::Supervisor).unwrap();
    assert_eq!(approver("2580"), Some(mira));
    assert_eq!(approver("2581"), None);
    let same = platform.set_operator_pin(noor, "2580");
    assert!(matches!(same, Err(ServiceError::Invalid(_))), "{same:?}");
    for bad in ["123", "12a4", ""] {
        assert!(platform.set_operator_pin(noor, bad).is_err(), "{bad:?}");
    }
    platform.set_operator_pin(mira, "2580").unwrap();
    platform.clear_operator_pin(mira).unwrap();
    assert_eq!(approver("2580"), None);
    let nobody = crate::domain::id::OperatorId(99);
    assert!(platform.set_operator_pin(nobody, "2580").is_err());
}
