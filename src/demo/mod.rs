//! The demo shop: a platform, two terminals and a customer's vouchers, all real, all on this machine.
//!
//! The platform is the reference platform with its own SQLite, reached over loopback HTTP. The counter is a terminal
//! enrolled at it. The vouchers are issued by it. Everything lies in a temporary folder that is removed at the end.

mod cards;
mod goods;
mod script;
mod shop;

pub use cards::{Card, Expected, Face};
pub use script::run;
pub use shop::{DemoError, SUPERVISOR_PIN, Shop};
