#![doc = include_str!("ARCHITECTURE.md")]

pub mod domain;

#[cfg(any(feature = "terminal", feature = "platform"))]
pub mod carriage;
#[cfg(any(feature = "terminal", feature = "issuer"))]
pub mod files;
#[cfg(any(feature = "terminal", feature = "issuer"))]
pub mod keys;

#[cfg(feature = "terminal")]
pub mod device;
#[cfg(feature = "terminal")]
pub mod net;
#[cfg(feature = "terminal")]
pub mod store;

#[cfg(feature = "terminal")]
pub mod terminal;

#[cfg(feature = "terminal")]
pub mod console;
#[cfg(feature = "window")]
pub mod ui;

#[cfg(feature = "issuer")]
pub mod issuer;
#[cfg(feature = "platform")]
pub mod platform;

#[cfg(feature = "demo")]
pub mod demo;
#[cfg(feature = "sim")]
pub mod sim;
#[cfg(feature = "window")]
pub mod window;
