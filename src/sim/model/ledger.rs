//! What the platform must have made of the entries it holds, worked out from them alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    broken::{Kept, Promise, must},
    truth::{minus, plus},
};
use crate::{
    domain::{
        id::{Epoch, TerminalId, VoucherKey},
        journal::{Body, Redeemed, RolledBack, SignedEntry},
        voucher::{Kind, Limit, Used},
    },
    platform::store::{ConflictRow, EntryAt, Txn},
};

/// What the platform must have made of what it holds.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The last arrival that was looked at.
    pub arrival: u64,
    /// The last conflict that was looked at.
    pub conflict: u64,
    /// Doubles found in all.
    pub found: u64,
    uses: BTreeMap<VoucherKey, Vec<(EntryAt, Used)>>,
    kinds: BTreeMap<EntryAt, Kind>,
    booked: BTreeSet<EntryAt>,
    expected: Vec<(EntryAt, Vec<EntryAt>)>,
    /// Vouchers of which more was consumed than there is, at some time.
    pub doubled: BTreeSet<VoucherKey>,
    /// Worth of redemptions and of what was given back, by terminal and epoch.
    pub sums: BTreeMap<(TerminalId, Epoch), (i128, i128)>,
}

impl Ledger {
    /// What the platform must have on a voucher.
    pub fn used(&self, voucher: &VoucherKey) -> Used {
        let rows = self.uses.get(voucher).into_iter().flatten();
        rows.fold(Used::default(), |sum, (_, used)| plus(sum, *used))
    }

    /// What others than this journal consumed of it.
    pub fn elsewhere(&self, voucher: &VoucherKey, own: (TerminalId, Epoch)) -> Used {
        let rows = self.uses.get(voucher).into_iter().flatten();
        let others = rows.filter(|(at, _)| (at.terminal, at.epoch) != own);
        others.fold(Used::default(), |sum, (_, used)| plus(sum, *used))
    }

    /// Takes an entry that arrived; the voucher it is about.
    pub fn take(
        &mut self,
        signed: &SignedEntry,
        exceeds: impl Fn(&VoucherKey, &Redeemed, Used) -> bool,
    ) -> Result<Option<VoucherKey>, super::Broken> {
        let at = EntryAt::of(signed);
        must(self.booked.insert(at), Promise::ExactlyOnce, || format!("{at:?} arrived twice"))?;
        match &signed.entry.body {
            Body::Redeemed(redeemed) => self.redeemed(at, redeemed, exceeds),
            Body::RolledBack(back) => self.rolled_back(at, back),
            Body::Opened(_)
            | Body::Refused(_)
            | Body::BundleTaken { .. }
            | Body::LeaseEnded { .. }
            | Body::Recovered(_) => return Ok(None),
        }
        Ok(match &signed.entry.body {
            Body::Redeemed(redeemed) => Some(redeemed.voucher.clone()),
            Body::RolledBack(back) => Some(back.voucher.clone()),
            _other => None,
        })
    }

    fn redeemed(
        &mut self,
        at: EntryAt,
        redeemed: &Redeemed,
        exceeds: impl Fn(&VoucherKey, &Redeemed, Used) -> bool,
    ) {
        // An entry that says less than one use, or less than nothing, counts as one use of no worth.
        let mut used = redeemed.used;
        used.uses = used.uses.max(1);
        used.minor = used.minor.max(0);
        let sum = plus(self.used(&redeemed.voucher), used);
        let before = self.uses.entry(redeemed.voucher.clone()).or_default();
        if exceeds(&redeemed.voucher, redeemed, sum) {
            let others = before.iter().map(|(at, _)| *at);
            self.expected.push((at, others.collect()));
            self.doubled.insert(redeemed.voucher.clone());
        }
        before.push((at, used));
        self.kinds.insert(at, redeemed.kind);
        self.sums.entry((at.terminal, at.epoch)).or_default().0 += i128::from(used.minor);
    }

    fn rolled_back(&mut self, at: EntryAt, back: &RolledBack) {
        let of = EntryAt { epoch: back.of_epoch, seq: back.of, ..at };
        let divisible = matches!(
            self.kinds.get(&of),
            Some(Kind::Pass | Kind::StoredValue | Kind::Ticket | Kind::PickUp)
        );
        let Some(rows) = self.uses.get_mut(&back.voucher) else { return };
        let Some(place) = rows.iter().position(|(at, _)| *at == of) else { return };
        let held = rows[place].1;
        let nothing = back.used == Used::default() || back.used.minor < 0;
        let Some(left) = minus(held, back.used).filter(|_| !nothing) else { return };
        if left != Used::default() && !divisible {
            return;
        }
        if left == Used::default() {
            rows.remove(place);
        } else {
            rows[place].1 = left;
        }
        self.sums.entry((at.terminal, at.epoch)).or_default().1 += i128::from(back.used.minor);
    }

    /// Compares what the platform has on these vouchers.
    pub fn compare(&self, txn: &mut dyn Txn, vouchers: &BTreeSet<VoucherKey>) -> Kept {
        for voucher in vouchers {
            let Ok(held) = txn.ledger(voucher) else { return Ok(()) };
            let rows = held.uses.iter().map(|row| {
                (EntryAt { terminal: row.terminal, epoch: row.epoch, seq: row.seq }, row.used)
            });
            let rows: Vec<_> = rows.collect();
            let mine = self.uses.get(voucher).cloned().unwrap_or_default();
            must(rows == mine, Promise::ExactlyOnce, || {
                format!("of {voucher:?} the platform has {rows:?}, and not {mine:?}")
            })?;
        }
        Ok(())
    }

    /// Compares the conflicts that were found with those that there are.
    pub fn conflicts(&mut self, rows: &[ConflictRow]) -> Kept {
        let due = std::mem::take(&mut self.expected);
        let found: Vec<_> = rows
            .iter()
            .map(|row| (row.evidence.first().copied(), row.evidence.get(1..).map(<[_]>::to_vec)))
            .collect();
        let wanted: Vec<_> = due.iter().map(|(at, rest)| (Some(*at), Some(rest.clone()))).collect();
        must(found == wanted, Promise::Reported, || {
            format!("conflicts {found:?} were reported, and not {wanted:?}")
        })?;
        self.found += rows.len() as u64;
        if let Some(last) = rows.last() {
            self.conflict = last.id;
        }
        Ok(())
    }

    /// What an entry of unknown origin says its voucher is good for.
    pub fn own_limit_exceeded(redeemed: &Redeemed, used: Used) -> bool {
        match redeemed.limit {
            Limit::Uses(most) => used.uses > most,
            Limit::Balance(minor) => used.minor > minor,
            Limit::Lines(lines) => used.lines.0.iter().zip(lines.0).any(|(a, b)| *a > b),
        }
    }
}
