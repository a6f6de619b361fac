//! What can be said to a reader, from the tables of commands in `firmware-notes/`.
//!
//! A table has the columns act, bytes, reply and source; bytes stand in backticks, in hexadecimal. A reply
//! is known byte by byte or not at all, and is taken out of what the reader sends: it is no code.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::LazyLock,
};

/// What a reader may be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Sound that the voucher was refused.
    BeepRefused,
    /// Sound that all is well.
    BeepGood,
    /// Begin to look for a code.
    TriggerOn,
    /// Stop looking.
    TriggerOff,
    /// Read nothing until [`Act::Enable`].
    Disable,
    /// Read again.
    Enable,
    /// Say what it is.
    Identify,
    /// Wake from sleep.
    Wake,
    /// Say that a code has arrived.
    Acknowledge,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::BeepRefused,
        Self::BeepGood,
        Self::TriggerOn,
        Self::TriggerOff,
        Self::Disable,
        Self::Enable,
        Self::Identify,
        Self::Wake,
        Self::Acknowledge,
    ];

    /// Its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeepRefused => "beep_refused",
            Self::BeepGood => "beep_good",
            Self::TriggerOn => "trigger_on",
            Self::TriggerOff => "trigger_off",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Identify => "identify",
            Self::Wake => "wake",
            Self::Acknowledge => "acknowledge",
        }
    }
}

/// The command of an act, and the reply to it where that is known byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What is sent.
    pub bytes: Vec<u8>,
    /// What comes back.
    pub reply: Option<Vec<u8>>,
}

/// The commands of one maker's readers.
#[derive(Debug, PartialEq, Eq)]
pub struct Driver {
    makers: &'static [&'static str],
    /// Whether a refusing sound switches the reader off until it is enabled.
    off_after_refusal: bool,
    commands: BTreeMap<Act, Command>,
}

/// The makers, as the table of USB devices names them, and their pages.
const PAGES: [(&[&str], &str); 5] = [
    (&["Honeywell", "Youjie (Honeywell)"], include_str!("../../../firmware-notes/10-honeywell.md")),
    (&["Zebra"], include_str!("../../../firmware-notes/11-zebra.md")),
    (&["Datalogic"], include_str!("../../../firmware-notes/12-datalogic.md")),
    (&["Newland"], include_str!("../../../firmware-notes/13-newland.md")),
    (&["Grow"], include_str!("../../../firmware-notes/14-grow-gm65-waveshare.md")),
];

static DRIVERS: LazyLock<Vec<Driver>> = LazyLock::new(|| {
    PAGES.iter().map(|(makers, page)| Driver { makers, ..Driver::of_page(page) }).collect()
});

impl Driver {
    /// The driver of a maker's readers.
    pub fn of(maker: &str) -> Option<&'static Self> {
        DRIVERS.iter().find(|driver| driver.makers.contains(&maker))
    }

    /// The commands of an act, in the order they are sent; none where the reader cannot do it.
    pub fn commands(&self, act: Act) -> Vec<&Command> {
        let wanted = self.commands.get(&act);
        let after = (act == Act::BeepRefused && self.off_after_refusal)
            .then(|| self.commands.get(&Act::Enable))
            .flatten();
        wanted.map(|wanted| std::iter::once(wanted).chain(after).collect()).unwrap_or_default()
    }

    fn of_page(page: &str) -> Self {
        let commands: BTreeMap<Act, Command> = page.lines().filter_map(row).collect();
        let off_after_refusal = page
            .lines()
            .any(|line| line.starts_with("| beep_refused") && line.contains("`enable`"));
        Self { makers: &[], off_after_refusal, commands }
    }
}

fn row(line: &str) -> Option<(Act, Command)> {
    let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
    let (name, bytes, reply) = (cells.next()?, cells.next()?, cells.next()?);
    let act = Act::ALL.into_iter().find(|act| act.name() == name)?;
    Some((act, Command { bytes: hex(bytes)?, reply: hex(reply) }))
}

/// The bytes of a cell that holds nothing but them.
fn hex(cell: &str) -> Option<Vec<u8>> {
    let digits = cell.strip_prefix('`')?.strip_suffix('`')?;
    digits.split(' ').map(|byte| u8::from_str_radix(byte, 16).ok()).collect()
}

/// How long a reply is waited for, in milliseconds.
const REPLY_MS: u64 = 500;

/// Takes the replies to commands out of what a reader sends. Times are milliseconds of one monotonic clock.
#[derive(Debug, Default)]
pub struct Replies {
    awaited: VecDeque<(Vec<u8>, u64)>,
    /// What came that may be the beginning of a reply.
    begun: Vec<u8>,
}

impl Replies {
    /// Notes that a command was sent at `at_ms`.
    pub fn expect(&mut self, command: &Command, at_ms: u64) {
        self.awaited.extend(command.reply.clone().map(|reply| (reply, at_ms)));
    }

    /// What is left of the bytes that arrived at `at_ms`; with none, what was kept back too long.
    pub fn strip(&mut self, bytes: &[u8], at_ms: u64) -> Vec<u8> {
        self.awaited.retain(|(_, sent_ms)| at_ms.saturating_sub(*sent_ms) < REPLY_MS);
        let mut rest = Vec::new();
        for byte in bytes {
            self.begun.push(*byte);
            self.settle(&mut rest);
        }
        if self.awaited.is_empty() {
            rest.append(&mut self.begun);
        }
        rest
    }

