//! `validate`, `redeem` and `rollback`.

use super::{
    Console, ConsoleError, Exit,
    args::{RedeemArgs, RollbackArgs, ValidateArgs},
    json,
    voucher::{self, Scan},
};
use crate::{
    domain::{
        id::Seq,
        money::{Currency, Money},
        redeem::Request,
        scan::EntryMethod,
        time::Timestamp,
        voucher::UntrustedToken,
    },
    terminal::{
        clock::Now,
        command::UndoReason,
        outcome::{Outcome, State, UNREADABLE},
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
            Err(_) => Outcome::unverified(State::NotAVoucher, UNREADABLE, now.time),
        };
        exit = exit.max(tell(console, &session, &outcome)?);
    }
    Ok(exit)
}

pub(super) fn redeem(console: &mut Console<'_>, args: &RedeemArgs) -> Result<Exit, ConsoleError> {
    let mut session = console.session()?;
    let mut exit = Exit::Done;
    for argument in &args.vouchers {
        let Scan { text, method } = voucher::scan(argument)?;
        let outcome = match text {
            Ok(text) => session.redeem(&text, request(args, &text, method)?),
            Err(reason) => session.refuse_unreadable(&reason, method),
        };
        let outcome = outcome.ok_or(crate::store::StoreError::GivenUp)?;
        exit = exit.max(tell(console, &session, &outcome)?);
    }
    // Where the platform answered, the entries follow at once; otherwise `sync` sends them later.
    if session.engine.reached() == Some(true) {
        session.sync();
    }
    Ok(exit)
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
    let outcome = session.roll_back(Seq(args.entry), &args.reason);
    let outcome = outcome.ok_or(crate::store::StoreError::GivenUp)?;
    let exit = tell(console, &session, &outcome)?;
    session.sync();
    Ok(exit)
}

fn tell(
    console: &mut Console<'_>,
    session: &Session,
    outcome: &Outcome,
) -> Result<Exit, ConsoleError> {
    let speaker = session.engine.speaker();
    if console.json {
        console.line(json::outcome(outcome, &speaker.message(outcome)))?;
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
        State::Accepted(_) | State::RolledBack(_) => Exit::Done,
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
    Ok(Request { method, bill: money(&args.bill)?, amount: money(&args.amount)?, uses: args.uses })
}

fn time(text: &str) -> Result<Timestamp, ConsoleError> {
    text.parse().map_err(|_error| {
        ConsoleError::Usage("the time is written like 2026-12-24T18:00:00Z".to_owned())
    })
}
