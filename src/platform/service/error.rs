//! Why a use case did not do what was asked; each with a stable code.

use crate::{
    domain::{
        envelope::EnvelopeError,
        sync::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX},
        voucher::VerifyError,
    },
    issuer::batch::BatchError,
    platform::{entropy::EntropyError, store::StoreError},
};

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Not a message of the protocol.
    #[error("the request is not a message of this protocol: {0}")]
    Malformed(#[source] EnvelopeError),
    /// Signed as it should be, and of a later version of the protocol.
    #[error("this platform does not know what the terminal asks: {0}")]
    NotUnderstood(#[source] minicbor::decode::Error),
    /// A message of the protocol beyond its bounds.
    #[error("{0}")]
    OutOfBounds(&'static str),
    /// Not signed by the key it should be.
    #[error("the request is not signed by the key of this terminal")]
    SignatureInvalid,
    /// No terminal has this number and epoch.
    #[error("no terminal with this number and epoch is enrolled here")]
    TerminalUnknown,
    /// The administrator revoked it.
    #[error("this terminal was revoked; enrol it again with a new code")]
    TerminalRevoked,
    /// A device that was enrolled later goes on under the terminal's number.
    #[error("another device was enrolled under this terminal's number")]
    TerminalSuperseded,
    /// A push beyond its bounds.
    #[error(
        "a push holds at most {BATCH_ENTRIES_MAX} entries and {BATCH_BYTES_MAX} bytes; send fewer at a time"
    )]
    BatchTooLarge,
    /// An entry of a push that cannot be read or is not the terminal's.
    #[error(
        "entry {position} of the push is not a signed entry of this terminal; nothing was stored"
    )]
    EntryInvalid {
        /// Its place in the push, from 1.
        position: usize,
    },
    /// Asked before entries that are stored here.
    #[error("the request is older than the entries this terminal has sent since")]
    RequestStale,
    /// A voucher of another merchant.
    #[error("the voucher is for another merchant")]
    VoucherNotAllowed,
    /// Not a voucher that an issuer known here signed.
    #[error("this is not a voucher of an issuer known here: {0}")]
    VoucherInvalid(#[from] VerifyError),
    /// A voucher that is not signed anew, with the stable code of the reason.
    #[error("{reason}")]
    NotLive {
        /// Stable code, as terminals use it.
        code: &'static str,
        /// The reason as a sentence.
        reason: &'static str,
    },
    /// No key to sign with.
    #[error("this platform does not keep the key that the issuer of this voucher signs with")]
    SigningUnavailable,
    /// No such enrolment code.
    #[error("this enrolment code is not known here")]
    EnrolmentCodeUnknown,
    /// Another device was faster.
    #[error("this enrolment code was used by another device; ask for a new one")]
    EnrolmentCodeUsed,
    /// Too late.
    #[error("this enrolment code has expired; ask for a new one")]
    EnrolmentCodeExpired,
    /// Nothing has this name or number.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Something has this name already.
    #[error("there is such a {0} already")]
    Exists(&'static str),
    /// What an administrator asked for makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// A voucher was not minted.
    #[error(transparent)]
    Mint(#[from] BatchError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random numbers.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl ServiceError {
    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::OutOfBounds(_) => "request_malformed",
            Self::NotUnderstood(_) => "request_not_understood",
            Self::SignatureInvalid => "signature_invalid",
            Self::TerminalUnknown => "terminal_unknown",
            Self::TerminalRevoked => "terminal_revoked",
            Self::TerminalSuperseded => "terminal_superseded",
            Self::BatchTooLarge => "batch_too_large",
            Self::EntryInvalid { .. } => "entry_invalid",
            Self::RequestStale => "request_stale",
            Self::VoucherNotAllowed => "voucher_not_allowed",
            Self::VoucherInvalid(_) => "voucher_invalid",
            Self::NotLive { code, .. } => code,
            Self::SigningUnavailable => "signing_unavailable",
            Self::EnrolmentCodeUnknown => "enrolment_code_unknown",
            Self::EnrolmentCodeUsed => "enrolment_code_used",
            Self::EnrolmentCodeExpired => "enrolment_code_expired",
            Self::NotFound(_) => "not_found",
            Self::Exists(_) => "already_exists",
            Self::Invalid(_) | Self::Mint(_) => "invalid",
            Self::Store(StoreError::Busy) => "busy",
            Self::Store(_) | Self::Entropy(_) => "internal",
        }
    }

    /// Whether whoever asked did not prove who they are.
    pub fn is_of_a_stranger(&self) -> bool {
        matches!(
            self,
            Self::Malformed(_)
                | Self::SignatureInvalid
                | Self::TerminalUnknown
                | Self::TerminalRevoked
                | Self::EnrolmentCodeUnknown
                | Self::EnrolmentCodeUsed
                | Self::EnrolmentCodeExpired
        )
    }

    /// Whether the same request may succeed a moment later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }
}

/// A message that cannot be read, or one that can and is not signed as it should be.
impl From<EnvelopeError> for ServiceError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Signature => Self::SignatureInvalid,
            EnvelopeError::NotUnderstood(error) => Self::NotUnderstood(error),
            EnvelopeError::Shape(_) | EnvelopeError::Spelling => Self::Malformed(error),
        }
    }
}
