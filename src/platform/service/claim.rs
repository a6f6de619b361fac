//! Claims: a use is set aside for a terminal until its journal says how the act ended.
//!
//! A claim does not expire by itself. The terminal that holds it may have accepted the voucher and lost its
//! network before the entry was sent; to give the same use to somebody else a minute later would be the very
//! double redemption that asking was meant to prevent. So a claim ends in one of two ways: the terminal's
//! journal arrives beyond the position it had when it asked, with or without a redemption, or an administrator
//! who knows that the terminal will not come back releases it. The device that goes on under a terminal's number is
//! in this another terminal: what its predecessor set aside blocks it too.
//!
//! Several vouchers of one act are set aside together or not at all.
//!
//! Only the journal that the platform knows is given a word: a store that was set back or copied may have lost the very
//! redemption that it is asked about.

use super::{
    ServiceError,
    caps::rule_refusal,
    days::Zones,
    groups::honours,
    leases::lent_of,
    status::{claims_of, limit_of},
    sync::Caller,
};
use crate::{
    domain::{
        id::{LeaseId, Seq, VoucherKey},
        redeem::{ACT_MAX, Day, PlatformRefusal, UseRecord},
        sync::{Claim, ClaimAnswer, Ledger, LedgerUse, ReplyBody, TRAIL_MAX, Trail, acknowledges},
        time::Timestamp,
        trust::{CampaignState, Status},
        voucher::{Limit, UntrustedToken, Used},
    },
    platform::store::{CampaignRow, ClaimRow, EntryAt, StoreError, Txn, VoucherRow},
};

/// A claim with all that bears on it.
pub(super) struct Weighed {
    /// What is to be set aside.
    pub(super) row: ClaimRow,
    /// What was consumed by the journal of the device that asks, sent or not.
    used_here: Used,
    /// What that device took back and has not sent.
    pub(super) returned: Used,
    /// How much is asked for.
    pub(super) asked: Used,
    elsewhere: Used,
    limit: Limit,
    last: Option<LedgerUse>,
    issued: Option<VoucherRow>,
    /// The lease it would be taken from.
    pub(super) lease: Option<LeaseId>,
    pub(super) campaign: Option<CampaignRow>,
}

/// Sets uses aside, all or none, or says which are not to be had.
pub(super) fn claim(
    txn: &mut dyn Txn,
    caller: &Caller,
    (claims, after, trail): (&[Claim], Seq, &Trail),
    now: Timestamp,
) -> Result<ReplyBody, ServiceError> {
    check_journal(txn, caller, after, trail)?;
    check(claims)?;
    let day = Zones::read(txn)?.day(caller.terminal.branch, now);
    let (mut answers, mut granted) = (Vec::new(), Vec::new());
    for claim in claims {
        let weighed = weigh(txn, caller, claim, (after, now, day))?;
        let refusal = refusal(txn, caller, &weighed, &granted)?;
        answers.push(answer(txn, &weighed, refusal)?);
        if refusal.is_none() {
            granted.push(weighed.row);
        }
    }
    if granted.len() == claims.len() {
        granted.iter().try_for_each(|row| txn.put_claim(row))?;
    }
    Ok(ReplyBody::Claim(answers))
}

/// A request that was kept back and sent again must not set a use aside that nothing would release, and one of another
/// journal than the one that is held must not set any aside.
fn check_journal(
    txn: &mut dyn Txn,
    caller: &Caller,
    after: Seq,
    trail: &Trail,
) -> Result<(), ServiceError> {
    if trail.hashes.len() > TRAIL_MAX {
        return Err(ServiceError::OutOfBounds("more hashes than one run may have entries"));
    }
    let held = txn.head(caller.key.terminal, caller.key.epoch)?;
    let known = after >= held.seq && acknowledges(held, trail.hash_at(held.seq));
    known.then_some(()).ok_or(ServiceError::RequestStale)
}

fn check(claims: &[Claim]) -> Result<(), ServiceError> {
    if !(1..=ACT_MAX).contains(&claims.len()) {
        return Err(ServiceError::OutOfBounds("more vouchers than one act may have, or none"));
    }
    let keys: std::collections::BTreeSet<_> = claims.iter().map(|claim| &claim.voucher).collect();
    if keys.len() < claims.len() {
        return Err(ServiceError::OutOfBounds("a voucher is claimed twice in one act"));
    }
    let odd =
        |claim: &Claim| claim.asked.uses == 0 || claim.asked.minor < 0 || claim.used_here.minor < 0;
    if claims.iter().any(odd) {
        let reason = "a claim asks for at least one use and no negative sum";
        return Err(ServiceError::OutOfBounds(reason));
    }
    Ok(())
}

fn weigh(
    txn: &mut dyn Txn,
    caller: &Caller,
    claim: &Claim,
    (after, at, day): (Seq, Timestamp, Day),
) -> Result<Weighed, ServiceError> {
    let issued = txn.voucher(&claim.voucher)?;
    let customer = match &issued {
        Some(row) if !honours(txn, &caller.terminal, row.home)? => {
            return Err(ServiceError::VoucherNotAllowed);
        }
        Some(row) => claims_of(row)?.customer,
        None => claim.customer.clone(),
    };
    let ledger = txn.ledger(&claim.voucher)?;
    let held = held_of(caller, &ledger);
    let aside = aside_before(txn, caller, &claim.voucher, after)?;
    let campaign = txn.campaign(claim.voucher.id.campaign)?;
    Ok(Weighed {
        row: ClaimRow {
            voucher: claim.voucher.clone(),
            terminal: caller.terminal.id,
            epoch: caller.key.epoch,
            after,
            used: claim.used_here.minus(held).plus(claim.asked).or_more(aside),
            at,
            merchant: caller.terminal.merchant,
            day,
            customer,
        },
        used_here: claim.used_here,
        returned: held.minus(claim.used_here),
        asked: claim.asked,
        elsewhere: used_elsewhere(caller, &ledger),
        limit: issued.as_ref().map_or(Ok(claim.limit), limit_of)?,
        last: ledger.uses.last().cloned(),
        issued,
        lease: claim.lease,
        campaign: campaign.filter(|row| row.campaign.issuer == claim.voucher.issuer),
    })
}

