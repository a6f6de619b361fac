//! Witnessed redemptions: a customer hands in the signed entry that the terminal could not send yet.
//!
//! A witnessed entry is evidence out of order. It is verified by the terminal's key like any other, but it is not booked: that is
//! for the journal, when it arrives. Until then it says two things. The voucher is used up to there, so the status list says
//! so and nobody else is granted the use. And the journal goes at least that far: what comes instead of it is a fork.

use super::{
    Platform, ServiceError,
    days::Zones,
    forks::{note_fork, splits},
    oddities::booked,
    status::{claims_of, refresh},
    sync::Caller,
};
use crate::{
    domain::{
        envelope::{Envelope, decode},
        id::{Epoch, Seq, TerminalId, VoucherKey},
        journal::{Body, ENTRY_BYTES_MAX, Entry, Redeemed, SignedEntry},
        time::Timestamp,
        voucher::Used,
    },
    platform::store::{ClaimRow, EntryAt, StoreError, Txn, UseFilter, WitnessRow},
};

/// Most witnessed entries of one life of a journal that wait for it.
pub const WITNESSES_MAX: usize = 1000;

/// What became of an entry that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witnessed {
    /// It was not known here.
    New,
    /// The same was handed in before.
    Known,
    /// The journal that is held has it.
    Held,
}

/// What the customer is told: by what the redemption is found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessReceipt {
    /// What became of it.
    pub state: Witnessed,
    /// The reference on the receipt, such as `7-12 · a1b2c3d4`.
    pub reference: String,
}

impl Platform {
    /// Takes a signed redemption that anybody may bring, as often as they like.
    pub fn witness(&self, bytes: &[u8]) -> Result<WitnessReceipt, ServiceError> {
        let unverified = claimed(bytes).ok_or(ServiceError::WitnessInvalid)?;
        let whose = (unverified.terminal, unverified.epoch);
        let caller = self.run(|txn| known(txn, whose))?;
        let signed = SignedEntry::open(bytes, &caller.key.key);
        let signed = signed.map_err(|_error| ServiceError::WitnessInvalid)?;
        let now = self.now();
        let state = self.run(|txn| {
            let caller = known(txn, whose)?;
            keep(txn, &caller, &signed, now)
        })?;
        let hash = signed.hash.to_string();
        let short = hash.get(..8).unwrap_or_default();
        let reference = format!("{}-{} · {short}", signed.entry.terminal, signed.entry.seq);
        Ok(WitnessReceipt { state, reference })
    }
}

/// What bytes of an allowed length say, before anything is believed.
fn claimed(bytes: &[u8]) -> Option<Entry> {
    let bounded = Some(bytes).filter(|bytes| bytes.len() <= ENTRY_BYTES_MAX)?;
    decode(Envelope::parse(bounded).ok()?.unverified_payload()).ok()
}

/// Whoever brings it is not told which terminals there are.
fn known(txn: &mut dyn Txn, whose: (TerminalId, Epoch)) -> Result<Caller, ServiceError> {
    Caller::find(txn, whose).map_err(|error| {
        let unknown =
            matches!(error, ServiceError::TerminalUnknown | ServiceError::TerminalRevoked);
        if unknown { ServiceError::WitnessInvalid } else { error }
    })
}

fn keep(
    txn: &mut dyn Txn,
    caller: &Caller,
    signed: &SignedEntry,
    now: Timestamp,
) -> Result<Witnessed, ServiceError> {
    let Body::Redeemed(redeemed) = &signed.entry.body else {
        return Err(ServiceError::WitnessInvalid);
    };
    let at = EntryAt::of(signed);
    if txn.entry_hash(at)? == Some(signed.hash) {
        return Ok(Witnessed::Held);
    }
    let known = txn.witnesses_of(at.terminal, at.epoch)?;
    if known.iter().any(|row| row.signed.hash == signed.hash) {
        return Ok(Witnessed::Known);
    }
    if known.len() >= WITNESSES_MAX {
        return Err(ServiceError::WitnessesFull);
    }
    if let Some(other) = contradiction(txn, signed, &known)? {
        note_fork(txn, &other, signed, now)?;
    }
    let row = row(txn, caller, signed, (redeemed, now))?;
    txn.add_witness(&row)?;
    refresh(txn, &[row.voucher].into(), now)?;
    Ok(Witnessed::New)
}

