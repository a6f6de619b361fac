//! What a voucher is worth in one act: pure arithmetic on whole minor units.

use super::{decide::Wanted, facts::Request};
use crate::domain::{
    money::Money,
    voucher::{Limit, PercentOff, Terms, Used},
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
    /// What remains to be paid, where the bill is known.
    pub due: Option<Money>,
    /// Whether the bill reaches the minimum spend.
    pub reaches_minimum: bool,
}

/// The act a request asks for, or what must be said first.
pub(super) fn act(terms: &Terms, request: &Request) -> Result<Act, Wanted> {
    let usable = |bill: &Money| bill.currency == terms.currency() && bill.minor > 0;
    let bill = request.bill.filter(usable);
    match terms {
        Terms::PrepaidDeal { value } => Ok(single(*value, 1, None, 0)),
        Terms::AmountOff(terms) => {
            if bill.is_none() && (request.bill.is_some() || terms.minimum_spend > 0) {
                return Err(Wanted::Bill);
            }
            Ok(single(terms.off, 1, bill, terms.minimum_spend))
        }
        Terms::PercentOff(terms) => {
            let bill = bill.ok_or(Wanted::Bill)?;
            Ok(single(percent_of(bill, terms), 1, Some(bill), terms.minimum_spend))
        }
        Terms::Pass { value_each, .. } => {
            let uses = request.uses.unwrap_or(1).max(1);
            let minor = value_each.minor.saturating_mul(i64::from(uses));
            Ok(single(Money { minor, ..*value_each }, u32::from(uses), None, 0))
        }
        Terms::StoredValue { balance } => {
            let same = |amount: &Money| amount.currency == balance.currency && amount.minor > 0;
            let amount = request.amount.filter(same).ok_or(Wanted::Amount)?;
            Ok(single(amount, 1, None, 0))
        }
    }
}

fn single(value: Money, uses: u32, bill: Option<Money>, minimum: i64) -> Act {
    let value = bill.map_or(value, |bill| Money { minor: value.minor.min(bill.minor), ..value });
    Act {
        used: Used { uses, minor: value.minor },
        value,
        bill,
        due: bill.and_then(|bill| bill.minus(value)),
        reaches_minimum: bill.is_none_or(|bill| bill.minor >= minimum),
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

/// Whether the act asks for more than `used` leaves of the limit.
pub(super) fn exceeds(limit: Limit, used: Used, act: &Act) -> bool {
    limit.is_exceeded_by(used.plus(act.used))
}
