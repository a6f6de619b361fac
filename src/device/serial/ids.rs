//! What a reader is by its USB numbers; the table is `firmware-notes/usb-ids.csv`.

use std::sync::LazyLock;

const TABLE: &str = include_str!("../../../firmware-notes/usb-ids.csv");

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| lines().filter_map(row).collect());

/// What the computer sees of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A serial port.
    Serial,
    /// A keyboard.
    Keyboard,
    /// A device of the usage page for bar code readers.
    HidPos,
}

/// A reader that the notes know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownReader {
    /// Who makes it.
    pub maker: &'static str,
    /// Which models have these numbers; none where any of the maker has.
    pub model: Option<&'static str>,
    /// The mode that these numbers stand for.
    pub mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    vid: u16,
    /// `None` stands for every product of the maker that is not listed.
    pid: Option<u16>,
    reader: KnownReader,
}

/// What is known of the reader with these numbers; a row of its own goes before the maker's `*`.
pub fn known_reader(vid: u16, pid: u16) -> Option<KnownReader> {
    let find = |pid: Option<u16>| ROWS.iter().find(|row| row.vid == vid && row.pid == pid);
    find(Some(pid)).or_else(|| find(None)).map(|row| row.reader)
}

fn lines() -> impl Iterator<Item = &'static str> {
    TABLE.lines().skip(1).filter(|line| !line.trim().is_empty())
}

fn row(line: &'static str) -> Option<Row> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [vid, pid, mode, maker, model, _source] = fields.as_slice() else {
        return None;
    };
    let pid = if *pid == "*" { None } else { Some(number(pid)?) };
    let model = (*model != "any").then_some(*model);
    let reader = KnownReader { maker, model, mode: self::mode(mode)? };
    Some(Row { vid: number(vid)?, pid, reader })
}

fn mode(field: &str) -> Option<Mode> {
    match field {
        "serial" => Some(Mode::Serial),
        "keyboard" => Some(Mode::Keyboard),
        "hid-pos" => Some(Mode::HidPos),
        _ => None,
    }
}

/// Four hexadecimal digits, as every system prints USB numbers.
pub(super) fn number(field: &str) -> Option<u16> {
    let digits = field.len() == 4 && field.bytes().all(|digit| digit.is_ascii_hexdigit());
    digits.then(|| u16::from_str_radix(field, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_of_the_notes_is_read_and_none_is_there_twice() {
        assert!(TABLE.starts_with("vid,pid,mode,maker,model,source\n"));
        let mut seen = BTreeSet::new();
        for line in lines() {
            let row = row(line).unwrap_or_else(|| panic!("{line}"));
            assert!(seen.insert((row.vid, row.pid)), "twice: {line}");
            assert!(!row.reader.maker.is_empty() && row.reader.model != Some(""), "{line}");
        }
        assert!(seen.len() > 70);
    }

    #[test]
    fn a_row_of_its_own_goes_before_the_makers_star() {
        for (vid, pid, expected) in [
            (0x0c2e, 0x0b6a, Some(("Honeywell", Some("Vuquest 3310"), Mode::Serial))),
            (0x0c2e, 0x0907, Some(("Honeywell", Some("Xenon 1900"), Mode::HidPos))),
            (0x0c2e, 0xffff, Some(("Honeywell", None, Mode::Serial))),
            (0x05e0, 0x1200, Some(("Zebra", None, Mode::Keyboard))),
            (0x1eab, 0x1a03, Some(("Newland", Some("HR3290 corded/HR22"), Mode::Keyboard))),
            (0x6666, 0x7777, Some(("Grow", Some("GM65 (virtual COM)"), Mode::Serial))),
            (0x6666, 0x0001, None),
            (0x1a86, 0x7523, None),
        ] {
            let known = known_reader(vid, pid).map(|known| (known.maker, known.model, known.mode));
            assert_eq!(known, expected, "{vid:04x}:{pid:04x}");
        }
    }

    #[test]
    fn rows_with_a_fault_are_refused() {
        for line in ["", "0c2e,0b6a", "c2e,0b6a,serial,A,B,c", "0c2e,zzzz,serial,A,B,c"] {
            assert_eq!(row(line), None, "{line}");
        }
        assert_eq!(row("0c2e,0b6a,bluetooth,A,B,c"), None);
        assert_eq!(row("0c2e,+b6a,serial,A,B,c"), None);
    }
}
