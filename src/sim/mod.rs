//! The simulation that tries to break the promises: terminals, platform, network, clocks and disks in one process.

pub mod cli;
pub mod disk;
pub mod power;
