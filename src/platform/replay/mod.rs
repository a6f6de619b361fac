//! The policy simulator: a journal once more, decided under another policy.
//!
//! Pure: entries, policy, time zones and the model of loss are arguments. Nothing here is verified that would need a
//! key: whoever brings a journal wants to know what a policy does, not whether the journal is genuine.
//!
//! Findings that depend on the policy are looked for again in what an entry says of its moment: the mode, the limits,
//! the age of the list, how fast it went, hours, caps, presence and approval. All others are kept as the terminal
//! found them. Where the entry does not say enough, the answer is "unknown", never a guess. What earlier entries
//! contribute (queue, pace, caps) counts as far as they would have been accepted under the policy, those whose answer
//! is unknown or hangs on an approval among them; only a terminal's own journal counts, as it does at the counter.
//!
//! Of a refusal an entry says little: neither kind nor worth nor whose the voucher was. It is taken for one use, and for
//! unknown wherever the policy would ask for more. Vouchers of one bill are judged one by one, since a cashier takes
//! the one that is in the way off the bill.

mod findings;
mod journal;
mod judge;
mod loss;
mod past;
mod report;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

pub use self::{
    journal::{JournalError, JournalLine, LINE_BYTES_MAX, read_bytes, read_line, unverified},
    loss::LossModel,
    report::{Group, LossLine, Report, Worth},
};
use self::{
    judge::{Answer, Fate, judge},
    past::Past,
};
use crate::domain::{
    id::{BranchId, CampaignId, Epoch, Seq, TerminalId},
    journal::{Body, Entry, Redeemed, Refused},
    money::Currency,
    redeem::{Finding, Policy},
    voucher::Used,
};

/// What to decide a journal by.
#[derive(Clone, Debug)]
pub struct Scenario<'a> {
    /// The policy to try.
    pub policy: &'a Policy,
    /// The chance of a duplicate.
    pub loss: LossModel,
    /// The campaign to look at; all where none is named.
    pub campaign: Option<CampaignId>,
    /// The time zones of branches.
    pub zones: &'a BTreeMap<BranchId, TimeZone>,
    /// The time zone of all other branches; hours and days are unknown there where none is named.
    pub zone: Option<&'a TimeZone>,
}

impl Scenario<'_> {
    fn zone_of(&self, branch: BranchId) -> Option<&TimeZone> {
        self.zones.get(&branch).or(self.zone)
    }

    fn looks_at(&self, campaign: CampaignId) -> bool {
        self.campaign.is_none_or(|wanted| wanted == campaign)
    }
}

/// Where an entry stands among all journals.
type Place = (TerminalId, Epoch, Seq);

/// Decides journals under another policy; lines that repeat an entry count once.
pub fn replay(lines: Vec<JournalLine>, scenario: &Scenario<'_>) -> Report {
    let mut lines: BTreeMap<Place, JournalLine> =
        lines.into_iter().map(|line| (place_of(&line.entry), line)).collect();
    let mut report = Report::new(scenario);
    report.look_at(lines.values());
    let taken_back = taken_back(lines.values().map(|line| &line.entry));
    let mut pasts = BTreeMap::<TerminalId, Past>::new();
    while let Some((place, line)) = lines.pop_first() {
        let past = pasts.entry(place.0).or_default();
        let back = taken_back.get(&place).copied().unwrap_or_default();
        step(&line.entry, scenario, (past, &mut report), back);
    }
    report
}

fn place_of(entry: &Entry) -> Place {
    (entry.terminal, entry.epoch, entry.seq)
}

/// What was given back of each redemption in the end.
fn taken_back<'a>(entries: impl Iterator<Item = &'a Entry>) -> BTreeMap<Place, Used> {
    let mut all = BTreeMap::<Place, Used>::new();
    for entry in entries {
        if let Body::RolledBack(back) = &entry.body {
            let sum = all.entry((entry.terminal, back.of_epoch, back.of)).or_default();
            *sum = sum.plus(back.used);
        }
    }
    all
}

fn step(
    entry: &Entry,
    scenario: &Scenario<'_>,
    (past, report): (&mut Past, &mut Report),
    back: Used,
) {
    past.enter(entry.epoch);
    let zone = scenario.zone_of(entry.branch);
    match &entry.body {
        Body::Redeemed(redeemed) => {
            let fate = if scenario.looks_at(redeemed.voucher.id.campaign) {
                let case = Redemption { entry, redeemed, left: redeemed.used.minus(back) };
                again(case, scenario, (past, report))
            } else {
                Fate::Accepted { offline: !redeemed.online }
            };
            past.add(entry, redeemed, (fate.counts(), zone));
        }
        Body::Refused(refused) => refused_again(entry, refused, scenario, (past, report)),
        Body::RolledBack(rolled_back) => past.take_back(entry, rolled_back, zone),
        Body::Opened(_)
        | Body::BundleTaken { .. }
        | Body::LeaseEnded { .. }
        | Body::Recovered(_) => {}
    }
}

/// An accepted entry with what was not given back of it.
#[derive(Clone, Copy)]
struct Redemption<'a> {
    entry: &'a Entry,
    redeemed: &'a Redeemed,
    left: Used,
}

impl Redemption<'_> {
    fn worth(&self) -> (Currency, i64) {
        (self.redeemed.currency, self.left.minor)
    }

    /// Millionths of a minor unit that are expected to be lost where it was accepted without the platform.
    fn expected_loss(&self, model: &LossModel) -> i128 {
        let age = self.redeemed.list_as_of.map(|as_of| self.entry.time_floor.since(as_of));
        let chance = model.chance_ppm(self.redeemed.presence, age);
        i128::from(self.left.minor).saturating_mul(i128::from(chance))
    }
}

fn again(
    case: Redemption<'_>,
    scenario: &Scenario<'_>,
    (past, report): (&Past, &mut Report),
) -> Fate {
    let Redemption { entry, redeemed, .. } = case;
    let known = findings::of_redeemed((entry, redeemed), past, scenario);
    let silent = redeemed.findings.has(Finding::PlatformSilent);
    let answer = match (redeemed.online, silent) {
        (true, _) => Answer::Agreed,
        (false, true) => Answer::Silent,
        (false, false) => Answer::NotAsked,
    };
    let fate = judge(known, scenario.policy, answer, redeemed.approved_by.is_some());
    let loss = case.expected_loss(&scenario.loss);
    report.redeemed(case.worth(), (fate, !redeemed.online), loss);
    fate
}

fn refused_again(
    entry: &Entry,
    refused: &Refused,
    scenario: &Scenario<'_>,
    (past, report): (&Past, &mut Report),
) {
    let Some(key) = refused.voucher.as_ref().filter(|key| scenario.looks_at(key.id.campaign))
    else {
        return;
    };
    if Finding::from_code(&refused.code).is_none() {
        // Not for a finding, such as one voucher twice on a bill: no policy changes that.
        return report.refused(&refused.code, None);
    }
    let known = findings::of_refused((entry, refused, key), past, scenario);
    let silent = refused.findings.has(Finding::PlatformSilent);
    let answer = match (refused.online, silent) {
        (true, _) => Answer::Agreed,
        (false, true) => Answer::Silent,
        (false, false) => Answer::NotAsked,
    };
    let fate = judge(known, scenario.policy, answer, false);
    report.refused(&refused.code, Some(fate));
}

#[cfg(test)]
mod tests;
