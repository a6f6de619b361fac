//! What the counter is busy with: nothing, a question to the platform, a question to the cashier, or a verdict.

use std::{collections::VecDeque, sync::Arc};

use super::{
    asking::{Asking, Question},
    clock::Now,
    outcome::{Outcome, State},
    sync_driver::Nonce,
    text::Texts,
    view::Wanted,
    wording::verdict_state,
};
use crate::{
    domain::{money::Money, redeem, scan::EntryMethod, sync::Millis},
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
}

#[derive(Default)]
enum Busy {
    #[default]
    Ready,
    Asking {
        asking: Asking,
        nonce: Nonce,
        deadline: Millis,
    },
    Question(Box<Open>),
    Shown(Shown),
}

/// A question the cashier has to answer.
pub(super) struct Open {
    pub(super) serial: u64,
    pub(super) question: Question,
    pub(super) outcome: Outcome,
    pub(super) wanted: Wanted,
    pub(super) problem: Option<String>,
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
        matches!(self.busy, Busy::Asking { .. } | Busy::Question(_))
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

    pub(super) fn ask(&mut self, asking: Asking, nonce: Nonce, deadline: Millis) {
        self.busy = Busy::Asking { asking, nonce, deadline };
    }

    pub(super) fn is_asking(&self) -> bool {
        matches!(self.busy, Busy::Asking { .. })
    }

    pub(super) fn is_asking_with(&self, wanted: Nonce) -> bool {
        matches!(self.busy, Busy::Asking { nonce, .. } if nonce == wanted)
    }

    pub(super) fn take_asking(&mut self, nonce: Nonce) -> Option<Asking> {
        if self.is_asking_with(nonce) { self.stop_asking() } else { None }
    }

    pub(super) fn overdue(&mut self, now: Millis) -> Option<Asking> {
        match self.busy {
            Busy::Asking { deadline, .. } if deadline <= now => self.stop_asking(),
            Busy::Asking { .. } | Busy::Ready | Busy::Question(_) | Busy::Shown(_) => None,
        }
    }

    fn stop_asking(&mut self) -> Option<Asking> {
        match std::mem::take(&mut self.busy) {
            Busy::Asking { asking, .. } => Some(asking),
            Busy::Ready | Busy::Question(_) | Busy::Shown(_) => None,
        }
    }

    pub(super) fn question(&mut self, question: Question, outcome: Outcome) {
        let wanted = match outcome.state {
            State::NeedsInput(redeem::Wanted::Amount) => Wanted::Amount,
            State::NeedsInput(redeem::Wanted::Bill)
            | State::Accepted(_)
            | State::Refused
            | State::CannotCheck
            | State::NotAVoucher
            | State::RolledBack(_) => Wanted::Bill,
        };
        let serial = self.next_serial();
        let open = Open { serial, question, outcome, wanted, problem: None };
        self.busy = Busy::Question(Box::new(open));
    }

    /// Takes the cashier's answer; an answer that is no number leaves the question open and says why.
    pub(super) fn answer(&mut self, text: &str, texts: &Texts) -> Option<Question> {
        let Busy::Question(open) = &mut self.busy else {
            return None;
        };
        let currency = open.question.voucher.claims().terms.currency();
        let problem = match Money::parse(text, currency) {
            Ok(money) if money.minor > 0 => {
                let mut question = open.question.clone();
                match open.wanted {
                    Wanted::Bill => question.request.bill = Some(money),
                    Wanted::Amount | Wanted::Uses => question.request.amount = Some(money),
                }
                self.busy = Busy::Ready;
                return Some(question);
            }
            Ok(_) => texts.get("question.positive").to_owned(),
            Err(error) => error.to_string(),
        };
        open.problem = Some(problem);
        None
    }

    /// Leaves the question or the verdict.
    pub(super) fn dismiss(&mut self) {
        if !self.is_asking() {
            self.busy = Busy::Ready;
        }
    }

    pub(super) fn show(&mut self, outcome: Outcome, now: Now) {
        let clears_after_ms = match verdict_state(&outcome) {
            VerdictState::Accepted => Some(ACCEPTED_MS),
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

    /// Leaves a verdict whose time is over; true where the screen is ready for the next scan.
    pub(super) fn clear_old(&mut self, now: Millis) -> bool {
        if let Busy::Shown(Shown { until: Some(until), .. }) = self.busy
            && until <= now
        {
            self.busy = Busy::Ready;
        }
        matches!(self.busy, Busy::Ready)
    }

    pub(super) fn timeout(&self) -> Option<Millis> {
        match &self.busy {
            Busy::Asking { deadline, .. } => Some(*deadline),
            Busy::Shown(shown) => shown.until,
            Busy::Ready | Busy::Question(_) => None,
        }
    }

    pub(super) fn shown(&self) -> Option<&Shown> {
        match &self.busy {
            Busy::Shown(shown) => Some(shown),
            Busy::Ready | Busy::Asking { .. } | Busy::Question(_) => None,
        }
    }

    pub(super) fn open_question(&self) -> Option<&Open> {
        match &self.busy {
            Busy::Question(open) => Some(open),
            Busy::Ready | Busy::Asking { .. } | Busy::Shown(_) => None,
        }
    }

    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    fn next_serial(&mut self) -> u64 {
        self.serial = self.serial.saturating_add(1);
        self.serial
    }
}
