//! The rules of redeeming vouchers, pure: no clock, no file, no socket, no thread.
//!
//! Time and randomness are arguments. Nothing here can fail for a reason outside its input.

pub mod clock;
pub mod id;
pub mod money;
pub mod time;

pub mod crypto;
pub mod envelope;
pub mod pin;

pub mod trust;
pub mod voucher;

pub mod redeem;

pub mod journal;
pub mod sync;

pub mod enrol;
pub mod scan;
