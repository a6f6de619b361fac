//! Leases: what is lent to a terminal, so that it may accept without a network.
//!
//! What is lent counts as consumed by the terminal that has it, until that terminal's journal says that it was given back. No
//! clock ends that: the terminal may have accepted under the lease and not sent it yet. A device that goes on under a
//! terminal's number in another epoch never gets the lease, nor can it give it back; an administrator releases it.

use std::collections::BTreeSet;

use super::{
    Platform, ServiceError,
    campaigns::campaign_numbered,
    claim::Weighed,
    groups::honours,
    status::limit_of,
    sync::Caller,
    vouchers::{VoucherName, find},
};
use crate::{
    domain::{
        id::{CampaignId, IssuerName, LeaseId, TerminalId, VoucherKey},
        redeem::OfflineMode,
        sync::{Lease, ListName},
        time::Timestamp,
        trust::Status,
        voucher::{Limit, MINOR_MAX, USES_MAX, Used},
    },
    platform::store::{
        CampaignRow, LeaseRow, LeaseState, StoreError, TerminalRow, Txn, UseFilter, VoucherRow,
    },
};

/// What to lend to whom.
#[derive(Clone, Debug)]
pub struct LeaseOrder {
    /// To which terminal.
    pub terminal: TerminalId,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Of which of its vouchers; none for a share of the campaign's quota.
    pub voucher: Option<VoucherName>,
    /// How many uses; of a balance they need not be named.
    pub uses: Option<u32>,
    /// How much, in minor units; of anything but a balance it need not be named.
    pub minor: Option<i64>,
    /// First second it may no longer be used.
    pub until: Timestamp,
}

/// A lease with what was taken from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseLine {
    /// The lease.
    pub row: LeaseRow,
    /// What was taken from it by the redemptions that arrived, less what was given back.
    pub taken: Used,
    /// Stable code of what became of it, such as `open`.
    pub state: &'static str,
}

impl Platform {
    /// Lends what is free to a terminal, which hears of it with its next pull.
    pub fn lend(&self, order: &LeaseOrder) -> Result<LeaseId, ServiceError> {
        let now = self.now();
        if order.until <= now {
            return refused("a lease must end after the present moment");
        }
        self.run(|txn| {
            let terminal = terminal_in_use(txn, order.terminal)?;
            let campaign = campaign_numbered(txn, order.campaign)?;
            if !honours(txn, &terminal, campaign.home)? {
                return Err(ServiceError::VoucherNotAllowed);
            }
            if campaign.campaign.policy.mode != OfflineMode::Leased {
                return refused("the campaign's policy is not of the mode leased");
            }
            let (voucher, share) = share(txn, &terminal, &campaign, order)?;
            Ok(txn.add_lease(&LeaseRow {
                id: LeaseId(0),
                issuer: campaign.campaign.issuer,
                campaign: order.campaign,
                voucher: voucher.map(|voucher| voucher.id),
                terminal: terminal.id,
                epoch: terminal.epoch,
                uses: share.uses,
                minor: share.minor,
                until: order.until,
                lent_at: now,
                state: LeaseState::Open,
            })?)
        })
    }

    /// All leases.
    pub fn leases(&self) -> Result<Vec<LeaseLine>, ServiceError> {
        self.run(|txn| {
            let rows = txn.leases()?.into_iter();
            let lines = rows.map(|row| {
                Ok(LeaseLine { taken: txn.taken(row.id)?, state: row.state.code(), row })
            });
            lines.collect()
        })
    }

    /// Asks the terminal to give a lease back; it counts as consumed until its journal says so.
    pub fn end_lease(&self, id: LeaseId) -> Result<(), ServiceError> {
        self.close(id, LeaseState::Ending)
    }

    /// Releases what is left of a lease, for when the terminal will not come back.
    pub fn release_lease(&self, id: LeaseId) -> Result<(), ServiceError> {
        self.close(id, LeaseState::Released)
    }

    fn close(&self, id: LeaseId, state: LeaseState) -> Result<(), ServiceError> {
        self.run(|txn| {
            let row = txn.lease(id)?.ok_or(ServiceError::NotFound("lease"))?;
            if !row.state.holds() {
                return refused("this lease was given back or released before");
            }
            Ok(txn.set_lease_state(id, state)?)
        })
    }
}

