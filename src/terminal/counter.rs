//! What the counter is busy with: nothing, a question to the platform, a question to the cashier, a bill, or a verdict.

use std::{collections::VecDeque, sync::Arc};

use super::{
    asking::{ASK_DEADLINE_MS, Asking, Question},
    clock::Now,
    outcome::Outcome,
    rolling::RollBackOrder,
    sync_driver::Nonce,
    wording::verdict_state,
};
use crate::{
    domain::{
        money::Money,
        redeem::{Clash, Plan, Redemption, Request, Wanted},
        scan::{EntryMethod, ScanFailure},
        sync::Millis,
    },
    store::Row,
    terminal::view::VerdictState,
};

/// Seconds during which one key undoes the last acceptance.
pub(super) const UNDO_WINDOW_S: i64 = 60;

/// Scans that may wait for their turn.
const HELD_MAX: usize = 8;

/// How long an acceptance stays on the screen.
const ACCEPTED_MS: Millis = 6_000;

/// How long "not a voucher" stays on the screen.
const NOT_A_VOUCHER_MS: Millis = 3_000;

/// The counter's state.
#[derive(Default)]
pub(super) struct Counter {
    busy: Busy,
    serial: u64,
    held: VecDeque<(String, EntryMethod)>,
    /// A bill that is gone on with once the verdict about one of its vouchers was seen.
    parked: Option<Question>,
}

#[derive(Default)]
pub(super) enum Busy {
    #[default]
    Ready,
    Asking {
        asking: Asking,
        nonce: Nonce,
        sent: Millis,
        deadline: Millis,
    },
    Question(Box<Open>),
    Bill(Box<OpenBill>),
    Rolling(Box<OpenRollBack>),
    Interrupted(Box<Interrupted>),
    Shown(Shown),
}

/// A question the cashier has to answer.
pub(super) struct Open {
    pub(super) serial: u64,
    pub(super) question: Question,
    /// Which of the vouchers it is about.
    pub(super) at: usize,
    pub(super) outcome: Outcome,
    pub(super) wanted: Wanted,
    /// What would happen if the cashier said yes, as far as is known here.
    pub(super) would: Option<Redemption>,
    pub(super) problem: Option<String>,
}

impl Open {
    /// What the cashier said so far of the voucher in question.
    pub(super) fn request_mut(&mut self) -> Option<&mut Request> {
        self.question.vouchers.get_mut(self.at).map(|shown| &mut shown.request)
    }
}

/// A bill to which vouchers are being added.
pub(super) struct OpenBill {
    pub(super) serial: u64,
    pub(super) question: Question,
    /// The sum as it was typed, in whatever currency the vouchers turn out to be.
    pub(super) sum: String,
    /// The best legal order, once the bill's sum is known.
    pub(super) plan: Option<Result<Plan, Clash>>,
    pub(super) problem: Option<String>,
}

/// A roll back that waits for a supervisor.
pub(super) struct OpenRollBack {
    pub(super) serial: u64,
    pub(super) order: RollBackOrder,
    pub(super) outcome: Outcome,
    pub(super) problem: Option<String>,
}

/// A redemption that was written down before the program ended, and may not have been seen.
pub(super) struct Interrupted {
    pub(super) serial: u64,
    pub(super) row: Row,
}

/// A verdict on the screen.
pub(super) struct Shown {
    pub(super) serial: u64,
    pub(super) outcome: Arc<Outcome>,
    pub(super) clears_after_ms: Option<Millis>,
    until: Option<Millis>,
}

impl Counter {
    /// Whether something must be finished before the next scan.
    pub(super) fn is_busy(&self) -> bool {
        matches!(
            self.busy,
            Busy::Asking { .. } | Busy::Question(_) | Busy::Rolling(_) | Busy::Interrupted(_)
        )
    }

    pub(super) fn is_interrupted(&self) -> bool {
        matches!(self.busy, Busy::Interrupted(_))
    }

    /// Whether something else may be begun: nothing waits for an answer.
    pub(super) fn is_free(&self) -> bool {
        matches!(self.busy, Busy::Ready | Busy::Shown(_))
    }

    /// Puts a scan at the end of those that wait for their turn; false where too many wait.
    pub(super) fn hold(&mut self, text: &str, method: EntryMethod) -> bool {
        let room = self.held.len() < HELD_MAX;
        if room {
            self.held.push_back((text.to_owned(), method));
        }
        room
    }

    /// The scan whose turn it is: the first that waits, once nothing must be finished before it.
    pub(super) fn next_held(&mut self) -> Option<(String, EntryMethod)> {
        if self.is_busy() { None } else { self.held.pop_front() }
    }

    pub(super) fn ask(&mut self, asking: Asking, nonce: Nonce, sent: Millis) {
        let deadline = sent.saturating_add(ASK_DEADLINE_MS);
        self.busy = Busy::Asking { asking, nonce, sent, deadline };
    }

    pub(super) fn is_asking(&self) -> bool {
        matches!(self.busy, Busy::Asking { .. })
    }

