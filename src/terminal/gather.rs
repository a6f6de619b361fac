//! Gathers what is known of a voucher, inside the transaction that will write down what follows from it.

use super::trust::Trust;
use crate::{
    domain::{
        id::{BranchId, MerchantId, TerminalId},
        redeem::{CustomerFact, Facts, OfflineMode, PlatformFact, Tally, UseRecord},
        time::Timestamp,
        voucher::{Limit, Used, Voucher},
    },
    store::{Identity, LocalUse, Store, StoreError, Txn},
};

/// Who decides.
#[derive(Clone, Copy)]
pub(super) struct Place {
    merchant: MerchantId,
    branch: BranchId,
    terminal: TerminalId,
}

impl Place {
    pub(super) fn of(store: &Store) -> Self {
        let Identity { merchant, branch, terminal, .. } = *store.identity();
        Self { merchant, branch, terminal }
    }
}

/// The parts of the terminal a decision reads, beside the store.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// The bundle in force.
    pub trust: &'a Trust,
    /// The wall clock.
    pub time: Timestamp,
    /// A number from 0 to 9999, drawn for this act.
    pub dice: u16,
}

/// What is known of a voucher, with what only this terminal has.
pub(super) fn gather(
    txn: &Txn<'_>,
    (scene, place): (Scene<'_>, Place),
    voucher: &Voucher,
    platform: PlatformFact,
) -> Result<(Facts, LocalUse), StoreError> {
    let claims = voucher.claims();
    let key = claims.key();
    let today = txn.day(scene.time);
    let local = txn.local_use(&key, today)?;
    let (operator_recent, customer) = behaviour(txn, scene, voucher)?;
    let policy = scene.trust.policy(claims);
    let capped = policy.rules.caps.campaign > 0 || policy.rules.caps.terminal_day > 0;
    let campaign_here = if capped { txn.campaign_tally(&key, today)? } else { Tally::default() };
    let leased = policy.mode == OfflineMode::Leased;
    let lease = if leased { txn.lease(&key)? } else { None };
    let facts = Facts {
        merchant: place.merchant,
        branch: place.branch,
        groups: scene.trust.bundle.groups_of(place.branch).collect(),
        zone: txn.zone().clone(),
        campaign: scene.trust.campaign(claims).map(|campaign| campaign.state),
        list: txn.listed(&key)?,
        used_here: local.used,
        used_today: local.used_today,
        known_limit: local.known_limit,
        nothing_left: local.nothing_left && !has_more(claims.terms.limit(), local.known_limit),
        shown_before: local.shown_before,
        last_use_here: local.last.map(|(_, _, at)| UseRecord {
            at,
            terminal: place.terminal,
            branch: place.branch,
            operator: local.last_operator,
        }),
        rolled_back_at: local.rolled_back_at,
        campaign_here,
        customer,
        operator_recent,
        lease,
        dice: scene.dice,
        platform: without_own(platform, local.before),
        queue: txn.queue(claims.terms.currency()),
        time_floor: txn.time_floor(),
        time_sure: txn.sense().sure(),
        time_told: txn.sense().told(),
    };
    Ok((facts, local))
}

/// Whether a voucher says that more was loaded onto it than was known when it was last redeemed.
fn has_more(limit: Limit, known: Option<Limit>) -> bool {
    known.is_some_and(|known| limit.or_more(Some(known)) != known)
}

/// How fast the operator goes, and what is known of the customer.
fn behaviour(
    txn: &Txn<'_>,
    scene: Scene<'_>,
    voucher: &Voucher,
) -> Result<(u32, CustomerFact), StoreError> {
    let claims = voucher.claims();
    let span = i64::from(scene.trust.policy(claims).limits.velocity_s);
    let since = scene.time.max(txn.time_floor()).plus(span.saturating_neg());
    let customer = claims.customer.as_ref();
    let (operator, recent) = if span > 0 { txn.pace(customer, since) } else { (0, 0) };
    let Some(known) = customer else {
        return Ok((operator, CustomerFact::default()));
    };
    let today = txn.day(scene.time);
    let campaign = txn.customer_tally(known, &claims.key(), today)?;
    let visits = txn.visits(known)?;
    Ok((operator, CustomerFact { campaign, visits, recent }))
}

/// The platform counts earlier epochs of this terminal as another's; this journal holds them too.
fn without_own(platform: PlatformFact, before: Used) -> PlatformFact {
    match platform {
        PlatformFact::Granted { used_elsewhere, limit } => {
            PlatformFact::Granted { used_elsewhere: used_elsewhere.minus(before), limit }
        }
        PlatformFact::Refused { reason, used_elsewhere, last } => {
            PlatformFact::Refused { reason, used_elsewhere: used_elsewhere.minus(before), last }
        }
        other @ (PlatformFact::NotAsked | PlatformFact::Silent) => other,
    }
}
