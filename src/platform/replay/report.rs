//! What a replay comes to, for people and for programs.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::{JournalLine, LossModel, Scenario, judge::Fate};
use crate::{
    domain::{
        id::{Epoch, TerminalId},
        journal::Head,
        money::{Currency, Money},
        time::Timestamp,
        voucher::Tier,
    },
    platform::policy_file::units::{print_percent, print_span},
};

/// What a policy would have made of a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Entries that were read, each once.
    pub entries: u64,
    /// Journals among them: lives of terminals.
    pub journals: u64,
    /// Entries that do not follow the one before: something is missing there, or does not belong there.
    pub breaks: u64,
    /// The first entry's time, RFC 3339.
    pub from: Option<String>,
    /// The last entry's time, RFC 3339.
    pub until: Option<String>,
    /// Redemptions that were accepted.
    pub accepted_then: Group,
    /// Those of them that were accepted without the platform.
    pub accepted_then_offline: Group,
    /// Redemptions that would be accepted of them.
    pub accepted_now: Group,
    /// Those of them that would be accepted without the platform.
    pub accepted_now_offline: Group,
    /// Redemptions that would be refused, by reason.
    pub refused_now: BTreeMap<String, Group>,
    /// Redemptions that a supervisor would have to approve.
    pub approval_now: Group,
    /// Redemptions of which the journal does not tell, by what it does not tell.
    pub unknown_now: BTreeMap<String, Group>,
    /// Refusals of vouchers, by reason.
    pub refused_then: BTreeMap<String, u64>,
    /// Those that would be refused again, by the reason then given.
    pub refused_again: BTreeMap<String, u64>,
    /// Those that would be accepted.
    pub accepted_after_all: u64,
    /// Those that a supervisor would have to approve.
    pub approval_after_all: u64,
    /// Those of which the journal does not tell, by what it does not tell.
    pub unknown_after_all: BTreeMap<String, u64>,
    /// What is expected to be lost by duplicates, in each currency.
    pub loss: Vec<LossLine>,
    /// The chances that the loss is reckoned with.
    pub model: Vec<String>,
    #[serde(skip)]
    sums: BTreeMap<Currency, [i128; 2]>,
}

/// Redemptions with their worth, less what was rolled back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// How many.
    pub redemptions: u64,
    /// Their worth in each currency.
    pub worth: Vec<Worth>,
}

/// A sum in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Worth {
    /// ISO 4217 letters.
    pub currency: &'static str,
    /// Minor units.
    pub minor: i64,
    /// In decimals.
    pub amount: String,
    #[serde(skip)]
    of: Currency,
}

impl Worth {
    fn new(of: Currency, minor: i64) -> Self {
        let amount = Money::new(minor, of).number();
        Self { currency: of.code(), minor, amount, of }
    }
}

/// What is expected to be lost in one currency: worth accepted without the platform times the chance of a duplicate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LossLine {
    /// As it was accepted.
    pub then: Worth,
    /// Under the policy.
    pub now: Worth,
}

impl Group {
    fn add(&mut self, (currency, minor): (Currency, i64)) {
        self.redemptions = self.redemptions.saturating_add(1);
        match self.worth.iter_mut().find(|worth| worth.of == currency) {
            Some(worth) => *worth = Worth::new(currency, worth.minor.saturating_add(minor)),
            None => self.worth.push(Worth::new(currency, minor)),
        }
    }
}

fn count<T: Ord>(groups: &mut BTreeMap<T, u64>, key: T) {
    let number = groups.entry(key).or_default();
    *number = number.saturating_add(1);
}

impl Report {
    pub(super) fn new(scenario: &Scenario<'_>) -> Self {
        Self { model: words(&scenario.loss), ..Self::default() }
    }

    pub(super) fn look_at<'a>(&mut self, lines: impl Iterator<Item = &'a JournalLine>) {
        let (mut heads, mut span) = (BTreeMap::<(TerminalId, Epoch), Head>::new(), None);
        for JournalLine { entry, hash } in lines {
            let head = Head { epoch: entry.epoch, seq: entry.seq, hash: *hash };
            let before = heads.insert((entry.terminal, entry.epoch), head);
            let follows = before
                .is_none_or(|before| before.seq.next() == entry.seq && before.hash == entry.prev);
            self.entries = self.entries.saturating_add(1);
            self.breaks = self.breaks.saturating_add(u64::from(!follows));
            let (from, until): (Timestamp, Timestamp) = span.unwrap_or((entry.at, entry.at));
            span = Some((from.min(entry.at), until.max(entry.at)));
        }
        self.journals = heads.len() as u64;
        self.from = span.map(|(from, _)| from.to_string());
        self.until = span.map(|(_, until)| until.to_string());
    }

    /// Books a redemption with its fate, whether it was accepted without the platform, and the millionths of a minor unit
    /// that are expected to be lost where it is.
    pub(super) fn redeemed(
        &mut self,
        worth: (Currency, i64),
        (fate, offline_then): (Fate, bool),
        loss: i128,
    ) {
        self.accepted_then.add(worth);
        if offline_then {
            self.accepted_then_offline.add(worth);
        }
        match fate {
            Fate::Accepted { offline } => {
                self.accepted_now.add(worth);
                if offline {
                    self.accepted_now_offline.add(worth);
                }
            }
            Fate::Refused(finding) => {
                self.refused_now.entry(finding.to_string()).or_default().add(worth);
            }
            Fate::Approval => self.approval_now.add(worth),
            Fate::Unknown(finding) => {
                self.unknown_now.entry(finding.to_string()).or_default().add(worth);
            }
        }
        let offline_now = fate == Fate::Accepted { offline: true };
        self.book_loss(worth.0, [(offline_then, loss), (offline_now, loss)]);
    }

    fn book_loss(&mut self, currency: Currency, parts: [(bool, i128); 2]) {
        let sums = self.sums.entry(currency).or_default();
        for (sum, (offline, loss)) in sums.iter_mut().zip(parts) {
            *sum = sum.saturating_add(if offline { loss } else { 0 });
        }
        let lines = self.sums.iter().map(|(currency, [then, now])| LossLine {
            then: Worth::new(*currency, whole(*then)),
            now: Worth::new(*currency, whole(*now)),
        });
        self.loss = lines.collect();
    }

    /// Books a refusal by its code; without a fate it is one that no policy changes.
    pub(super) fn refused(&mut self, code: &str, fate: Option<Fate>) {
        count(&mut self.refused_then, code.to_owned());
        match fate {
            None | Some(Fate::Refused(_)) => count(&mut self.refused_again, code.to_owned()),
            Some(Fate::Accepted { .. }) => {
                self.accepted_after_all = self.accepted_after_all.saturating_add(1);
            }
            Some(Fate::Approval) => {
                self.approval_after_all = self.approval_after_all.saturating_add(1);
            }
            Some(Fate::Unknown(finding)) => {
                count(&mut self.unknown_after_all, finding.to_string());
            }
        }
    }
}

