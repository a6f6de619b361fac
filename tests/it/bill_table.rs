//! The table of several vouchers on a bill, `tests/rules/bill.txt`, and the order that leaves least.

use std::str::FromStr;

use countersign::domain::{
    id::{CampaignId, VoucherId},
    money::Money,
    redeem::{
        Clash, Finding, Limits, OfflineMode, OnBill, Plan, PlatformFact, Policy, Request, Stacking,
        Verdict, decide, plan,
    },
    scan::EntryMethod,
    voucher::{Claims, Terms, Used},
};

use crate::{
    rule_facts::ordinary,
    rule_voucher::parse_terms,
    rule_words::{Parsed, Words},
    rules::lines_of,
    sources::root,
    world::{self, NOON},
};

/// A voucher on a bill, with what its campaign says about others.
struct One {
    claims: Claims,
    stacking: Stacking,
    left: i64,
}

/// What comes of a bill; vouchers are counted from 1.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Paid { order: Vec<usize>, gives: Vec<i64>, due: i64 },
    Refused { code: &'static str, voucher: Option<usize>, with: Option<usize> },
}

struct Row {
    bill: Money,
    vouchers: Vec<One>,
    expected: Outcome,
}

impl FromStr for Row {
    type Err = String;

    fn from_str(line: &str) -> Parsed<Self> {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [bill, vouchers, verdict] = columns[..] else {
            return Err(format!("{} columns instead of 3", columns.len()));
        };
        let mut words = Words::new(bill);
        let bill = words.money(countersign::domain::money::Currency::EUR)?;
        words.end()?;
        let mut all: Vec<One> = Vec::new();
        for text in vouchers.split(';') {
            let one = parse_one(text.trim(), &all)?;
            all.push(one);
        }
        Ok(Self { bill, vouchers: all, expected: parse_outcome(verdict)? })
    }
}

/// `off 5.00 min 20.00 [campaign 8, rank 2, not with 9]`.
fn parse_one(text: &str, before: &[One]) -> Parsed<One> {
    let (terms, notes) = text.split_once('[').unwrap_or((text, ""));
    let mut claims = world::claims(parse_terms(terms.trim())?);
    let index = u32::try_from(before.len()).map_err(|error| error.to_string())?;
    claims.id = VoucherId { campaign: CampaignId(7), index, random: 5 };
    let left = if let Terms::StoredValue { balance } = claims.terms { balance.minor } else { 0 };
    let mut one = One { claims, stacking: Stacking::default(), left };
    for note in notes.trim_end_matches(']').split(',').map(str::trim).filter(|n| !n.is_empty()) {
        one.note(note, before)?;
    }
    Ok(one)
}

impl One {
    fn note(&mut self, note: &str, before: &[Self]) -> Parsed<()> {
        let mut words = Words::new(note);
        match words.next()? {
            "campaign" => self.claims.id.campaign = CampaignId(words.number()?),
            "issuer" => {
                self.claims.issuer = words.next()?.parse().map_err(|_error| note.to_owned())?;
            }
            "rank" => self.stacking.rank = words.number()?,
            "alone" => self.stacking.alone = true,
            "most" => self.stacking.most = words.number()?,
            "not" if words.take("with") => {
                self.stacking.not_with.push(CampaignId(words.number()?));
            }
            "left" => self.left = words.minor()?,
            "same" if words.take("as") => {
                let number: usize = words.number()?;
                self.claims = before[number - 1].claims.clone();
            }
            other => return Err(format!("unknown word {other} about a voucher on a bill")),
        }
        words.end()
    }

    fn on_bill(&self) -> OnBill<'_> {
        OnBill { claims: &self.claims, stacking: &self.stacking, left: self.left }
    }

    /// What the verdict on it alone is, after others took their part of the bill.
    fn verdict(&self, bill: Money, rest: Money, gives: Money) -> Verdict {
        let stored = matches!(self.claims.terms, Terms::StoredValue { .. });
        let request = Request {
            bill: Some(bill),
            rest: Some(rest),
            amount: stored.then_some(gives),
            ..Request::plain(EntryMethod::Camera)
        };
        let mut facts = ordinary(NOON);
        facts.platform = PlatformFact::Silent;
        if let Terms::StoredValue { balance } = self.claims.terms {
            facts.used_here = Used::new(1, balance.minor - self.left);
        }
        let voucher = world::voucher(&self.claims, &world::published_key());
        let policy = Policy::standard(OfflineMode::Always, Limits::default());
        decide(&voucher, &request, &facts, &policy, NOON).verdict
    }
}

