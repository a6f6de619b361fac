//! An open port: bytes in, bytes out, nothing of what they mean.

use std::{
    io::{self, Read as _, Write as _},
    time::Duration,
};

use serialport::{
    ClearBuffer, DataBits, FlowControl, Parity, SerialPort, SerialPortBuilder, StopBits,
};
use tracing::{debug, warn};

use super::event::SerialError;

/// Longest wait for a byte, in milliseconds; also how long stopping may take.
pub(super) const READ_MS: u64 = 50;
/// Longest wait until the system takes a command, in milliseconds.
const WRITE_MS: u64 = 200;

/// An open port.
pub(super) struct SerialLine {
    port_name: String,
    port: Box<dyn SerialPort>,
    buffer: [u8; 1024],
}

impl SerialLine {
    /// Opens `port_name` for one program alone: 8 data bits, no parity, 1 stop bit, DTR and RTS raised.
    ///
    /// What was scanned before nobody asked for, so it is dropped. Opening may take seconds on a
    /// device that sleeps.
    pub(super) fn open(port_name: &str, baud: u32) -> Result<Self, SerialError> {
        let opened = builder(port_name, baud).open();
        let mut port = opened.map_err(|source| SerialError::opening(port_name, source))?;
        if let Err(error) = port.write_request_to_send(true) {
            // Pseudo-terminals and some adapters have no such line, and most readers need none.
            debug!(port = port_name, %error, "RTS cannot be raised");
        }
        if let Err(error) = port.clear(ClearBuffer::Input) {
            debug!(port = port_name, %error, "older input cannot be dropped");
        }
        Ok(Self { port_name: port_name.to_owned(), port, buffer: [0; 1024] })
    }

    /// Waits for bytes, `wait_ms` at most and never longer than 50 ms; none if none came.
    pub(super) fn read(&mut self, wait_ms: u64) -> Result<&[u8], SerialError> {
        match self.read_some(wait_ms) {
            Ok(count) => Ok(self.buffer.get(..count).unwrap_or_default()),
            Err(error) if is_quiet(&error) => Ok(&[]),
            Err(source) => Err(self.lost(source)),
        }
    }

    /// Sends a command. A reader that takes none in time is no reason to stop listening to it.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), SerialError> {
        match self.write(bytes) {
            Ok(()) => Ok(()),
            Err(error) if is_quiet(&error) => {
                warn!(port = self.port_name, "the reader takes no command");
                Ok(())
            }
            Err(source) => Err(self.lost(source)),
        }
    }

    /// Changes the speed.
    pub(super) fn set_baud(&mut self, baud: u32) -> Result<(), SerialError> {
        let changed = self.port.set_baud_rate(baud);
        changed.map_err(|source| SerialError::opening(&self.port_name, source))
    }

    /// The error of a port that was open.
    pub(super) fn lost(&self, source: io::Error) -> SerialError {
        SerialError::Unplugged { port: self.port_name.clone(), source }
    }

    fn read_some(&mut self, wait_ms: u64) -> io::Result<usize> {
        self.port.set_timeout(Duration::from_millis(wait_ms.clamp(1, READ_MS)))?;
        match self.port.read(&mut self.buffer)? {
            // The end of a port that is gone would otherwise be read over and over.
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.port.set_timeout(Duration::from_millis(WRITE_MS))?;
        self.port.write_all(bytes)
    }
}

/// DTR is asked for because Windows leaves it off, and many USB readers send nothing without it.
///
/// Windows gives a port to one program alone in any case.
fn builder(port_name: &str, baud: u32) -> SerialPortBuilder {
    let builder = serialport::new(port_name, baud)
        .data_bits(DataBits::Eight)
        .parity(Parity::None)
        .stop_bits(StopBits::One)
        .flow_control(FlowControl::None)
        .dtr_on_open(true)
        .timeout(Duration::from_millis(READ_MS));
    #[cfg(unix)]
    let builder = builder.exclusive(true);
    builder
}

fn is_quiet(error: &io::Error) -> bool {
    [io::ErrorKind::TimedOut, io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted]
        .contains(&error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_opened_with_dtr_raised_and_for_one_program() {
        let builder = format!("{:?}", builder("COM5", 9_600));
        assert!(builder.contains("dtr_on_open: Some(true)"), "{builder}");
        #[cfg(unix)]
        assert!(builder.contains("exclusive: true"), "{builder}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_no_reader() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let opened = SerialLine::open(file.path().to_str().unwrap(), 9_600).map(|_| ());
        assert!(matches!(opened, Err(SerialError::Unusable { .. })), "{opened:?}");
    }
}
