//! The parts every screen is made of.

pub mod banner;
pub mod button;
pub mod fit;
pub mod key_bar;
pub mod mark;
pub mod press;
pub mod strip;
