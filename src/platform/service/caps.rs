//! What a campaign's rules say of many vouchers together, over all terminals: its quota, what one customer may, first visits.
//!
//! What was made, what is set aside and what is lent count alike: each may yet become a redemption.

use super::{
    claim::Weighed,
    leases::{covers, lent_of_campaign},
    sync::Caller,
    witness::aside_among,
};
use crate::{
    domain::redeem::{Caps, PlatformRefusal},
    platform::store::{ClaimRow, StoreError, Txn, UseFilter},
};

/// Why the rules of the campaign stand against a claim, beside those that were granted in the same act.
pub(super) fn rule_refusal(
    txn: &mut dyn Txn,
    caller: &Caller,
    weighed: &Weighed,
    granted: &[ClaimRow],
) -> Result<Option<PlatformRefusal>, StoreError> {
    let Some(campaign) = &weighed.campaign else {
        return Ok(None);
    };
    let rules = &campaign.campaign.policy.rules;
    if rules.first_visit && was_here(txn, caller, weighed)? {
        return Ok(Some(PlatformRefusal::NotFirstVisit));
    }
    if customer_had_enough(txn, caller, (weighed, granted), rules.caps)? {
        return Ok(Some(PlatformRefusal::CustomerLimit));
    }
    let quota = u64::from(rules.caps.campaign);
    if quota == 0 || covers(txn, caller, weighed)? {
        return Ok(None);
    }
    let all = filter(weighed);
    let lent = lent_of_campaign(txn, (&all.issuer, campaign.campaign.id))?;
    let wanted = u64::from(weighed.row.used.uses);
    let consumed = consumed(txn, caller, (weighed, granted), &all)?;
    let over = consumed.saturating_add(lent).saturating_add(wanted) > quota;
    Ok(over.then_some(PlatformRefusal::CampaignLimit))
}

/// Whether the customer redeemed anything at the merchant, or is about to at another terminal. Of its own journal the
/// device that asks knows best.
fn was_here(txn: &mut dyn Txn, caller: &Caller, weighed: &Weighed) -> Result<bool, StoreError> {
    let Some(customer) = weighed.row.customer.clone() else {
        return Ok(false);
    };
    let merchant = Some(weighed.row.merchant);
    let visits =
        UseFilter { campaign: None, customer: Some(customer), merchant, ..filter(weighed) };
    let made = txn.count_uses(&visits)?.saturating_sub(u64::from(weighed.returned.uses));
    let mut open = aside_among(txn, &visits)?.into_iter();
    Ok(made > 0 || open.any(|row| !caller.holds(row.terminal, row.epoch)))
}

fn customer_had_enough(
    txn: &mut dyn Txn,
    caller: &Caller,
    (weighed, granted): (&Weighed, &[ClaimRow]),
    caps: Caps,
) -> Result<bool, StoreError> {
    let Some(customer) = weighed.row.customer.clone() else {
        return Ok(false);
    };
    let ever = UseFilter { customer: Some(customer), ..filter(weighed) };
    let today = UseFilter { day: Some(weighed.row.day), ..ever.clone() };
    // What waits to be sent may be of another day.
    let wanted = (weighed.row.used.uses, weighed.asked.uses);
    for (cap, filter, wanted) in
        [(caps.customer, ever, wanted.0), (caps.customer_day, today, wanted.1)]
    {
        if cap > 0 {
            let consumed = consumed(txn, caller, (weighed, granted), &filter)?;
            if consumed.saturating_add(u64::from(wanted)) > u64::from(cap) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// What was made and what is set aside, but for the very claims that this act puts in their place.
fn consumed(
    txn: &mut dyn Txn,
    caller: &Caller,
    (weighed, granted): (&Weighed, &[ClaimRow]),
    filter: &UseFilter,
) -> Result<u64, StoreError> {
    let made = txn.count_uses(filter)?.saturating_sub(u64::from(weighed.returned.uses));
    let replaced = |row: &ClaimRow| {
        let mut act = granted.iter().map(|row| &row.voucher).chain([&weighed.row.voucher]);
        caller.holds(row.terminal, row.epoch) && act.any(|voucher| *voucher == row.voucher)
    };
    let open = aside_among(txn, filter)?.into_iter().filter(|row| !replaced(row));
    let act = granted.iter().filter(|row| row.is_among(filter)).cloned();
    let aside = open.chain(act).map(|row| u64::from(row.used.uses));
    Ok(aside.fold(made, u64::saturating_add))
}

/// All uses of the campaign.
fn filter(weighed: &Weighed) -> UseFilter {
    let voucher = &weighed.row.voucher;
    UseFilter {
        issuer: voucher.issuer.clone(),
        campaign: Some(voucher.id.campaign),
        customer: None,
        merchant: None,
        day: None,
    }
}
