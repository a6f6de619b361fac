//! Answering the parcels on a stick.

use std::io::Write;

use super::{CliError, args::CarryArgs, sentence};
use crate::{
    domain::sync::ParcelName,
    platform::{parcels, service::Carried, site::Site},
};

pub(super) fn carry(site: &Site, args: &CarryArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let answered = parcels::answer_all(site.platform(), &args.folder)?;
    if answered.is_empty() {
        writeln!(out, "There is no parcel of a terminal in {}.", args.folder.display())?;
    }
    let mut failed = 0_u32;
    for (name, carried) in &answered {
        match carried {
            Ok(carried) => tell(name, carried, out)?,
            Err(error) => {
                failed = failed.saturating_add(1);
                writeln!(out, "{error}")?;
            }
        }
    }
    if failed > 0 {
        let reason = format!("{failed} of {} parcels could not be answered", answered.len());
        return Err(CliError::Wrong(reason));
    }
    Ok(())
}

fn tell(name: &ParcelName, carried: &Carried, out: &mut dyn Write) -> Result<(), CliError> {
    let (terminal, entries) = (carried.terminal, carried.entries);
    writeln!(out, "{name}")?;
    if let Some(head) = carried.head {
        writeln!(out, "      terminal {terminal}: {entries} new entries, held up to entry {head}")?;
    }
    if carried.mismatch {
        writeln!(
            out,
            "      its journal does not follow the one that is held; see `terminal list`"
        )?;
    }
    for refused in &carried.refused {
        writeln!(out, "      not answered: {}", sentence(refused))?;
    }
    if carried.answer.is_some() {
        writeln!(out, "      answered in {}", name.answer())?;
    }
    Ok(())
}