/// `order 2 1 gives 6.00 5.00 due 29.00` or `refuse not_stackable 2 with 1`.
fn parse_outcome(text: &str) -> Parsed<Outcome> {
    let mut words = Words::new(text);
    let outcome = if words.take("refuse") {
        let code = words.next()?;
        let code = codes().find(|known| *known == code).ok_or_else(|| format!("unknown {code}"))?;
        let voucher = words.peek().map(|_| words.number()).transpose()?;
        let with = words.take("with").then(|| words.number()).transpose()?;
        Outcome::Refused { code, voucher, with }
    } else {
        let (mut order, mut gives) = (Vec::new(), Vec::new());
        words.take("order");
        while !words.take("gives") {
            order.push(words.number()?);
        }
        while !words.take("due") {
            gives.push(words.minor()?);
        }
        Outcome::Paid { order, gives, due: words.minor()? }
    };
    words.end()?;
    Ok(outcome)
}

fn codes() -> impl Iterator<Item = &'static str> {
    let clashes = [Clash::TooMany, Clash::Twice(0), Clash::Currency(0), Clash::NotStackable(0, 0)];
    clashes.map(Clash::code).into_iter().chain(Finding::ALL.iter().map(|finding| finding.code()))
}

fn rows() -> Vec<(String, Row)> {
    lines_of(&root().join("tests/rules/bill.txt"))
}

/// The plan, and then the verdict on each voucher in its place.
fn outcome(row: &Row) -> Outcome {
    let vouchers: Vec<OnBill<'_>> = row.vouchers.iter().map(One::on_bill).collect();
    let plan = match plan(row.bill, &vouchers) {
        Ok(plan) => plan,
        Err(clash) => {
            let with = if let Clash::NotStackable(_, with) = clash { Some(with + 1) } else { None };
            let voucher = clash.voucher().map(|at| at + 1);
            return Outcome::Refused { code: clash.code(), voucher, with };
        }
    };
    refused(row, &plan).unwrap_or_else(|| Outcome::Paid {
        order: plan.steps.iter().map(|step| step.voucher + 1).collect(),
        gives: plan.steps.iter().map(|step| step.gives.minor).collect(),
        due: plan.due.minor,
    })
}

/// The first voucher that is not accepted in its place; what is accepted must give what was planned.
fn refused(row: &Row, plan: &Plan) -> Option<Outcome> {
    for step in &plan.steps {
        let one = &row.vouchers[step.voucher];
        let stored = matches!(one.claims.terms, Terms::StoredValue { .. });
        let foreign = one.claims.issuer.as_str() != "demo";
        if foreign || (stored && one.left > 0 && step.gives.minor == 0) {
            continue;
        }
        match one.verdict(row.bill, step.before, step.gives) {
            Verdict::Accepted(redemption) if stored || one.claims.terms.kind().is_coupon() => {
                assert_eq!(redemption.value, step.gives);
                let after = step.before.minus(step.gives);
                assert_eq!(redemption.due, after.filter(|_| !stored));
            }
            Verdict::Accepted(_) => assert_eq!(step.gives.minor, 0),
            Verdict::Refused(finding) => {
                let (code, voucher) = (finding.code(), Some(step.voucher + 1));
                return Some(Outcome::Refused { code, voucher, with: None });
            }
            other @ (Verdict::CannotCheck(_) | Verdict::NeedsInput(_) | Verdict::AskPlatform) => {
                panic!("{other:?}")
            }
        }
    }
    None
}

#[test]
fn every_line_of_the_table_of_bills_holds() {
    let rows = rows();
    assert!(rows.len() >= 30, "only {} lines were found", rows.len());
    let mut wrong = Vec::new();
    for (place, row) in &rows {
        let outcome = outcome(row);
        if outcome != row.expected {
            wrong.push(format!("{place}\n    {outcome:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_clash_is_the_answer_of_a_line() {
    let rows = rows();
    let told = |code: &str| {
        let same =
            |row: &Row| matches!(row.expected, Outcome::Refused { code: told, .. } if told == code);
        rows.iter().any(|(_, row)| same(row))
    };
    assert!(codes().take(4).all(told));
}
