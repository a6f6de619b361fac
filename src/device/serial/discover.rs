//! Which ports there are, what is plugged in there, and a name for a reader that outlives its port.

use std::{fmt, str::FromStr};

use serialport::{SerialPortInfo, SerialPortType, UsbPortInfo};
use thiserror::Error;
use tracing::warn;

use super::ids::{KnownReader, Mode, known_reader, number};

/// Makers of chips that put a real serial line behind USB: FTDI, Prolific, Silicon Labs, WCH.
const BRIDGES: [u16; 4] = [0x0403, 0x067b, 0x10c4, 0x1a86];

/// The name of the first reader that is known, whichever that is.
pub const ANY: &str = "auto";

/// A reader by its USB numbers: stays the same when the system gives it another port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReaderId {
    /// Number of the maker.
    pub vid: u16,
    /// Number of the product.
    pub pid: u16,
    /// Serial number, of readers that have one.
    pub serial: Option<String>,
}

impl ReaderId {
    /// Whether `other` may be the reader that is meant: an id without a serial number means any.
    pub fn means(&self, other: &Self) -> bool {
        let serial = self.serial.is_none() || self.serial == other.serial;
        serial && (self.vid, self.pid) == (other.vid, other.pid)
    }
}

impl fmt::Display for ReaderId {
    /// As `0c2e:0b6a:SN123`, or `0c2e:0b6a` without a serial number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vid, self.pid)?;
        self.serial.as_deref().map_or(Ok(()), |serial| write!(f, ":{serial}"))
    }
}

/// The text is no id of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a reader is named as 0c2e:0b6a or 0c2e:0b6a:SERIAL")]
pub struct ReaderIdError;

impl FromStr for ReaderId {
    type Err = ReaderIdError;

    fn from_str(text: &str) -> Result<Self, ReaderIdError> {
        let mut parts = text.trim().splitn(3, ':');
        let mut next = || parts.next().and_then(number).ok_or(ReaderIdError);
        let (vid, pid) = (next()?, next()?);
        let serial = parts.next().map(str::to_owned);
        if serial.as_deref() == Some("") {
            return Err(ReaderIdError);
        }
        Ok(Self { vid, pid, serial })
    }
}

/// A port that is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The name by which the port is opened.
    pub port: String,
    /// What is plugged in, if it is on USB.
    pub id: Option<ReaderId>,
    /// What the device calls itself.
    pub product: Option<String>,
    /// Whom the device names as its maker.
    pub maker: Option<String>,
    /// What the notes know of it.
    pub known: Option<KnownReader>,
}

impl Found {
    /// Whether the notes have it as a reader with a serial port.
    pub fn is_reader(&self) -> bool {
        self.known.is_some_and(|known| known.mode == Mode::Serial)
    }

    /// Whether the speed set on the port means nothing: bytes come over USB all the way.
    pub fn has_no_speed(&self) -> bool {
        self.id.as_ref().is_some_and(|id| !BRIDGES.contains(&id.vid))
    }
}

/// The ports of this computer; none if the system does not say.
pub fn plugged_in() -> Vec<Found> {
    list().unwrap_or_default()
}

/// The ports of this computer, if the system says.
pub(super) fn list() -> Option<Vec<Found>> {
    serialport::available_ports()
        .inspect_err(|error| warn!(%error, "the serial ports cannot be listed"))
        .map(|ports| of_ports(&ports))
        .ok()
}

/// The port of the reader that `name` means now. A name that is no id is a port already.
pub fn resolve(name: &str) -> Option<String> {
    resolve_among(name, &plugged_in())
}

/// [`resolve`] among given ports.
fn resolve_among(name: &str, ports: &[Found]) -> Option<String> {
    if is_port(name) {
        return Some(name.to_owned());
    }
    named(name, ports).map(|found| found.port.clone())
}

/// Whether `name` is the name of a port, not of a reader.
pub(super) fn is_port(name: &str) -> bool {
    name != ANY && name.parse::<ReaderId>().is_err()
}

/// The port of the reader that `name` means; none if it is the name of a port.
pub(super) fn named<'a>(name: &str, ports: &'a [Found]) -> Option<&'a Found> {
    if name == ANY {
        return ports.iter().find(|found| found.is_reader());
    }
    with_id(&name.parse().ok()?, ports)
}

/// The only port whose reader `id` means: of several none is chosen.
pub(super) fn with_id<'a>(id: &ReaderId, ports: &'a [Found]) -> Option<&'a Found> {
    let mut meant =
        ports.iter().filter(|found| found.id.as_ref().is_some_and(|plugged| id.means(plugged)));
    meant.next().filter(|_| meant.next().is_none())
}

/// What the ports of the system are; a pure function.
pub fn of_ports(ports: &[SerialPortInfo]) -> Vec<Found> {
    ports.iter().filter(|port| !has_better_twin(&port.port_name, ports)).map(found).collect()
}

/// macOS lists every port twice, and opening the `tty` one waits for a carrier that no reader has.
fn has_better_twin(name: &str, ports: &[SerialPortInfo]) -> bool {
    let twin = name.strip_prefix("/dev/tty.").map(|rest| format!("/dev/cu.{rest}"));
    twin.is_some_and(|twin| ports.iter().any(|port| port.port_name == twin))
}

