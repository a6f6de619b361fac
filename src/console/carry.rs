//! `carry out` and `carry in`.

use serde_json::{Value, json};

use super::{
    Console, ConsoleError, Exit,
    args::{CarryAction, CarryArgs},
};
use crate::terminal::{
    Unpacked,
    engine::{Carry, CarryReport},
};

pub(super) fn run(console: &mut Console<'_>, args: &CarryArgs) -> Result<Exit, ConsoleError> {
    let (folder, what) = match &args.action {
        CarryAction::Out { folder } => (folder, Carry::Out),
        CarryAction::In { folder } => (folder, Carry::In),
    };
    let mut session = console.by_hand()?;
    let report = session.carry_by_hand(folder, what);
    if console.json {
        console.line(as_json(&report))?;
    } else {
        for line in session.engine.carry_lines(&report) {
            console.line(line)?;
        }
    }
    Ok(if is_clean(&report) { Exit::Done } else { Exit::CannotCheck })
}

/// Whether nothing stood in the way; that a stick brings nothing is no fault.
fn is_clean(report: &CarryReport) -> bool {
    let clean = |taken: &Unpacked| {
        taken.problems.is_empty() && taken.refused == 0 && taken.incomplete == 0 && !taken.forked
    };
    report.problem.is_none() && report.taken.as_ref().is_none_or(clean)
}

fn as_json(report: &CarryReport) -> Value {
    let taken = report.taken.as_ref().map(|taken| {
        json!({
            "parcels": taken.parcels,
            "acknowledged": taken.acknowledged,
            "as_of": taken.as_of.map(|time| time.to_string()),
            "old": taken.old,
            "foreign": taken.foreign,
            "refused": taken.refused,
            "incomplete": taken.incomplete,
            "forked": taken.forked,
            "problems": taken.problems,
        })
    });
    let written = report.written.as_ref().map(|packed| {
        json!({
            "file": packed.name.to_string(),
            "entries": packed.entries,
            "left": packed.left,
        })
    });
    json!({ "taken": taken, "written": written, "problem": report.problem })
}
