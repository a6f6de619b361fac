//! What a reader can be told, as the tables of `firmware-notes` list it.

/// Something to tell a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Make the sound of a refusal.
    BeepRefused,
    /// Make the sound of a good scan.
    BeepGood,
    /// Read now.
    TriggerOn,
    /// Stop reading.
    TriggerOff,
    /// Read nothing until [`Act::Enable`].
    Disable,
    /// Read again.
    Enable,
    /// Say what you are.
    Identify,
    /// Be ready for a command.
    Wake,
    /// The code has arrived.
    Acknowledge,
}

impl Act {
    /// Every act.
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

    /// The name of the act in the notes.
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

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.name() == name)
    }
}

/// One row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) act: Act,
    pub(super) bytes: Vec<u8>,
    /// The mode that the owner must have set at the reader before this does any good.
    pub(super) condition: Option<&'static str>,
    /// The act without which the reader stays off afterwards.
    pub(super) follow_up: Option<Act>,
}

const HEAD: &str = "| act | bytes | reply | source |";

/// The tables of a page, each with the rows that can be read.
pub(super) fn tables(page: &'static str) -> Vec<Vec<Command>> {
    raw_tables(page).map(|rows| rows.into_iter().filter_map(command).collect()).collect()
}

/// The rows of each table as text, without its head and the line below.
fn raw_tables(page: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    page.split(HEAD).skip(1).map(|rest| {
        let lines = rest.trim_start_matches(['\r', '\n']).lines();
        lines.skip(1).take_while(|line| line.starts_with('|')).collect()
    })
}

fn command(row: &'static str) -> Option<Command> {
    let cells: Vec<&str> = row.trim().trim_matches('|').split('|').map(str::trim).collect();
    let [act, bytes, reply, source] = cells.as_slice() else {
        return None;
    };
    Some(Command {
        act: Act::named(act)?,
        bytes: hex(bytes.strip_prefix('`')?.strip_suffix('`')?)?,
        condition: source.split_once("only with ").map(|(_, mode)| mode),
        follow_up: follow_up(reply),
    })
}

/// The act named in words such as "the reader is off until `enable`".
fn follow_up(reply: &str) -> Option<Act> {
    let (_, rest) = reply.split_once("until `")?;
    Act::named(rest.split('`').next()?)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let two = |byte: &str| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit());
    text.split(' ').map(|byte| u8::from_str_radix(byte, 16).ok().filter(|_| two(byte))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGES: [(&str, &[usize]); 7] = [
        (include_str!("../../../firmware-notes/10-honeywell.md"), &[6]),
        (include_str!("../../../firmware-notes/11-zebra.md"), &[8]),
        (include_str!("../../../firmware-notes/12-datalogic.md"), &[8]),
        (include_str!("../../../firmware-notes/13-newland.md"), &[5]),
        (include_str!("../../../firmware-notes/14-grow-gm65-waveshare.md"), &[3, 6]),
        (include_str!("../../../firmware-notes/15-m3y.md"), &[4]),
        (include_str!("../../../firmware-notes/16-low-cost.md"), &[0]),
    ];

    #[test]
    fn every_row_of_every_page_is_read() {
        for (page, counts) in PAGES {
            let raw: Vec<_> = raw_tables(page).collect();
            assert_eq!(raw.iter().map(Vec::len).collect::<Vec<_>>(), counts, "{page:.20}");
            for row in raw.into_iter().flatten() {
                let command = command(row).unwrap_or_else(|| panic!("{row}"));
                assert!((1..=64).contains(&command.bytes.len()), "{row}");
            }
        }
    }

    #[test]
    fn no_table_has_an_act_twice() {
        for table in PAGES.iter().flat_map(|(page, _)| tables(page)) {
            let mut acts: Vec<_> = table.iter().map(|command| command.act).collect();
            acts.sort();
            acts.dedup();
            assert_eq!(acts.len(), table.len());
        }
    }

    #[test]
    fn conditions_and_follow_ups_are_read_from_the_words() {
        let read = |row| command(row).unwrap();
        let plain = read("| enable | `45` | none known | manual |");
        assert_eq!((plain.condition, plain.follow_up), (None, None));
        let off = read("| beep_refused | `46` | three beeps, **off until `enable`** | manual |");
        assert_eq!((off.bytes, off.follow_up), (vec![0x46], Some(Act::Enable)));
        let host = read("| acknowledge | `06` | none | manual; only with ACK/NAK on |");
        assert_eq!(host.condition, Some("ACK/NAK on"));
    }

    #[test]
    fn rows_with_a_fault_are_refused() {
        for row in [
            "",
            "| enable | `45` | none |",
            "| enable | 45 | none | x |",
            "| enable | `4` | none | x |",
            "| enable | `+5` | none | x |",
            "| enable | `45  46` | none | x |",
            "| enable | `` | none | x |",
            "| switch_on | `45` | none | x |",
        ] {
            assert_eq!(command(row), None, "{row}");
        }
    }
}
