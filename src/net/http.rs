//! HTTP by `reqwest`, TLS by `rustls` with the system's roots.

use std::{io::Read as _, time::Duration};

use reqwest::{
    Url,
    blocking::{Client, Response},
    header::{CONTENT_TYPE, HeaderValue},
    redirect,
};
use serde::Deserialize;

use super::{Transport, TransportError};
use crate::domain::sync::MESSAGE_BYTES_MAX;

/// The media type of signed messages (RFC 9052 section 2).
const COSE: &str = "application/cose; cose-type=\"cose-sign1\"";

const PROBLEM_BYTES_MAX: u64 = 64 * 1024;

/// A platform reached over HTTP.
pub struct HttpTransport {
    client: Client,
    base: Url,
}

impl HttpTransport {
    /// A transport to the platform at `url`.
    ///
    /// Plain HTTP is taken only on this machine: every message is signed, but who redeems what is nobody's business.
    pub fn new(url: &str) -> Result<Self, TransportError> {
        let base = Url::parse(url).map_err(|error| TransportError::Invalid(error.to_string()))?;
        let local = matches!(base.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if base.scheme() != "https" && !(base.scheme() == "http" && local) {
            return Err(TransportError::Invalid("the address must begin with https://".to_owned()));
        }
        // Another part of the program may have installed a provider first; any will do.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| TransportError::Offline(error.to_string()))?;
        Ok(Self { client, base })
    }
}

impl Transport for HttpTransport {
    fn call(
        &self,
        path: &str,
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, TransportError> {
        let url = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let request = self.client.post(url).timeout(timeout).body(body);
        let request = request.header(CONTENT_TYPE, HeaderValue::from_static(COSE));
        let response = request.send().map_err(|error| failure(&error))?;
        if response.status().is_success() {
            read(response, MESSAGE_BYTES_MAX as u64)
        } else {
            let status = response.status().as_u16();
            Err(refusal(status, &read(response, PROBLEM_BYTES_MAX).unwrap_or_default()))
        }
    }
}

fn read(response: Response, most: u64) -> Result<Vec<u8>, TransportError> {
    let mut bytes = Vec::new();
    let read = response.take(most.saturating_add(1)).read_to_end(&mut bytes);
    match read {
        Ok(count) if count as u64 <= most => Ok(bytes),
        Ok(_) => Err(TransportError::Invalid("the answer is too long".to_owned())),
        Err(error) => Err(TransportError::Offline(error.to_string())),
    }
}

/// The members of RFC 9457 that are used here.
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
}

/// What an answer says that is not the one asked for: a problem document, or something that is none.
pub fn refusal(status: u16, body: &[u8]) -> TransportError {
    match serde_json::from_slice::<Problem>(body) {
        Ok(Problem { code, detail }) => TransportError::Refused { status, code, detail },
        Err(_) => TransportError::Invalid(format!("status {status} without an explanation")),
    }
}

fn failure(error: &reqwest::Error) -> TransportError {
    if error.is_timeout() {
        return TransportError::Timeout;
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    TransportError::Offline(cause.to_string())
}
