//! Settings, merchants, issuers, campaigns, bundles.

use super::fixture::*;
use crate::{
    domain::{
        id::GroupId,
        pin::PinHash,
        trust::{Branch, CampaignState, Operator, Place, Role},
    },
    platform::store::*,
};

pub(super) fn what_is_not_committed_never_was(store: &dyn Store) {
    let mut txn = store.begin().unwrap();
    txn.add_merchant("Ghost").unwrap();
    txn.set_setting("name", b"ghost").unwrap();
    drop(txn);
    let failed = write(store, |txn| {
        txn.set_setting("name", b"ghost")?;
        Err::<(), _>(StoreError::TooLarge)
    });
    assert!(failed.is_err());
    write(store, |txn| {
        assert_eq!(txn.merchants()?, []);
        assert_eq!(txn.setting("name")?, None);
        txn.set_setting("name", b"one")?;
        txn.set_setting("name", b"two")
    })
    .unwrap();
    let kept = write(store, |txn| txn.setting("name")).unwrap();
    assert_eq!(kept.as_deref(), Some(&b"two"[..]));
}

pub(super) fn numbers_grow_from_one(store: &dyn Store) {
    let (one, two) = (merchant(store), merchant(store));
    assert_eq!((one, two), (MerchantId(1), MerchantId(2)));
    assert_eq!((branch(store, two), branch(store, one)), (BranchId(1), BranchId(2)));
    let rows = write(store, |txn| txn.branches()).unwrap();
    let owners: Vec<_> = rows.iter().map(|row| (row.branch.id, row.merchant)).collect();
    assert_eq!(owners, [(BranchId(1), two), (BranchId(2), one)]);
}

pub(super) fn operators_come_back_as_they_were(store: &dyn Store) {
    let (one, two) = (merchant(store), merchant(store));
    let row = |id, merchant, name: &str, branches| OperatorRow {
        merchant,
        operator: Operator {
            id: OperatorId(id),
            name: name.to_owned(),
            branches,
            role: Role::Cashier,
            pin: None,
        },
    };
    let (north, south) = (branch(store, two), branch(store, two));
    let kept = [row(1, two, "Mira", vec![south, north]), row(2, one, "Jörg", Vec::new())];
    for (number, kept) in (1..).zip(&kept) {
        let mut unnumbered = kept.clone();
        unnumbered.operator.id = OperatorId(99);
        let id = write(store, |txn| txn.add_operator(&unnumbered)).unwrap();
        assert_eq!(id, OperatorId(number));
    }
    assert_eq!(write(store, |txn| txn.operators()).unwrap(), kept);
    let [mut first, second] = kept;
    first.operator.role = Role::Supervisor;
    first.operator.pin = Some(PinHash::new("2580", [7; 16]).unwrap());
    first.operator.branches = vec![north];
    write(store, |txn| txn.put_operator(&first)).unwrap();
    assert_eq!(write(store, |txn| txn.operators()).unwrap(), [first, second]);
    let stray = row(0, MerchantId(99), "Nobody", Vec::new());
    let refused = write(store, |txn| txn.add_operator(&stray));
    assert!(matches!(refused, Err(StoreError::Forbidden(_))), "an operator of nobody");
}

pub(super) fn campaigns_come_back_as_they_were(store: &dyn Store) {
    let mut row = campaign_row(merchant(store));
    row.campaign.id = write(store, |txn| txn.add_campaign(&row)).unwrap();
    let id = row.campaign.id;
    assert_eq!(id, CampaignId(1));
    assert_eq!(write(store, |txn| txn.campaign(id)).unwrap(), Some(row.clone()));
    row.campaign.state = CampaignState::Suspended;
    row.next_ordinal = 7;
    row.list_version = 9;
    write(store, |txn| txn.put_campaign(&row)).unwrap();
    assert_eq!(write(store, |txn| txn.campaigns()).unwrap(), [row]);
    assert_eq!(write(store, |txn| txn.campaign(CampaignId(2))).unwrap(), None);
    let group = write(store, |txn| txn.add_group("Mall")).unwrap();
    let mut mall = CampaignRow { home: Home::Group(group), ..campaign_row(MerchantId(1)) };
    mall.campaign.policy.rules.products = Vec::new();
    mall.campaign.policy.rules.caps.campaign = 9;
    mall.campaign.id = write(store, |txn| txn.add_campaign(&mall)).unwrap();
    assert_eq!(write(store, |txn| txn.campaign(CampaignId(2))).unwrap(), Some(mall));
    let lost = CampaignRow { home: Home::Group(GroupId(9)), ..campaign_row(MerchantId(1)) };
    assert!(write(store, |txn| txn.add_campaign(&lost)).is_err(), "a group of nobody");
}

