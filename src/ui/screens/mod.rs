//! What can fill the window, one file each.

pub mod bill;
pub mod carry;
pub mod dialog;
pub mod doctor;
pub mod question;
pub mod readers;
pub mod ready;
pub mod receipt;
pub mod recent;
pub mod scan;
pub mod take_back;
pub mod typed;
pub mod undo;
