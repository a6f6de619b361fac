//! What terminals ask: signed messages in, signed messages out.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{body::is_of_type, problem::Problem};
use crate::platform::service::{Platform, ServiceError};

/// RFC 9052 section 11.2.
const COSE: &str = "application/cose";

type Body = Result<Bytes, BytesRejection>;

/// `POST /v1/enrol`
pub(super) async fn enrol(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = cose_body(&headers, body)?;
    answer(move || platform.enrol(&bytes)).await
}

/// `POST /v1/sync`
pub(super) async fn sync(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = cose_body(&headers, body)?;
    answer(move || platform.sync(&bytes)).await
}

async fn answer(
    work: impl FnOnce() -> Result<Vec<u8>, ServiceError> + Send + 'static,
) -> Result<Response, Problem> {
    let reply = blocking(move || Ok(work()?)).await?;
    Ok(([(header::CONTENT_TYPE, COSE)], reply).into_response())
}

/// Runs what waits for the store where waiting is allowed.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(lost) => {
            tracing::error!(%lost, "a request was lost");
            Err(Problem::internal())
        }
    }
}

/// The body of a request that is a signed message.
pub(super) fn cose_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    if !is_of_type(kind.and_then(|value| value.to_str().ok()).unwrap_or(""), COSE) {
        let detail = "send the message as application/cose";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "unsupported_media_type", detail));
    }
    Ok(body?)
}
