//! What terminals ask: signed messages in, signed messages out.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{edge::Edge, gate::Who, problem::Problem, sender::Sender};
use crate::{domain::sync::Request, platform::service::ServiceError};

/// RFC 9052 section 11.2.
const COSE: &str = "application/cose";

type Body = Result<Bytes, BytesRejection>;

/// `POST /v1/enrol`
///
/// Who has a code is let through, whatever others at the same address do; who has none spends that address's budget.
pub(super) async fn enrol(
    State(edge): State<Edge>,
    sender: Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = cose_body(&headers, body)?;
    let gate = Arc::clone(&edge.gate);
    let answer = edge.run(move |platform| {
        if let Err(waits) = gate.admit(sender, None)
            && !platform.knows_enrolment(&bytes)?
        {
            return Err(waits);
        }
        let answer = platform.enrol(&bytes);
        if answer.as_ref().is_err_and(ServiceError::is_of_a_stranger) {
            gate.failed(sender, None);
        }
        Ok(answer?)
    });
    Ok(signed(answer.await?))
}

/// `POST /v1/sync`
pub(super) async fn sync(
    State(edge): State<Edge>,
    sender: Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = cose_body(&headers, body)?;
    let who = Request::claimed_by(&bytes).map(|(terminal, epoch)| Who::Terminal(terminal, epoch));
    let gate = Arc::clone(&edge.gate);
    gate.admit(sender, who)?;
    let software = software(&headers);
    let answer = edge.run(move |platform| {
        let answer = platform.sync_with(&bytes, software.as_deref());
        let stranger = answer.as_ref().is_err_and(ServiceError::is_of_a_stranger);
        match who.filter(|_| !stranger) {
            Some(who) => gate.proven(sender, who),
            None => gate.failed(sender, who),
        }
        Ok(answer?)
    });
    Ok(signed(answer.await?))
}

fn signed(answer: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, COSE)], answer).into_response()
}

/// What the terminal's program calls itself.
fn software(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(header::USER_AGENT)?.to_str().ok()?.to_owned())
}

fn cose_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    if !kind.eq_ignore_ascii_case(COSE) {
        let detail = "send the message as application/cose";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "unsupported_media_type", detail));
    }
    Ok(body?)
}