fn refused<T>(reason: &str) -> Result<T, ServiceError> {
    Err(ServiceError::Invalid(reason.to_owned()))
}

/// What was said more than is free.
fn too_much<T>(free: &str) -> Result<T, ServiceError> {
    Err(ServiceError::Invalid(format!(
        "only {free} is free: the rest is consumed, set aside or lent"
    )))
}

fn terminal_in_use(txn: &mut dyn Txn, id: TerminalId) -> Result<TerminalRow, ServiceError> {
    let terminal = txn.terminal(id)?.ok_or(ServiceError::NotFound("terminal"))?;
    let key = txn.terminal_key(id, terminal.epoch)?;
    if key.is_none_or(|key| key.revoked) {
        Err(ServiceError::TerminalRevoked)
    } else {
        Ok(terminal)
    }
}

/// What is lent, where that much is free.
fn share(
    txn: &mut dyn Txn,
    terminal: &TerminalRow,
    campaign: &CampaignRow,
    order: &LeaseOrder,
) -> Result<(Option<VoucherKey>, Used), ServiceError> {
    let quota = campaign.campaign.policy.rules.caps.campaign;
    let Some(name) = order.voucher else {
        let (Some(uses), true) = (order.uses, quota > 0) else {
            return refused("name how many uses of the campaign's quota; it must have one");
        };
        check_quota(txn, campaign, quota, uses)?;
        return Ok((None, bounded(uses, order.minor.unwrap_or(MINOR_MAX))?));
    };
    let row = find(txn, name)?;
    if row.key.id.campaign != campaign.campaign.id || !honours(txn, terminal, row.home)? {
        return Err(ServiceError::VoucherNotAllowed);
    }
    if row.standing != Status::Valid {
        return refused("a revoked or suspended voucher is not lent");
    }
    let share = voucher_share(txn, &row, order, quota)?;
    if quota > 0 {
        check_quota(txn, campaign, quota, share.uses)?;
    }
    Ok((Some(row.key), share))
}

fn bounded(uses: u32, minor: i64) -> Result<Used, ServiceError> {
    if uses == 0 || !(1..=MINOR_MAX).contains(&minor) {
        return refused("lend at least one use, and more than nothing");
    }
    Ok(Used::new(uses, minor))
}

fn check_quota(
    txn: &mut dyn Txn,
    campaign: &CampaignRow,
    quota: u32,
    uses: u32,
) -> Result<(), ServiceError> {
    let (issuer, id) = (&campaign.campaign.issuer, campaign.campaign.id);
    let all = UseFilter {
        issuer: issuer.clone(),
        campaign: Some(id),
        customer: None,
        merchant: None,
        day: None,
    };
    let aside = txn.claims_among(&all)?.into_iter().map(|row| u64::from(row.used.uses));
    let consumed = aside.fold(txn.count_uses(&all)?, u64::saturating_add);
    let lent = lent_of_campaign(txn, (issuer, id))?;
    let free = u64::from(quota).saturating_sub(consumed).saturating_sub(lent);
    if u64::from(uses) > free {
        return too_much(&format!("{free} of the campaign's quota"));
    }
    Ok(())
}

fn voucher_share(
    txn: &mut dyn Txn,
    row: &VoucherRow,
    order: &LeaseOrder,
    quota: u32,
) -> Result<Used, ServiceError> {
    let limit = limit_of(row)?;
    let claims = txn.claims_of(&row.key)?.into_iter();
    let consumed = claims.fold(txn.ledger(&row.key)?.used(), |sum, claim| sum.plus(claim.used));
    let (lent, _nobodys) = lent_of(txn, &row.key, limit, (None, None))?;
    let free = limit.left_after(consumed.plus(lent));
    let (asked, share) = match (limit, order.uses, order.minor) {
        (Limit::Balance(_), Some(uses), Some(minor)) => (minor, bounded(uses, minor)?),
        (Limit::Balance(_), None, Some(minor)) if quota == 0 => {
            (minor, bounded(u32::from(USES_MAX), minor)?)
        }
        (Limit::Balance(_), _, _) => {
            let reason = "name how much of the balance, and where there is a quota how many uses";
            return refused(reason);
        }
        (Limit::Uses(_) | Limit::Lines(_), Some(uses), minor) => {
            (i64::from(uses), bounded(uses, minor.unwrap_or(MINOR_MAX))?)
        }
        (Limit::Uses(_) | Limit::Lines(_), None, _) => {
            return refused("name how many uses of the voucher, or pieces of the order");
        }
    };
    if asked > free { too_much(&format!("{free} of the voucher")) } else { Ok(share) }
}

