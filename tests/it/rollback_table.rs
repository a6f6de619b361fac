//! The table of roll backs, `tests/rules/rollback.txt`.

use std::{collections::BTreeSet, str::FromStr};

use countersign::domain::{
    redeem::{Part, RollBack, RollBackRefusal, Taken, decide_roll_back},
    voucher::{Lines, Used},
};

use crate::{
    rule_words::{Parsed, Words, minor, pieces},
    rules::lines_of,
    sources::root,
    world::NOON,
};

/// A redemption, how much of it is to be taken back and when, and what must come of it.
struct Row {
    taken: Taken,
    part: Part,
    approved: bool,
    after_s: i64,
    expected: RollBack,
}

impl FromStr for Row {
    type Err = String;

    fn from_str(line: &str) -> Parsed<Self> {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [what, returned, part, when, verdict] = columns[..] else {
            return Err(format!("{} columns instead of 5", columns.len()));
        };
        let mut taken = parse_taken(what)?;
        taken.returned = used(returned)?;
        let mut row = Self {
            taken,
            part: parse_part(part)?,
            approved: false,
            after_s: 0,
            expected: parse_verdict(verdict)?,
        };
        row.note_circumstances(when)?;
        Ok(row)
    }
}

impl Row {
    /// `after 10m of 24h approved cycles 3`.
    fn note_circumstances(&mut self, text: &str) -> Parsed<()> {
        let mut words = Words::new(text);
        while words.peek().is_some() {
            match words.next()? {
                "after" => self.after_s = words.seconds()?,
                "of" => {
                    let window = words.seconds()?;
                    self.taken.window_s =
                        u32::try_from(window).map_err(|error| error.to_string())?;
                }
                "approved" => self.approved = true,
                "cycles" => self.taken.cycles = words.number()?,
                other => return Err(format!("{other} is not understood here")),
            }
        }
        Ok(())
    }

    fn decide(&self, part: Part) -> RollBack {
        decide_roll_back(&self.taken, part, self.approved, NOON.plus(self.after_s))
    }
}

/// `pass 3x 12.00`, `pick_up 3x 24.40 pieces 2+1 worth 3.20+18.00`.
fn parse_taken(text: &str) -> Parsed<Taken> {
    let mut words = Words::new(text);
    let kind = words.next()?.parse().map_err(|_error| format!("unknown kind in {text}"))?;
    let used = words.used()?;
    let worth = if words.take("worth") { words.next()?.split('+').collect() } else { Vec::new() };
    let values = worth.into_iter().map(minor).collect::<Parsed<_>>()?;
    words.end()?;
    let returned = Used::default();
    Ok(Taken { kind, at: NOON, used, returned, values, cycles: 0, window_s: 86_400 })
}

fn used(text: &str) -> Parsed<Used> {
    let mut words = Words::new(text);
    if words.take("-") {
        return Ok(Used::default());
    }
    let used = words.used()?;
    words.end()?;
    Ok(used)
}

fn parse_part(text: &str) -> Parsed<Part> {
    let mut words = Words::new(text);
    let part = match words.next()? {
        "all" => Part::All,
        "uses" | "people" => Part::Uses(words.number()?),
        "amount" => Part::Amount(words.minor()?),
        "pieces" => Part::Lines(pieces(words.next()?)?),
        other => return Err(format!("unknown part {other}")),
    };
    words.end()?;
    Ok(part)
}

fn parse_verdict(text: &str) -> Parsed<RollBack> {
    if text == "needs approval" {
        return Ok(RollBack::NeedsApproval);
    }
    if let Some(given) = text.strip_prefix("gives ") {
        return Ok(RollBack::Allowed(used(given)?));
    }
    let code = text.strip_prefix("refuse ").ok_or_else(|| format!("unknown verdict {text}"))?;
    let refusal = RollBackRefusal::ALL.into_iter().find(|refusal| refusal.code() == code);
    refusal.map(RollBack::Refused).ok_or_else(|| format!("unknown refusal {code}"))
}

fn rows() -> Vec<(String, Row)> {
    lines_of(&root().join("tests/rules/rollback.txt"))
}

#[test]
fn every_line_of_the_table_of_roll_backs_holds() {
    let rows = rows();
    assert!(rows.len() >= 40, "only {} lines were found", rows.len());
    let mut wrong = Vec::new();
    for (place, row) in &rows {
        let decided = row.decide(row.part);
        if decided != row.expected {
            wrong.push(format!("{place}\n    {decided:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_refusal_is_the_answer_of_a_line() {
    let told: BTreeSet<&str> = rows()
        .into_iter()
        .filter_map(|(_, row)| {
            if let RollBack::Refused(refusal) = row.expected { Some(refusal.code()) } else { None }
        })
        .collect();
    assert_eq!(told, RollBackRefusal::ALL.map(RollBackRefusal::code).into());
}

/// Whatever is asked for again and again, never more is given back than was consumed, and the rest can always be.
#[test]
fn never_more_is_given_back_than_was_consumed() {
    let single = |line: usize| {
        let mut pieces = Lines::NONE;
        pieces.0[line] = 1;
        pieces
    };
    for (place, mut row) in rows() {
        row.approved = true;
        row.taken.cycles = 0;
        let mut parts: Vec<Part> = (0..3).map(|line| Part::Lines(single(line))).collect();
        parts.extend([Part::Uses(1), Part::Amount(1), Part::Uses(2), Part::Amount(700), Part::All]);
        for part in [row.part].into_iter().chain(parts.iter().copied().cycle().take(24)) {
            if let RollBack::Allowed(given) = row.decide(part) {
                assert!(!given.is_nothing(), "{place}");
                row.taken.returned = row.taken.returned.plus(given);
                assert!(row.taken.returned.is_within(row.taken.used), "{place}: {part:?}");
            }
        }
        assert_eq!(row.taken.returned, row.taken.used, "{place}");
        let again = row.decide(Part::All);
        assert_eq!(again, RollBack::Refused(RollBackRefusal::AlreadyRolledBack), "{place}");
    }
}

/// A clock set back keeps no window open: the caller hands over the latest time known to have passed.
#[test]
fn an_approval_is_the_only_difference_after_the_window() {
    for (place, mut row) in rows() {
        row.approved = false;
        let late = row.decide(row.part);
        row.approved = true;
        let approved = row.decide(row.part);
        match late {
            RollBack::NeedsApproval => assert!(matches!(approved, RollBack::Allowed(_)), "{place}"),
            RollBack::Allowed(_) | RollBack::Refused(_) => assert_eq!(late, approved, "{place}"),
        }
    }
}
