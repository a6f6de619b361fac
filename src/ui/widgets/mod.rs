//! The parts every screen is made of.

pub mod banner;
pub mod button;
pub mod code;
pub mod field;
pub mod fit;
pub mod ground;
pub mod key_bar;
pub mod look_first;
pub mod mark;
pub mod pieces;
pub mod press;
pub mod problem;
pub mod strip;
