//! `witness`: a redemption as a code for the customer's phone.

use serde_json::json;

use super::{Console, ConsoleError, Exit, args::WitnessArgs};
use crate::{
    domain::id::Seq,
    terminal::{code, view::CodeView},
};

pub(super) fn run(console: &mut Console<'_>, args: &WitnessArgs) -> Result<Exit, ConsoleError> {
    let session = console.by_hand()?;
    let Some(url) = session.engine.witness_url(Seq(args.entry))? else {
        let reason = "that is no redemption the platform has yet to acknowledge";
        return Err(ConsoleError::Usage(reason.to_owned()));
    };
    if console.json {
        console.line(json!({ "entry": args.entry, "url": url }))?;
        return Ok(Exit::Done);
    }
    for line in code(&url).iter().flat_map(drawn) {
        console.line(line)?;
    }
    console.line(url)?;
    Ok(Exit::Done)
}

/// Modules around a code that are light (ISO/IEC 18004).
const QUIET: usize = 4;

/// Two rows of modules a line, light ones as full blocks: consoles are dark.
fn drawn(code: &CodeView) -> Vec<String> {
    let side = code.width.saturating_add(2 * QUIET);
    let dark = |row: usize, column: usize| {
        let at = |place: usize| place.checked_sub(QUIET).filter(|place| *place < code.width);
        let (Some(row), Some(column)) = (at(row), at(column)) else {
            return false;
        };
        let place = row.saturating_mul(code.width).saturating_add(column);
        code.modules.get(place).copied().unwrap_or(false)
    };
    let rows = (0..side).step_by(2);
    let line = |row: usize| {
        let below = row.saturating_add(1);
        let signs = (0..side).map(|column| match (dark(row, column), dark(below, column)) {
            (false, false) => '█',
            (false, true) => '▀',
            (true, false) => '▄',
            (true, true) => ' ',
        });
        signs.collect()
    };
    rows.map(line).collect()
}
