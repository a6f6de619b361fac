//! Who approves: a supervisor of this branch, known by their PIN.

use super::Engine;
use crate::{
    domain::{id::OperatorId, pin::read_typed},
    store::{PinTry, StoreError},
    terminal::{clock::Now, counter::Busy, pins::Whose},
};

impl Engine {
    /// The supervisor of this branch whose PIN was typed, alone or after their number; or why nobody is taken for one, in
    /// words. Redeeming goes on whatever is typed.
    pub fn approver(&mut self, typed: &str, now: Now) -> Result<OperatorId, String> {
        let branch = self.store.as_ref().map(|store| store.identity().branch);
        let branch = branch.ok_or_else(|| self.texts.get("question.pin_unknown").to_owned())?;
        let whose = read_typed(typed).0.filter(|named| {
            self.trust.bundle.supervisors(branch).any(|supervisor| supervisor.id == *named)
        });
        if let Some(seconds) = self.pins.wait(whose, now) {
            return Err(self.wait_words(whose, seconds));
        }
        // Counted before it is looked at: a program that is killed in between gives no try back.
        let tried = self.pins.count(whose, now);
        self.keep_try(tried).map_err(|error| error.to_string())?;
        let Some(approver) = self.trust.bundle.approver(typed, branch) else {
            return Err(self.wrong_words(whose, now));
        };
        for right in [whose, Some(approver)] {
            let tried = self.pins.forget(right, now);
            self.keep_try(tried).map_err(|error| error.to_string())?;
        }
        Ok(approver)
    }

    fn keep_try(&mut self, tried: PinTry) -> Result<(), StoreError> {
        let store = self.store.as_mut().ok_or(StoreError::GivenUp)?;
        let kept = store.put_pin_try(tried);
        if let Err(error) = &kept {
            self.lose_store(error);
        }
        kept
    }

    fn wrong_words(&self, whose: Whose, now: Now) -> String {
        if let Some(seconds) = self.pins.wait(whose, now) {
            tracing::warn!(named = ?whose, seconds, "too many wrong PINs");
            return self.wait_words(whose, seconds);
        }
        let left = self.pins.left(whose).to_string();
        self.texts.fill("question.pin_wrong", &[("count", &left)])
    }

    /// Nobody who says who they are waits for what others typed.
    fn wait_words(&self, whose: Whose, seconds: u64) -> String {
        let key = if whose.is_some() { "question.pin_wait_named" } else { "question.pin_wait" };
        self.texts.fill(key, &[("seconds", &seconds.to_string())])
    }

    pub(super) fn approve(&mut self, typed: &str, now: Now) {
        let (approver, problem) = match self.approver(typed, now) {
            Ok(approver) => (Some(approver), None),
            Err(problem) => (None, Some(problem)),
        };
        match self.counter.busy() {
            Busy::Question(open) => {
                open.problem = problem;
                if let Some(request) = open.request_mut() {
                    request.approved_by = approver;
                }
                if approver.is_some() {
                    self.go_on(now);
                }
            }
            Busy::Rolling(open) => {
                open.problem = problem;
                open.order.approved_by = approver;
                if approver.is_some()
                    && let Busy::Rolling(open) = self.counter.take()
                {
                    self.roll_back(&open.order, now);
                }
            }
            Busy::Ready
            | Busy::Asking { .. }
            | Busy::Bill(_)
            | Busy::Interrupted(_)
            | Busy::Shown(_) => {}
        }
    }
}