    pub(super) fn is_asking_with(&self, wanted: Nonce) -> bool {
        matches!(self.busy, Busy::Asking { nonce, .. } if nonce == wanted)
    }

    /// The question that was answered, with when it was asked.
    pub(super) fn take_asking(&mut self, nonce: Nonce) -> Option<(Asking, Millis)> {
        if self.is_asking_with(nonce) { self.stop_asking() } else { None }
    }

    pub(super) fn overdue(&mut self, now: Millis) -> Option<Asking> {
        let over = matches!(self.busy, Busy::Asking { deadline, .. } if deadline <= now);
        if over { self.stop_asking().map(|(asking, _)| asking) } else { None }
    }

    fn stop_asking(&mut self) -> Option<(Asking, Millis)> {
        if !self.is_asking() {
            return None;
        }
        match self.take() {
            Busy::Asking { asking, sent, .. } => Some((asking, sent)),
            Busy::Ready
            | Busy::Question(_)
            | Busy::Bill(_)
            | Busy::Rolling(_)
            | Busy::Interrupted(_)
            | Busy::Shown(_) => None,
        }
    }

    /// Asks the cashier about the voucher at a place of the act.
    pub(super) fn question(
        &mut self,
        question: Question,
        (at, wanted): (usize, Wanted),
        (outcome, would): (Outcome, Option<Redemption>),
    ) {
        let serial = self.next_serial();
        let open = Open { serial, question, at, outcome, wanted, would, problem: None };
        self.busy = Busy::Question(Box::new(open));
    }

    /// Waits for a supervisor.
    pub(super) fn wait_for_approval(&mut self, order: RollBackOrder, outcome: Outcome) {
        let serial = self.next_serial();
        let open = OpenRollBack { serial, order, outcome, problem: None };
        self.busy = Busy::Rolling(Box::new(open));
    }

    /// Asks whether what may not have been seen was handed over.
    pub(super) fn interrupted(&mut self, row: Row) {
        let serial = self.next_serial();
        self.busy = Busy::Interrupted(Box::new(Interrupted { serial, row }));
    }

    /// Takes up a bill, a new one or one that was begun.
    pub(super) fn bill(&mut self, question: Question) {
        let serial = self.next_serial();
        let sum = question.bill.map_or_else(String::new, Money::number);
        let open = OpenBill { serial, question, sum, plan: None, problem: None };
        self.busy = Busy::Bill(Box::new(open));
    }

    /// Keeps a bill for when the verdict about one of its vouchers was seen.
    pub(super) fn park(&mut self, question: Question) {
        self.parked = Some(question);
    }

    /// What the counter is busy with, to look at and to change.
    pub(super) fn busy(&mut self) -> &mut Busy {
        &mut self.busy
    }

    /// Ends what the counter is busy with and gives it out.
    pub(super) fn take(&mut self) -> Busy {
        std::mem::take(&mut self.busy)
    }

    /// Leaves the question, the bill or the verdict; a bill that was kept comes back.
    pub(super) fn dismiss(&mut self) {
        if self.is_asking() || matches!(self.busy, Busy::Interrupted(_)) {
            return;
        }
        self.busy = Busy::Ready;
        if let Some(question) = self.parked.take() {
            self.bill(question);
        }
    }

    pub(super) fn show(&mut self, outcome: Outcome, now: Now) {
        let clears_after_ms = match verdict_state(&outcome) {
            VerdictState::Accepted => Some(ACCEPTED_MS),
            VerdictState::NotAVoucher if outcome.code == ScanFailure::Replayed.code() => None,
            VerdictState::NotAVoucher => Some(NOT_A_VOUCHER_MS),
            VerdictState::AlreadyUsed
            | VerdictState::NotValid
            | VerdictState::NeedsInput
            | VerdictState::CannotCheck => None,
        };
        let serial = self.next_serial();
        let until = clears_after_ms.map(|span| now.millis.saturating_add(span));
        let outcome = Arc::new(outcome);
        self.busy = Busy::Shown(Shown { serial, outcome, clears_after_ms, until });
    }

    /// Leaves a verdict whose time is over; whether there was one.
    pub(super) fn clear_old(&mut self, now: Millis) -> bool {
        let over =
            matches!(self.busy, Busy::Shown(Shown { until: Some(until), .. }) if until <= now);
        if over {
            self.dismiss();
        }
        over
    }

    /// Whether nothing is shown and nothing is begun.
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.busy, Busy::Ready)
    }

    pub(super) fn timeout(&self) -> Option<Millis> {
        match &self.busy {
            Busy::Asking { deadline, .. } => Some(*deadline),
            Busy::Shown(shown) => shown.until,
            Busy::Ready
            | Busy::Question(_)
            | Busy::Bill(_)
            | Busy::Rolling(_)
            | Busy::Interrupted(_) => None,
        }
    }

    pub(super) fn look(&self) -> &Busy {
        &self.busy
    }

    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    fn next_serial(&mut self) -> u64 {
        self.serial = self.serial.saturating_add(1);
        self.serial
    }
}
