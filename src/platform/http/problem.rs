//! Errors as RFC 9457 problems: a stable code, a sentence, and a number that leads to the log.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State, rejection::BytesRejection},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::time::timeout;

use super::{edge::Edge, sender::Sender};
use crate::{
    domain::{
        id::Hex,
        sync::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, REQUEST_BYTES_MAX},
    },
    platform::{entropy::Entropy, service::ServiceError, store::StoreError},
};

/// An answer that is not what was asked for.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retryable: bool,
    /// Seconds after which it may be tried again, where it may.
    retry_after: u64,
    /// For the log only.
    cause: Option<Arc<ServiceError>>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retryable: false, retry_after: 1, cause: None }
    }

    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "request_malformed", detail)
    }

    pub(super) fn unauthorized() -> Self {
        let detail = "this needs a token of the platform: Authorization: Bearer <token>";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    pub(super) fn forbidden() -> Self {
        let detail = "the role of this token does not open this";
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// Too often: to be tried again after so many milliseconds.
    pub(super) fn too_many(wait_ms: u64) -> Self {
        let detail = "too many requests; try again later";
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail);
        Self { retryable: true, retry_after: wait_ms.div_ceil(1000).max(1), ..problem }
    }

    pub(super) fn busy() -> Self {
        let detail = "the platform has too much to do; try again";
        Self { retryable: true, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail) }
    }

    pub(super) fn internal() -> Self {
        let detail = "something went wrong at the platform; its log says what";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    fn too_large() -> Self {
        let detail = format!("a request has at most {REQUEST_BYTES_MAX} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    }

    fn late() -> Self {
        let detail = "the request took too long; try again";
        Self { retryable: true, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", detail) }
    }

    fn body(&self, trace_id: &str) -> Vec<u8> {
        let mut body = json!({
            "type": format!("urn:countersign:problem:{}", self.code),
            "title": title(self.code),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
            "retryable": self.retryable,
            "trace_id": trace_id,
        });
        if let (Some(limits), Some(members)) = (limits(self.code), body.as_object_mut()) {
            members.insert("limits".to_owned(), limits);
        }
        body.to_string().into_bytes()
    }

    fn log(&self, trace_id: &str) {
        let (code, status) = (self.code, self.status.as_u16());
        let Some(cause) = &self.cause else {
            tracing::info!(trace_id, code, status, "request refused");
            return;
        };
        let cause = chain(cause.as_ref());
        tracing::error!(trace_id, code, status, cause, "request failed");
    }
}

/// Carries the problem to [`trace`], which writes it down.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let (code, retryable) = (error.code(), error.is_retryable());
        let status = status_of(&error);
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            let cause = Some(Arc::new(error));
            return Self { cause, ..Self::internal() };
        }
        Self { retryable, ..Self::new(status, code, error.to_string()) }
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::too_large();
        }
        Self::malformed("the body of the request did not arrive as a whole")
    }
}

pub(super) async fn not_found(State(edge): State<Edge>, sender: Sender) -> Problem {
    if let Err(waits) = edge.gate.visit(sender) {
        return waits;
    }
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
}

pub(super) async fn method_not_allowed() -> Problem {
    let detail = "this address does not answer to this method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// Numbers each request, bounds its time, and writes problems down: to the log and to the caller.
pub(super) async fn trace(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let trace_id = trace_id();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = if declares_too_much(&request) {
        Problem::too_large().into_response()
    } else {
        let answered = timeout(edge.request, next.run(request)).await;
        answered.unwrap_or_else(|_late| Problem::late().into_response())
    };
    let status = response.status().as_u16();
    tracing::debug!(trace_id, %method, path, status, "request answered");
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        problem.log(&trace_id);
        fill(&mut response, &problem, &trace_id);
    }
    if let Ok(value) = HeaderValue::from_str(&trace_id) {
        response.headers_mut().insert("x-trace-id", value);
    }
    response
}

/// Whether what is to come is too long, before any of it is waited for.
fn declares_too_much(request: &Request) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    length.is_some_and(|length| length > REQUEST_BYTES_MAX)
}

fn fill(response: &mut Response, problem: &Problem, trace_id: &str) {
    let json = HeaderValue::from_static("application/problem+json");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, json);
    headers.remove(header::CONTENT_LENGTH);
    if problem.status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        headers.insert(header::WWW_AUTHENTICATE, scheme);
    }
    if problem.retryable {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(problem.retry_after));
    }
    *response.body_mut() = Body::from(problem.body(trace_id));
}

fn status_of(error: &ServiceError) -> StatusCode {
    use ServiceError as E;
    match error {
        E::Malformed(_) | E::NotUnderstood(_) | E::OutOfBounds(_) => StatusCode::BAD_REQUEST,
        E::SignatureInvalid | E::TerminalUnknown | E::TerminalRevoked | E::VoucherNotAllowed => {
            StatusCode::FORBIDDEN
        }
        E::BatchTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        E::EntryInvalid { .. } | E::Invalid(_) | E::Mint(_) | E::VoucherInvalid(_) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        E::TerminalSuperseded
        | E::RequestStale
        | E::EnrolmentCodeUsed
        | E::Exists(_)
        | E::NotLive { .. } => StatusCode::CONFLICT,
        E::SigningUnavailable => StatusCode::NOT_IMPLEMENTED,
        E::EnrolmentCodeExpired => StatusCode::GONE,
        E::EnrolmentCodeUnknown | E::NotFound(_) => StatusCode::NOT_FOUND,
        E::Store(StoreError::Busy) => StatusCode::SERVICE_UNAVAILABLE,
        E::Store(_) | E::Entropy(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The bounds that a problem is about.
fn limits(code: &str) -> Option<serde_json::Value> {
    match code {
        "batch_too_large" => {
            Some(json!({ "entries_max": BATCH_ENTRIES_MAX, "bytes_max": BATCH_BYTES_MAX }))
        }
        "body_too_large" => Some(json!({ "bytes_max": REQUEST_BYTES_MAX })),
        _other => None,
    }
}

/// `batch_too_large` as `Batch too large`.
fn title(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// An error with all that caused it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<_> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

fn trace_id() -> String {
    let bytes = Entropy::system().bytes::<8>().unwrap_or_default();
    Hex(&bytes).to_string()
}
