//! The simulation that tries to break the promises: terminals, platform, network, clocks and disks in one process.

pub mod cli;
pub mod disk;
pub mod faults;
pub mod kill;
pub mod model;
pub mod power;
pub mod report;
pub mod shrink;
pub mod world;
