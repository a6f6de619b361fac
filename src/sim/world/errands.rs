//! What administrators do: revoke, suspend, resume, load, lend, want back, change keys.

use super::{dice::Dice, office::issuer, plan::Errand, running::World};
use crate::{
    domain::{
        id::VoucherKey,
        money::{Currency, Money},
        trust::CampaignState,
        voucher::Terms,
    },
    platform::{
        service::{LeaseOrder, VoucherName},
        store::LeaseState,
    },
    sim::model::{Kept, Lent, Since},
};

impl World {
    /// The administrator does something, or tries to.
    pub fn errand(&mut self, errand: Errand, dice: &mut Dice) -> Kept {
        if !self.platform_up {
            return Ok(());
        }
        match errand {
            Errand::Revoke(pocket) => self.revoke(pocket),
            Errand::Suspend(pocket) => self.suspend(pocket),
            Errand::Resume(pocket) => self.resume(pocket),
            Errand::TopUp(pocket) => self.top_up(pocket, dice),
            Errand::SuspendCampaign(campaign) => self.suspend_campaign(campaign),
            Errand::ResumeCampaign(campaign) => self.resume_campaign(campaign),
            Errand::Lend(place) => self.lend(place, None, dice),
            Errand::LendVoucher(place, pocket) => {
                let key = self.model.pockets.get(&pocket).cloned();
                self.lend(place, key, dice);
            }
            Errand::WantBack => self.want_back(dice),
            Errand::RotateKey => drop(self.office.rotate(self.seed)),
            Errand::Publish => self.publish(),
        }
        self.platform_may_have_failed()
    }

    fn voucher_in(&self, pocket: u32) -> Option<(VoucherKey, VoucherName)> {
        let key = self.model.pockets.get(&pocket)?;
        Some((key.clone(), VoucherName::Id(key.id)))
    }

    /// The version of the list of a voucher's campaign, and the platform's time.
    fn since(&self, voucher: &VoucherKey) -> Since {
        let row = self.office.look(|txn| txn.campaign(voucher.id.campaign).ok().flatten());
        let version = row.flatten().map_or(u64::MAX, |row| row.list_version);
        Since { version, time: self.platform_time() }
    }

    fn revoke(&mut self, pocket: u32) {
        let Some((key, name)) = self.voucher_in(pocket) else { return };
        if self.office.platform.revoke_voucher(name).is_ok() {
            let since = self.since(&key);
            if let Some(truth) = self.model.truth(&key) {
                truth.revoked.get_or_insert(since);
            }
        }
    }

    fn suspend(&mut self, pocket: u32) {
        let Some((key, name)) = self.voucher_in(pocket) else { return };
        if self.office.platform.suspend_voucher(name).is_ok() {
            let since = self.since(&key);
            if let Some(truth) = self.model.truth(&key) {
                let open = truth.suspended.last().is_some_and(|(_, until)| until.is_none());
                if !open {
                    truth.suspended.push((since, None));
                }
            }
        }
    }

    fn resume(&mut self, pocket: u32) {
        let Some((key, name)) = self.voucher_in(pocket) else { return };
        if self.office.platform.resume_voucher(name).is_ok() {
            let since = self.since(&key);
            if let Some((_, until)) =
                self.model.truth(&key).and_then(|truth| truth.suspended.last_mut())
            {
                until.get_or_insert(since);
            }
        }
    }

    fn top_up(&mut self, pocket: u32, dice: &mut Dice) {
        let Some((key, name)) = self.voucher_in(pocket) else { return };
        let minor = dice.between(1, 50) * 100;
        if self.office.platform.top_up(name, Money::new(minor, Currency::EUR)).is_ok()
            && let Some(truth) = self.model.truth(&key)
        {
            truth.loaded += minor;
        }
    }

    /// The versions of all merchants' bundles.
    pub fn bundles(&self) -> Vec<u64> {
        let version = |merchant| {
            let row = self.office.look(|txn| txn.bundle(merchant).ok().flatten());
            row.flatten().map_or(0, |row| row.version)
        };
        self.office.merchants.iter().map(|merchant| version(*merchant)).collect()
    }

    fn suspend_campaign(&mut self, campaign: usize) {
        let id = self.office.campaigns[campaign];
        if self.office.platform.set_campaign_state(id, CampaignState::Suspended).is_ok() {
            let since = self.bundles();
            let spans = self.model.suspended.entry(campaign).or_default();
            if spans.last().is_none_or(|(_, until)| until.is_some()) {
                spans.push((since, None));
            }
        }
    }

    fn resume_campaign(&mut self, campaign: usize) {
        let id = self.office.campaigns[campaign];
        if self.office.platform.set_campaign_state(id, CampaignState::Active).is_ok() {
            let since = self.bundles();
            if let Some((_, until)) = self.model.suspended.entry(campaign).or_default().last_mut() {
                until.get_or_insert(since);
            }
        }
    }

    fn lend(&mut self, place: usize, voucher: Option<VoucherKey>, dice: &mut Dice) {
        let Some(at) = self.places[place].first().copied() else { return };
        let (terminal, epoch) = self.tills[at].name;
        let campaign = match &voucher {
            Some(key) => self.model.vouchers.get(key).map_or(0, |truth| truth.campaign),
            None => 3,
        };
        let until = self.platform_time().plus(dice.between(3_600, 8 * 86_400));
        let (uses, minor) = (dice.between(1, 12) as u32, dice.between(1, 40) * 100);
        let balance = voucher.as_ref().and_then(|key| self.model.vouchers.get(key));
        let balance =
            balance.is_some_and(|truth| matches!(truth.claims.terms, Terms::StoredValue { .. }));
        let order = LeaseOrder {
            terminal,
            campaign: self.office.campaigns[campaign],
            voucher: voucher.as_ref().map(|key| VoucherName::Id(key.id)),
            uses: if balance {
                None
            } else {
                Some(uses.min(if voucher.is_some() { 1 } else { uses }))
            },
            minor: balance.then_some(minor),
            until,
        };
        let Ok(id) = self.office.platform.lend(&order) else { return };
        let row = self.office.look(|txn| txn.lease(id).ok().flatten()).flatten();
        let Some(row) = row else { return };
        let lent = Lent {
            terminal,
            epoch,
            campaign,
            voucher,
            uses: row.uses,
            minor: row.minor,
            until: row.until,
            ended: false,
        };
        self.model.leases.insert(id, lent);
    }

    fn want_back(&mut self, dice: &mut Dice) {
        let Ok(lines) = self.office.platform.leases() else { return };
        let open: Vec<_> = lines.iter().filter(|line| line.row.state == LeaseState::Open).collect();
        if !open.is_empty() {
            self.office.platform.end_lease(dice.pick(&open).row.id).ok();
        }
    }

    fn publish(&mut self) {
        let chief = self.office.platform.operators().ok().and_then(|rows| rows.first().cloned());
        if let Some(chief) = chief {
            let role = crate::domain::trust::Role::Supervisor;
            self.office.platform.set_operator_role(chief.operator.id, role).ok();
        }
    }

    /// Withdraws the key that vouchers are signed with, and signs with another from then on.
    pub fn withdraw(&mut self) {
        let old = self.office.keys.len() - 1;
        let kid = self.office.keys[old].public().id();
        if self.office.rotate(self.seed).is_ok()
            && self.office.platform.withdraw_key(&issuer(), kid).is_ok()
        {
            let bundles = self.bundles();
            self.model.withdrawn.insert(old, bundles);
        }
    }
}
