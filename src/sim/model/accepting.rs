//! Whether an acceptance was allowed, by what was promised and what was true at the time.

use super::{
    Model,
    broken::{Kept, Promise, must},
    diary::Diary,
    truth::{Truth, exceeds, plus},
};
use crate::domain::{
    id::{BranchId, CampaignId, GroupId, MerchantId, Seq, VoucherKey},
    journal::Redeemed,
    redeem::{OfflineMode, Policy},
    time::Timestamp,
    trust::CHUNK_VOUCHERS,
    voucher::{Scope, Tier},
};
use std::collections::{BTreeMap, BTreeSet};

/// Seconds that half the way of an answer takes at the most that tells a terminal the time.
const ON_ITS_WAY_S: i64 = 31;

/// Where and when a terminal accepts.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Whose terminal it is.
    pub merchant: (usize, MerchantId),
    /// Where it stands.
    pub branch: BranchId,
    /// The group of all branches.
    pub group: GroupId,
    /// Its clock.
    pub wall: Timestamp,
    /// The latest time that the entry says is known to have passed.
    pub floor: Timestamp,
    /// The platform's clock, which counts where the platform has just agreed.
    pub platform: Timestamp,
    /// As of when the lists are that it holds.
    pub fresh: &'a BTreeMap<CampaignId, Timestamp>,
    /// The vouchers that the platform's answer, which was just delivered, set aside for it.
    pub granted: &'a BTreeSet<VoucherKey>,
    /// The position of the entry.
    pub seq: Seq,
    /// Whether the device is what it was when it was enrolled.
    pub honest: bool,
}

/// An acceptance with all it is measured by.
struct Case<'a> {
    model: &'a Model,
    truth: &'a Truth,
    diary: &'a Diary,
    scene: Scene<'a>,
    policy: &'a Policy,
    redeemed: &'a Redeemed,
    time: Timestamp,
}

/// Whether `redeemed` was allowed on top of what the diary holds.
pub fn accepts(
    model: &Model,
    diary: &Diary,
    scene: Scene<'_>,
    policies: &[Policy],
    redeemed: &Redeemed,
) -> Kept {
    let Some(truth) = model.vouchers.get(&redeemed.voucher) else {
        return super::broken(Promise::Genuine, format!("{:?} was never minted", redeemed.voucher));
    };
    let time = scene.wall.max(diary.floor);
    let policy = &policies[truth.campaign];
    let case = Case { model, truth, diary, scene, policy, redeemed, time };
    case.limit()?;
    case.place()?;
    case.validity()?;
    // A platform that forgot says other things under the same numbers.
    if !model.platform_forgot {
        case.trust()?;
        case.standing()?;
        case.lease()?;
    }
    case.presence()?;
    if redeemed.online { case.word() } else { case.alone() }
}

