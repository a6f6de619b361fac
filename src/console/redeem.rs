//! `validate`, `redeem` and `rollback`.

use super::{
    Console, ConsoleError, Exit,
    args::{ConsumeArgs, RedeemArgs, RollbackArgs, ValidateArgs},
    json,
    voucher::{self, Scan},
};
use crate::{
    domain::{
        id::{OperatorId, Seq},
        money::{Currency, Money},
        redeem::{Part, Request, Wanted},
        scan::{EntryMethod, ScanFailure},
        time::Timestamp,
        voucher::{Lines, UntrustedToken},
    },
    terminal::{
        RollBackOrder,
        clock::Now,
        command::UndoReason,
        outcome::{Outcome, State},
        session::Session,
    },
};

pub(super) fn validate(
    console: &mut Console<'_>,
    args: &ValidateArgs,
) -> Result<Exit, ConsoleError> {
    let at = args.at.as_deref().map(time).transpose()?;
    let mut session = console.session()?;
    let mut exit = Exit::Done;
    for argument in &args.request.vouchers {
        let now = console.clock.now();
        let now = Now { time: at.unwrap_or(now.time), ..now };
        let Scan { text, method } = voucher::scan(argument)?;
        let outcome = match text {
            Ok(text) => {
                let request = request(&args.request, &text, method)?;
                session.engine.validate(&text, &request, now)?
            }
            Err(_) => {
                Outcome::unverified(State::NotAVoucher, ScanFailure::Picture.code(), now.time)
            }
        };
        exit = exit.max(tell(console, &session, &outcome)?);
    }
    Ok(exit)
}

pub(super) fn redeem(console: &mut Console<'_>, args: &ConsumeArgs) -> Result<Exit, ConsoleError> {
    let mut session = console.session()?;
    let exit = if args.together {
        together(console, &mut session, args)?
    } else {
        one_by_one(console, &mut session, args)?
    };
    // Where the platform answered, the entries follow at once; otherwise `sync` sends them later.
    if session.engine.reached() == Some(true) {
        session.sync();
    }
    Ok(exit)
}

fn one_by_one(
    console: &mut Console<'_>,
    session: &mut Session,
    args: &ConsumeArgs,
) -> Result<Exit, ConsoleError> {
    let mut exit = Exit::Done;
    for argument in &args.request.vouchers {
        let Scan { text, method } = voucher::scan(argument)?;
        let outcome = match text {
            Ok(text) => {
                let request = request(&args.request, &text, method)?;
                approved(console, session, args.request.approve, |session, approved_by| {
                    session.redeem(&text, Request { approved_by, ..request })
                })?
            }
            Err(reason) => session.refuse_unreadable(&reason, method),
        };
        let outcome = outcome.ok_or(crate::store::StoreError::GivenUp)?;
        exit = exit.max(tell(console, session, &outcome)?);
        print_receipt(console, session, &outcome, args.receipt)?;
    }
    Ok(exit)
}

/// All vouchers on one bill, or none.
fn together(
    console: &mut Console<'_>,
    session: &mut Session,
    args: &ConsumeArgs,
) -> Result<Exit, ConsoleError> {
    let mut vouchers = Vec::new();
    for argument in &args.request.vouchers {
        let Scan { text, method } = voucher::scan(argument)?;
        let text = text.map_err(|reason| ConsoleError::Usage(reason.clone()))?;
        let request = request(&args.request, &text, method)?;
        vouchers.push((text, request));
    }
    let bill = args.request.bill.clone().unwrap_or_default();
    let outcome = approved(console, session, args.request.approve, |session, approved_by| {
        let approve = |(text, request): &(String, Request)| {
            (text.clone(), Request { approved_by, ..*request })
        };
        let vouchers: Vec<_> = vouchers.iter().map(approve).collect();
        session.redeem_together(&bill, &vouchers)
    })?;
    let outcome = outcome.ok_or(crate::store::StoreError::GivenUp)?;
    let exit = tell(console, session, &outcome)?;
    print_receipt(console, session, &outcome, args.receipt)?;
    Ok(exit)
}

/// Tries without approval and, where a supervisor must approve and is there, once more with it.
fn approved(
    console: &Console<'_>,
    session: &mut Session,
    ask: bool,
    mut act: impl FnMut(&mut Session, Option<OperatorId>) -> Option<Outcome>,
) -> Result<Option<Outcome>, ConsoleError> {
    let first = act(session, None);
    let needed =
        first.as_ref().map(|outcome| &outcome.state) == Some(&State::NeedsInput(Wanted::Approval));
    if !needed || !ask {
        return Ok(first);
    }
    let mut pin = zeroize::Zeroizing::new(String::new());
    std::io::stdin().read_line(&mut pin).map_err(ConsoleError::Output)?;
    match session.engine.approver(&pin, console.clock.now()) {
        Ok(approver) => Ok(act(session, Some(approver))),
        Err(problem) => Err(ConsoleError::Usage(problem)),
    }
}

