//! Countersign.

pub mod domain;

#[cfg(feature = "terminal")]
pub mod device;
#[cfg(feature = "terminal")]
pub mod net;
#[cfg(feature = "terminal")]
pub mod store;
#[cfg(feature = "terminal")]
pub mod terminal;
#[cfg(feature = "window")]
pub mod ui;

#[cfg(feature = "issuer")]
pub mod issuer;
#[cfg(feature = "platform")]
pub mod platform;