impl Case<'_> {
    fn say(&self, what: &str) -> String {
        let Redeemed { voucher, used, online, lease, .. } = self.redeemed;
        format!(
            "{what}: {voucher:?} used {used:?} online {online} lease {lease:?} at {} by {:?} (here {:?})",
            self.time,
            self.scene.branch,
            self.diary.used(voucher)
        )
    }

    fn must(&self, holds: bool, promise: Promise, what: &str) -> Kept {
        must(holds, promise, || self.say(what))
    }

    fn limit(&self) -> Kept {
        let terms = &self.truth.claims.terms;
        let something = self.redeemed.used.uses > 0 && self.redeemed.used.minor >= 0;
        self.must(something, Promise::OneTerminal, "nothing was consumed")?;
        let sum = plus(self.diary.used(&self.redeemed.voucher), self.redeemed.used);
        let over = exceeds(terms, self.truth.loaded, sum);
        self.must(!over, Promise::OneTerminal, "beyond its limit on one terminal")?;
        let same = self.redeemed.kind == terms.kind() && self.redeemed.currency == terms.currency();
        self.must(same, Promise::Genuine, "other terms than were signed")
    }

    fn place(&self) -> Kept {
        let own = match &self.truth.claims.scope {
            Scope::Merchant { merchant, branches } => {
                let branch = branches.is_empty() || branches.contains(&self.scene.branch);
                *merchant == self.scene.merchant.1 && branch
            }
            Scope::Group(group) => *group == self.scene.group,
        };
        self.must(own, Promise::Scope, "not valid here")
    }

    fn validity(&self) -> Kept {
        let claims = &self.truth.claims;
        // A voucher that was signed anew may be a minute ahead of this clock.
        let begun = claims.from <= self.scene.floor.plus(60);
        self.must(begun, Promise::Time, "not valid yet")?;
        let valid = |time: Timestamp| time < claims.until;
        let valid = valid(self.time) || self.agreed(valid) || self.misled(valid);
        self.must(valid, Promise::Time, "no longer valid")
    }

    /// Whether something holds at the platform's time, or did while its answer was on its way; never without its word.
    fn agreed(&self, holds: impl Fn(Timestamp) -> bool) -> bool {
        let now = self.scene.platform;
        self.redeemed.online && (holds(now) || holds(now.plus(-ON_ITS_WAY_S)))
    }

    /// Whether something holds at the terminal's own clock, where a platform whose clock went back made it give up what it
    /// knew better; never at a time before one that the platform signed and the terminal holds.
    fn misled(&self, holds: impl Fn(Timestamp) -> bool) -> bool {
        let signed = self.scene.fresh.values().copied().max();
        let time = signed.map_or(self.scene.wall, |signed| signed.max(self.scene.wall));
        !self.model.platform_clock_sane && holds(time)
    }

    /// The key and the campaign, as far as the bundle in force says.
    fn trust(&self) -> Kept {
        let merchant = self.scene.merchant.0;
        let withdrawn = self.model.withdrawn.get(&self.truth.key);
        let known = withdrawn.is_some_and(|versions| self.diary.bundle >= versions[merchant]);
        self.must(!known, Promise::Revoked, "signed with a key that was withdrawn")?;
        let spans = self.model.suspended.get(&self.truth.campaign).into_iter().flatten();
        let held = self.diary.bundle;
        for (from, until) in spans {
            let over = until.as_ref().is_some_and(|until| held >= until[merchant]);
            let within = held >= from[merchant] && !over;
            self.must(!within, Promise::Revoked, "of a suspended campaign")?;
        }
        Ok(())
    }

    fn listed(&self) -> Option<(u64, Timestamp)> {
        self.diary.lists.get(&CampaignId(self.redeemed.voucher.id.campaign.0)).copied()
    }

    fn standing(&self) -> Kept {
        let Some((version, as_of)) = self.listed() else { return Ok(()) };
        let sane = self.model.platform_clock_sane;
        if let Some(since) = self.truth.revoked {
            let known = version >= since.version || (sane && as_of > since.time);
            self.must(!known, Promise::Revoked, "revoked, and the list says so")?;
        }
        for (from, until) in &self.truth.suspended {
            let over = until.is_some_and(|until| version >= until.version || as_of >= until.time);
            let known = version >= from.version && !over;
            let granted = self.redeemed.online;
            self.must(!known || granted, Promise::Revoked, "suspended, and the list says so")?;
        }
        Ok(())
    }

    fn lease(&self) -> Kept {
        let Some(id) = self.redeemed.lease else { return Ok(()) };
        let lent = self.model.leases.get(&id);
        self.must(lent.is_some(), Promise::Leases, "under a lease that was never lent")?;
        self.must(!self.diary.ended.contains(&id), Promise::Leases, "under a lease given back")?;
        let Some(lent) = lent else { return Ok(()) };
        let before = self.diary.leased.get(&id).copied().unwrap_or_default();
        let sum = plus(before, self.redeemed.used);
        let within = sum.uses <= lent.uses && sum.minor <= lent.minor;
        self.must(within, Promise::Leases, "more than was lent")?;
        let lasts = |time: Timestamp| time < lent.until;
        let lasts = lasts(self.time) || self.agreed(lasts) || self.misled(lasts);
        self.must(lasts, Promise::Leases, "under a lease that is over")?;
        let fits = lent.campaign == self.truth.campaign
            && lent.voucher.as_ref().is_none_or(|key| *key == self.redeemed.voucher);
        self.must(fits, Promise::Leases, "under a lease of something else")
    }

    fn presence(&self) -> Kept {
        let Some(at) = self.redeemed.shown_at else { return Ok(()) };
        let fresh = |time: Timestamp| time.since(at).abs() <= 60;
        // Until its clock was set back the platform signed later times, which no terminal forgets.
        let unsure = self.redeemed.online && !self.model.platform_clock_sane;
        // The floor of a journal stays ahead by what a clock was, until two minutes: its terminal knows better by then.
        let own = self.scene.wall.max(self.diary.marked).max(self.diary.synced.unwrap_or_default());
        let fresh = fresh(self.scene.floor) || fresh(own) || self.agreed(fresh) || unsure;
        self.must(fresh, Promise::Time, "with a phone's signature that is stale")?;
        let last = self.diary.signed_at.get(&self.redeemed.voucher);
        self.must(last.is_none_or(|last| *last < at), Promise::Time, "with a signature twice")
    }

    /// By how many seconds the terminal's clock is behind the latest time that it may believe.
    fn behind_s(&self) -> i64 {
        let own = self.diary.floor;
        let known = if own > self.diary.disowned { Some(own) } else { self.diary.synced };
        known.map_or(0, |known| known.since(self.scene.wall))
    }

    /// With the platform's word.
    fn word(&self) -> Kept {
        let heard = self.scene.granted.contains(&self.redeemed.voucher);
        self.must(heard, Promise::PlatformsWord, "said to be granted, and was not")?;
        let sum = plus(self.truth.granted, self.redeemed.used);
        let over = exceeds(&self.truth.claims.terms, self.truth.loaded, sum);
        let excused = self.truth.tainted || self.model.platform_forgot || !self.scene.honest;
        self.must(!over || excused, Promise::PlatformsWord, "granted twice")
    }

    /// Without the platform.
    fn alone(&self) -> Kept {
        let limits = &self.policy.limits;
        let approved = self.redeemed.approved_by.is_some();
        match self.policy.mode {
            OfflineMode::Never => self.must(false, Promise::OfflineBounds, "never offline")?,
            OfflineMode::BranchBound => {
                let one = matches!(&self.truth.claims.scope, Scope::Merchant { branches, .. } if branches.len() == 1);
                self.must(one, Promise::OfflineBounds, "not bound to one branch")?;
            }
            OfflineMode::Leased => {
                let leased = self.redeemed.lease.is_some();
                self.must(leased, Promise::OfflineBounds, "without a lease")?;
            }
            OfflineMode::Limited => {
                let currency = self.redeemed.currency.number();
                let (count, minor) = self.diary.waiting(currency, self.scene.seq);
                let worth = self.redeemed.used.minor;
                let amount = worth <= limits.amount_minor;
                let count = count < limits.unsynced_count;
                let sum = minor + worth <= limits.unsynced_minor;
                self.must(amount || approved, Promise::OfflineBounds, "over the floor limit")?;
                self.must(count || approved, Promise::OfflineBounds, "too many wait")?;
                self.must(sum, Promise::OfflineBounds, "too much waits")?;
            }
            OfflineMode::Always => {}
        }
        let covered = self.redeemed.voucher.id.index / CHUNK_VOUCHERS == 0;
        let as_of = self.scene.fresh.get(&self.redeemed.voucher.id.campaign);
        if let Some(as_of) = as_of.filter(|_| covered && limits.list_max_s > 0) {
            let fresh = self.time.since(*as_of) <= i64::from(limits.list_max_s);
            self.must(fresh, Promise::OfflineBounds, "by a list that is too old")?;
        }
        let back = self.behind_s() <= 300 || self.misled(|time| time.since(self.scene.wall) <= 300);
        self.must(back, Promise::Time, "with a clock that was set back")?;
        let phone = self.truth.claims.holder.is_none() || self.redeemed.presence == Tier::Signed;
        self.must(phone, Promise::OfflineBounds, "without the phone's signature")
    }
}
