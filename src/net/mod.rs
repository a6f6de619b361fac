//! The HTTP transport of sync: bytes out, bytes back, within a time and a size.

mod address;
mod http;
mod times;
mod trust;
mod verifier;

pub use http::HttpTransport;
pub use times::Times;
pub use trust::{ServerTrust, TrustError};

use std::time::Duration;

use crate::domain::time::Timestamp;

/// Carries one signed message to the platform and its answer back.
///
/// An implementation returns within `timeout` and never hands on more than
/// [`crate::domain::sync::MESSAGE_BYTES_MAX`] bytes. What comes back is not to be believed before its signature
/// is verified.
pub trait Transport: Send + Sync {
    /// Sends `body` to `path`, such as `/v1/sync`.
    fn call(&self, path: &str, body: Vec<u8>, timeout: Duration)
    -> Result<Vec<u8>, TransportError>;

    /// Takes note of a time that the platform signed.
    fn learn(&self, _time: Timestamp) {}
}

/// Why no answer came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The platform cannot be reached.
    #[error("the platform cannot be reached: {0}")]
    Offline(String),
    /// It did not answer in time.
    #[error("the platform did not answer in time")]
    Timeout,
    /// It refused, and said why.
    #[error("the platform refused: {detail} ({code})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Stable code of the problem (RFC 9457 with the member `code`).
        code: String,
        /// In words.
        detail: String,
    },
    /// Something answered that is not the platform.
    #[error("the answer is not the platform's: {0}")]
    Invalid(String),
    /// The server has no certificate that this terminal trusts; nothing was sent to it.
    #[error("this is not the platform's server: {0}")]
    Untrusted(String),
    /// The platform's address is none that may be used.
    #[error("the platform's address cannot be used: {0}")]
    Address(String),
}
