//! Readers of the real world: pictures, serial ports.
