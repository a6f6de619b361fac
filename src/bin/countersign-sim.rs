//! The simulation: tries to break the promises, and says with which seed it did.

fn main() {}
