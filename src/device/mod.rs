//! Readers of the real world: cameras, pictures of codes, and readers on serial ports.

pub mod bars;
pub mod camera;
pub mod picture;
pub mod qr;
pub mod serial;
