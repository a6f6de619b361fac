//! What customers' phones ask: to have a voucher signed anew.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{problem::Problem, terminals::blocking};
use crate::platform::service::Platform;

/// Longest question, in bytes: more than the longest voucher.
const BODY_MAX: usize = 8 * 1024;

/// Keeps questions short.
pub(super) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(BODY_MAX)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    voucher: String,
}

/// `POST /v1/vouchers/refresh`
pub(super) async fn refresh(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let question = question(&headers, body)?;
    let live = blocking(move || Ok(platform.refresh(&question.voucher)?)).await?;
    let answer = json!({ "voucher": live.voucher, "until": live.until.to_string() });
    // The answer is the voucher: nothing on the way may keep it.
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

fn question(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Question, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or("").split(';').next().unwrap_or("").trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let detail = "send the question as application/json";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "unsupported_media_type", detail));
    }
    let bytes = body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let detail = format!("a question about a voucher has at most {BODY_MAX} bytes");
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "question_too_large", detail);
        }
        Problem::from(rejection)
    })?;
    serde_json::from_slice(&bytes)
        .map_err(|_error| Problem::malformed("send the voucher as {\"voucher\": \"CS1:…\"}"))
}
