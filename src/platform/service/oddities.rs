//! What is odd about an entry: written beside it for the administrator, never a reason to drop it.

use super::{
    groups::honours,
    push::Run,
    status::{claims_of, limit_of},
};
use crate::{
    domain::{
        id::{Epoch, Hash, LeaseId},
        journal::{Body, Opened, Redeemed, SignedEntry},
        voucher::{Kind, Limit, Used},
    },
    platform::store::{EntryAt, StoreError, Txn, VoucherRow},
};

/// How far a terminal's clock may be ahead before that is worth a note, in seconds.
const AHEAD_S: i64 = 24 * 3600;

impl Run<'_> {
    /// Stable code of the most telling oddity.
    pub(super) fn oddity(
        &mut self,
        signed: &SignedEntry,
    ) -> Result<Option<&'static str>, StoreError> {
        let entry = &signed.entry;
        let about = match &entry.body {
            Body::Redeemed(redeemed) => self.redemption_oddity(redeemed)?,
            Body::RolledBack(back) => {
                let held = self.returnable(EntryAt::of(signed), back)?;
                held.is_none().then_some("rollback_unmatched")
            }
            Body::Opened(opened) => self.opening_oddity(opened)?,
            Body::LeaseEnded { lease, used } => self.ending_oddity(*lease, *used)?,
            Body::Recovered(found) => {
                let whole = found.complete && found.lost == 0;
                (!whole).then_some("entries_lost")
            }
            Body::Refused(_) | Body::BundleTaken { .. } => None,
        };
        let branch = entry.branch != self.caller.terminal.branch;
        let ahead = entry.at.since(self.now) > AHEAD_S;
        Ok(about.or(branch.then_some("branch_differs")).or(ahead.then_some("clock_ahead")))
    }

    fn redemption_oddity(
        &mut self,
        redeemed: &Redeemed,
    ) -> Result<Option<&'static str>, StoreError> {
        if booked(redeemed.used) != redeemed.used {
            return Ok(Some("use_out_of_range"));
        }
        let Some(row) = self.txn.voucher(&redeemed.voucher)? else {
            return Ok(Some("voucher_unknown"));
        };
        let own = honours(self.txn, &self.caller.terminal, row.home)?;
        let lease = redeemed.lease.is_none() || matches_lease(self, redeemed)?;
        Ok((!own)
            .then_some("merchant_differs")
            .or((!has_terms(&row, redeemed)?).then_some("terms_differ"))
            .or((!lease).then_some("lease_unknown")))
    }

    /// An epoch should begin where the one before ended.
    fn opening_oddity(&mut self, opened: &Opened) -> Result<Option<&'static str>, StoreError> {
        let key = &self.caller.key;
        let before = Epoch(key.epoch.0.saturating_sub(1));
        let ended = self.txn.head(key.terminal, before)?;
        let follows = opened.continues == ended.hash || opened.continues == Hash::ZERO;
        Ok((!follows).then_some("continues_differs"))
    }

    /// A lease that is given back should be this journal's, with all that was taken from it.
    fn ending_oddity(
        &mut self,
        id: LeaseId,
        used: Used,
    ) -> Result<Option<&'static str>, StoreError> {
        let row = self.txn.lease(id)?;
        let own = row.is_some_and(|row| self.caller.holds(row.terminal, row.epoch));
        if !own {
            return Ok(Some("lease_unknown"));
        }
        let taken = Used::new(used.uses, used.minor);
        let arrived = self.txn.taken(id)?;
        let all = arrived.uses <= taken.uses && arrived.minor <= taken.minor;
        Ok((!all).then_some("lease_differs"))
    }
}

/// A use as it counts: an entry that says less than one use, or gives money back, hides what it consumed.
pub(super) fn booked(used: Used) -> Used {
    Used { uses: used.uses.max(1), minor: used.minor.max(0), lines: used.lines }
}

/// Whether a redemption may be given back in parts.
pub(super) fn is_divisible(txn: &mut dyn Txn, at: EntryAt) -> Result<bool, StoreError> {
    let entry = txn.entry(at)?;
    let Some(Body::Redeemed(redeemed)) = entry.map(|row| row.signed.entry.body) else {
        return Ok(false);
    };
    Ok(match redeemed.kind {
        Kind::Pass | Kind::StoredValue | Kind::Ticket | Kind::PickUp => true,
        Kind::PrepaidDeal | Kind::AmountOff | Kind::PercentOff | Kind::Item => false,
    })
}

/// Whether the lease that a redemption names was lent to this journal, for this voucher.
pub(super) fn matches_lease(run: &mut Run<'_>, redeemed: &Redeemed) -> Result<bool, StoreError> {
    let Some(id) = redeemed.lease else {
        return Ok(false);
    };
    let voucher = &redeemed.voucher;
    let row = run.txn.lease(id)?;
    Ok(row.is_some_and(|row| {
        run.caller.holds(row.terminal, row.epoch)
            && (&row.issuer, row.campaign) == (&voucher.issuer, voucher.id.campaign)
            && row.voucher.is_none_or(|id| id == voucher.id)
    }))
}

/// Whether an entry says of a voucher what was signed; a balance may have grown since.
fn has_terms(row: &VoucherRow, redeemed: &Redeemed) -> Result<bool, StoreError> {
    let terms = claims_of(row)?.terms;
    let limit = match (terms.limit(), limit_of(row)?, redeemed.limit) {
        (Limit::Balance(issued), Limit::Balance(loaded), Limit::Balance(said)) => {
            (issued..=loaded).contains(&said)
        }
        (issued, _, said) => issued == said,
    };
    Ok(limit && (terms.kind(), terms.currency()) == (redeemed.kind, redeemed.currency))
}
