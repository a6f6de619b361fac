//! The rule tables of `tests/rules`: real vouchers, minted, verified and decided.

use std::{collections::BTreeSet, fs, path::Path, str::FromStr};

use countersign::domain::{
    id::OperatorId,
    redeem::{Decision, Finding, FindingSet, PlatformFact, Redemption, Verdict, Wanted, decide},
    voucher::{Limit, Lines, Terms},
};

use crate::rule_row::{Answer, Row};

/// Tables of other questions than how one voucher is decided.
const OTHERS: [&str; 2] = ["bill.txt", "rollback.txt"];

#[test]
fn every_line_of_the_tables_holds() {
    let mut wrong = Vec::new();
    let rows = rows();
    assert!(rows.len() >= 560, "only {} lines were found", rows.len());
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
            Answer::Refuse(finding) | Answer::Cannot(finding) => {
                told.insert(finding);
            }
            Answer::Ask(_) => told.extend(row.expected.noted),
            Answer::Accept { .. } | Answer::AskPlatform => {}
        }
    }
    let silent: Vec<_> = Finding::ALL.iter().filter(|finding| !told.contains(finding)).collect();
    // Of several vouchers on a bill, the table of bills speaks.
    assert_eq!(silent, [&Finding::NotStackable]);
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

/// With a policy that denies nothing and asks nobody, every refusal stands but those that a campaign may choose.
#[test]
fn no_policy_waves_a_refusal_through() {
    let chosen = [Finding::BelowMinimumSpend, Finding::LiveProofStale, Finding::LiveProofReplayed];
    let lax = FindingSet::EMPTY;
    for (place, mut row) in rows() {
        let Answer::Refuse(finding) = row.expected.answer else {
            continue;
        };
        if chosen.contains(&finding) {
            continue;
        }
        (row.policy.deny, row.policy.ask, row.policy.deny_unasked) = (lax, lax, lax);
        let verdict = decide_row(&row).verdict;
        assert_eq!(verdict, Verdict::Refused(finding), "{place}");
    }
}

/// Nobody's word is worth more than what the campaign lets it be worth.
#[test]
fn a_supervisor_waves_nothing_through_that_the_policy_does_not_name() {
    let mut tried = 0;
    for (place, mut row) in rows() {
        let refused = match row.expected.answer {
            Answer::Refuse(finding) => Verdict::Refused(finding),
            Answer::Cannot(finding) => Verdict::CannotCheck(finding),
            Answer::Accept { .. } | Answer::Ask(_) | Answer::AskPlatform => continue,
        };
        row.request.approved_by = Some(OperatorId(4));
        row.request.confirmed = true;
        assert_eq!(decide_row(&row).verdict, refused, "{place}");
        tried += 1;
    }
    assert!(tried > 200, "only {tried} were tried");
}

/// Looking first shows the same verdict, and consumes nothing before the cashier says yes.
#[test]
fn a_look_shows_what_would_happen_and_accepts_nothing() {
    for (place, mut row) in rows() {
        let plain = decide_row(&row);
        row.request.look_first = true;
        row.request.confirmed = false;
        let looked = decide_row(&row);
        assert!(!accepts(&looked), "{place}");
        let asks = looked.verdict == Verdict::NeedsInput(Wanted::Uses);
        if matches!(plain.verdict, Verdict::Refused(_)) && !asks {
            assert_eq!(looked.verdict, plain.verdict, "{place}");
        }
    }
}

/// Every line with its place and its text.
fn rows() -> Vec<(String, Row)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .filter(|path| !OTHERS.iter().any(|other| path.ends_with(other)))
        .collect();
    files.sort();
    files.iter().flat_map(|file| lines_of(file)).collect()
}

