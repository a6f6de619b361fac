//! Claims: a use is set aside for a terminal until its journal says how the act ended.
//!
//! A claim does not expire by itself. The terminal that holds it may have accepted the voucher and lost its
//! network before the entry was sent; to give the same use to somebody else a minute later would be the very
//! double redemption that asking was meant to prevent. So a claim ends in one of two ways: the terminal's
//! journal arrives beyond the position it had when it asked, with or without a redemption, or an administrator
//! who knows that the terminal will not come back releases it. The device that goes on under a terminal's number is
//! in this another terminal: what its predecessor set aside blocks it too.

use super::{ServiceError, status::claims_of, sync::Caller};
use crate::{
    domain::{
        id::{Seq, VoucherKey},
        redeem::{PlatformRefusal, UseRecord},
        sync::{ClaimAnswer, Ledger, LedgerUse, ReplyBody},
        time::Timestamp,
        trust::{CampaignState, Status},
        voucher::{Limit, UntrustedToken, Used},
    },
    platform::store::{ClaimRow, EntryAt, StoreError, Txn, VoucherRow},
};

/// What a terminal asks to have set aside.
pub(super) struct Asked {
    pub(super) voucher: VoucherKey,
    pub(super) limit: Limit,
    pub(super) wanted: Used,
    pub(super) used_here: Used,
    pub(super) after: Seq,
}

/// Sets a use aside, or says why not.
pub(super) fn claim(
    txn: &mut dyn Txn,
    caller: &Caller,
    asked: &Asked,
    now: Timestamp,
) -> Result<ReplyBody, ServiceError> {
    check(txn, caller, asked)?;
    let issued = txn.voucher(&asked.voucher)?;
    if issued.as_ref().is_some_and(|row| row.merchant != caller.terminal.merchant) {
        return Err(ServiceError::VoucherNotAllowed);
    }
    let ledger = txn.ledger(&asked.voucher)?;
    let used_elsewhere = used_elsewhere(caller, &ledger);
    let Some(reason) = refusal(txn, caller, (asked, issued.as_ref(), &ledger))? else {
        txn.put_claim(&ClaimRow {
            voucher: asked.voucher.clone(),
            terminal: caller.terminal.id,
            epoch: caller.key.epoch,
            after: asked.after,
            used: asked.wanted,
            at: now,
        })?;
        return Ok(ReplyBody::Claim(ClaimAnswer::Granted { used_elsewhere }));
    };
    let last = last_use(txn, ledger.uses.last())?;
    Ok(ReplyBody::Claim(ClaimAnswer::Refused { reason, used_elsewhere, last }))
}

/// A request that was kept back and sent again must not set a use aside that nothing would release.
fn check(txn: &mut dyn Txn, caller: &Caller, asked: &Asked) -> Result<(), ServiceError> {
    let held = txn.head(caller.key.terminal, caller.key.epoch)?;
    if asked.after < held.seq {
        return Err(ServiceError::RequestStale);
    }
    let amounts = [asked.wanted.minor, asked.used_here.minor];
    if asked.wanted.uses == 0 || amounts.iter().any(|minor| *minor < 0) {
        return Err(ServiceError::OutOfBounds(
            "a claim asks for at least one use and no negative sum",
        ));
    }
    Ok(())
}

fn refusal(
    txn: &mut dyn Txn,
    caller: &Caller,
    (asked, issued, ledger): (&Asked, Option<&VoucherRow>, &Ledger),
) -> Result<Option<PlatformRefusal>, StoreError> {
    if let Some(reason) = standing_refusal(txn, asked, issued)? {
        return Ok(Some(reason));
    }
    let limit = match issued {
        Some(row) => claims_of(row)?.terms.limit(),
        None => asked.limit,
    };
    let elsewhere = used_elsewhere(caller, ledger);
    let wanted = elsewhere.plus(asked.used_here).plus(asked.wanted);
    if limit.is_exceeded_by(wanted) {
        return Ok(Some(PlatformRefusal::Exhausted));
    }
    let open = txn.claims_of(&asked.voucher)?.into_iter();
    let own = (caller.key.terminal, caller.key.epoch);
    let others = open.filter(|row| (row.terminal, row.epoch) != own);
    let claimed = others.fold(Used::default(), |sum, row| sum.plus(row.used));
    let blocked = limit.is_exceeded_by(wanted.plus(claimed));
    Ok(blocked.then_some(PlatformRefusal::Claimed))
}

/// What was consumed and does not stand in the journal of the device that asks.
///
/// Of its current epoch a device knows best, also of what it took back and has not sent. Earlier epochs count as
/// another's: the device may have lost that journal.
fn used_elsewhere(caller: &Caller, ledger: &Ledger) -> Used {
    let (terminal, epoch) = (caller.key.terminal, caller.key.epoch);
    ledger.used_elsewhere(terminal).plus(ledger.used_before(terminal, epoch))
}

/// What the administrator says of the voucher, its key and its campaign.
fn standing_refusal(
    txn: &mut dyn Txn,
    asked: &Asked,
    issued: Option<&VoucherRow>,
) -> Result<Option<PlatformRefusal>, StoreError> {
    if let Some(row) = issued {
        if row.standing == Status::Revoked || key_is_withdrawn(txn, row)? {
            return Ok(Some(PlatformRefusal::Revoked));
        }
        if row.standing == Status::Suspended {
            return Ok(Some(PlatformRefusal::Suspended));
        }
    }
    let campaign = txn.campaign(asked.voucher.id.campaign)?;
    let suspended = campaign.is_some_and(|row| {
        row.campaign.issuer == asked.voucher.issuer
            && row.campaign.state == CampaignState::Suspended
    });
    Ok(suspended.then_some(PlatformRefusal::Suspended))
}

fn key_is_withdrawn(txn: &mut dyn Txn, row: &VoucherRow) -> Result<bool, StoreError> {
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
    }))
}
