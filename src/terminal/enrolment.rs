//! Making a terminal out of a fresh folder and an enrolment code.

use std::time::Duration;

use super::source::{KeptGrant, Source, SourceError};
use crate::{
    domain::{
        enrol::{EnrolError, EnrolmentCode, EnrolmentRequest, Grant},
        time::Timestamp,
    },
    net::{Transport, TransportError},
    store::{Store, StoreError},
};

const ENROL_PATH: &str = "/v1/enrol";

/// Enrols a terminal. Repeating it with the same code changes nothing.
pub fn enrol(
    source: impl Into<Source>,
    code: &EnrolmentCode,
    transport: &dyn Transport,
    now: Timestamp,
) -> Result<Store, EnrolmentError> {
    let source = source.into();
    let key = source.device_key()?;
    let software = env!("CARGO_PKG_VERSION").to_owned();
    let request = EnrolmentRequest { secret: code.secret, key: key.public(), software };
    let answer = transport.call(ENROL_PATH, request.seal(&key), Duration::from_secs(30))?;
    let (grant, bundle) = Grant::open(&answer, &code.root, &key.public())?;
    let store = Store::enrol(source.store_place()?, key, code, (&grant, &bundle), now)?;
    // A grant that the store did not take is none to make a store anew with.
    source.keep_grant(&KeptGrant { url: code.url.clone(), root: code.root, answer })?;
    Ok(store)
}

/// Why a terminal was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// The folder cannot be used.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The platform did not answer, or said no.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The answer is not to be believed.
    #[error(transparent)]
    Answer(#[from] EnrolError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}
