//! What can fill the window, one file each.

pub mod dialog;
pub mod question;
pub mod ready;
pub mod recent;
pub mod scan;
pub mod typed;
pub mod undo;
