//! The rule tables of `tests/rules`: real vouchers, minted, verified and decided.

use std::{collections::BTreeSet, fs, path::Path};

use countersign::domain::{
    redeem::{Decision, Finding, FindingSet, PlatformFact, Redemption, Verdict, Wanted, decide},
    voucher::{Limit, Terms},
};

use crate::rule_row::{Answer, Row};

#[test]
fn every_line_of_the_tables_holds() {
    let mut wrong = Vec::new();
    let rows = rows();
    assert!(rows.len() >= 300, "only {} lines were found", rows.len());
    for (place, row) in &rows {
        if let Err(reason) = check(row) {
            wrong.push(format!("{place}\n    {reason}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// A finding that no line speaks of would be free to mean anything.
#[test]
fn every_finding_is_the_reason_of_a_line() {
    let mut told = BTreeSet::new();
    for (_, row) in rows() {
        match row.expected.answer {
            Answer::Refuse(finding) | Answer::Cannot(finding) => told.insert(finding),
            Answer::Accept { .. } | Answer::AskBill | Answer::AskAmount | Answer::AskPlatform => {
                false
            }
        };
    }
    let silent: Vec<_> = Finding::ALL.iter().filter(|finding| !told.contains(finding)).collect();
    assert_eq!(silent, [&Finding::NotConfirmed; 0]);
}

/// The floor remembers every time that passed: whatever the clock is set to, what was refused stays refused.
#[test]
fn a_clock_set_back_turns_no_line_into_an_acceptance() {
    let mut tried = 0;
    for (place, mut row) in rows() {
        if accepts(&decide_row(&row)) {
            continue;
        }
        row.facts.time_floor = row.facts.time_floor.max(row.now);
        let true_now = row.now;
        for back in [1, 300, 301, 3600, 86_400, 31 * 86_400, 400 * 86_400, i64::MAX] {
            row.now = true_now.plus(-back);
            assert!(!accepts(&decide_row(&row)), "{place}\n    {back} s earlier");
            tried += 1;
        }
    }
    assert!(tried > 1000, "only {tried} were tried");
}

/// A line that is refused without asking anyone is not accepted because nobody could be asked.
#[test]
fn a_platform_that_falls_silent_turns_no_refusal_into_an_acceptance() {
    let mut tried = 0;
    for (place, mut row) in rows() {
        let unasked = row.facts.platform == PlatformFact::NotAsked;
        if unasked && matches!(decide_row(&row).verdict, Verdict::Refused(_)) {
            row.facts.platform = PlatformFact::Silent;
            assert!(!accepts(&decide_row(&row)), "{place}");
            tried += 1;
        }
    }
    assert!(tried > 5, "only {tried} were tried");
}

/// With a policy that denies nothing and asks nobody, every refusal but that of the minimum spend stands.
#[test]
fn no_policy_waves_a_refusal_through() {
    let lax = FindingSet::EMPTY;
    for (place, mut row) in rows() {
        let Answer::Refuse(finding) = row.expected.answer else {
            continue;
        };
        if finding == Finding::BelowMinimumSpend {
            continue;
        }
        (row.policy.deny, row.policy.ask, row.policy.deny_unasked) = (lax, lax, lax);
        let verdict = decide_row(&row).verdict;
        assert_eq!(verdict, Verdict::Refused(finding), "{place}");
    }
}

/// Every line with its place and its text.
fn rows() -> Vec<(String, Row)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    let mut rows = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        for (number, line) in (1..).zip(text.lines()) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = format!("tests/rules/{name}:{number}: {line}");
            let row = line.parse::<Row>().unwrap_or_else(|error| panic!("{place}\n    {error}"));
            rows.push((place, row));
        }
    }
    rows
}

fn decide_row(row: &Row) -> Decision {
    decide(&row.voucher, &row.request, &row.facts, &row.policy, row.now)
}

fn accepts(decision: &Decision) -> bool {
    matches!(decision.verdict, Verdict::Accepted(_))
}

fn check(row: &Row) -> Result<(), String> {
    let decision = decide_row(row);
    let answer = answer(&decision.verdict);
    if answer != row.expected.answer {
        return Err(format!("{answer:?} instead of {:?}", row.expected.answer));
    }
    if let Some(missing) = row.expected.noted.iter().find(|noted| !decision.findings.has(**noted)) {
        return Err(format!("{missing} is not found"));
    }
    if let Some(extra) = row.expected.absent.iter().find(|absent| decision.findings.has(**absent)) {
        return Err(format!("{extra} is found"));
    }
    let Verdict::Accepted(redemption) = decision.verdict else {
        return Ok(());
    };
    if !decision.findings.and(row.policy.deny).is_empty() {
        return Err("accepted with a finding that denies".to_owned());
    }
    check_books(row, &redemption)
}

/// What is written down must be what was asked for and what was said.
fn check_books(row: &Row, redemption: &Redemption) -> Result<(), String> {
    let terms = &row.voucher.claims().terms;
    let coupon = matches!(terms, Terms::AmountOff(_) | Terms::PercentOff(_));
    let (uses, limit) = match terms {
        Terms::Pass { uses, .. } => {
            let asked = row.request.uses.unwrap_or(1).max(1);
            (u32::from(asked), Limit::Uses(u32::from(*uses)))
        }
        Terms::StoredValue { balance } => (1, Limit::Balance(balance.minor)),
        Terms::PrepaidDeal { .. } | Terms::AmountOff(_) | Terms::PercentOff(_) => {
            (1, Limit::Uses(1))
        }
    };
    let fits = redemption.used.uses == uses
        && redemption.used.minor == redemption.value.minor
        && redemption.value.currency == terms.currency()
        && redemption.bill == row.request.bill.filter(|_| coupon)
        && redemption.limit == limit;
    fits.then_some(()).ok_or_else(|| format!("the books are wrong: {redemption:?}"))
}

fn answer(verdict: &Verdict) -> Answer {
    match verdict {
        Verdict::Accepted(redemption) => Answer::Accept {
            gives: redemption.value.minor,
            pay: redemption.due.map(|due| due.minor),
            left: redemption.left,
        },
        Verdict::Refused(finding) => Answer::Refuse(*finding),
        Verdict::CannotCheck(finding) => Answer::Cannot(*finding),
        Verdict::NeedsInput(Wanted::Bill) => Answer::AskBill,
        Verdict::NeedsInput(Wanted::Amount) => Answer::AskAmount,
        Verdict::AskPlatform => Answer::AskPlatform,
    }
}
