//! What the cashier says to an open question.

use super::Engine;
use crate::{
    domain::{money::Money, redeem::Wanted, voucher::Lines},
    terminal::{
        clock::Now,
        counter::{Busy, Open},
    },
};

impl Engine {
    /// A number or a PIN, as typed; one that does not fit leaves the question open and says why.
    pub(super) fn answer(&mut self, text: &str, now: Now) {
        match self.counter.look() {
            Busy::Question(open) if open.wanted == Wanted::Approval => self.approve(text, now),
            Busy::Question(_) => self.take_number(text, now),
            Busy::Bill(_) => self.bill_amount(text, now),
            Busy::Rolling(_) => self.approve(text, now),
            Busy::Ready | Busy::Asking { .. } | Busy::Shown(_) | Busy::Interrupted(_) => {}
        }
    }

    /// Yes or no.
    pub(super) fn say(&mut self, yes: bool, now: Now) {
        if let Busy::Interrupted(_) = self.counter.look() {
            return self.handed_over(yes, now);
        }
        let Busy::Question(open) = self.counter.busy() else {
            return;
        };
        let wanted = open.wanted;
        let Some(request) = open.request_mut() else {
            return;
        };
        match (wanted, yes) {
            (Wanted::Product, _) => request.product = Some(yes),
            (Wanted::Confirmation, true) => request.confirmed = true,
            (Wanted::Confirmation, false) => return self.dismiss(now),
            (
                Wanted::Bill
                | Wanted::Amount
                | Wanted::Uses
                | Wanted::Lines
                | Wanted::Approval
                | Wanted::HandedOver,
                _,
            ) => return,
        }
        self.go_on(now);
    }

    /// The pieces of each line of an order that are handed over.
    pub(super) fn pieces(&mut self, pieces: &[u16], now: Now) {
        let some = self.texts.get("question.pieces").to_owned();
        let Busy::Question(open) = self.counter.busy() else {
            return;
        };
        let lines = Lines::from_slice(pieces).filter(|lines| lines.total() > 0);
        match (open.wanted, lines) {
            (Wanted::Lines, Some(lines)) => {
                if let Some(request) = open.request_mut() {
                    (request.lines, request.confirmed) = (Some(lines), true);
                }
                self.go_on(now);
            }
            (Wanted::Lines, None) => open.problem = Some(some),
            _other => {}
        }
    }

    fn take_number(&mut self, text: &str, now: Now) {
        let positive = self.texts.get("question.positive").to_owned();
        let Busy::Question(open) = self.counter.busy() else {
            return;
        };
        match number(open, text) {
            Ok(true) => self.go_on(now),
            Ok(false) => open.problem = Some(positive),
            Err(problem) => open.problem = Some(problem),
        }
    }

    /// Decides the act anew with what was said.
    pub(super) fn go_on(&mut self, now: Now) {
        if let Busy::Question(open) = self.counter.take() {
            self.decide(open.question, None, now);
        }
    }
}

/// Takes a typed number over; false where it is none that is asked for.
fn number(open: &mut Open, text: &str) -> Result<bool, String> {
    let Some(shown) = open.question.vouchers.get_mut(open.at) else {
        return Ok(false);
    };
    let currency = shown.voucher.claims().terms.currency();
    let request = &mut shown.request;
    match open.wanted {
        Wanted::Uses => {
            request.uses = text.trim().parse().ok().filter(|uses| *uses > 0);
            request.confirmed = request.uses.is_some();
            return Ok(request.uses.is_some());
        }
        Wanted::Bill | Wanted::Amount => {}
        Wanted::Lines
        | Wanted::Product
        | Wanted::Approval
        | Wanted::Confirmation
        | Wanted::HandedOver => return Ok(false),
    }
    let money = Money::parse(text, currency).map_err(|error| error.to_string())?;
    let money = Some(money).filter(|money| money.minor > 0);
    if open.wanted == Wanted::Bill {
        request.bill = money;
    } else {
        request.amount = money;
    }
    Ok(money.is_some())
}
