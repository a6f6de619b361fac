//! Trust bundles: the signed bytes, the whole payload, and its larger parts, which need no key to be looked at.

use std::sync::OnceLock;

use countersign::domain::{
    crypto::PublicKey,
    envelope::{decode, encode},
    id::{BranchId, CampaignId, GroupId, OperatorId},
    pin::PinHash,
    redeem::{Caps, Days, Limits, OfflineMode, Policy, Product, Rules, Stacking},
    trust::{Branch, Campaign, Group, Operator, Place, Role, TrustBundle, seal_bundle},
    voucher::Scope,
};

use super::{chosen, comes_back, part_holds, way};
use crate::world;

const SIGNED: u8 = 0;
const WHOLE: u8 = 1;
const POLICY: u8 = 2;
const CAMPAIGN: u8 = 3;
const BRANCH: u8 = 4;
const OPERATOR: u8 = 5;

pub(crate) fn holds(data: &[u8]) {
    let Some((number, bytes)) = data.split_first() else {
        return;
    };
    match *number {
        SIGNED => signed_holds(bytes),
        WHOLE => whole_holds(bytes),
        POLICY => part_holds::<Policy>(bytes),
        CAMPAIGN => part_holds::<Campaign>(bytes),
        BRANCH => part_holds::<Branch>(bytes),
        OPERATOR => part_holds::<Operator>(bytes),
        _ => part_holds::<Group>(bytes),
    }
}

/// Nothing is a bundle but what the root key signed; few are tried, because a signature takes long.
fn signed_holds(bytes: &[u8]) {
    static SEALED: OnceLock<(Vec<u8>, PublicKey)> = OnceLock::new();
    let (sealed, root) = SEALED.get_or_init(|| {
        let root = world::root_key();
        (seal_bundle(&root, &rich()), root.public())
    });
    if chosen(bytes, 64) {
        assert_eq!(TrustBundle::open(bytes, root).is_ok(), bytes == sealed);
    }
}

/// What is read comes back, and every question to it has an answer.
fn whole_holds(bytes: &[u8]) {
    let Ok(bundle) = decode::<TrustBundle>(bytes) else {
        return;
    };
    comes_back(&bundle, bytes);
    assert!(bundle.check_successor_of(&bundle).is_ok());
    for branch in bundle.branches.iter().take(4) {
        let everywhere = Scope::of(bundle.merchant.id);
        let elsewhere = bundle.accepting(&everywhere, branch.id);
        assert!(elsewhere.iter().all(|(other, _)| other.id != branch.id));
        let nearest: Vec<f64> = elsewhere.iter().filter_map(|(_, metres)| *metres).collect();
        assert!(nearest.is_sorted() && nearest.iter().all(|metres| (0.0..2.1e7).contains(metres)));
        for group in bundle.groups_of(branch.id) {
            assert!(bundle.groups.iter().any(|known| known.id == group));
        }
    }
    let keys = bundle.issuers.iter().map(|issuer| issuer.keys.len()).sum::<usize>();
    assert!(bytes.len() > 34 * keys);
    drop(bundle.keyring());
}

/// A bundle that has something in each of its places.
fn rich() -> TrustBundle {
    let mut bundle = world::bundle();
    bundle.branches.extend([branch(12), branch(13)]);
    bundle.operators.push(operator());
    bundle.groups = vec![group()];
    bundle.campaigns.push(campaign(&bundle));
    bundle
}

fn branch(id: u32) -> Branch {
    let place = Place { latitude: 53_543_000, longitude: 9_988_000 + i32::try_from(id).unwrap() };
    Branch {
        id: BranchId(id),
        name: "Hafen".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        place: Some(place),
    }
}

fn operator() -> Operator {
    // The parts of a PIN's hash, which would take long to make.
    let pin = [&[0x82, 0x50][..], &[7; 16], &[0x58, 0x20], &[8; 32]].concat();
    Operator {
        id: OperatorId(9),
        name: "Jo".to_owned(),
        branches: Vec::new(),
        role: Role::Supervisor,
        pin: decode::<PinHash>(&pin).ok(),
    }
}

fn group() -> Group {
    Group { id: GroupId(4), name: "Mall".to_owned(), branches: vec![BranchId(11), BranchId(12)] }
}

fn campaign(bundle: &TrustBundle) -> Campaign {
    let mut campaign = bundle.campaigns[0].clone();
    campaign.id = CampaignId(8);
    campaign.policy = Policy { rules: rules(), ..Policy::standard(OfflineMode::Leased, limits()) };
    campaign
}

fn limits() -> Limits {
    Limits { velocity_s: 600, customer_max: 3, random_basis_points: 50, ..Limits::default() }
}

fn rules() -> Rules {
    Rules {
        windows: vec!["Mon-Fri 11:00-14:30".parse().unwrap()],
        blackouts: vec!["2026-12-24..2026-12-26".parse::<Days>().unwrap()],
        products: vec![Product { name: "Tea".to_owned(), gtin: "4006381333931".to_owned() }],
        caps: Caps { voucher_day: 1, customer: 2, ..Caps::default() },
        first_visit: true,
        approval_above: 5_000,
        stacking: Stacking { alone: true, most: 2, rank: 1, not_with: vec![CampaignId(7)] },
        ..Rules::default()
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let (plain, rich) = (world::bundle(), rich());
    vec![
        way(SIGNED, &seal_bundle(&world::root_key(), &rich)),
        way(WHOLE, &encode(&plain)),
        way(WHOLE, &encode(&rich)),
        way(POLICY, &encode(&Policy::default())),
        way(POLICY, &encode(&campaign(&rich).policy)),
        way(CAMPAIGN, &encode(&campaign(&rich))),
        way(BRANCH, &encode(&branch(12))),
        way(OPERATOR, &encode(&operator())),
        way(6, &encode(&group())),
    ]
}
