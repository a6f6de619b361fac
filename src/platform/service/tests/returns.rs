//! Roll backs in parts.

use super::world::{World, euro, redeemed};
use crate::{
    domain::{
        journal::Body,
        trust::Status,
        voucher::{Lines, OrderLine, Terms, Used},
    },
    platform::{service::VoucherName, store::RedemptionFilter},
};

fn notes(world: &World) -> Vec<String> {
    let filter = RedemptionFilter { limit: 100, ..RedemptionFilter::default() };
    let page = world.platform.redemptions(&filter).unwrap();
    page.redemptions.into_iter().map(|line| line.note.unwrap_or_default()).collect()
}

#[test]
fn parts_of_a_balance_are_given_back_until_nothing_is_left() {
    let world = World::in_memory();
    let voucher = world.balance(1000);
    let mut till = world.till();
    let seq = till.redeem(&voucher, 700);
    let mut given = |uses, minor| {
        till.give_back(&voucher, seq, Used::new(uses, minor));
        world.push_all(&till);
        world.used(&voucher)
    };
    assert_eq!(given(0, 200), Used::new(1, 500), "700 - 200");
    assert_eq!(given(0, 450), Used::new(1, 50), "500 - 450");
    assert_eq!(given(0, 51), Used::new(1, 50), "more than is left gives nothing back");
    assert_eq!(given(0, -10), Used::new(1, 50), "nor does less than nothing");
    assert_eq!(given(1, 50), Used::default());
    assert_eq!(given(1, 50), Used::default(), "never below nothing");
    let unmatched = "rollback_unmatched";
    assert_eq!(notes(&world), ["", "", "", unmatched, unmatched, "", unmatched]);
}

#[test]
fn pieces_of_an_order_are_given_back_line_by_line() {
    let world = World::in_memory();
    let line = |count, value_each, name: &str| OrderLine {
        count,
        value_each,
        name: name.parse().unwrap(),
    };
    let lines = vec![line(2, 320, "Bread"), line(3, 100, "Roll")];
    let currency = euro(0).currency;
    let order = world.issue(Terms::PickUp { currency, lines });
    let pieces = |lines: &[u16], minor| {
        let lines = Lines::from_slice(lines).unwrap();
        Used { uses: lines.total(), minor, lines }
    };
    let mut till = world.till();
    // 2 x 3.20 + 3 x 1.00 = 9.40
    let seq = till.write(Body::Redeemed(redeemed(&order, pieces(&[2, 3], 940))));
    till.give_back(&order, seq, pieces(&[0, 2], 200));
    assert_eq!(world.push_all(&till), Vec::<u64>::new());
    assert_eq!(world.used(&order), pieces(&[2, 1], 740));
    till.give_back(&order, seq, pieces(&[0, 2], 200));
    world.push_all(&till);
    assert_eq!(world.used(&order), pieces(&[2, 1], 740), "one roll is left of that line");
    let mut other = world.till();
    other.write(Body::Redeemed(redeemed(&order, pieces(&[1, 0], 320))));
    assert_eq!(world.push_all(&other), [1], "a third loaf goes beyond the order");
}

#[test]
fn people_who_leave_a_party_make_the_ticket_valid_again() {
    let world = World::in_memory();
    let pass = world.pass(3);
    let status = || world.platform.voucher(VoucherName::Code(pass.code)).unwrap().status;
    let mut till = world.till();
    let seq = till.write(Body::Redeemed(redeemed(&pass, Used::new(3, 300))));
    world.push_all(&till);
    assert_eq!(status(), Status::Redeemed);
    till.give_back(&pass, seq, Used::new(1, 100));
    world.push_all(&till);
    assert_eq!((status(), world.used(&pass)), (Status::Valid, Used::new(2, 200)));
}
