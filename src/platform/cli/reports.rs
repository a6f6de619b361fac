//! Lists of redemptions and conflicts.

use std::io::Write;

use super::{
    CliError,
    args::{ConflictsArgs, RedemptionsArgs},
    json,
};
use crate::platform::{
    export,
    service::{ConflictLine, LIST_MAX, RedemptionLine},
    site::Site,
    store::RedemptionFilter,
};

pub(super) fn redemptions(
    site: &Site,
    args: &RedemptionsArgs,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let lines = all_redemptions(site, args)?;
    if args.json {
        return json(&lines, out);
    }
    if args.csv {
        let table = export::csv(&lines).map_err(CliError::draw)?;
        out.write_all(&table)?;
        return Ok(());
    }
    for line in &lines {
        let sign = if line.kind == "rolled_back" { "-" } else { "" };
        let amount = format!("{sign}{} {}", line.amount, line.currency);
        let note = line.note.as_deref().unwrap_or("");
        let (at, kind, terminal) = (&line.at, line.kind, line.terminal);
        let (branch, voucher) = (&line.branch_name, &line.voucher);
        writeln!(
            out,
            "{at}  {kind:<11}  {amount:>14}  {voucher}  terminal {terminal}  {branch}  {note}"
        )?;
    }
    Ok(())
}

pub(super) fn conflicts(
    site: &Site,
    args: &ConflictsArgs,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let lines = all_conflicts(site)?;
    if args.json {
        return json(&lines, out);
    }
    for line in &lines {
        let (id, voucher, liable, found) = (line.id, &line.voucher, line.liable, &line.found);
        writeln!(out, "{id:>4}  {voucher}  borne by the {liable}  found {found}")?;
        for entry in &line.evidence {
            let (at, branch, terminal) = (&entry.at, entry.branch, entry.terminal);
            let (epoch, seq) = (entry.epoch, entry.seq);
            writeln!(
                out,
                "      {at}  branch {branch}  terminal {terminal}  epoch {epoch}  entry {seq}"
            )?;
        }
    }
    Ok(())
}

fn all_redemptions(site: &Site, args: &RedemptionsArgs) -> Result<Vec<RedemptionLine>, CliError> {
    let mut filter = RedemptionFilter {
        merchant: None,
        branch: args.branch,
        since: args.since,
        until: args.until,
        received_since: None,
        received_until: None,
        after: 0,
        limit: LIST_MAX,
    };
    let mut lines = Vec::new();
    loop {
        let page = site.platform().redemptions(&filter)?;
        lines.extend(page.redemptions);
        match page.next_cursor {
            Some(cursor) => filter.after = cursor,
            None => return Ok(lines),
        }
    }
}

fn all_conflicts(site: &Site) -> Result<Vec<ConflictLine>, CliError> {
    let mut lines: Vec<ConflictLine> = Vec::new();
    loop {
        let after = lines.last().map_or(0, |line| line.id);
        let page = site.platform().conflicts(after, LIST_MAX)?;
        if page.is_empty() {
            return Ok(lines);
        }
        lines.extend(page);
    }
}
