//! What is written down of a decision.

use super::gather::Scene;
use crate::domain::{
    id::Hash,
    journal::{self, Act, Body, Goods, Redeemed, Refused, Waiting},
    redeem::{Decision, Facts, ListFact, PlatformFact, Redemption, Request, Verdict},
    voucher::{Claims, Item, OrderLine, Terms, Used, Voucher},
};

/// A presentation with what was known and what came of it.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) voucher: &'a Voucher,
    pub(super) scan: Hash,
    pub(super) request: &'a Request,
    pub(super) facts: &'a Facts,
    pub(super) decision: &'a Decision,
}

/// The entry's body; none for a decision that is still open.
pub(super) fn body(scene: Scene<'_>, case: Case<'_>, act: Option<Act>) -> Option<Body> {
    let (finding, outcome) = match &case.decision.verdict {
        Verdict::Accepted(redemption) => {
            return Some(Body::Redeemed(redeemed(scene, case, redemption, act)));
        }
        Verdict::Refused(finding) => (finding, journal::Outcome::Refused),
        Verdict::CannotCheck(finding) => (finding, journal::Outcome::CannotCheck),
        Verdict::NeedsInput(_) | Verdict::AskPlatform => return None,
    };
    Some(Body::Refused(Refused {
        outcome,
        code: finding.code().to_owned(),
        voucher: Some(case.voucher.claims().key()),
        scan: case.scan,
        method: case.request.method,
        findings: case.decision.findings,
        online: is_answer(&case.facts.platform),
    }))
}

/// Whether the platform answered.
pub(super) fn is_answer(platform: &PlatformFact) -> bool {
    matches!(platform, PlatformFact::Granted { .. } | PlatformFact::Refused { .. })
}

fn redeemed(
    scene: Scene<'_>,
    case: Case<'_>,
    redemption: &Redemption,
    act: Option<Act>,
) -> Redeemed {
    let Case { voucher, request, facts, decision, .. } = case;
    let claims = voucher.claims();
    let queue = facts.queue;
    Redeemed {
        voucher: claims.key(),
        token: voucher.token_hash(),
        kind: claims.terms.kind(),
        used: redemption.used,
        currency: redemption.value.currency,
        bill: redemption.bill.map(|bill| bill.minor),
        limit: redemption.limit,
        left: redemption.left,
        method: request.method,
        findings: decision.findings,
        online: is_answer(&facts.platform),
        bundle: scene.trust.bundle.version,
        list_as_of: match facts.list {
            ListFact::Known { as_of, .. } => Some(as_of),
            ListFact::NotCovered => None,
        },
        rest: request.rest.map(|rest| rest.minor),
        due: redemption.due.map(|due| due.minor),
        approved_by: request.approved_by,
        presence: voucher.presence().tier(),
        customer: claims.customer.clone(),
        lease: redemption.lease,
        waiting: Waiting { count: queue.count, minor: queue.minor },
        act,
        goods: goods(claims, redemption.used),
        shown_at: voucher.presence().signed_at(),
    }
}

/// What is handed over: the item, or every line of an order with the pieces of this time.
fn goods(claims: &Claims, used: Used) -> Vec<Goods> {
    match &claims.terms {
        Terms::Item(Item { count, name, value, .. }) => {
            let value_each = value.minor.checked_div(i64::from(*count)).unwrap_or(0);
            vec![Goods { count: *count, value_each, name: name.to_string() }]
        }
        Terms::PickUp { lines, .. } => {
            let line = |(line, count): (&OrderLine, u16)| Goods {
                count,
                value_each: line.value_each,
                name: line.name.to_string(),
            };
            lines.iter().zip(used.lines.0).map(line).collect()
        }
        Terms::PrepaidDeal { .. }
        | Terms::AmountOff(_)
        | Terms::PercentOff(_)
        | Terms::Pass { .. }
        | Terms::StoredValue { .. }
        | Terms::Ticket(_) => Vec::new(),
    }
}