pub(super) fn roll_back(
    console: &mut Console<'_>,
    args: &RollbackArgs,
) -> Result<Exit, ConsoleError> {
    if !UndoReason::ALL.iter().any(|reason| reason.code() == args.reason) {
        let reasons = UndoReason::ALL.map(UndoReason::code).join(", ");
        return Err(ConsoleError::Usage(format!("the reason is one of {reasons}")));
    }
    let mut session = console.session()?;
    let part = part(args, &session)?;
    let outcome = approved(console, &mut session, args.approve, |session, approved_by| {
        let (entry, reason) = (Seq(args.entry), args.reason.clone());
        session.roll_back(&RollBackOrder { entry, part, reason, approved_by })
    })?;
    let outcome = outcome.ok_or(crate::store::StoreError::GivenUp)?;
    let exit = tell(console, &session, &outcome)?;
    session.sync();
    Ok(exit)
}

/// How much is taken back, with amounts in the currency of the redemption.
fn part(args: &RollbackArgs, session: &Session) -> Result<Part, ConsoleError> {
    if let Some(uses) = args.uses {
        return Ok(Part::Uses(uses));
    }
    if let Some(pieces) = &args.pieces {
        return Ok(Part::Lines(lines(pieces)?));
    }
    let Some(amount) = &args.amount else {
        return Ok(Part::All);
    };
    let store = session.engine.store().ok_or(crate::store::StoreError::GivenUp)?;
    let redeemed = store.redemption(Seq(args.entry))?;
    let currency = redeemed.map_or(Currency::EUR, |(_, redeemed)| redeemed.currency);
    let money = Money::parse(amount, currency);
    let money = money.map_err(|error| ConsoleError::Usage(error.to_string()))?;
    Ok(Part::Amount(money.minor))
}

fn lines(pieces: &[u16]) -> Result<Lines, ConsoleError> {
    let lines = Lines::from_slice(pieces);
    lines.ok_or_else(|| ConsoleError::Usage("an order has at most 8 lines".to_owned()))
}

fn print_receipt(
    console: &mut Console<'_>,
    session: &Session,
    outcome: &Outcome,
    wanted: bool,
) -> Result<(), ConsoleError> {
    if wanted && !console.json {
        for line in session.engine.receipt(outcome) {
            console.line(format_args!("    {line}"))?;
        }
    }
    Ok(())
}

fn tell(
    console: &mut Console<'_>,
    session: &Session,
    outcome: &Outcome,
) -> Result<Exit, ConsoleError> {
    let speaker = session.engine.speaker();
    if console.json {
        let receipt = session.engine.receipt(outcome);
        console.line(json::outcome(outcome, &speaker.message(outcome), &receipt))?;
    } else {
        console.line(speaker.message(outcome))?;
        let advice = speaker.advice(outcome);
        let entry = outcome.entry.map(|seq| format!("journal entry {seq}"));
        for detail in [advice, entry].into_iter().flatten() {
            console.line(format_args!("  {detail}"))?;
        }
    }
    Ok(exit(&outcome.state))
}

fn exit(state: &State) -> Exit {
    match state {
        State::Accepted(_) | State::Together(_) | State::RolledBack(_) => Exit::Done,
        State::Refused | State::NotAVoucher => Exit::Refused,
        State::CannotCheck | State::NeedsInput(_) => Exit::CannotCheck,
    }
}

/// What the options say, with amounts in the voucher's own currency.
fn request(args: &RedeemArgs, text: &str, method: EntryMethod) -> Result<Request, ConsoleError> {
    let claims =
        UntrustedToken::parse(text.trim()).ok().and_then(|token| token.unverified_claims().ok());
    let currency = claims.map_or(Currency::EUR, |claims| claims.terms.currency());
    let money = |text: &Option<String>| {
        let parsed = text.as_deref().map(|text| Money::parse(text, currency)).transpose();
        parsed.map_err(|error| ConsoleError::Usage(error.to_string()))
    };
    Ok(Request {
        bill: money(&args.bill)?,
        amount: money(&args.amount)?,
        uses: args.uses,
        lines: args.pieces.as_deref().map(lines).transpose()?,
        product: args.product,
        // Whoever types `redeem` has said yes.
        confirmed: true,
        ..Request::plain(method)
    })
}

fn time(text: &str) -> Result<Timestamp, ConsoleError> {
    text.parse().map_err(|_error| {
        ConsoleError::Usage("the time is written like 2026-12-24T18:00:00Z".to_owned())
    })
}
