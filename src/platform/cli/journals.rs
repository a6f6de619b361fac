//! Taking exported journals in.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufReader, Write},
    path::Path,
};

use super::{CliError, args::JournalCommand, journal_line, sentence};
use crate::{
    carriage,
    domain::{
        id::{Epoch, TerminalId},
        sync::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, Mismatch, Parcel, ParcelKind, ParcelName},
    },
    platform::{
        replay::{JournalError, read_bytes, unverified},
        service::{ImportRun, Imported, ServiceError},
        site::Site,
    },
};

pub(super) fn journal(
    site: &Site,
    command: &JournalCommand,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let JournalCommand::Import { file, out: folder } = command;
    let mut import = Import { site, out, held: BTreeSet::new(), refused: 0 };
    import.file(file)?;
    let beside = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.as_deref().or(beside).unwrap_or(Path::new("."));
    import.acknowledge(folder)?;
    if import.refused > 0 {
        return Err(CliError::Wrong("not all of the journal was taken".to_owned()));
    }
    Ok(())
}

struct Import<'a> {
    site: &'a Site,
    out: &'a mut dyn Write,
    /// Journals of which something is held.
    held: BTreeSet<(TerminalId, Epoch)>,
    refused: u32,
}

impl Import<'_> {
    /// Takes the entries of a file in, run by run.
    fn file(&mut self, path: &Path) -> Result<(), CliError> {
        let failed = |source| CliError::read(path, source);
        let mut reader = BufReader::new(File::open(path).map_err(failed)?);
        let (mut run, mut size) = (None::<ImportRun>, 0_usize);
        for number in 1_u64.. {
            let Some(line) = journal_line(&mut reader).map_err(failed)? else {
                break;
            };
            let wrong = |error: JournalError| {
                CliError::Wrong(format!("{}: line {number}: {error}", path.display()))
            };
            let Some(bytes) = read_bytes(&line).map_err(wrong)? else {
                continue;
            };
            let entry = unverified(&bytes).ok_or(JournalError::Entry).map_err(wrong)?;
            let longer = size.saturating_add(bytes.len());
            match &mut run {
                Some(run)
                    if run.is_followed_by(&entry)
                        && run.entries.len() < BATCH_ENTRIES_MAX
                        && longer <= BATCH_BYTES_MAX =>
                {
                    run.last = entry.seq;
                    run.entries.push(bytes.into());
                    size = longer;
                }
                Some(_) | None => {
                    size = bytes.len();
                    let next = ImportRun::of(&entry, bytes);
                    self.run(run.replace(next))?;
                }
            }
        }
        self.run(run)
    }

    fn run(&mut self, run: Option<ImportRun>) -> Result<(), CliError> {
        let Some(run) = run else {
            return Ok(());
        };
        let (terminal, epoch, first) = (run.terminal, run.epoch, run.after.seq.next());
        let of = format!("terminal {terminal}, epoch {epoch}, entries {first} to {}", run.last);
        match self.site.platform().import(&run) {
            Ok(Imported::Taken { new }) => {
                self.held.insert((terminal, epoch));
                writeln!(self.out, "{of}: {new} are new")?;
            }
            Ok(Imported::Mismatch { kind, held }) => {
                self.refused = self.refused.saturating_add(1);
                writeln!(self.out, "{of}: not taken, {}; held up to entry {held}", reason(kind))?;
            }
            Err(ServiceError::Store(error)) => return Err(ServiceError::Store(error).into()),
            Err(error) => {
                self.refused = self.refused.saturating_add(1);
                writeln!(self.out, "{of}: not taken, {}", sentence(&error))?;
            }
        }
        Ok(())
    }

    /// Writes what the terminal may take in: for the last life of its journal that the file held.
    fn acknowledge(&mut self, folder: &Path) -> Result<(), CliError> {
        let mut last = std::collections::BTreeMap::new();
        last.extend(self.held.iter().copied());
        for whose in last {
            let (key, reply) = self.site.platform().acknowledge(whose)?;
            let now = self.site.platform().now();
            let name = ParcelName::new(whose.0, key, ParcelKind::Replies, now);
            let mut parcel = Parcel::new(ParcelKind::Replies);
            parcel.push(reply);
            carriage::write(folder, &name, &parcel.to_bytes())?;
            writeln!(self.out, "acknowledged in {}", folder.join(name.to_string()).display())?;
        }
        Ok(())
    }
}

fn reason(kind: Mismatch) -> &'static str {
    match kind {
        Mismatch::Gap => "entries before them are missing",
        Mismatch::Fork => {
            "other entries are held at these positions: the journal was restored or cloned"
        }
        Mismatch::Epoch => "they are of another life of the journal",
    }
}