/// What a lease still holds.
fn left_of(txn: &mut dyn Txn, lease: &LeaseRow) -> Result<Used, StoreError> {
    let left = Used::new(lease.uses, lease.minor).minus(txn.taken(lease.id)?);
    // Nothing can be taken without a use.
    Ok(if left.uses == 0 { Used::default() } else { left })
}

/// What is lent of a voucher: to others than the device that asks, and to that device beside the lease it names.
///
/// What it holds beside, it may use without asking.
pub(super) fn lent_of(
    txn: &mut dyn Txn,
    voucher: &VoucherKey,
    limit: Limit,
    (asks, named): (Option<&Caller>, Option<LeaseId>),
) -> Result<(Used, Used), StoreError> {
    let (mut others, mut beside) = (Used::default(), Used::default());
    for lease in txn.holding_leases(&voucher.issuer, voucher.id.campaign)? {
        let own = asks.is_some_and(|caller| caller.holds(lease.terminal, lease.epoch));
        if lease.voucher != Some(voucher.id) || (own && named == Some(lease.id)) {
            continue;
        }
        let sum = if own { &mut beside } else { &mut others };
        let left = left_of(txn, &lease)?;
        *sum = sum.plus(match limit {
            // Which pieces the terminal will hand over nobody knows: all of them are.
            Limit::Lines(lines) if left.uses > 0 => Used { lines, ..left },
            Limit::Lines(_) | Limit::Uses(_) | Limit::Balance(_) => left,
        });
    }
    Ok((others, beside))
}

/// How many uses of a campaign are lent, of its quota or of its vouchers.
pub(super) fn lent_of_campaign(
    txn: &mut dyn Txn,
    (issuer, campaign): (&IssuerName, CampaignId),
) -> Result<u64, StoreError> {
    let mut sum = 0_u64;
    for lease in txn.holding_leases(issuer, campaign)? {
        sum = sum.saturating_add(u64::from(left_of(txn, &lease)?.uses));
    }
    Ok(sum)
}

/// Whether a claim is to be taken from a lease of the device that asks, which is counted as consumed already.
pub(super) fn covers(
    txn: &mut dyn Txn,
    caller: &Caller,
    weighed: &Weighed,
) -> Result<bool, StoreError> {
    let voucher = &weighed.row.voucher;
    let own = txn.holding_leases(&voucher.issuer, voucher.id.campaign)?.into_iter();
    let mut own = own.filter(|lease| caller.holds(lease.terminal, lease.epoch));
    let Some(lease) = own.find(|lease| Some(lease.id) == weighed.lease) else {
        return Ok(false);
    };
    Ok(left_of(txn, &lease)?.uses >= weighed.asked.uses)
}

/// The leases a device has not got yet, and those it shall give back.
///
/// One that is over is delivered all the same, as over: the device never uses it, and its journal then says that it was
/// given back.
pub(super) fn leases_for(
    txn: &mut dyn Txn,
    caller: &Caller,
    held: &[LeaseId],
    now: Timestamp,
) -> Result<(Vec<Lease>, Vec<LeaseId>), StoreError> {
    let held: BTreeSet<_> = held.iter().copied().collect();
    let own = txn.leases_of(caller.key.terminal, caller.key.epoch)?;
    let over = |row: &LeaseRow| row.state == LeaseState::Ending || row.until <= now;
    let kept: BTreeSet<_> = own.iter().filter(|row| !over(row)).map(|row| row.id).collect();
    let ended = held.iter().copied().filter(|id| !kept.contains(id)).collect();
    let new = own.into_iter().filter(|row| !held.contains(&row.id)).map(|row| Lease {
        until: if over(&row) { row.until.min(now) } else { row.until },
        id: row.id,
        campaign: ListName { issuer: row.issuer, campaign: row.campaign },
        voucher: row.voucher,
        uses: row.uses,
        minor: row.minor,
    });
    Ok((new.collect(), ended))
}