fn found(port: &SerialPortInfo) -> Found {
    let name = port.port_name.clone();
    match &port.port_type {
        SerialPortType::UsbPort(usb) => Found {
            port: name,
            id: Some(id(usb)),
            product: usb.product.clone(),
            maker: usb.manufacturer.clone(),
            known: known_reader(usb.vid, usb.pid),
        },
        SerialPortType::PciPort | SerialPortType::BluetoothPort | SerialPortType::Unknown => {
            Found { port: name, id: None, product: None, maker: None, known: None }
        }
    }
}

/// Windows makes a number up from the socket for a device without one. It has an ampersand in it,
/// and another socket would be another reader.
fn id(usb: &UsbPortInfo) -> ReaderId {
    let real = |serial: &&str| !serial.is_empty() && !serial.contains('&');
    let serial = usb.serial_number.as_deref().map(str::trim).filter(real);
    ReaderId { vid: usb.vid, pid: usb.pid, serial: serial.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usb(name: &str, vid: u16, pid: u16, serial: Option<&str>) -> SerialPortInfo {
        SerialPortInfo {
            port_name: name.to_owned(),
            port_type: SerialPortType::UsbPort(UsbPortInfo {
                vid,
                pid,
                serial_number: serial.map(str::to_owned),
                manufacturer: Some("Maker".to_owned()),
                product: Some("Product".to_owned()),
            }),
        }
    }

    fn bare(name: &str) -> SerialPortInfo {
        SerialPortInfo { port_name: name.to_owned(), port_type: SerialPortType::Unknown }
    }

    #[test]
    fn ports_are_named_with_what_is_known_of_them() {
        let found = of_ports(&[usb("COM7", 0x0c2e, 0x0b6a, Some("SN123")), bare("COM1")]);
        let [reader, line] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(reader.id.as_ref().unwrap().to_string(), "0c2e:0b6a:SN123");
        assert_eq!(reader.known.unwrap().model, Some("Vuquest 3310"));
        assert_eq!(reader.product.as_deref(), Some("Product"));
        assert!(reader.has_no_speed());
        assert_eq!((line.port.as_str(), &line.id, line.known), ("COM1", &None, None));
        assert!(!line.has_no_speed());
        assert!(!of_ports(&[usb("COM8", 0x1a86, 0x7523, None)])[0].has_no_speed());
    }

    #[test]
    fn a_number_that_windows_makes_up_is_none() {
        for (serial, expected) in [
            (Some("6&2A1B3C&0&1"), "0c2e:0b6a"),
            (Some(" "), "0c2e:0b6a"),
            (None, "0c2e:0b6a"),
            (Some(" A:1 "), "0c2e:0b6a:A:1"),
        ] {
            let found = of_ports(&[usb("COM7", 0x0c2e, 0x0b6a, serial)]);
            assert_eq!(found[0].id.as_ref().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn macos_twins_are_one_port_and_the_one_that_opens_at_once() {
        let ports = [
            bare("/dev/tty.usbmodem1"),
            bare("/dev/cu.usbmodem1"),
            bare("/dev/tty.alone"),
            bare("/dev/ttyACM0"),
        ];
        let names: Vec<_> = of_ports(&ports).into_iter().map(|found| found.port).collect();
        assert_eq!(names, ["/dev/cu.usbmodem1", "/dev/tty.alone", "/dev/ttyACM0"]);
    }

    #[test]
    fn an_id_finds_its_reader_on_any_port_and_port_names_pass() {
        let ports = of_ports(&[
            usb("COM3", 0x1eab, 0x1a06, Some("A")),
            usb("COM4", 0x1eab, 0x1a06, Some("B")),
            usb("COM9", 0x0c2e, 0x0b6a, None),
        ]);
        for (name, port) in [
            ("1eab:1a06:B", Some("COM4")),
            ("1EAB:1A06:A", Some("COM3")),
            ("1eab:1a06:C", None),
            ("1eab:1a06", None),
            ("0c2e:0b6a", Some("COM9")),
            ("0c2e:0b6a:X", None),
            ("auto", Some("COM3")),
            ("COM5", Some("COM5")),
            ("/dev/serial/by-id/usb-X", Some("/dev/serial/by-id/usb-X")),
        ] {
            assert_eq!(resolve_among(name, &ports).as_deref(), port, "{name}");
        }
    }

    #[test]
    fn what_is_no_id_is_told() {
        for text in ["", "COM5", "0c2e", "0c2e:", "0c2e:0b6a:", "c2e:0b6a", "0c2e:0b6az", "::"] {
            assert_eq!(text.parse::<ReaderId>(), Err(ReaderIdError), "{text}");
        }
    }

    #[test]
    fn the_ports_of_this_computer_can_be_asked_for() {
        let _ports: Vec<Found> = plugged_in();
        assert_eq!(resolve_among(ANY, &of_ports(&[bare("COM1")])), None);
        assert_eq!(resolve("COM5").as_deref(), Some("COM5"));
    }

    proptest! {
        #[test]
        fn an_id_that_is_shown_can_be_read(
            vid: u16, pid: u16, serial in proptest::option::of("[!-~]{1,20}"),
        ) {
            let id = ReaderId { vid, pid, serial };
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }
    }
}
