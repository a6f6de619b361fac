//! Which version of the protocol this program speaks.

/// Grows with every change that a program which does not know it cannot leave aside.
pub const PROTOCOL: u32 = 1;
