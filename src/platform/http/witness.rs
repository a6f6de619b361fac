//! What customers' phones hand in: the signed entry of a redemption, as a message or in the address of a page.

use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    dispute::{HEAD, escape},
    edge::Edge,
    problem::Problem,
    sender::Sender,
    terminals::cose_body,
};
use crate::{
    domain::{journal::ENTRY_BYTES_MAX, sync::witness_bytes},
    platform::service::{ServiceError, WitnessReceipt},
};

/// Keeps messages as short as an entry.
pub(super) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(ENTRY_BYTES_MAX)
}

/// `POST /v1/witness`
pub(super) async fn witness(
    State(edge): State<Edge>,
    sender: Sender,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let bytes = cose_body(&headers, body).map_err(Problem::of_an_entry)?;
    edge.gate.visit(sender)?;
    let receipt = edge.run(move |platform| Ok(platform.witness(&bytes)?)).await?;
    Ok(Json(json!({ "receipt": receipt.reference })).into_response())
}

/// `GET /E/{entry}`: what a phone's camera opens. Opening it again changes nothing, so it may be fetched by whoever likes.
pub(super) async fn page(
    State(edge): State<Edge>,
    sender: Sender,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    edge.gate.visit(sender)?;
    let taken = edge.run(move |platform| {
        let bytes = witness_bytes(&text).ok_or(ServiceError::WitnessInvalid);
        match bytes.and_then(|bytes| platform.witness(&bytes)) {
            Err(ServiceError::Store(error)) => Err(ServiceError::Store(error).into()),
            other => Ok(other),
        }
    });
    let (status, page) = match taken.await? {
        Ok(receipt) => (StatusCode::OK, thanks(&receipt)),
        Err(ServiceError::WitnessesFull) => (StatusCode::TOO_MANY_REQUESTS, KEEP.to_owned()),
        Err(_) => (StatusCode::UNPROCESSABLE_ENTITY, NOT_A_REDEMPTION.to_owned()),
    };
    let page = format!("{HEAD}<title>Countersign</title></head><body>{page}</body></html>");
    Ok((status, Html(page)).into_response())
}

const KEEP: &str = "<h1>Please keep your receipt</h1>\
<p>The shop will send this redemption itself.</p>";

const NOT_A_REDEMPTION: &str = "<h1>This is not a receipt code</h1>\
<p>Scan the code on the counter's screen again, as a whole. Your voucher is not affected.</p>";

/// Nothing but what the receipt says: whoever has the address may have it from anybody.
fn thanks(receipt: &WitnessReceipt) -> String {
    let reference = escape(&receipt.reference);
    format!(
        "<h1>Thank you</h1><p>The platform knows of this redemption.</p><p>Receipt {reference}</p>"
    )
}