    /// Lets go of bytes until what is kept back is the beginning of the reply that is due, or nothing.
    fn settle(&mut self, rest: &mut Vec<u8>) {
        let Some((reply, _)) = self.awaited.front() else {
            return rest.append(&mut self.begun);
        };
        while !reply.starts_with(&self.begun) {
            rest.push(self.begun.remove(0));
        }
        if self.begun == *reply {
            self.begun.clear();
            self.awaited.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn bytes(maker: &str, act: Act) -> Vec<Vec<u8>> {
        let commands = Driver::of(maker).unwrap().commands(act);
        commands.into_iter().map(|command| command.bytes.clone()).collect()
    }

    #[test]
    fn every_row_of_the_pages_is_read() {
        for (makers, page) in PAGES {
            let table =
                page.lines().skip_while(|line| !line.starts_with("| act | bytes | reply |"));
            let rows: Vec<&str> = table.skip(2).take_while(|line| line.starts_with('|')).collect();
            assert!(!rows.is_empty(), "{makers:?} has no table");
            for line in rows {
                assert!(row(line).is_some(), "{makers:?}: {line}");
            }
        }
    }

    #[test]
    fn known_commands_are_sent_byte_by_byte() {
        // Honeywell: SYN T CR; Newland: "~" SOH "0000#SCNTRG1;" ETX; Datalogic: F, and E to read again.
        assert_eq!(bytes("Honeywell", Act::TriggerOn), [b"\x16T\r"]);
        assert_eq!(bytes("Newland", Act::TriggerOn), [b"~\x010000#SCNTRG1;\x03"]);
        assert_eq!(bytes("Datalogic", Act::BeepRefused), [b"F", b"E"]);
        assert_eq!(bytes("Honeywell", Act::Wake), Vec::<Vec<u8>>::new());
        assert!(Driver::of("nobody").is_none());
    }

    /// Zebra's SSI: a length without the checksum, and the two's complement of the sum of all before it.
    #[test]
    fn zebra_packets_add_up() {
        let driver = Driver::of("Zebra").unwrap();
        for (act, command) in &driver.commands {
            for packet in [Some(&command.bytes), command.reply.as_ref()].into_iter().flatten() {
                let (body, sum) = packet.split_at(packet.len() - 2);
                assert_eq!(usize::from(body[0]), body.len(), "{act:?}");
                let total = body.iter().fold(0_u16, |sum, &byte| sum.wrapping_add(byte.into()));
                assert_eq!(u16::from_be_bytes([sum[0], sum[1]]), total.wrapping_neg(), "{act:?}");
            }
        }
    }

    /// Grow's modules: CRC-16/XMODEM over what follows the two bytes that begin a command.
    #[test]
    fn grow_commands_add_up() {
        let driver = Driver::of("Grow").unwrap();
        for (act, command) in &driver.commands {
            let (body, sum) = command.bytes.split_at(command.bytes.len() - 2);
            let crc = body[2..].iter().fold(0_u16, |crc, &byte| {
                (0..8).fold(crc ^ u16::from(byte) << 8, |crc, _| {
                    if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
                })
            });
            assert_eq!(crc.to_be_bytes(), sum, "{act:?}");
        }
    }

    fn awaiting(reply: &[u8]) -> Replies {
        let mut replies = Replies::default();
        replies.expect(&Command { bytes: vec![], reply: Some(reply.to_vec()) }, 0);
        replies
    }

    #[test]
    fn a_reply_is_taken_out_wherever_it_comes_and_however_it_is_split() {
        for split in 0..=14 {
            let mut replies = awaiting(b"\x04\xd0\x00");
            let (first, second) = b"CS1:A\r\x04\xd0\x00CS1:B".split_at(split);
            let mut rest = replies.strip(first, 1);
            rest.extend(replies.strip(second, 2));
            assert_eq!(rest, b"CS1:A\rCS1:B", "split at {split}");
        }
    }

    #[test]
    fn what_only_begins_like_a_reply_arrives() {
        let mut replies = awaiting(b"AAB");
        assert_eq!(replies.strip(b"AAAC", 1), b"AAAC");
        assert_eq!(replies.strip(b"AA", 2), b"");
        assert_eq!(replies.strip(b"", 499), b"");
        assert_eq!(replies.strip(b"", 500), b"AA", "no reply came");
        assert_eq!(replies.strip(b"AAB", 501), b"AAB", "nothing is due");
    }

    proptest! {
        #[expect(clippy::arithmetic_side_effects, reason = "a few bytes")]
        #[test]
        fn nothing_but_the_reply_is_lost(before in vec(0_u8..3, 0..6), after in vec(0_u8..3, 0..6), reply in vec(0_u8..3, 1..4)) {
            let mut replies = awaiting(&reply);
            let sent = [before, reply.clone(), after].concat();
            let mut rest = replies.strip(&sent, 1);
            rest.extend(replies.strip(b"", REPLY_MS));
            prop_assert_eq!(rest.len() + reply.len(), sent.len());
        }
    }
}