pub(super) fn branches_keep_their_place(store: &dyn Store) {
    let owner = merchant(store);
    let id = branch(store, owner);
    let place = Some(Place { latitude: -33_868_820, longitude: 151_209_290 });
    let row = BranchRow {
        merchant: owner,
        branch: Branch { id, name: "Quay".to_owned(), time_zone: "UTC".to_owned(), place },
    };
    write(store, |txn| txn.put_branch(&row)).unwrap();
    assert_eq!(write(store, |txn| txn.branches()).unwrap(), [row]);
}

pub(super) fn groups_hold_branches_of_anyone(store: &dyn Store) {
    let (one, two) = (merchant(store), merchant(store));
    let (first, second) = (branch(store, one), branch(store, two));
    let mall = write(store, |txn| txn.add_group("Mall")).unwrap();
    let other = write(store, |txn| txn.add_group("Pier")).unwrap();
    assert_eq!((mall, other), (GroupId(1), GroupId(2)));
    let set = |branch, belongs| write(store, |txn| txn.set_member(mall, branch, belongs));
    assert!(set(second, true).unwrap() && set(first, true).unwrap());
    assert!(!set(first, true).unwrap(), "it belonged already");
    let members = || {
        let groups = write(store, |txn| txn.groups()).unwrap();
        groups.into_iter().map(|row| (row.name, row.branches)).collect::<Vec<_>>()
    };
    let pier = ("Pier".to_owned(), Vec::new());
    assert_eq!(members(), [("Mall".to_owned(), vec![first, second]), pier.clone()]);
    assert!(set(first, false).unwrap() && !set(first, false).unwrap());
    assert_eq!(members(), [("Mall".to_owned(), vec![second]), pier]);
    assert!(set(BranchId(99), true).is_err(), "a branch of nobody");
    let nowhere = write(store, |txn| txn.set_member(GroupId(9), first, true));
    assert!(nowhere.is_err(), "a group of nobody");
}

pub(super) fn issuers_keep_their_keys_in_order(store: &dyn Store) {
    let published = |seed| PublishedKey {
        public: key(seed).public(),
        from: NOW,
        until: NOW.plus(10),
        withdrawn: false,
    };
    let add = |name: &str, seed| {
        let name = name.parse().unwrap();
        write(store, |txn| txn.add_issuer_key(&name, &published(seed)))
    };
    add("b", 1).unwrap();
    add("a", 2).unwrap();
    add("b", 3).unwrap();
    assert!(is_duplicate(&add("c", 1)), "a key has one owner");
    let (b, first) = ("b".parse().unwrap(), key(1).public());
    assert!(write(store, |txn| txn.withdraw_key(&b, &first)).unwrap());
    assert!(!write(store, |txn| txn.withdraw_key(&b, &first)).unwrap());
    let withdrawn = PublishedKey { withdrawn: true, ..published(1) };
    let expected = [
        Issuer { name: "a".parse().unwrap(), keys: vec![published(2)] },
        Issuer { name: b, keys: vec![withdrawn, published(3)] },
    ];
    assert_eq!(write(store, |txn| txn.issuers()).unwrap(), expected);
}

pub(super) fn the_last_bundle_is_the_greatest(store: &dyn Store) {
    let (one, two) = (merchant(store), merchant(store));
    let row = |merchant, version| BundleRow { merchant, version, bytes: vec![1, 2, 3] };
    for (merchant, version) in [(one, 2), (one, 10), (one, 9), (two, 1)] {
        write(store, |txn| txn.add_bundle(&row(merchant, version))).unwrap();
    }
    assert!(is_duplicate(&write(store, |txn| txn.add_bundle(&row(one, 9)))));
    assert_eq!(write(store, |txn| txn.bundle(one)).unwrap(), Some(row(one, 10)));
    assert_eq!(write(store, |txn| txn.bundle(MerchantId(3))).unwrap(), None);
}
