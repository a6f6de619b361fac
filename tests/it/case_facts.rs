//! What is known in a random case.

use countersign::domain::{
    id::{GroupId, LeaseId},
    redeem::{
        CustomerFact, Facts, LeaseFact, ListFact, PlatformFact, PlatformRefusal, Queue, Tally,
    },
    time::Timestamp,
    trust::{CampaignState, Status},
    voucher::{Limit, Lines, Used},
};
use jiff::tz::TimeZone;
use proptest::{option, prelude::*, sample::select};

use crate::{rule_facts::ordinary, world::NOON};

pub(crate) fn facts() -> impl Strategy<Value = Facts> {
    (state(), uses(), others(), clocks()).prop_map(
        |(
            (campaign, list, platform, queue),
            (used_here, used_today, known_limit, rolled_back_at),
            (campaign_here, customer, operator_recent, lease),
            (time_floor, shown_before, dice, group, zone),
        )| Facts {
            campaign,
            list,
            platform,
            queue,
            used_here,
            used_today,
            known_limit,
            rolled_back_at,
            campaign_here,
            customer,
            operator_recent,
            lease,
            time_floor,
            shown_before,
            dice,
            groups: group.into_iter().map(GroupId).collect(),
            zone: TimeZone::get(zone).unwrap(),
            ..ordinary(NOON)
        },
    )
}

fn state() -> impl Strategy<Value = (Option<CampaignState>, ListFact, PlatformFact, Queue)> {
    let campaign = prop_oneof![
        16 => Just(Some(CampaignState::Active)),
        1 => Just(Some(CampaignState::Suspended)),
        1 => Just(None),
    ];
    let status = prop_oneof![12 => Just(Status::Valid), 1 => select(Status::ALL.to_vec())];
    let list = prop_oneof![
        1 => Just(ListFact::NotCovered),
        6 => (status, 0..300_000_i64).prop_map(|(status, age)| ListFact::Known {
            status,
            as_of: NOON.plus(-age),
        }),
    ];
    let queue = (0..5_u32, 0..20_000_i64).prop_map(|(count, minor)| Queue { count, minor });
    (campaign, list, platform(), queue)
}

type Uses = (Used, u32, Option<Limit>, Option<Timestamp>);

fn uses() -> impl Strategy<Value = Uses> {
    let rolled_back = option::weighted(0.2, (0..300_000_i64).prop_map(|age| NOON.plus(-age)));
    (used(), 0..3_u32, option::weighted(0.2, limit()), rolled_back)
}

/// Mostly of the voucher's own kind, or not at all; another kind of limit is not one.
fn limit() -> impl Strategy<Value = Limit> {
    prop_oneof![
        4 => (0..12_000_i64).prop_map(Limit::Balance),
        1 => (0..9_u32).prop_map(Limit::Uses),
    ]
}

/// Mostly nothing.
fn used() -> impl Strategy<Value = Used> {
    let some = (0..4_u32, 0..6_000_i64, any::<[bool; 3]>()).prop_map(|(uses, minor, lines)| {
        let pieces = lines.map(u16::from);
        Used { uses, minor, lines: Lines::from_slice(&pieces).unwrap() }
    });
    prop_oneof![4 => Just(Used::default()), 1 => some]
}

fn platform() -> impl Strategy<Value = PlatformFact> {
    let granted = (used(), option::weighted(0.2, limit()));
    prop_oneof![
        2 => Just(PlatformFact::NotAsked),
        5 => Just(PlatformFact::Silent),
        6 => granted.prop_map(|(used_elsewhere, limit)| PlatformFact::Granted {
            used_elsewhere,
            limit,
        }),
        1 => (refusal(), used()).prop_map(|(reason, used_elsewhere)| PlatformFact::Refused {
            reason,
            used_elsewhere,
            last: None,
        }),
    ]
}

pub(crate) fn refusal() -> impl Strategy<Value = PlatformRefusal> {
    use PlatformRefusal as R;
    select(vec![
        R::Revoked,
        R::Suspended,
        R::Exhausted,
        R::Claimed,
        R::CampaignLimit,
        R::CustomerLimit,
        R::NotFirstVisit,
    ])
}

type Others = (Tally, CustomerFact, u32, Option<LeaseFact>);

fn others() -> impl Strategy<Value = Others> {
    let tally = || (0..4_u32, 0..3_u32).prop_map(|(uses, today)| Tally { uses, today });
    let customer = (tally(), 0..2_u32, 0..4_u32)
        .prop_map(|(campaign, visits, recent)| CustomerFact { campaign, visits, recent });
    let lease = (0..6_u32, 0..9_000_i64, prop_oneof![4 => Just(3600), 1 => -60..60_i64]).prop_map(
        |(uses, minor, left)| LeaseFact { id: LeaseId(9), uses, minor, until: NOON.plus(left) },
    );
    (tally(), customer, 0..4_u32, option::weighted(0.7, lease))
}

type Clocks = (Timestamp, Option<Timestamp>, u16, Option<u32>, &'static str);

fn clocks() -> impl Strategy<Value = Clocks> {
    let floor =
        prop_oneof![8 => Just(-60), 1 => -400_000..400_000_i64].prop_map(|ahead| NOON.plus(ahead));
    let shown = option::weighted(0.3, (-30..300_i64).prop_map(|age| NOON.plus(-age)));
    let group = option::weighted(0.8, prop_oneof![6 => Just(5_u32), 1 => Just(6)]);
    let zone = select(vec!["Europe/Berlin", "America/New_York", "Asia/Tokyo"]);
    (floor, shown, 0..10_000_u16, group, zone)
}
