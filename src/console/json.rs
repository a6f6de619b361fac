//! Outcomes as JSON, one object a voucher; the member names are stable.

use serde_json::{Value, json};

use crate::{
    domain::{
        redeem::{Finding, Wanted},
        voucher::Limit,
    },
    terminal::outcome::{Outcome, State},
};

pub(super) fn outcome(outcome: &Outcome, message: &str, receipt: &[String]) -> Value {
    let redemption = match &outcome.state {
        State::Accepted(redemption) | State::RolledBack(redemption) => Some(redemption),
        State::Together(_)
        | State::Refused
        | State::CannotCheck
        | State::NeedsInput(_)
        | State::NotAVoucher => None,
    };
    let claims = outcome.voucher.as_ref();
    let left = redemption.map(|redemption| redemption.left).or_else(|| left(outcome));
    let limit = claims.map(|claims| claims.terms.limit());
    let findings: Vec<_> = outcome.findings.iter().map(Finding::code).collect();
    json!({
        "state": outcome.state.code(),
        "code": outcome.code,
        "voucher_id": outcome.key().map(|key| key.id.to_string()),
        "message": message,
        "amount_minor": redemption.map(|redemption| redemption.value.minor),
        "currency": claims.map(|claims| claims.terms.currency().code()),
        "uses_left": left.filter(|_| matches!(limit, Some(Limit::Uses(_)))),
        "balance_minor": left.filter(|_| matches!(limit, Some(Limit::Balance(_)))),
        "findings": findings,
        "pieces_left": left.filter(|_| matches!(limit, Some(Limit::Lines(_)))),
        "needs": needs(&outcome.state),
        "due_minor": due(outcome),
        "vouchers": vouchers(outcome),
        "approved_by": outcome.approved_by.map(|operator| operator.0),
        "entry": outcome.entry.map(|seq| seq.0),
        "online": outcome.online,
        "receipt": receipt,
    })
}

/// Which option says what is missing.
fn needs(state: &State) -> Option<&'static str> {
    let State::NeedsInput(wanted) = state else {
        return None;
    };
    Some(match wanted {
        Wanted::Bill => "bill",
        Wanted::Amount => "amount",
        Wanted::Uses => "uses",
        Wanted::Lines => "pieces",
        Wanted::Product => "product",
        Wanted::Approval => "approval",
        Wanted::Confirmation => "confirmation",
        Wanted::HandedOver => "handed_over",
    })
}

fn due(outcome: &Outcome) -> Option<i64> {
    match &outcome.state {
        State::Accepted(redemption) => redemption.due.map(|due| due.minor),
        State::Together(together) => Some(together.due.minor),
        State::Refused
        | State::CannotCheck
        | State::NeedsInput(_)
        | State::NotAVoucher
        | State::RolledBack(_) => None,
    }
}

/// The vouchers of an act, in the order they were applied.
fn vouchers(outcome: &Outcome) -> Option<Vec<Value>> {
    let State::Together(together) = &outcome.state else {
        return None;
    };
    let one = |one: &Outcome| {
        let State::Accepted(redemption) = &one.state else {
            return Value::Null;
        };
        json!({
            "voucher_id": one.key().map(|key| key.id.to_string()),
            "amount_minor": redemption.value.minor,
            "entry": one.entry.map(|seq| seq.0),
        })
    };
    Some(together.vouchers.iter().map(one).collect())
}

fn left(outcome: &Outcome) -> Option<i64> {
    let limit = outcome.voucher.as_ref()?.terms.limit();
    Some(limit.left_after(outcome.used))
}
