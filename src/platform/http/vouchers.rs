//! What customers' phones ask: to have a voucher signed anew.

use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{edge::Edge, problem::Problem, sender::Sender, tokens};
use crate::platform::service::Right;

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
    State(edge): State<Edge>,
    sender: Sender,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    // A wallet's program asks for many customers, and has a token and a budget for it.
    let wallet = tokens::bearer(&headers).map(|_| tokens::shown(&edge, sender, &headers));
    let wallet = wallet.transpose()?;
    if wallet.is_none() {
        edge.gate.visit(sender)?;
    }
    let question = question(&headers, body)?;
    let live = edge.run(move |platform| {
        wallet.map(|shown| shown.opens(platform, Right::Refresh)).transpose()?;
        Ok(platform.refresh(&question.voucher)?)
    });
    let live = live.await?;
    let answer = json!({ "voucher": live.voucher, "until": live.until.to_string() });
    Ok(Json(answer).into_response())
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
