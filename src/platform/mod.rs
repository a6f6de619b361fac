//! The reference platform: it issues vouchers, enrols terminals, takes in their journals and answers their questions.
//!
//! `service` holds the use cases, each inside one transaction of a `store`; `http` and `cli` are two doors to
//! the same use cases, and [`site::Site`] is a platform in a directory on disk. `policy_file` and `replay` let people
//! read, write and try policies.

pub mod clock;
pub mod entropy;

pub mod site;

pub mod service;
pub mod store;

pub mod export;

pub mod policy_file;
pub mod replay;

pub mod cli;
pub mod http;
pub mod parcels;
