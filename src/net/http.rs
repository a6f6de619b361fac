//! HTTP by `reqwest`, TLS by `rustls`.

use std::{io::Read as _, time::Duration};

use reqwest::{
    Url,
    blocking::{Client, ClientBuilder, Response},
    header::{CONTENT_TYPE, HeaderValue},
    redirect,
};
use serde::Deserialize;

use super::{
    Transport, TransportError, address::Address, times::Times, trust::ServerTrust, verifier,
};
use crate::domain::{
    sync::{MESSAGE_BYTES_MAX, PROTOCOL},
    time::Timestamp,
};

/// The media type of signed messages (RFC 9052 section 2).
const COSE: &str = "application/cose; cose-type=\"cose-sign1\"";

const PROBLEM_BYTES_MAX: u64 = 64 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Shorter than a server waits for the next question, so that none is sent into a connection that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// A platform reached over HTTP.
pub struct HttpTransport {
    client: Client,
    base: Url,
    times: Times,
}

impl HttpTransport {
    /// A transport to the platform at `url`, where a server answers that `trust` knows.
    ///
    /// Plain HTTP is taken only on this machine: every message is signed, but who redeems what is nobody's business.
    pub fn new(url: &str, trust: &ServerTrust, times: Times) -> Result<Self, TransportError> {
        let address = Address::parse(url)?;
        // Without TLS nobody's word is taken, and none need be known.
        let nobody = ServerTrust::Pins(Vec::new());
        let config = if address.plain { &nobody } else { trust }.config(times.clone());
        let config = config.map_err(|error| TransportError::Untrusted(error.to_string()))?;
        let builder = Client::builder().tls_backend_preconfigured(config);
        // A name server has no say in where this machine is.
        let builder = builder.resolve_to_addrs("localhost", &address.localhost());
        let client = with_limits(builder).https_only(!address.plain).build();
        let client = client.map_err(|error| TransportError::Offline(error.to_string()))?;
        Ok(Self { client, base: address.base, times })
    }

    /// A transport to a platform on this very machine.
    pub fn on_this_machine(url: &str) -> Result<Self, TransportError> {
        let address = Address::parse(url)?;
        if !address.plain {
            let detail = "it is not on this machine".to_owned();
            return Err(TransportError::Address(detail));
        }
        Self::new(url, &ServerTrust::Pins(Vec::new()), Times::new(Timestamp::default, None))
    }
}

/// What holds for every server: no detour by a redirect or a proxy, and an end to every wait.
fn with_limits(builder: ClientBuilder) -> ClientBuilder {
    let name = concat!("countersign/", env!("CARGO_PKG_VERSION"));
    builder
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .http1_only()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(format!("{name} protocol/{PROTOCOL}"))
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
        let response = request.send().map_err(|error| self.failure(&error))?;
        if response.status().is_success() {
            read(response, MESSAGE_BYTES_MAX as u64)
        } else {
            Err(problem(response))
        }
    }

    fn learn(&self, time: Timestamp) {
        self.times.learn(time);
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

fn problem(response: Response) -> TransportError {
    let status = response.status().as_u16();
    let body = read(response, PROBLEM_BYTES_MAX).unwrap_or_default();
    match serde_json::from_slice::<Problem>(&body) {
        Ok(Problem { code, detail }) => TransportError::Refused { status, code, detail },
        Err(_) => TransportError::Invalid(format!("status {status} without an explanation")),
    }
}

impl HttpTransport {
    fn failure(&self, error: &reqwest::Error) -> TransportError {
        if error.is_timeout() {
            return TransportError::Timeout;
        }
        let mut cause: &(dyn std::error::Error + 'static) = error;
        loop {
            if let Some(reason) = self.untrusted(cause) {
                return TransportError::Untrusted(reason);
            }
            match cause.source() {
                Some(deeper) => cause = deeper,
                None => return TransportError::Offline(cause.to_string()),
            }
        }
    }

    /// What is wrong with the server's certificate, where that is the cause.
    fn untrusted(&self, cause: &(dyn std::error::Error + 'static)) -> Option<String> {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return verifier::reason(tls, self.times.wall());
        }
        // Such an error names what it wraps, but not as its source.
        self.untrusted(cause.downcast_ref::<std::io::Error>()?.get_ref()?)
    }
}
