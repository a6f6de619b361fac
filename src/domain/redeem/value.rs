//! What a voucher is worth in one act: pure arithmetic on whole minor units.

use super::{decide::Wanted, facts::Request};
use crate::domain::{
    money::Money,
    voucher::{Limit, Lines, OrderLine, PercentOff, Terms, Used},
};

/// What one act consumes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Act {
    /// What is consumed.
    pub used: Used,
    /// What the voucher gives.
    pub value: Money,
    /// The bill it is applied to.
    pub bill: Option<Money>,
    /// What remains to be paid, where it is known.
    pub due: Option<Money>,
    /// Whether the bill reaches the minimum spend.
    pub reaches_minimum: bool,
}

/// The act a request asks for with `limit` and what was `used` of it, or what must be said first.
pub(super) fn act(
    terms: &Terms,
    request: &Request,
    (limit, used): (Limit, Used),
    careful: bool,
) -> Result<Act, Wanted> {
    let usable = |bill: &Money| bill.currency == terms.currency() && bill.minor > 0;
    let bill = request.bill.filter(usable);
    let rest = rest(bill, request);
    match terms {
        Terms::PrepaidDeal { value } => Ok(single(*value)),
        Terms::AmountOff(coupon) => {
            let said = request.bill.is_some() || request.rest.is_some();
            if bill.is_none() && (said || coupon.minimum_spend > 0) {
                return Err(Wanted::Bill);
            }
            Ok(off(coupon.off, (bill, rest), coupon.minimum_spend))
        }
        Terms::PercentOff(coupon) => {
            let bill = bill.ok_or(Wanted::Bill)?;
            let base = rest.unwrap_or(bill);
            Ok(off(percent_of(base, coupon), (Some(bill), rest), coupon.minimum_spend))
        }
        Terms::Pass { value_each, .. } => {
            let several = careful && limit.left_after(used) > 1;
            Ok(each(*value_each, how_many(request, several)?))
        }
        Terms::Ticket(ticket) => {
            let several = limit.left_after(used) > 1;
            Ok(each(ticket.value_each, how_many(request, several)?))
        }
        Terms::StoredValue { balance } => {
            let same = |amount: &Money| amount.currency == balance.currency && amount.minor > 0;
            Ok(single(request.amount.filter(same).ok_or(Wanted::Amount)?))
        }
        Terms::Item(item) => {
            let price = Money { minor: item.price, ..item.value };
            let due = (item.price > 0).then_some(price);
            Ok(Act { due, ..single(item.value) })
        }
        Terms::PickUp { currency, lines } => {
            let left = left_of_order(limit, used);
            let said = request.lines.filter(|lines| lines.total() > 0);
            let last = (left.total() == 1).then_some(left);
            let handed = said.or(last).ok_or(Wanted::Lines)?;
            let value = Money::new(worth(lines, handed), *currency);
            let handed = Used { uses: handed.total(), minor: value.minor, lines: handed };
            Ok(Act { used: handed, ..single(value) })
        }
    }
}

/// What other vouchers left of a bill: between nothing and all of it, nothing where it is of another currency.
fn rest(bill: Option<Money>, request: &Request) -> Option<Money> {
    let (bill, rest) = (bill?, request.rest?);
    let same = bill.currency == rest.currency;
    let minor = if same { rest.minor.min(bill.minor).max(0) } else { 0 };
    Some(Money { minor, ..bill })
}

/// The pieces that are still to be picked up.
fn left_of_order(limit: Limit, used: Used) -> Lines {
    match limit {
        Limit::Lines(lines) => lines.minus(used.lines),
        Limit::Uses(_) | Limit::Balance(_) => Lines::NONE,
    }
}

fn worth(lines: &[OrderLine], handed: Lines) -> i64 {
    let worth = |(line, count): (&OrderLine, u16)| line.value_each.saturating_mul(i64::from(count));
    lines.iter().zip(handed.0).map(worth).fold(0, i64::saturating_add)
}

fn single(value: Money) -> Act {
    let used = Used::new(1, value.minor);
    Act { used, value, bill: None, due: None, reaches_minimum: true }
}

/// How many uses are asked for; one where several could be meant but need not be said.
fn how_many(request: &Request, must_be_said: bool) -> Result<u16, Wanted> {
    let said = request.uses.map(|uses| uses.max(1));
    if must_be_said { said.ok_or(Wanted::Uses) } else { Ok(said.unwrap_or(1)) }
}

fn each(value_each: Money, count: u16) -> Act {
    let minor = value_each.minor.saturating_mul(i64::from(count));
    let used = Used::new(u32::from(count), minor);
    Act { used, ..single(Money { minor, ..value_each }) }
}

/// A coupon: at most what is left of the bill; the minimum spend counts on the bill as it was before any voucher.
fn off(value: Money, (bill, rest): (Option<Money>, Option<Money>), minimum: i64) -> Act {
    let base = rest.or(bill);
    let value = base.map_or(value, |base| Money { minor: value.minor.min(base.minor), ..value });
    Act {
        bill,
        due: base.and_then(|base| base.minus(value)),
        reaches_minimum: bill.is_none_or(|bill| bill.minor >= minimum),
        ..single(value)
    }
}

/// The share of a bill, rounded half up to the minor unit, at most the cap.
fn percent_of(bill: Money, terms: &PercentOff) -> Money {
    let exact = i128::from(bill.minor).saturating_mul(i128::from(terms.basis_points));
    let rounded = exact.saturating_add(5_000) / 10_000;
    let share = i64::try_from(rounded).unwrap_or(i64::MAX);
    let minor = if terms.cap > 0 { share.min(terms.cap) } else { share };
    Money { minor, ..bill }
}

/// What a coupon takes off what is left of a bill; nothing for every other kind, and nothing of less than nothing.
pub(super) fn coupon_gives(terms: &Terms, rest: Money) -> i64 {
    match terms {
        Terms::AmountOff(terms) => terms.off.minor.min(rest.minor).max(0),
        Terms::PercentOff(terms) => percent_of(rest, terms).minor.min(rest.minor).max(0),
        Terms::PrepaidDeal { .. }
        | Terms::Pass { .. }
        | Terms::StoredValue { .. }
        | Terms::Item(_)
        | Terms::Ticket(_)
        | Terms::PickUp { .. } => 0,
    }
}
