//! Why a case could not be tried, which is a fault of the simulation itself.

use crate::{
    domain::{id::IdError, voucher::ClaimsError},
    platform::{service::ServiceError, store::StoreError as PlatformStoreError},
    store::StoreError,
    terminal::{enrolment::EnrolmentError, source::SourceError},
};

/// Why a case could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum PowerError {
    /// The platform would not do what the day needs.
    #[error("the platform: {0}")]
    Platform(#[from] ServiceError),
    /// Its store would not open.
    #[error("the platform's store: {0}")]
    PlatformStore(#[from] PlatformStoreError),
    /// The terminal would not be enrolled.
    #[error("the enrolment: {0}")]
    Enrolment(#[from] EnrolmentError),
    /// The terminal would not open.
    #[error("the terminal: {0}")]
    Source(#[from] SourceError),
    /// Its store would not be read.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    /// A voucher was not one.
    #[error("the shop: {0}")]
    Claims(#[from] ClaimsError),
    /// A number or a name was not one.
    #[error("the shop: {0}")]
    Id(#[from] IdError),
    /// Something else was not as it must be.
    #[error("{0}")]
    Day(String),
    /// The report could not be written.
    #[error("the output could not be written: {0}")]
    Output(#[from] std::io::Error),
}
