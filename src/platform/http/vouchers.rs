//! What customers' phones ask: to have a voucher signed anew.

use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    body::{is_of_type, voucher_asked},
    edge::Edge,
    problem::Problem,
    sender::Sender,
    tokens,
};
use crate::platform::service::Right;

/// Longest question, in bytes: more than the longest voucher.
const BODY_MAX: usize = 8 * 1024;

/// Keeps questions short.
pub(super) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(BODY_MAX)
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
    let voucher = question(&headers, body)?;
    let live = edge.run(move |platform| {
        wallet.map(|shown| shown.opens(platform, Right::Refresh)).transpose()?;
        Ok(platform.refresh(&voucher)?)
    });
    let live = live.await?;
    let answer = json!({ "voucher": live.voucher, "until": live.until.to_string() });
    Ok(Json(answer).into_response())
}

fn question(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<String, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !is_of_type(kind.unwrap_or(""), "application/json") {
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
    voucher_asked(&bytes)
        .ok_or_else(|| Problem::malformed("send the voucher as {\"voucher\": \"CS1:…\"}"))
}