fn row(
    txn: &mut dyn Txn,
    caller: &Caller,
    signed: &SignedEntry,
    (redeemed, received): (&Redeemed, Timestamp),
) -> Result<WitnessRow, StoreError> {
    let customer = match txn.voucher(&redeemed.voucher)? {
        Some(issued) => claims_of(&issued)?.customer,
        None => redeemed.customer.clone(),
    };
    Ok(WitnessRow {
        signed: signed.clone(),
        voucher: redeemed.voucher.clone(),
        used: booked(redeemed.used),
        merchant: caller.terminal.merchant,
        day: Zones::read(txn)?.day_of(&signed.entry, received),
        customer,
        lease: redeemed.lease,
        received,
    })
}

/// An entry that is held or was witnessed and cannot stand in one journal with this one: another at its position, or a
/// neighbour that does not link with it.
fn contradiction(
    txn: &mut dyn Txn,
    signed: &SignedEntry,
    known: &[WitnessRow],
) -> Result<Option<SignedEntry>, StoreError> {
    let at = EntryAt::of(signed);
    if let Some(held) = txn.entry(at)? {
        return Ok(Some(held.signed));
    }
    let before = EntryAt { seq: Seq(at.seq.0.saturating_sub(1)), ..at };
    let before = txn.entry(before)?.map(|row| row.signed);
    let known = known.iter().map(|row| row.signed.clone());
    Ok(before.into_iter().chain(known).find(|other| splits(other, signed)))
}

/// What is known to be consumed of a voucher: booked, or witnessed and not arrived.
pub(super) fn known_use(txn: &mut dyn Txn, voucher: &VoucherKey) -> Result<Used, StoreError> {
    let booked = txn.ledger(voucher)?.used();
    let witnessed = txn.witnessed(voucher)?;
    Ok(witnessed.iter().fold(booked, |sum, row| sum.plus(row.used)))
}

/// What is set aside of a voucher, by claims or by what customers witnessed.
pub(super) fn aside_of(
    txn: &mut dyn Txn,
    voucher: &VoucherKey,
) -> Result<Vec<ClaimRow>, StoreError> {
    let (claims, witnessed) = (txn.claims_of(voucher)?, txn.witnessed(voucher)?);
    merged(txn, claims, witnessed)
}

/// What is set aside of an issuer's vouchers, by claims or by what customers witnessed.
pub(super) fn aside_among(
    txn: &mut dyn Txn,
    filter: &UseFilter,
) -> Result<Vec<ClaimRow>, StoreError> {
    let (claims, witnessed) = (txn.claims_among(filter)?, txn.witnessed_among(filter)?);
    merged(txn, claims, witnessed)
}

/// A claim counts what its terminal had consumed when it asked, and what it asked for. A witnessed entry up to there is in it;
/// the first one after it is what was asked for; those that follow come on top.
fn merged(
    txn: &mut dyn Txn,
    claims: Vec<ClaimRow>,
    witnessed: Vec<WitnessRow>,
) -> Result<Vec<ClaimRow>, StoreError> {
    let mut aside: Vec<(ClaimRow, bool)> = claims.into_iter().map(|row| (row, false)).collect();
    for row in witnessed {
        if is_lent(txn, &row)? {
            continue;
        }
        let entry = &row.signed.entry;
        let own = aside.iter_mut().find(|(claim, _)| {
            claim.voucher == row.voucher
                && (claim.terminal, claim.epoch) == (entry.terminal, entry.epoch)
        });
        match own {
            Some((claim, _)) if entry.seq <= claim.after => {}
            Some((claim, true)) => claim.used = claim.used.plus(row.used),
            Some((claim, asked)) => {
                claim.used = larger(claim.used, row.used);
                *asked = true;
            }
            None => aside.push((as_claim(&row), true)),
        }
    }
    Ok(aside.into_iter().map(|(row, _)| row).collect())
}

/// A use under a lease that still holds is counted as lent.
fn is_lent(txn: &mut dyn Txn, row: &WitnessRow) -> Result<bool, StoreError> {
    let Some(id) = row.lease else {
        return Ok(false);
    };
    let entry = &row.signed.entry;
    let lease = txn.lease(id)?;
    Ok(lease.is_some_and(|lease| {
        lease.state.holds() && (lease.terminal, lease.epoch) == (entry.terminal, entry.epoch)
    }))
}

fn as_claim(row: &WitnessRow) -> ClaimRow {
    let entry = &row.signed.entry;
    ClaimRow {
        voucher: row.voucher.clone(),
        terminal: entry.terminal,
        epoch: entry.epoch,
        after: Seq(entry.seq.0.saturating_sub(1)),
        used: row.used,
        at: row.received,
        merchant: row.merchant,
        day: row.day,
        customer: row.customer.clone(),
    }
}

/// The larger of each part.
fn larger(a: Used, b: Used) -> Used {
    b.plus(a.minus(b))
}
