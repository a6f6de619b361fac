//! The engine's state as a view: finished texts, nothing to decide.

use std::sync::Arc;

use super::{
    clock::Now,
    counter::{Busy, Interrupted, Open, OpenBill, OpenRollBack, Shown},
    engine::Engine,
    outcome::{Outcome, State},
    view::{
        BackView, BillRow, BillView, CarryView, LineView, Link, QuestionView, RecentRow, ScanView,
        StripView, UndoView, VerdictState, VerdictView, View, Wanted,
    },
    wording::{Speaker, code_tail, verdict_state},
};
use crate::{
    domain::{
        clock::ClockTrouble,
        id::VoucherKey,
        journal::{self, Body, Goods, Redeemed},
        money::Money,
        redeem::Step,
        voucher::{Claims, Kind, Limit, Terms, Used},
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
            look_first: self.look_first,
            fault: self.fault.clone(),
            witness: self.witness_codes(),
            carry: self.carry_view(),
        }
    }

    fn carry_view(&self) -> CarryView {
        let report = self.carrying.report.as_ref();
        CarryView {
            sticks: self.carrying.sticks.iter().map(|stick| stick.display().to_string()).collect(),
            busy: self.carrying.work.is_some(),
            lines: report.map(|report| self.carry_lines(report)).unwrap_or_default(),
        }
    }

    /// The words for this terminal's outcomes.
    pub fn speaker(&self) -> Speaker<'_> {
        let branch =
            self.store().map_or(crate::domain::id::BranchId(0), |store| store.identity().branch);
        Speaker { texts: &self.texts, trust: &self.trust, branch }
    }

    fn scan_view(&self) -> ScanView {
        match self.counter.look() {
            Busy::Question(open) => ScanView::Question(self.question_view(open)),
            Busy::Rolling(open) => ScanView::Question(self.approval_view(open)),
            Busy::Interrupted(open) => ScanView::Question(self.interrupted_view(open)),
            Busy::Bill(open) => ScanView::Bill(self.bill_view(open)),
            Busy::Asking { .. } => ScanView::Asking,
            Busy::Shown(shown) if !matches!(shown.outcome.state, State::RolledBack(_)) => {
                ScanView::Verdict(Arc::new(self.verdict_view(shown)))
            }
            Busy::Shown(_) | Busy::Ready => ScanView::Ready,
        }
    }

    fn verdict_view(&self, shown: &Shown) -> VerdictView {
        let (speaker, outcome) = (self.speaker(), &*shown.outcome);
        let (amount, due) = match (&outcome.state, &outcome.voucher) {
            (State::Accepted(redemption), Some(claims)) => {
                (Some(speaker.amount(claims, redemption)), speaker.due(redemption))
            }
            (State::Together(together), _) => {
                let due = together.due.to_string();
                let due = self.texts.fill("amount.due", &[("amount", &due)]);
                (Some(speaker.together(together)), Some(due))
            }
            _other => (None, None),
        };
        VerdictView {
            serial: shown.serial,
            state: verdict_state(outcome),
            headline: speaker.headline(outcome),
            amount,
            due,
            reason: speaker.reason(outcome),
            advice: speaker.advice(outcome),
            details: details(speaker, outcome),
            receipt: self.receipt(outcome),
            support: support(outcome),
            clears_after_ms: shown.clears_after_ms,
            held: self.counter.holds(),
        }
    }

    fn question_view(&self, open: &Open) -> QuestionView {
        let speaker = self.speaker();
        let shown = open.question.vouchers.get(open.at);
        let claims = shown.map(|shown| shown.voucher.claims());
        let mut details: Vec<_> = open.outcome.title.clone().into_iter().collect();
        let mut view = QuestionView {
            serial: open.serial,
            headline: speaker.question(open.wanted, claims).to_owned(),
            details: Vec::new(),
            wants: open.wanted,
            unit: String::new(),
            offered: String::new(),
            lines: Vec::new(),
            problem: open.problem.clone(),
            held: self.counter.holds(),
        };
        if let Some(claims) = claims {
            let left = claims.terms.limit().left_after(open.outcome.used);
            details.push(speaker.kind(&claims.terms));
            if let Some(would) = &open.would {
                details.push(speaker.amount(claims, would));
                details.extend(speaker.due(would));
            }
            details.extend(speaker.left(claims, open.would.map_or(left, |would| would.left)));
            details.extend(self.products(open.wanted, claims));
            view.unit = unit(open.wanted, claims);
            view.offered = offered(open.wanted, claims, left);
            view.lines = lines(open.wanted, claims, open.outcome.used);
        }
        if open.wanted == Wanted::Approval {
            details.extend(open.outcome.findings.first().and_then(|finding| {
                let key = format!("finding.{finding}");
                let text = self.texts.get(&key);
                (text != key).then(|| text.to_owned())
            }));
        }
        QuestionView { details, ..view }
    }

    fn products(&self, wanted: Wanted, claims: &Claims) -> Vec<String> {
        let rules = &self.trust.policy(claims).rules;
        let products = rules.products.iter().filter(|_| wanted == Wanted::Product);
        products.map(|product| product.name.clone()).collect()
    }

    fn approval_view(&self, open: &OpenRollBack) -> QuestionView {
        let mut details: Vec<_> = open.outcome.title.clone().into_iter().collect();
        details.extend(self.speaker().reason(&open.outcome));
        QuestionView {
            serial: open.serial,
            headline: self.speaker().question(Wanted::Approval, None).to_owned(),
            details,
            wants: Wanted::Approval,
            unit: String::new(),
            offered: String::new(),
            lines: Vec::new(),
            problem: open.problem.clone(),
            held: self.counter.holds(),
        }
    }

    fn interrupted_view(&self, open: &Interrupted) -> QuestionView {
        let shown = self.row(&open.row);
        let said = shown.map(|row| [row.title, row.amount, row.time, row.code]);
        let mut details: Vec<_> =
            said.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        details.push(self.texts.get("question.interrupted").to_owned());
        QuestionView {
            serial: open.serial,
            headline: self.speaker().question(Wanted::HandedOver, None).to_owned(),
            details,
            wants: Wanted::HandedOver,
            unit: String::new(),
            offered: String::new(),
            lines: Vec::new(),
            problem: None,
            held: self.counter.holds(),
        }
    }

    fn bill_view(&self, open: &OpenBill) -> BillView {
        let plan = open.plan.as_ref().and_then(|plan| plan.as_ref().ok());
        let unplanned = || (0..open.question.vouchers.len()).map(|at| (at, String::new()));
        let steps: Vec<(usize, String)> = match plan {
            Some(plan) => plan.steps.iter().map(|step| (step.voucher, self.step(step))).collect(),
            None => unplanned().collect(),
        };
        let row = |(at, step): (usize, String)| {
            let claims = open.question.vouchers.get(at)?.voucher.claims();
            let (title, kind) = (self.title(&claims.key()), self.speaker().kind(&claims.terms));
            Some(BillRow { title, kind, step })
        };
        let due = plan.map(|plan| plan.due.to_string());
        BillView {
            serial: open.serial,
            sum: open.question.bill.map(|bill| bill.to_string()),
            unit: self.bill_currency().code().to_owned(),
            rows: steps.into_iter().filter_map(row).collect(),
            due: due.map(|due| self.texts.fill("amount.due", &[("amount", &due)])),
            problem: open.problem.clone(),
        }
    }

    fn step(&self, step: &Step) -> String {
        if step.gives.minor == 0 {
            return self.texts.get("bill.goods").to_owned();
        }
        let after = step.before.minus(step.gives).unwrap_or(step.before).to_string();
        let (before, gives) = (step.before.to_string(), step.gives.to_string());
        let values = [("before", before.as_str()), ("gives", &gives), ("after", &after)];
        self.texts.fill("bill.step", &values)
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
            Body::Opened(_)
            | Body::RolledBack(_)
            | Body::BundleTaken { .. }
            | Body::LeaseEnded { .. }
            | Body::Recovered(_) => return None,
        };
        let epoch = self.store().map(|store| store.identity().epoch);
        Some(RecentRow {
            entry: row.entry.seq.0,
            time: self.speaker().clock_time(row.entry.at),
            state,
            title,
            amount,
            code,
            synced: row.synced,
            rolled_back: row.is_rolled_back(),
            back: if epoch == Some(row.entry.epoch) { back_view(row) } else { None },
        })
    }

    fn title(&self, voucher: &VoucherKey) -> String {
        let title = self.trust.title_of(voucher);
        title.map_or_else(|| format!("#{}", voucher.id.campaign), str::to_owned)
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
            clock: store
                .sense()
                .trouble()
                .map(|trouble| self.clock_words(trouble))
                .unwrap_or_default(),
            conflicts: store.conflict_count().unwrap_or(0),
            warning: store.sense().trouble().is_some()
                || to_send > UNSENT_WARNING
                || age.is_none_or(|age| age > SILENCE_WARNING_S),
            outdated: store.is_outdated(),
        }
    }

    fn clock_words(&self, trouble: ClockTrouble) -> String {
        let (key, seconds) = match trouble {
            ClockTrouble::SetBack(seconds) => ("strip.clock_set_back", seconds),
            ClockTrouble::Ahead(seconds) => ("strip.clock_ahead", seconds),
            ClockTrouble::Behind(seconds) => ("strip.clock_behind", seconds),
        };
        let (unit, count) = match seconds {
            ..7200 => ("strip.minutes", seconds / 60),
            7200..172_800 => ("strip.hours", seconds / 3600),
            172_800.. => ("strip.days", seconds / 86_400),
        };
        let span = self.texts.fill(unit, &[("count", &count.to_string())]);
        self.texts.fill(key, &[("span", &span)])
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
        let (seq, row) = self.undoable(now).filter(|_| self.counter.is_free())?;
        let shown = self.row(row)?;
        let label = if let Body::Redeemed(Redeemed { act: Some(act), .. }) = &row.entry.body {
            self.texts.fill("undo.act", &[("count", &act.vouchers.to_string())])
        } else {
            let values = [("amount", shown.amount.as_str()), ("title", &shown.title)];
            self.texts.fill("undo.label", &values)
        };
        let left = super::counter::UNDO_WINDOW_S.saturating_sub(now.time.since(row.entry.at));
        Some(UndoView { entry: seq.0, label, seconds_left: u64::try_from(left).unwrap_or(0) })
    }

    fn notice(&self) -> Option<String> {
        let Busy::Shown(shown) = self.counter.look() else {
            return None;
        };
        match &shown.outcome.state {
            State::RolledBack(redemption) => {
                Some(self.texts.fill("undo.done", &[("amount", &redemption.value.to_string())]))
            }
            State::Accepted(_)
            | State::Together(_)
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
    if let State::Together(together) = &outcome.state {
        details.extend(together.vouchers.iter().filter_map(|one| one.title.clone()));
    }
    details.extend(speaker.redeemed_by(outcome));
    details
}

/// What a support person asks for: the code, the voucher's last characters, the journal's entry.
fn support(outcome: &Outcome) -> String {
    let mut parts = vec![outcome.code.clone()];
    parts.extend(outcome.voucher.as_ref().map(code_tail));
    parts.extend(outcome.entry.map(|seq| format!("#{seq}")));
    parts.join(" · ")
}

fn unit(wanted: Wanted, claims: &Claims) -> String {
    match wanted {
        Wanted::Bill | Wanted::Amount => claims.terms.currency().code().to_owned(),
        Wanted::Uses
        | Wanted::Lines
        | Wanted::Product
        | Wanted::Approval
        | Wanted::Confirmation
        | Wanted::HandedOver => String::new(),
    }
}

/// The whole balance, one use of a pass, all of a party that are still to come.
fn offered(wanted: Wanted, claims: &Claims, left: i64) -> String {
    match (wanted, &claims.terms) {
        (Wanted::Amount, Terms::StoredValue { balance }) => {
            Money::new(left, balance.currency).number()
        }
        (Wanted::Uses, Terms::Ticket(_)) => left.to_string(),
        (Wanted::Uses, _) => "1".to_owned(),
        _other => String::new(),
    }
}

/// The lines of an order with what is still to be picked up.
fn lines(wanted: Wanted, claims: &Claims, used: Used) -> Vec<LineView> {
    let (Wanted::Lines, Terms::PickUp { lines, .. }, Limit::Lines(all)) =
        (wanted, &claims.terms, claims.terms.limit())
    else {
        return Vec::new();
    };
    let left = all.minus(used.lines).0;
    let named = lines.iter().zip(left);
    named.map(|(line, most)| LineView { name: line.name.to_string(), most }).collect()
}

/// What of a redemption can still be taken back.
fn back_view(row: &Row) -> Option<BackView> {
    let Body::Redeemed(redeemed) = &row.entry.body else {
        return None;
    };
    let left = redeemed.used.minus(row.returned);
    if left.is_nothing() {
        return None;
    }
    Some(match redeemed.kind {
        _ if redeemed.act.is_some() => BackView::Whole,
        Kind::Pass | Kind::Ticket if left.uses > 1 => BackView::Uses(left.uses),
        Kind::StoredValue => BackView::Amount(Money::new(left.minor, redeemed.currency)),
        Kind::PickUp if left.uses > 1 => {
            let named = redeemed.goods.iter().zip(left.lines.0);
            let line = |(goods, most): (&Goods, u16)| LineView { name: goods.name.clone(), most };
            BackView::Lines(named.map(line).collect())
        }
        Kind::PrepaidDeal
        | Kind::AmountOff
        | Kind::PercentOff
        | Kind::Pass
        | Kind::Item
        | Kind::Ticket
        | Kind::PickUp => BackView::Whole,
    })
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
