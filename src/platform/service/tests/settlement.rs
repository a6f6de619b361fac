//! What is owed: hand-worked sums.

use super::world::{START, World, euro, redeemed};
use crate::{
    domain::{
        journal::Body,
        redeem::Rules,
        time::Timestamp,
        voucher::{Terms, Ticket, Used},
    },
    platform::service::{GRACE_S, Issued, Span, VoucherName},
};

/// A ticket for four at 25.01 each, an hour after the world begins, a quarter of an hour late at most.
fn ticket(world: &World) -> Issued {
    world.issue(Terms::Ticket(Ticket {
        starts: Timestamp(START + 3600),
        early_s: 1800,
        late_s: 900,
        party: 4,
        value_each: euro(2501),
    }))
}

/// Half of the worth is owed for those who never come.
fn half(world: &World) {
    world.rule(Rules { no_show_basis_points: 5_000, ..Rules::default() });
}

fn span(from: i64, until: i64) -> Span {
    let (from, until) = (Timestamp(START + from), Timestamp(START + until));
    Span { from, until, grace_s: GRACE_S }
}

#[test]
fn who_never_came_is_owed_when_the_grace_is_over() {
    let world = World::in_memory();
    half(&world);
    let (part, none, full) = (ticket(&world), ticket(&world), ticket(&world));
    let revoked = ticket(&world);
    world.platform.revoke_voucher(VoucherName::Code(revoked.code)).unwrap();
    let mut till = world.till();
    till.write(Body::Redeemed(redeemed(&part, Used::new(1, 2501))));
    till.write(Body::Redeemed(redeemed(&full, Used::new(4, 10_004))));
    world.push_all(&till);
    let list = || world.platform.no_shows(world.campaign, GRACE_S).unwrap();
    // The slot closes at 3600 + 900 = 4500; the grace ends at 90 900.
    world.wait(90_900);
    assert_eq!(list(), []);
    world.wait(1);
    let missed = list();
    let of = |voucher: &Issued| {
        let id = voucher.claims.id.to_string();
        missed.iter().find(|line| line.voucher == id).map(|line| (line.missing, line.owed_minor))
    };
    // 3 x 25.01 = 75.03, half is 37.515, rounded half up 37.52; 4 x 25.01 = 100.04, half is 50.02.
    assert_eq!((of(&part), of(&none)), (Some((3, 3752)), Some((4, 5002))));
    assert_eq!((of(&full), of(&revoked), missed.len()), (None, None, 2));
    let line = missed.iter().find(|line| line.came == 1).unwrap();
    assert_eq!((line.party, line.owed.as_str(), line.currency), (4, "37.52", "EUR"));
    assert_eq!(line.merchant, Some(world.merchant.0));
    assert_eq!(line.closes, "2026-11-22T10:15:00Z");
}

#[test]
fn a_settlement_is_what_arrived_and_who_never_came() {
    let world = World::in_memory();
    half(&world);
    let (deal, party) = (world.deal(), ticket(&world));
    let mut till = world.till();
    let seq = till.redeem(&deal, 1000);
    till.write(Body::Redeemed(redeemed(&party, Used::new(1, 2501))));
    world.push_all(&till);
    world.wait(100_000);
    till.roll_back(&deal, seq, 1000);
    till.roll_back(&deal, seq, 1000);
    world.push_all(&till);
    world.wait(1);
    let line = |span: &Span| {
        let lines = world.platform.settlement(span).unwrap();
        assert!(lines.len() <= 1);
        lines.into_iter().next().map(|line| {
            assert_eq!((line.merchant, line.campaign), (Some(world.merchant.0), world.campaign.0));
            assert_eq!(
                (line.merchant_name.as_str(), line.title.as_str()),
                ("Corner Café", "Opening week")
            );
            let sums = [line.redeemed_minor, line.rolled_back_minor, line.no_shows_minor];
            ((line.redeemed, line.rolled_back, line.no_shows), sums, line.net)
        })
    };
    // 10.00 + 25.01 redeemed, 10.00 back once, half of 3 x 25.01 for those who never came: 62.53.
    let all = line(&span(0, 200_000));
    assert_eq!(all, Some(((2, 1, 1), [3501, 1000, 3752], "62.53".to_owned())));
    // What arrived first, what became due at 90 900, and what arrived at 100 000 are in three spans.
    assert_eq!(line(&span(0, 1)), Some(((2, 0, 0), [3501, 0, 0], "35.01".to_owned())));
    assert_eq!(line(&span(1, 90_900)), None);
    assert_eq!(line(&span(90_900, 90_901)), Some(((0, 0, 1), [0, 0, 3752], "37.52".to_owned())));
    assert_eq!(line(&span(90_901, 100_001)), Some(((0, 1, 0), [0, 1000, 0], "-10.00".to_owned())));
    assert_eq!(line(&span(100_001, 200_000)), None);
}