/// Millionths as a whole number, rounded half up.
fn whole(millionths: i128) -> i64 {
    let certain = i128::from(LossModel::CERTAIN);
    let rounded = millionths.saturating_add(certain / 2).div_euclid(certain);
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

/// The model in words, one assumption a line.
fn words(model: &LossModel) -> Vec<String> {
    let tiers = Tier::ALL.map(|tier| {
        let chance = print_percent(model.of(tier), LossModel::DECIMALS);
        format!("{}: {chance} of those accepted without the platform are duplicates", tier.code())
    });
    let grows = match model.doubling_s {
        0 => "the age of the list does not matter".to_owned(),
        span => {
            format!("the chance counts once more for every {} of the list's age", print_span(span))
        }
    };
    let no_list = format!("no list counts as one of {}", print_span(model.no_list_s));
    tiers.into_iter().chain([grows, no_list]).collect()
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>7}", self.redemptions)?;
        self.worth.iter().try_for_each(|worth| write!(f, "  {} {}", worth.amount, worth.currency))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read(f)?;
        row(f, 0, "Accepted then", &self.accepted_then)?;
        row(f, 1, "without the platform", &self.accepted_then_offline)?;
        writeln!(f, "Under this policy")?;
        row(f, 1, "accepted", &self.accepted_now)?;
        row(f, 2, "without the platform", &self.accepted_now_offline)?;
        rows(f, "refused", &self.refused_now)?;
        if self.approval_now.redemptions > 0 {
            row(f, 1, "a supervisor must approve", &self.approval_now)?;
        }
        rows(f, "unknown, the journal does not tell of", &self.unknown_now)?;
        self.refusals(f)?;
        self.losses(f)
    }
}

impl Report {
    fn read(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from.as_deref(), self.until.as_deref());
        let span = from.zip(until).map(|(from, until)| format!(", {from} to {until}"));
        let span = span.unwrap_or_default();
        writeln!(f, "{} entries of {} journals{span}", self.entries, self.journals)?;
        match self.breaks {
            0 => Ok(()),
            breaks => {
                writeln!(f, "{breaks} entries do not follow the one before: some are missing")
            }
        }
    }

    fn refusals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: u64 = self.refused_then.values().fold(0, |sum, more| sum.saturating_add(*more));
        number(f, 0, "Refused then", total)?;
        if total == 0 {
            return Ok(());
        }
        writeln!(f, "Under this policy")?;
        number(f, 1, "accepted", self.accepted_after_all)?;
        number(f, 1, "a supervisor must approve", self.approval_after_all)?;
        let parts = [
            ("refused, as then for", &self.refused_again),
            ("unknown, the journal does not tell of", &self.unknown_after_all),
        ];
        for (title, groups) in parts.into_iter().filter(|(_, groups)| !groups.is_empty()) {
            writeln!(f, "  {title}")?;
            groups.iter().try_for_each(|(code, count)| number(f, 2, code, *count))?;
        }
        Ok(())
    }

    fn losses(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Expected loss by duplicates")?;
        for LossLine { then, now } in &self.loss {
            let (label, unit) = ("then, and under this policy", now.currency);
            writeln!(f, "  {label:<38}{} and {} {unit}", then.amount, now.amount)?;
        }
        writeln!(f, "Assumed, to be replaced by your own figures in [loss] of the policy file")?;
        self.model.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

const LABEL: usize = 40;

fn row(f: &mut fmt::Formatter<'_>, depth: usize, label: &str, group: &Group) -> fmt::Result {
    let indent = depth.saturating_mul(2);
    writeln!(f, "{:indent$}{label:<width$}{group}", "", width = LABEL.saturating_sub(indent))
}

fn number(f: &mut fmt::Formatter<'_>, depth: usize, label: &str, number: u64) -> fmt::Result {
    let indent = depth.saturating_mul(2);
    writeln!(f, "{:indent$}{label:<width$}{number:>7}", "", width = LABEL.saturating_sub(indent))
}

fn rows(f: &mut fmt::Formatter<'_>, title: &str, groups: &BTreeMap<String, Group>) -> fmt::Result {
    if !groups.is_empty() {
        writeln!(f, "  {title}")?;
    }
    groups.iter().try_for_each(|(code, group)| row(f, 2, code, group))
}
