//! `decode`: the codes in pictures, read as a camera's frames are.

use std::{
    fs,
    io::{BufRead as _, stdin},
    path::Path,
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    Console, ConsoleError, Exit,
    args::{DecodeArgs, EffortArg},
};
use crate::device::{
    camera::watch::FRAME_BUDGET,
    picture::{self, FILE_MAX, Luma},
    qr::reader::{ReadError, Reader},
};

/// How long one picture may take before it counts as unread.
const BUDGET: Duration = Duration::from_secs(10);

pub(super) fn run(
    console: &mut Console<'_>,
    args: &DecodeArgs,
    barcodes: bool,
) -> Result<Exit, ConsoleError> {
    let reader = Reader::start()?.with_barcodes(barcodes);
    let mut decoder = Decoder { reader, effort: args.effort, turn: 0 };
    let mut all = true;
    if args.pictures.is_empty() {
        for line in stdin().lock().lines() {
            all &= tell(console, &mut decoder, Path::new(line?.trim_end_matches('\r')))?;
        }
    }
    for path in &args.pictures {
        all &= tell(console, &mut decoder, path)?;
    }
    Ok(if all { Exit::Done } else { Exit::CannotCheck })
}

/// Prints what a picture holds; false where it could not be read at all.
fn tell(
    console: &mut Console<'_>,
    decoder: &mut Decoder,
    path: &Path,
) -> Result<bool, ConsoleError> {
    let told = match load(path) {
        Ok(luma) => {
            let before = console.clock.elapsed();
            let texts = decoder.read(luma);
            let took = console.clock.elapsed().saturating_sub(before);
            line(texts.map_err(|error| error.to_string()), took)
        }
        Err(reason) => line(Err(reason), Duration::ZERO),
    };
    let whole = told.get("error").is_none();
    console.line(told)?;
    console.out.flush()?;
    Ok(whole)
}

fn line(texts: Result<Vec<String>, String>, took: Duration) -> Value {
    let ms = (took.as_secs_f64() * 1e5).round() / 100.0;
    match texts {
        Ok(texts) => json!({ "texts": texts, "ms": ms }),
        Err(reason) => json!({ "texts": [], "ms": ms, "error": reason }),
    }
}

struct Decoder {
    reader: Reader,
    effort: EffortArg,
    turn: u32,
}

impl Decoder {
    fn read(&mut self, luma: Luma) -> Result<Vec<String>, ReadError> {
        self.turn = self.turn.wrapping_add(1);
        match self.effort {
            EffortArg::Full => self.reader.read(luma, BUDGET),
            EffortArg::Live => self
                .reader
                .read_live(luma, self.turn, |_| true, FRAME_BUDGET)
                .map(|look| look.texts),
        }
    }
}

fn load(path: &Path) -> Result<Luma, String> {
    let name = |reason: String| format!("{}: {reason}", path.display());
    let length = fs::metadata(path).map_err(|error| name(error.to_string()))?.len();
    if usize::try_from(length).map_or(true, |length| length > FILE_MAX) {
        return Err(name("the file is too large for a picture of a code".to_owned()));
    }
    let bytes = fs::read(path).map_err(|error| name(error.to_string()))?;
    picture::load(&bytes).map_err(|error| name(error.to_string()))
}
