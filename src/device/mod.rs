//! Readers of the real world: pictures of codes and readers on serial ports.

pub mod picture;
pub mod qr;
pub mod serial;
