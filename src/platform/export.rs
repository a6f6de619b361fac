//! Lists as CSV (RFC 4180), safe to open in a spreadsheet.

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};

use super::service::RedemptionLine;

/// The first line.
const HEADER: [&str; 20] = [
    "cursor",
    "kind",
    "at",
    "received",
    "merchant",
    "branch",
    "branch_name",
    "terminal",
    "epoch",
    "seq",
    "operator",
    "issuer",
    "campaign",
    "voucher",
    "uses",
    "amount",
    "currency",
    "online",
    "rolls_back",
    "note",
];

/// Redemptions as a table with a header.
pub fn csv(lines: &[RedemptionLine]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for line in lines {
        writer.write_record(cells(line).iter().map(|cell| safe(cell).into_owned()))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

fn cells(line: &RedemptionLine) -> [String; HEADER.len()] {
    let text = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    [
        line.cursor.to_string(),
        line.kind.to_owned(),
        line.at.clone(),
        line.received.clone(),
        line.merchant.to_string(),
        line.branch.to_string(),
        line.branch_name.clone(),
        line.terminal.to_string(),
        line.epoch.to_string(),
        line.seq.to_string(),
        text(line.operator.map(u64::from)),
        line.issuer.clone(),
        line.campaign.to_string(),
        line.voucher.clone(),
        line.uses.to_string(),
        line.amount.clone(),
        line.currency.to_owned(),
        line.online.map_or_else(String::new, |online| online.to_string()),
        text(line.rolls_back),
        line.note.clone().unwrap_or_default(),
    ]
}

/// A spreadsheet takes cells that begin so for formulas.
fn safe(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_a_formula_stays_a_name() {
        for name in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(safe(name), format!("'{name}"));
        }
        assert_eq!(safe("Main street = best"), "Main street = best");
    }
}
