//! Several vouchers on one bill: gathered one scan at a time, decided together.

use super::Engine;
use crate::{
    domain::{
        journal::Body,
        money::{Currency, Money},
        redeem::{ACT_MAX, Clash},
    },
    terminal::{
        asking::{Question, Shown},
        clock::Now,
        counter::Busy,
        gather::Scene,
        outcome::{Outcome, State},
        present,
    },
};

impl Engine {
    /// Begins a bill, unless something else is begun.
    pub(super) fn open_bill(&mut self, now: Now) {
        if self.counter.is_free() {
            // A bill that was begun comes back first.
            self.counter.dismiss();
        }
        if self.counter.is_ready() {
            self.counter.bill(Question { vouchers: Vec::new(), bill: None });
        }
        self.preview(now);
    }

    /// Adds a voucher; one that cannot be beside the others is told at once.
    pub(super) fn add_to_bill(&mut self, shown: Shown, now: Now) {
        let Busy::Bill(open) = self.counter.busy() else {
            return;
        };
        if open.question.vouchers.len() >= ACT_MAX {
            open.problem = Some(self.texts.get("reason.too_many_vouchers").to_owned());
            return;
        }
        open.problem = None;
        open.question.vouchers.push(shown);
        self.read_sum();
        self.preview(now);
        self.drop_clash();
    }

    /// Takes the voucher that was added last off the bill.
    pub(super) fn remove_last(&mut self, now: Now) {
        if let Busy::Bill(open) = self.counter.busy() {
            open.question.vouchers.pop();
            open.problem = None;
            self.preview(now);
        }
    }

    /// The sum of the bill, as typed.
    pub(super) fn bill_amount(&mut self, text: &str, now: Now) {
        if let Busy::Bill(open) = self.counter.busy() {
            text.clone_into(&mut open.sum);
            open.problem = None;
        }
        self.read_sum();
        self.preview(now);
        self.drop_clash();
    }

    /// Reads the sum in the currency of the vouchers.
    fn read_sum(&mut self) {
        let currency = self.bill_currency();
        let positive = self.texts.get("question.positive").to_owned();
        let Busy::Bill(open) = self.counter.busy() else {
            return;
        };
        if open.sum.trim().is_empty() {
            return;
        }
        match Money::parse(&open.sum, currency) {
            Ok(money) if money.minor > 0 => open.question.bill = Some(money),
            Ok(_) => open.problem = Some(positive),
            Err(error) => open.problem = Some(error.to_string()),
        }
    }

    /// The currency of the bill: that of its first voucher, else that of the last redemption.
    pub(in crate::terminal) fn bill_currency(&self) -> Currency {
        let first = match self.counter.look() {
            Busy::Bill(open) => open.question.vouchers.first(),
            Busy::Ready
            | Busy::Asking { .. }
            | Busy::Question(_)
            | Busy::Rolling(_)
            | Busy::Interrupted(_)
            | Busy::Shown(_) => None,
        };
        let last = || {
            self.recent.iter().find_map(|row| match &row.entry.body {
                Body::Redeemed(redeemed) => Some(redeemed.currency),
                Body::Opened(_)
                | Body::Refused(_)
                | Body::RolledBack(_)
                | Body::BundleTaken { .. }
                | Body::LeaseEnded { .. }
                | Body::Recovered(_) => None,
            })
        };
        let first = first.map(|shown| shown.voucher.claims().terms.currency());
        first.or_else(last).unwrap_or(Currency::EUR)
    }

    /// Redeems all vouchers on the bill, or none.
    pub(super) fn confirm_bill(&mut self, now: Now) {
        let Busy::Bill(open) = self.counter.busy() else {
            return;
        };
        if open.question.bill.is_none() || open.question.vouchers.is_empty() {
            open.problem = Some(self.texts.get("bill.incomplete").to_owned());
            return;
        }
        if let Busy::Bill(open) = self.counter.take() {
            self.decide(open.question, None, now);
        }
    }

    /// Works out the best legal order anew.
    pub(super) fn preview(&mut self, now: Now) {
        let dice = self.dice();
        let Self { store, trust, counter, .. } = self;
        let (Some(store), Busy::Bill(open)) = (store, counter.busy()) else {
            return;
        };
        let scene = Scene { trust, time: now.time, dice };
        match present::preview(store, scene, &open.question) {
            Ok(plan) => open.plan = plan,
            Err(error) => tracing::warn!(%error, "the bill could not be worked out"),
        }
    }

    /// Takes a voucher that cannot be beside the others off the bill again, and says why.
    fn drop_clash(&mut self) {
        let Self { texts, counter, .. } = self;
        let Busy::Bill(open) = counter.busy() else {
            return;
        };
        let Some(Err(clash)) = open.plan else {
            return;
        };
        open.problem = Some(texts.get(&format!("reason.{}", clash.code())).to_owned());
        if let Some(at) = Clash::voucher(clash).filter(|at| *at < open.question.vouchers.len()) {
            open.question.vouchers.remove(at);
        }
        open.plan = None;
    }

    /// Keeps an open bill for when a verdict beside it was seen.
    pub(super) fn park_bill(&mut self) {
        if matches!(self.counter.look(), Busy::Bill(_))
            && let Busy::Bill(open) = self.counter.take()
        {
            self.counter.park(open.question);
        }
    }

    /// Keeps the bill of an act that was not accepted, without the voucher that was in the way.
    pub(super) fn keep_bill(&mut self, mut question: Question, outcome: &Outcome) {
        if question.bill.is_none() || matches!(outcome.state, State::Together(_)) {
            return;
        }
        let in_the_way = outcome.key();
        question.vouchers.retain(|shown| Some(shown.voucher.claims().key()) != in_the_way);
        self.counter.park(question);
    }
}