/// The lines of one table, each with its place and its text.
pub(crate) fn lines_of<R: FromStr<Err = String>>(file: &Path) -> Vec<(String, R)> {
    let text = fs::read_to_string(file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let read = |(number, line): (i32, &str)| {
        let place = format!("tests/rules/{name}:{number}: {line}");
        let row = line.parse().unwrap_or_else(|error| panic!("{place}\n    {error}"));
        (place, row)
    };
    lines.map(read).collect()
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
    let approved = row.request.approved_by.map_or(FindingSet::EMPTY, |_| row.policy.approve);
    if !decision.findings.and(row.policy.deny).minus(approved).is_empty() {
        return Err("accepted with a finding that denies".to_owned());
    }
    check_books(row, &redemption)
}

/// What is written down must be what was asked for and what was said.
fn check_books(row: &Row, redemption: &Redemption) -> Result<(), String> {
    let terms = &row.voucher.claims().terms;
    let coupon = matches!(terms, Terms::AmountOff(_) | Terms::PercentOff(_));
    let (uses, lines) = consumed(row, terms);
    let fits = redemption.used.uses == uses
        && lines.is_none_or(|lines| lines == redemption.used.lines)
        && redemption.used.minor == redemption.value.minor
        && redemption.value.currency == terms.currency()
        && redemption.bill == row.request.bill.filter(|_| coupon)
        && redemption.limit == whole(row, terms);
    fits.then_some(()).ok_or_else(|| format!("the books are wrong: {redemption:?}"))
}

/// The uses that were asked for, and the pieces, where they were said.
fn consumed(row: &Row, terms: &Terms) -> (u32, Option<Lines>) {
    match terms {
        Terms::Pass { .. } | Terms::Ticket(_) => {
            (u32::from(row.request.uses.unwrap_or(1).max(1)), Some(Lines::NONE))
        }
        // Where nothing was said, exactly one piece was left.
        Terms::PickUp { .. } => match row.request.lines {
            Some(lines) if lines.total() > 0 => (lines.total(), Some(lines)),
            _nothing => (1, None),
        },
        Terms::PrepaidDeal { .. }
        | Terms::AmountOff(_)
        | Terms::PercentOff(_)
        | Terms::StoredValue { .. }
        | Terms::Item(_) => (1, Some(Lines::NONE)),
    }
}

/// What the voucher may be consumed up to: what it says, or what was loaded onto it since.
fn whole(row: &Row, terms: &Terms) -> Limit {
    match terms {
        Terms::Pass { uses, .. } => Limit::Uses(u32::from(*uses)),
        Terms::Ticket(ticket) => Limit::Uses(u32::from(ticket.party)),
        Terms::StoredValue { balance } => {
            let heard = match &row.facts.platform {
                PlatformFact::Granted { limit, .. } => *limit,
                PlatformFact::NotAsked | PlatformFact::Silent | PlatformFact::Refused { .. } => {
                    None
                }
            };
            let loaded = [row.facts.known_limit, heard].into_iter().flatten();
            let loaded = loaded.filter_map(|limit| match limit {
                Limit::Balance(minor) => Some(minor),
                Limit::Uses(_) | Limit::Lines(_) => None,
            });
            Limit::Balance(loaded.fold(balance.minor, i64::max))
        }
        Terms::PickUp { lines, .. } => {
            let pieces: Vec<u16> = lines.iter().map(|line| line.count).collect();
            Limit::Lines(Lines::from_slice(&pieces).unwrap())
        }
        Terms::PrepaidDeal { .. } | Terms::AmountOff(_) | Terms::PercentOff(_) | Terms::Item(_) => {
            Limit::Uses(1)
        }
    }
}

fn answer(verdict: &Verdict) -> Answer {
    match verdict {
        Verdict::Accepted(redemption) => Answer::Accept {
            gives: redemption.value.minor,
            pay: redemption.due.map(|due| due.minor),
            left: redemption.left,
            leased: redemption.lease.is_some(),
        },
        Verdict::Refused(finding) => Answer::Refuse(*finding),
        Verdict::CannotCheck(finding) => Answer::Cannot(*finding),
        Verdict::NeedsInput(wanted) => Answer::Ask(*wanted),
        Verdict::AskPlatform => Answer::AskPlatform,
    }
}
