//! The terminal as an application: commands in, views out, one engine thread that owns the store.

pub mod command;
pub mod handle;
pub mod text;
pub mod view;
