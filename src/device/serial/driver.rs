//! The languages of readers: which bytes make a reader of some maker do what.

use std::sync::LazyLock;

pub use super::command::Act;

use super::{
    command::{Command, tables},
    ids::{KnownReader, Mode},
    language::Language,
};

/// Pause after the byte that wakes a reader, in milliseconds.
const WAKE_MS: u64 = 50;
/// How long a reader that a sound leaves off stays off, so that the sound is heard, in milliseconds.
const SOUND_MS: u64 = 1_000;

static DRIVERS: LazyLock<Vec<Driver>> = LazyLock::new(|| SHEETS.iter().map(Driver::read).collect());

/// Where a driver's table is, and what the words around it say.
#[derive(Debug)]
struct Sheet {
    name: &'static str,
    /// The makers in `usb-ids.csv` whose readers this driver is for.
    makers: &'static [&'static str],
    page: &'static str,
    /// Which table of the page, from 0.
    table: usize,
    language: Language,
    /// What only the owner knows of a reader and must be true of it.
    only_if: Option<&'static str>,
    /// Whether each command is led by the act of waking.
    sleeps: bool,
}

static SHEETS: [Sheet; 7] = [
    Sheet {
        name: "Honeywell",
        makers: &["Honeywell", "Youjie (Honeywell)"],
        page: include_str!("../../../firmware-notes/10-honeywell.md"),
        table: 0,
        language: Language::Menu,
        only_if: None,
        sleeps: false,
    },
    Sheet {
        name: "Zebra SSI",
        makers: &["Zebra"],
        page: include_str!("../../../firmware-notes/11-zebra.md"),
        table: 0,
        language: Language::Packets,
        only_if: Some("its host type is SSI"),
        sleeps: false,
    },
    Sheet {
        name: "Datalogic",
        makers: &["Datalogic"],
        page: include_str!("../../../firmware-notes/12-datalogic.md"),
        table: 0,
        language: Language::Letters,
        only_if: None,
        sleeps: false,
    },
    Sheet {
        name: "Newland",
        makers: &["Newland"],
        page: include_str!("../../../firmware-notes/13-newland.md"),
        table: 0,
        language: Language::Unified,
        only_if: None,
        sleeps: false,
    },
    Sheet {
        name: "Grow registers",
        makers: &["Grow"],
        page: include_str!("../../../firmware-notes/14-grow-gm65-waveshare.md"),
        table: 0,
        language: Language::Registers,
        only_if: None,
        sleeps: false,
    },
    Sheet {
        name: "Grow SSI",
        makers: &[],
        page: include_str!("../../../firmware-notes/14-grow-gm65-waveshare.md"),
        table: 1,
        language: Language::Packets,
        only_if: Some("it is a GM67 or GM72"),
        sleeps: true,
    },
    Sheet {
        name: "M3Y",
        makers: &[],
        page: include_str!("../../../firmware-notes/15-m3y.md"),
        table: 0,
        language: Language::Frames,
        only_if: Some("it is an M3Y-W"),
        sleeps: false,
    },
];

/// How to talk to the readers of one family.
#[derive(Debug)]
pub struct Driver {
    sheet: &'static Sheet,
    commands: Vec<Command>,
}

/// Bytes to send and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Least time since the step before, in milliseconds.
    pub after_ms: u64,
    /// What to send.
    pub bytes: &'static [u8],
    /// Whether the reader stays off until this is sent, so that it must be sent even in a hurry.
    pub owed: bool,
}

impl Driver {
    /// Every driver.
    pub fn all() -> &'static [Self] {
        &DRIVERS
    }

    /// The driver with this name, or for the readers of this maker; upper and lower case are the same.
    pub fn of(maker: &str) -> Option<&'static Self> {
        let same = |name: &&str| name.eq_ignore_ascii_case(maker);
        let is_for = |sheet: &Sheet| same(&sheet.name) || sheet.makers.iter().any(same);
        DRIVERS.iter().find(|driver| is_for(driver.sheet))
    }

    /// The driver that a reader takes without the owner having said anything.
    pub fn automatic(known: &KnownReader) -> Option<&'static Self> {
        let serial = known.mode == Mode::Serial;
        Self::of(known.maker).filter(|driver| serial && driver.only_if().is_none())
    }

    /// Whether this is `other`.
    pub fn is(&self, other: &Self) -> bool {
        self.name() == other.name()
    }

    /// The name by which an owner chooses it.
    pub fn name(&self) -> &'static str {
        self.sheet.name
    }

    /// What must be true of a reader, and only its owner knows, before this driver may be chosen.
    pub fn only_if(&self) -> Option<&'static str> {
        self.sheet.only_if
    }

    /// The bytes of an act by themselves, if the family has them.
    pub fn bytes(&self, act: Act) -> Option<&[u8]> {
        self.command(act).map(|command| command.bytes.as_slice())
    }

    /// The mode that the owner must have set at the reader for this act.
    pub fn condition(&self, act: Act) -> Option<&'static str> {
        self.command(act)?.condition
    }

    /// All that is to be sent for an act: none if the family does not have it, or if it has a
    /// condition and the owner did not say that its mode is set.
    pub fn steps(&'static self, act: Act, mode_is_set: bool) -> Vec<Step> {
        let allowed = |command: &&Command| mode_is_set || command.condition.is_none();
        let Some(command) = self.command(act).filter(allowed) else {
            return Vec::new();
        };
        let after_ms = if self.wakes(act) { WAKE_MS } else { 0 };
        let after = command.follow_up.and_then(|act| self.command(act));
        self.waking(act)
            .chain([Step { after_ms, bytes: &command.bytes, owed: false }])
            .chain(after.map(|on| Step { after_ms: SOUND_MS, bytes: &on.bytes, owed: true }))
            .collect()
    }

    /// What switches a reader on again.
    pub(super) fn enabling(&'static self) -> Option<&'static [u8]> {
        self.bytes(Act::Enable)
    }

    pub(super) fn language(&self) -> Language {
        self.sheet.language
    }

    fn read(sheet: &'static Sheet) -> Self {
        let commands = tables(sheet.page).into_iter().nth(sheet.table).unwrap_or_default();
        Self { sheet, commands }
    }

    fn command(&self, act: Act) -> Option<&Command> {
        self.commands.iter().find(|command| command.act == act)
    }

    /// A reader that has just sent a code is awake, so the answer to it needs no waking.
    fn wakes(&self, act: Act) -> bool {
        self.sheet.sleeps && !matches!(act, Act::Wake | Act::Acknowledge)
    }

    fn waking(&'static self, act: Act) -> impl Iterator<Item = Step> {
        let wake = self.command(Act::Wake).filter(|_| self.wakes(act));
        wake.map(|wake| Step { after_ms: 0, bytes: &wake.bytes, owed: false }).into_iter()
    }
}

#[cfg(test)]
mod tests;
