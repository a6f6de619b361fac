//! Outcomes as JSON, one object a voucher; the member names are stable.

use serde_json::{Value, json};

use crate::{
    domain::{redeem::Finding, voucher::Limit},
    terminal::outcome::{Outcome, State},
};

pub(super) fn outcome(outcome: &Outcome, message: &str) -> Value {
    let redemption = match &outcome.state {
        State::Accepted(redemption) | State::RolledBack(redemption) => Some(redemption),
        State::Refused | State::CannotCheck | State::NeedsInput(_) | State::NotAVoucher => None,
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
        "entry": outcome.entry.map(|seq| seq.0),
        "online": outcome.online,
    })
}

fn left(outcome: &Outcome) -> Option<i64> {
    let limit = outcome.voucher.as_ref()?.terms.limit();
    Some(limit.left_after(outcome.used))
}
