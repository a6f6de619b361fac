//! Which USB devices are readers, from `firmware-notes/usb-ids.csv`.

use std::sync::LazyLock;

/// The table, as the notes have it: vendor, product or `*`, mode, maker, model, source.
const TABLE: &str = include_str!("../../../firmware-notes/usb-ids.csv");

/// How a reader presents itself to the computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As a serial port.
    Serial,
    /// As a keyboard.
    Keyboard,
    /// As a point-of-sale device of the USB class for input.
    HidPos,
}

/// What is known of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownReader {
    /// Who makes it.
    pub maker: &'static str,
    /// What it is called; none where any product of the maker is meant.
    pub model: Option<&'static str>,
    /// How it presents itself.
    pub mode: Mode,
}

/// What the table says of a device: the row of its product, or else that of its maker.
pub fn known(vid: u16, pid: u16) -> Option<KnownReader> {
    let of = |product| ROWS.iter().find(|row| row.vid == vid && row.pid == product);
    of(Some(pid)).or_else(|| of(None)).map(|row| row.reader)
}

struct Row {
    vid: u16,
    /// None stands for any.
    pid: Option<u16>,
    reader: KnownReader,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(row).collect());

fn row(line: &'static str) -> Option<Row> {
    let mut cells = line.split(',');
    let mut cell = || cells.next();
    let (vid, pid, mode, maker, model) = (cell()?, cell()?, cell()?, cell()?, cell()?);
    let mode = match mode {
        "serial" => Mode::Serial,
        "keyboard" => Mode::Keyboard,
        "hid-pos" => Mode::HidPos,
        _other => return None,
    };
    let pid = if pid == "*" { None } else { Some(u16::from_str_radix(pid, 16).ok()?) };
    let model = Some(model).filter(|model| *model != "any");
    let vid = u16::from_str_radix(vid, 16).ok()?;
    Some(Row { vid, pid, reader: KnownReader { maker, model, mode } })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_of_the_notes_is_read_and_none_is_there_twice() {
        let lines = TABLE.lines().filter(|line| !line.trim().is_empty()).count();
        assert_eq!(ROWS.len(), lines - 1, "a row cannot be read");
        let ids: BTreeSet<_> = ROWS.iter().map(|row| (row.vid, row.pid)).collect();
        assert_eq!(ids.len(), ROWS.len(), "a row is there twice");
        assert!(TABLE.starts_with("vid,pid,mode,maker,model,source\n"));
    }

    #[test]
    fn a_product_goes_before_its_maker() {
        let exact = known(0x1eab, 0x1d03).unwrap();
        assert_eq!(
            (exact.maker, exact.model, exact.mode),
            ("Newland", Some("FM430"), Mode::Keyboard)
        );
        let any = known(0x1eab, 0xfffe).unwrap();
        assert_eq!((any.maker, any.model, any.mode), ("Newland", None, Mode::Serial));
        assert_eq!(known(0x1d6b, 0x0002), None, "a hub is no reader");
    }
}
