//! Minting vouchers: what an issuer needs to turn a campaign into codes that customers can show.
//!
//! [`keys`] keeps the signing key in a file, [`batch`] mints the vouchers of a campaign, [`picture`]
//! draws one as a QR code, [`sheet`] lays many out for printing with the [`words`] that say what each is
//! worth, and [`list`] writes them down for a mail merge, a spreadsheet or a program. [`phone`] plays the
//! customer's phone. Nothing here knows a clock or a random source except [`keys::create`]: times and random
//! numbers are arguments, so that a batch can be minted again and compared.

pub use crate::keys;

pub mod batch;

pub mod picture;

pub mod sheet;

mod page;

mod helvetica;

pub mod list;
pub mod words;

pub mod phone;
