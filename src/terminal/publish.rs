//! The engine's state as a view: finished texts, nothing to decide.

use std::sync::Arc;

use super::{
    clock::Now,
    counter::{Open, Shown},
    engine::Engine,
    outcome::{Outcome, State},
    view::{
        Link, QuestionView, RecentRow, ScanView, StripView, UndoView, VerdictState, VerdictView,
        View, Wanted,
    },
    wording::{Speaker, code_tail, verdict_state},
};
use crate::{
    domain::{
        id::VoucherKey,
        journal::{self, Body},
        money::Money,
        voucher::{Claims, Terms},
    },
    store::Row,
};

/// Unsent entries that ask for attention.
const UNSENT_WARNING: u64 = 100;

/// Seconds without the platform that ask for attention.
const SILENCE_WARNING_S: i64 = 3600;

impl Engine {
    /// The view of this moment.
    pub fn view(&self, now: Now) -> View {
        View {
            scan: self.scan_view(),
            recent: self.recent.iter().filter_map(|row| self.row(row)).collect(),
            strip: self.strip(now),
            undo: self.undo_view(now),
            notice: self.notice(),
            fault: self.fault.clone(),
        }
    }

    /// The words for this terminal's outcomes.
    pub fn speaker(&self) -> Speaker<'_> {
        let branch =
            self.store().map_or(crate::domain::id::BranchId(0), |store| store.identity().branch);
        Speaker { texts: &self.texts, trust: &self.trust, branch }
    }

    fn scan_view(&self) -> ScanView {
        if let Some(open) = self.counter.open_question() {
            return ScanView::Question(self.question_view(open));
        }
        if self.counter.is_asking() {
            return ScanView::Asking;
        }
        match self.shown() {
            Some(shown) if !matches!(shown.outcome.state, State::RolledBack(_)) => {
                ScanView::Verdict(Arc::new(self.verdict_view(shown)))
            }
            Some(_) | None => ScanView::Ready,
        }
    }

    fn verdict_view(&self, shown: &Shown) -> VerdictView {
        let (speaker, outcome) = (self.speaker(), &*shown.outcome);
        let accepted = match (&outcome.state, &outcome.voucher) {
            (State::Accepted(redemption), Some(claims)) => Some((claims, redemption)),
            _other => None,
        };
        VerdictView {
            serial: shown.serial,
            state: verdict_state(outcome),
            headline: speaker.headline(outcome),
            amount: accepted.map(|(claims, redemption)| speaker.amount(claims, redemption)),
            due: accepted.and_then(|(_, redemption)| speaker.due(redemption)),
            reason: speaker.reason(outcome),
            advice: speaker.advice(outcome),
            details: details(speaker, outcome),
            support: support(outcome),
            clears_after_ms: shown.clears_after_ms,
            held: self.counter.holds(),
        }
    }

    fn question_view(&self, open: &Open) -> QuestionView {
        let speaker = self.speaker();
        let claims = open.question.voucher.claims();
        let headline = match open.wanted {
            Wanted::Bill => "headline.bill",
            Wanted::Amount | Wanted::Uses => "headline.amount",
        };
        let mut details: Vec<_> = open.outcome.title.clone().into_iter().collect();
        details.push(speaker.kind(&claims.terms));
        let left = claims.terms.limit().left_after(open.outcome.used);
        details.extend(speaker.left(claims, left));
        QuestionView {
            serial: open.serial,
            headline: self.texts.get(headline).to_owned(),
            details,
            wants: open.wanted,
            unit: claims.terms.currency().code().to_owned(),
            offered: offered(claims, left),
            problem: open.problem.clone(),
            held: self.counter.holds(),
        }
    }

    fn row(&self, row: &Row) -> Option<RecentRow> {
        let (state, title, amount, code) = match &row.entry.body {
            Body::Redeemed(redeemed) => {
                let amount = Money::new(redeemed.used.minor, redeemed.currency).to_string();
                (
                    VerdictState::Accepted,
                    self.title(&redeemed.voucher),
                    amount,
                    short(&redeemed.voucher),
                )
            }
            Body::Refused(refused) => {
                let code = refused.voucher.as_ref().map(short).unwrap_or_default();
                (refused_state(refused), self.short_reason(&refused.code), String::new(), code)
            }
            Body::Opened(_) | Body::RolledBack(_) | Body::BundleTaken { .. } => return None,
        };
        let time = self.speaker().clock_time(row.entry.at);
        let (synced, rolled_back) = (row.synced, row.rolled_back);
        Some(RecentRow { time, state, title, amount, code, synced, rolled_back })
    }

    fn title(&self, voucher: &VoucherKey) -> String {
        let campaign = self.trust.bundle.campaign(&voucher.issuer, voucher.id.campaign);
        campaign
            .map_or_else(|| format!("#{}", voucher.id.campaign), |campaign| campaign.title.clone())
    }

    /// The reason without the parts that only the moment of the refusal knew.
    fn short_reason(&self, code: &str) -> String {
        let key = format!("list.{code}");
        let text = self.texts.get(&key);
        if text == key {
            self.texts.get(&format!("reason.{code}")).to_owned()
        } else {
            text.to_owned()
        }
    }

    fn strip(&self, now: Now) -> StripView {
        let Some(store) = self.store() else {
            return StripView::default();
        };
        let identity = store.identity();
        let branch = self.trust.branch(identity.branch).map_or("", |branch| branch.name.as_str());
        let operator = self.operator.and_then(|id| self.trust.bundle.operator(id, identity.branch));
        let age = identity.synced_at.map(|at| now.time.since(at).max(0));
        let to_send = store.unsent_entries();
        StripView {
            shop: format!("{} · {branch}", self.trust.bundle.merchant.name),
            terminal: identity.name.clone(),
            operator: operator.map_or_else(String::new, |operator| operator.name.clone()),
            online: self.link(),
            to_send,
            last_sync: self.ago(age),
            conflicts: store.conflict_count().unwrap_or(0),
            warning: to_send > UNSENT_WARNING || age.is_none_or(|age| age > SILENCE_WARNING_S),
        }
    }

    fn link(&self) -> Link {
        match (self.syncer.is_enabled(), self.reached()) {
            (false, _) => Link::SwitchedOff,
            (true, None) => Link::Unknown,
            (true, Some(true)) => Link::Online,
            (true, Some(false)) => Link::Offline,
        }
    }

    fn ago(&self, seconds: Option<i64>) -> String {
        let Some(seconds) = seconds else {
            return self.texts.get("strip.never_synced").to_owned();
        };
        let (key, count) = match seconds {
            ..60 => ("strip.synced_now", 0),
            60..3600 => ("strip.synced_minutes", seconds / 60),
            3600..86_400 => ("strip.synced_hours", seconds / 3600),
            86_400.. => ("strip.synced_days", seconds / 86_400),
        };
        self.texts.fill(key, &[("count", &count.to_string())])
    }

    fn undo_view(&self, now: Now) -> Option<UndoView> {
        let (seq, row) = self.undoable(now).filter(|_| !self.counter.is_busy())?;
        let shown = self.row(row)?;
        let label =
            self.texts.fill("undo.label", &[("amount", &shown.amount), ("title", &shown.title)]);
        let left = super::counter::UNDO_WINDOW_S.saturating_sub(now.time.since(row.entry.at));
        Some(UndoView { entry: seq.0, label, seconds_left: u64::try_from(left).unwrap_or(0) })
    }

    fn notice(&self) -> Option<String> {
        match &self.shown()?.outcome.state {
            State::RolledBack(redemption) => {
                Some(self.texts.fill("undo.done", &[("amount", &redemption.value.to_string())]))
            }
            State::Accepted(_)
            | State::Refused
            | State::CannotCheck
            | State::NeedsInput(_)
            | State::NotAVoucher => None,
        }
    }
}

