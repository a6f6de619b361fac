//! What every answer says to browsers and caches, whatever it is.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

/// Nothing is loaded, nothing runs, nobody frames it; pages have their own style.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    // Vouchers, redemptions and evidence: nothing on the way may keep any of it.
    (header::CACHE_CONTROL, "no-store"),
];

/// Adds what every answer carries.
pub(super) async fn harden(mut response: Response) -> Response {
    for (name, value) in ALWAYS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
