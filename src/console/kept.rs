//! The choice of readers that is kept between two starts.

use std::{io, path::Path};

use serde::{Deserialize, Serialize};

use super::ReaderArgs;
use crate::keys::replace_private;

/// The file in the data folder.
const FILE: &str = "readers.json";
/// Largest such file that is looked at, in bytes.
const FILE_MAX: u64 = 64 * 1024;

/// The readers that were chosen on the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kept {
    camera: Option<String>,
    camera_sides: String,
    barcodes: bool,
    serial: Vec<String>,
}

impl Kept {
    /// What the data folder keeps; nothing where it keeps nothing that can be understood.
    pub fn load(dir: &Path) -> Option<Self> {
        let file = dir.join(FILE);
        let length = std::fs::metadata(&file).ok()?.len();
        let text = (length <= FILE_MAX).then(|| std::fs::read_to_string(&file));
        let kept = serde_json::from_str(&text?.ok()?);
        kept.inspect_err(|error| tracing::warn!(%error, "the choice of readers is not understood"))
            .ok()
    }

    /// Keeps it.
    pub fn save(&self, dir: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        replace_private(&dir.join(FILE), text.as_bytes())
    }

    /// The part of `args` that is kept.
    pub fn of(args: &ReaderArgs) -> Self {
        Self {
            camera: args.camera.as_ref().map(ToString::to_string),
            camera_sides: args.camera_sides.to_string(),
            barcodes: args.barcodes,
            serial: args.serial.clone(),
        }
    }

    /// `args` with what is kept, unless the command line names readers itself.
    pub fn applied(self, args: &ReaderArgs) -> ReaderArgs {
        if args.camera.is_some() || !args.serial.is_empty() {
            return args.clone();
        }
        ReaderArgs {
            camera: self.camera.and_then(|name| name.parse().ok()),
            camera_sides: self.camera_sides.parse().unwrap_or(args.camera_sides),
            barcodes: self.barcodes || args.barcodes,
            serial: self.serial,
            ..args.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::console::Args;

    fn args(line: &str) -> ReaderArgs {
        Args::parse_from(line.split(' ')).readers
    }

    #[test]
    fn a_choice_outlives_the_program() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Kept::load(dir.path()), None);
        let line = "countersign --camera C920 --camera-sides 640x480 --barcodes --serial auto";
        let kept = Kept::of(&args(line));
        kept.save(dir.path()).unwrap();
        let again = Kept::load(dir.path()).unwrap();
        assert_eq!(again, kept);
        assert_eq!(Kept::of(&again.applied(&args("countersign"))), kept);
    }

    #[test]
    fn the_command_line_comes_first() {
        let kept = Kept::of(&args("countersign --camera C920 --serial auto"));
        let named = kept.applied(&args("countersign --serial COM3"));
        assert_eq!((named.camera, named.serial), (None, vec!["COM3".to_owned()]));
    }

    #[test]
    fn a_file_that_is_not_understood_chooses_nothing() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["{\"camera\":1}", "{\"kamera\":\"x\"}", "\u{0}", "[", &" ".repeat(70_000)] {
            std::fs::write(dir.path().join(FILE), text).unwrap();
            assert_eq!(Kept::load(dir.path()), None, "{text:.20}");
        }
        std::fs::write(dir.path().join(FILE), "{\"camera_sides\":\"large\"}").unwrap();
        let applied = Kept::load(dir.path()).unwrap().applied(&args("countersign"));
        assert_eq!(applied.camera_sides.to_string(), "1280x720");
    }
}
