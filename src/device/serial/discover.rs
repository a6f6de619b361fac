//! Which readers are plugged in, and names for them that outlast a change of ports.

use std::{fmt, str::FromStr};

use serialport::{SerialPortInfo, SerialPortType};

use super::ids::{KnownReader, Mode, known};

/// A name that stays when the port's name changes: vendor, product and, where it has one, serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderId {
    /// The vendor.
    pub vid: u16,
    /// The product.
    pub pid: u16,
    /// The serial number; without one any device of the product is meant.
    pub serial: Option<String>,
}

impl fmt::Display for ReaderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vid, self.pid)?;
        self.serial.iter().try_for_each(|serial| write!(f, ":{serial}"))
    }
}

/// Not a reader's name.
#[derive(Debug, thiserror::Error)]
#[error("use vendor and product in four hexadecimal digits each, such as 0c2e:0b6a")]
pub struct ReaderIdError;

impl FromStr for ReaderId {
    type Err = ReaderIdError;

    fn from_str(text: &str) -> Result<Self, ReaderIdError> {
        let mut parts = text.splitn(3, ':');
        let mut number = || {
            let hex =
                |digits: &&str| digits.len() == 4 && digits.bytes().all(|c| c.is_ascii_hexdigit());
            let digits = parts.next().filter(hex)?;
            u16::from_str_radix(digits, 16).ok()
        };
        let (vid, pid) = number().zip(number()).ok_or(ReaderIdError)?;
        let serial = parts.next().map(str::to_owned).filter(|serial| !serial.is_empty());
        Ok(Self { vid, pid, serial })
    }
}

/// A serial port that is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The name of the port, such as `/dev/ttyACM0` or `COM5`.
    pub port: String,
    /// The device behind it; none where it is not on USB.
    pub id: Option<ReaderId>,
    /// What the device calls itself.
    pub product: Option<String>,
    /// What is known of it.
    pub known: Option<KnownReader>,
}

impl Found {
    /// Whether the table of readers has it as one on a serial port.
    pub fn is_reader(&self) -> bool {
        self.known.is_some_and(|known| known.mode == Mode::Serial)
    }

    fn is(&self, id: &ReaderId) -> bool {
        let same = |own: &ReaderId| {
            (own.vid, own.pid) == (id.vid, id.pid)
                && (id.serial.is_none() || own.serial == id.serial)
        };
        self.id.as_ref().is_some_and(same)
    }
}

/// The serial ports of this computer.
pub fn plugged_in() -> Vec<Found> {
    let ports = serialport::available_ports().unwrap_or_else(|error| {
        tracing::warn!(%error, "the serial ports cannot be listed");
        Vec::new()
    });
    of_ports(&ports)
}

/// What the system says of each port; on macOS each has two names, of which `tty.` waits for a carrier.
pub fn of_ports(ports: &[SerialPortInfo]) -> Vec<Found> {
    let mut found: Vec<Found> = ports
        .iter()
        .filter(|port| !port.port_name.starts_with("/dev/tty."))
        .map(|port| found(port.port_name.clone(), &port.port_type))
        .collect();
    found.sort_by(|a, b| (a.port.len(), &a.port).cmp(&(b.port.len(), &b.port)));
    found
}

fn found(port: String, kind: &SerialPortType) -> Found {
    let SerialPortType::UsbPort(usb) = kind else {
        return Found { port, id: None, product: None, known: None };
    };
    let serial = usb.serial_number.clone().filter(|serial| !serial.is_empty());
    let id = Some(ReaderId { vid: usb.vid, pid: usb.pid, serial });
    Found { port, id, product: usb.product.clone(), known: known(usb.vid, usb.pid) }
}

/// Stands for the first reader that is known.
pub const ANY: &str = "auto";

/// The port that a name means among those that are there; a name of a port stands for itself.
pub fn port_of(name: &str, ports: &[Found]) -> Option<String> {
    let wanted = match name.parse::<ReaderId>() {
        _ if name == ANY => ports.iter().find(|port| port.is_reader()),
        Ok(id) => ports.iter().find(|port| port.is(&id)),
        Err(_) => return Some(name.to_owned()),
    };
    wanted.map(|found| found.port.clone())
}

#[cfg(test)]
mod tests {
    use serialport::UsbPortInfo;

    use super::*;

    fn usb(port: &str, vid: u16, pid: u16, serial: Option<&str>) -> SerialPortInfo {
        let info = UsbPortInfo {
            vid,
            pid,
            serial_number: serial.map(str::to_owned),
            manufacturer: None,
            product: None,
        };
        SerialPortInfo { port_name: port.into(), port_type: SerialPortType::UsbPort(info) }
    }

    fn bench() -> Vec<Found> {
        of_ports(&[
            usb("COM11", 0x1eab, 0x1d06, Some("B")),
            SerialPortInfo { port_name: "COM1".into(), port_type: SerialPortType::PciPort },
            usb("COM7", 0x1a86, 0x7523, None),
            usb("COM9", 0x1eab, 0x1d06, Some("A")),
        ])
    }

    #[test]
    fn a_reader_is_found_by_id_whatever_its_port() {
        let ports = bench();
        let port = |name: &str| port_of(name, &ports);
        assert_eq!(port("1eab:1d06:B").as_deref(), Some("COM11"));
        assert_eq!(port("1eab:1d06").as_deref(), Some("COM9"), "the first without a serial number");
        assert_eq!(port("1eab:1d06:C"), None);
        assert_eq!(port("auto").as_deref(), Some("COM9"), "a bridge is no known reader");
        assert_eq!(port("COM3").as_deref(), Some("COM3"));
        assert_eq!(port("/dev/ttyACM0").as_deref(), Some("/dev/ttyACM0"));
    }

    #[test]
    fn ids_are_written_as_they_are_read() {
        for text in ["0c2e:0b6a", "1eab:1d06:SN 12:3"] {
            assert_eq!(text.parse::<ReaderId>().unwrap().to_string(), text);
        }
        for bad in ["", "COM5", "0c2e", "c2e:0b6a", "0c2e:0b6g", "/dev/ttyACM0", "0c2e:+b6a"] {
            assert!(bad.parse::<ReaderId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn macos_twins_are_one_port() {
        let ports = [usb("/dev/tty.usbmodem1", 1, 2, None), usb("/dev/cu.usbmodem1", 1, 2, None)];
        let names: Vec<_> = of_ports(&ports).into_iter().map(|found| found.port).collect();
        assert_eq!(names, ["/dev/cu.usbmodem1"]);
    }
}