fn answer(
    txn: &mut dyn Txn,
    weighed: &Weighed,
    refusal: Option<PlatformRefusal>,
) -> Result<ClaimAnswer, StoreError> {
    let used_elsewhere = weighed.elsewhere;
    let Some(reason) = refusal else {
        let topped_up = weighed.issued.as_ref().is_some_and(|row| row.loaded > 0);
        let limit = topped_up.then_some(weighed.limit);
        return Ok(ClaimAnswer::Granted { used_elsewhere, limit });
    };
    let last = last_use(txn, weighed.last.as_ref())?;
    Ok(ClaimAnswer::Refused { reason, used_elsewhere, last })
}

fn refusal(
    txn: &mut dyn Txn,
    caller: &Caller,
    weighed: &Weighed,
    granted: &[ClaimRow],
) -> Result<Option<PlatformRefusal>, StoreError> {
    if let Some(reason) = standing_refusal(txn, weighed)? {
        return Ok(Some(reason));
    }
    let wanted = weighed.elsewhere.plus(weighed.used_here).plus(weighed.asked);
    if weighed.limit.is_exceeded_by(wanted) {
        return Ok(Some(PlatformRefusal::Exhausted));
    }
    let voucher = &weighed.row.voucher;
    let open = txn.claims_of(voucher)?.into_iter();
    let others = open.filter(|row| !caller.holds(row.terminal, row.epoch));
    let claimed = others.fold(Used::default(), |sum, row| sum.plus(row.used));
    let (lent, own) = lent_of(txn, voucher, weighed.limit, (Some(caller), weighed.lease))?;
    let aside = claimed.plus(lent);
    // Of a voucher that nobody else touched, the device itself knows when to stop.
    let beside = if weighed.elsewhere.plus(aside).is_nothing() { Used::default() } else { own };
    if weighed.limit.is_exceeded_by(wanted.plus(aside).plus(beside)) {
        return Ok(Some(PlatformRefusal::Claimed));
    }
    rule_refusal(txn, caller, weighed, granted)
}

/// What was consumed and does not stand in the journal of the device that asks.
///
/// Of its current epoch a device knows best, also of what it took back and has not sent. Earlier epochs count as
/// another's: the device may have lost that journal.
fn used_elsewhere(caller: &Caller, ledger: &Ledger) -> Used {
    let (terminal, epoch) = (caller.key.terminal, caller.key.epoch);
    ledger.used_elsewhere(terminal).plus(ledger.used_before(terminal, epoch))
}

/// What the platform holds of the journal of the device that asks.
fn held_of(caller: &Caller, ledger: &Ledger) -> Used {
    let own = ledger.uses.iter().filter(|row| caller.holds(row.terminal, row.epoch));
    own.fold(Used::default(), |sum, row| sum.plus(row.used))
}

/// What this very moment of the journal had set aside before. A question that was kept back takes the place of no later one,
/// and of one from the same moment no more than it asks.
fn aside_before(
    txn: &mut dyn Txn,
    caller: &Caller,
    voucher: &VoucherKey,
    after: Seq,
) -> Result<Used, ServiceError> {
    let open = txn.claims_of(voucher)?.into_iter();
    let own = open.filter(|row| caller.holds(row.terminal, row.epoch)).last();
    match own {
        Some(row) if row.after > after => Err(ServiceError::RequestStale),
        Some(row) if row.after == after => Ok(row.used),
        Some(_) | None => Ok(Used::default()),
    }
}

/// What the administrator says of the voucher, its key and its campaign.
fn standing_refusal(
    txn: &mut dyn Txn,
    weighed: &Weighed,
) -> Result<Option<PlatformRefusal>, StoreError> {
    if let Some(row) = &weighed.issued {
        if row.standing == Status::Revoked || key_is_withdrawn(txn, row)? {
            return Ok(Some(PlatformRefusal::Revoked));
        }
        if row.standing == Status::Suspended {
            return Ok(Some(PlatformRefusal::Suspended));
        }
    }
    let campaign = weighed.campaign.as_ref();
    let suspended = campaign.is_some_and(|row| row.campaign.state == CampaignState::Suspended);
    Ok(suspended.then_some(PlatformRefusal::Suspended))
}

pub(super) fn key_is_withdrawn(txn: &mut dyn Txn, row: &VoucherRow) -> Result<bool, StoreError> {
    let kid = UntrustedToken::parse(&row.text).ok().map(|token| token.kid());
    let issuers = txn.issuers()?.into_iter();
    let own = issuers.filter(|issuer| issuer.name == row.key.issuer);
    let mut keys = own.flat_map(|issuer| issuer.keys);
    Ok(keys.any(|key| key.withdrawn && Some(key.public.id()) == kid))
}

fn last_use(txn: &mut dyn Txn, last: Option<&LedgerUse>) -> Result<Option<UseRecord>, StoreError> {
    let Some(last) = last else {
        return Ok(None);
    };
    let at = EntryAt { terminal: last.terminal, epoch: last.epoch, seq: last.seq };
    let row = txn.entry(at)?;
    Ok(row.map(|row| UseRecord {
        at: row.signed.entry.at,
        terminal: row.signed.entry.terminal,
        branch: row.signed.entry.branch,
        operator: row.signed.entry.operator,
    }))
}