fn details(speaker: Speaker<'_>, outcome: &Outcome) -> Vec<String> {
    let mut details: Vec<_> = outcome.title.clone().into_iter().collect();
    if let Some(claims) = &outcome.voucher {
        details.push(speaker.kind(&claims.terms));
        if let State::Accepted(redemption) = &outcome.state {
            details.extend(speaker.left(claims, redemption.left));
        }
    }
    details
}

/// What a support person asks for: the code, the voucher's last characters, the journal's entry.
fn support(outcome: &Outcome) -> String {
    let mut parts = vec![outcome.code.clone()];
    parts.extend(outcome.voucher.as_ref().map(code_tail));
    parts.extend(outcome.entry.map(|seq| format!("#{seq}")));
    parts.join(" · ")
}

fn offered(claims: &Claims, left: i64) -> String {
    match &claims.terms {
        Terms::StoredValue { balance } => Money::new(left, balance.currency).number(),
        Terms::PrepaidDeal { .. }
        | Terms::AmountOff(_)
        | Terms::PercentOff(_)
        | Terms::Pass { .. } => String::new(),
    }
}

fn refused_state(refused: &journal::Refused) -> VerdictState {
    match refused.outcome {
        journal::Outcome::CannotCheck => VerdictState::CannotCheck,
        journal::Outcome::NotAVoucher => VerdictState::NotAVoucher,
        journal::Outcome::Refused if refused.code.starts_with("voucher_already") => {
            VerdictState::AlreadyUsed
        }
        journal::Outcome::Refused if refused.code == "voucher_redeemed_elsewhere" => {
            VerdictState::AlreadyUsed
        }
        journal::Outcome::Refused => VerdictState::NotValid,
    }
}

fn short(voucher: &VoucherKey) -> String {
    crate::domain::scan::ShortCode::from_bits(crate::domain::voucher::short_code_bits(voucher))
        .tail()
}
