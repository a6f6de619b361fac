//! Taking redemptions back: one of them wholly or in part, or all of an act.

use super::{
    gather::Scene,
    outcome::{Outcome, State},
    present::Written,
};
use crate::{
    domain::{
        id::{OperatorId, Seq},
        journal::{Body, Entry, Redeemed, RolledBack},
        money::Money,
        redeem::{Part, Redemption, RollBack, Taken, Wanted, decide_roll_back},
        voucher::Used,
    },
    store::{Row, Store, StoreError, Txn},
};

/// What is to be taken back, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollBackOrder {
    /// Position of the redemption in this journal; of an act, any of its redemptions.
    pub entry: Seq,
    /// How much of it.
    pub part: Part,
    /// Stable code of the reason.
    pub reason: String,
    /// The supervisor who approved.
    pub approved_by: Option<OperatorId>,
}

/// Takes back what was ordered, all in one transaction, or says why not.
pub(super) fn roll_back(
    store: &mut Store,
    scene: Scene<'_>,
    order: &RollBackOrder,
) -> Result<Written, StoreError> {
    let rows = redemptions(store, order.entry)?;
    let Some((_, first)) = rows.first() else {
        return Ok(refused(scene, "nothing_to_roll_back"));
    };
    if rows.len() > 1 && order.part != Part::All {
        return Ok(refused(scene, "rollback_not_divisible"));
    }
    let title = scene.trust.title_of(&first.voucher).map(str::to_owned);
    let mut txn = store.begin()?;
    let (mut entries, mut given) = (Vec::new(), Used::default());
    for (row, redeemed) in &rows {
        match decide(&txn, scene, order, (row, redeemed))? {
            RollBack::Allowed(used) => {
                entries.push(append(&mut txn, scene, order, (row, redeemed), used)?);
                given = given.plus(used);
            }
            RollBack::NeedsApproval => {
                let state = State::NeedsInput(Wanted::Approval);
                let outcome = Outcome::unverified(state, "rollback_window_closed", scene.time);
                return Ok(Written::new(Outcome { title, ..outcome }, Vec::new()));
            }
            RollBack::Refused(refusal) => return Ok(refused(scene, refusal.code())),
        }
    }
    txn.commit()?;
    let state = State::RolledBack(redemption(first, given));
    let outcome = Outcome::unverified(state, "rolled_back", scene.time);
    let outcome = Outcome { title, approved_by: order.approved_by, ..outcome };
    Ok(Written::new(outcome, entries))
}

/// The redemption at a position, with all others of its act.
fn redemptions(store: &Store, seq: Seq) -> Result<Vec<(Row, Redeemed)>, StoreError> {
    let Some((row, redeemed)) = store.redemption(seq)? else {
        return Ok(Vec::new());
    };
    let Some(act) = redeemed.act else {
        return Ok(vec![(row, redeemed)]);
    };
    let mut all = Vec::new();
    for step in 0..u64::from(act.vouchers) {
        all.extend(store.redemption(Seq(act.first.0.saturating_add(step)))?);
    }
    Ok(all)
}

fn decide(
    txn: &Txn<'_>,
    scene: Scene<'_>,
    order: &RollBackOrder,
    (row, redeemed): (&Row, &Redeemed),
) -> Result<RollBack, StoreError> {
    let time = scene.time.max(txn.time_floor());
    let local = txn.local_use(&redeemed.voucher, txn.day(scene.time))?;
    let taken = Taken {
        kind: redeemed.kind,
        at: txn.sense().of_entry(row.entry.at, row.entry.time_floor),
        used: redeemed.used,
        returned: row.returned,
        values: redeemed.goods.iter().map(|goods| goods.value_each).collect(),
        cycles: local.cycles,
        window_s: scene.trust.rollback_s(&redeemed.voucher),
    };
    Ok(decide_roll_back(&taken, order.part, order.approved_by.is_some(), time))
}

fn append(
    txn: &mut Txn<'_>,
    scene: Scene<'_>,
    order: &RollBackOrder,
    (row, redeemed): (&Row, &Redeemed),
    used: Used,
) -> Result<Entry, StoreError> {
    let body = Body::RolledBack(RolledBack {
        of: row.entry.seq,
        of_epoch: row.entry.epoch,
        voucher: redeemed.voucher.clone(),
        used,
        currency: redeemed.currency,
        reason: order.reason.clone(),
        approved_by: order.approved_by,
    });
    Ok(txn.append(body, scene.time)?.entry)
}

fn redemption(redeemed: &Redeemed, used: Used) -> Redemption {
    Redemption {
        used,
        value: Money::new(used.minor, redeemed.currency),
        bill: None,
        due: None,
        limit: redeemed.limit,
        left: 0,
        lease: redeemed.lease,
    }
}

fn refused(scene: Scene<'_>, code: &str) -> Written {
    Written::new(Outcome::unverified(State::Refused, code, scene.time), Vec::new())
}
