//! One line of a rule table: eight columns of plain words.

use std::str::FromStr;

use countersign::domain::{
    id::OperatorId,
    money::Currency,
    redeem::{Facts, Finding, Policy, Request, Wanted},
    scan::EntryMethod,
    time::Timestamp,
    voucher::Voucher,
};

use crate::{
    rule_facts::{parse_known, parse_platform},
    rule_policy::parse_policy,
    rule_voucher::{parse_scope, parse_voucher},
    rule_words::{Parsed, Words, pieces},
    world::{self, NOON},
};

/// A presentation and what must come of it.
pub(crate) struct Row {
    pub voucher: Voucher,
    pub request: Request,
    pub facts: Facts,
    pub policy: Policy,
    pub now: Timestamp,
    pub expected: Expected,
}

pub(crate) struct Expected {
    pub answer: Answer,
    pub noted: Vec<Finding>,
    pub absent: Vec<Finding>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Accept { gives: i64, pay: Option<i64>, left: i64, leased: bool },
    Refuse(Finding),
    Cannot(Finding),
    Ask(Wanted),
    AskPlatform,
}

impl FromStr for Row {
    type Err = String;

    fn from_str(line: &str) -> Parsed<Self> {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [voucher, scope, cashier, known, platform, policy, now, verdict] = columns[..] else {
            return Err(format!("{} columns instead of 8", columns.len()));
        };
        let now = if now == "-" { NOON } else { world::time(now) };
        let mut shown = parse_voucher(voucher, now)?;
        shown.claims.scope = parse_scope(scope)?;
        let currency = shown.claims.terms.currency();
        let (key, mut facts) = parse_known(known, now)?;
        facts.platform = parse_platform(platform)?;
        Ok(Self {
            voucher: shown.verified(&key),
            request: parse_request(cashier, currency)?,
            facts,
            policy: parse_policy(policy)?,
            now,
            expected: parse_verdict(verdict)?,
        })
    }
}

fn parse_request(text: &str, currency: Currency) -> Parsed<Request> {
    let mut request = Request::plain(EntryMethod::Camera);
    let mut words = Words::new(text);
    while words.peek().is_some() {
        match words.next()? {
            "scan" => {}
            "typed" => request.method = EntryMethod::Typed,
            "uses" | "people" => request.uses = Some(words.number()?),
            "bill" => request.bill = Some(words.money(currency)?),
            "rest" => request.rest = Some(words.money(currency)?),
            "spend" => request.amount = Some(words.money(currency)?),
            "pieces" => request.lines = Some(pieces(words.next()?)?),
            "product" => request.product = Some(parse_yes(words.next()?)?),
            "confirmed" => request.confirmed = true,
            "look" if words.take("first") => request.look_first = true,
            "approved" => request.approved_by = Some(OperatorId(4)),
            other => return Err(format!("unknown request {other}")),
        }
    }
    Ok(request)
}

fn parse_yes(word: &str) -> Parsed<bool> {
    match word {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(format!("yes or no, not {other}")),
    }
}

fn parse_verdict(text: &str) -> Parsed<Expected> {
    let mut words = Words::new(text);
    let answer = match words.next()? {
        "accept" => Answer::Accept {
            gives: words.minor()?,
            pay: words.take("pay").then(|| words.minor()).transpose()?,
            left: words.amount_after("left")?,
            leased: words.take("from") && words.take("lease"),
        },
        "refuse" => Answer::Refuse(words.finding()?),
        "cannot" => Answer::Cannot(words.finding()?),
        "ask" if words.take("platform") => Answer::AskPlatform,
        "ask" => Answer::Ask(parse_wanted(words.next()?)?),
        other => return Err(format!("unknown verdict {other}")),
    };
    let (mut noted, mut absent) = (Vec::new(), Vec::new());
    while words.peek().is_some() {
        match words.next()? {
            "note" => noted.push(words.finding()?),
            "without" => absent.push(words.finding()?),
            other => return Err(format!("{other} is not understood here")),
        }
    }
    Ok(Expected { answer, noted, absent })
}

fn parse_wanted(word: &str) -> Parsed<Wanted> {
    Ok(match word {
        "bill" => Wanted::Bill,
        "amount" => Wanted::Amount,
        "uses" | "people" => Wanted::Uses,
        "pieces" => Wanted::Lines,
        "product" => Wanted::Product,
        "approval" => Wanted::Approval,
        "confirmation" => Wanted::Confirmation,
        other => return Err(format!("unknown question {other}")),
    })
}
