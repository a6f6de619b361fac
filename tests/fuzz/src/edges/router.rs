//! Whole requests: bytes in, an answer or a problem document out, never an error of the platform's own.

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response, StatusCode},
};
use countersign::{
    domain::{crypto::hash, time::Timestamp},
    platform::{
        clock::Clock,
        entropy::Entropy,
        http::router,
        service::{Platform, PlatformKeys},
        store::MemoryStore,
    },
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

use crate::world;

const PATHS: [&str; 8] = [
    "/v1/sync",
    "/v1/enrol",
    "/v1/vouchers/refresh",
    "/v1/redemptions",
    "/v1/conflicts",
    "/v1/conflicts/1",
    "/healthz",
    "/",
];

const TOKEN: &str = "fuzz";

const TYPES: [&str; 3] = ["application/cose", "application/json", "text/plain"];

/// Sends the request that the first two bytes choose, with the rest as its body or, behind `?`, as its query.
pub(crate) fn answers(data: &[u8]) {
    let [path, kind, rest @ ..] = data else {
        return;
    };
    let path = PATHS[usize::from(*path) % PATHS.len()];
    let Some(request) = request(path, *kind, rest) else {
        return;
    };
    let (runtime, app) = stage();
    runtime.block_on(async {
        let response = app.clone().oneshot(request).await.expect("a router cannot fail");
        is_an_answer(path, response).await;
    });
}

fn request(path: &str, kind: u8, rest: &[u8]) -> Option<Request<Body>> {
    let request = match rest.split_first() {
        Some((b'?', query)) => Request::get(format!("{path}?{}", std::str::from_utf8(query).ok()?)),
        _ => Request::post(path),
    };
    let request = request.header("authorization", format!("Bearer {TOKEN}"));
    let kind = TYPES[usize::from(kind) % TYPES.len()];
    request.header("content-type", kind).body(Body::from(rest.to_vec())).ok()
}

/// RFC 9457 with our members, wherever it is not what was asked for.
async fn is_an_answer(path: &str, response: Response<Body>) {
    let status = response.status();
    assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    let kind = response.headers().get("content-type").cloned();
    let bytes = to_bytes(response.into_body(), 1 << 24).await.expect("a body in memory");
    if status == StatusCode::OK {
        return;
    }
    assert_eq!(kind.expect("a type"), "application/problem+json", "{path}");
    let problem: Value = serde_json::from_slice(&bytes).expect("a problem is JSON");
    assert_eq!(problem["status"], status.as_u16());
    for member in ["type", "title", "detail", "code", "trace_id"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}");
    }
    assert!(problem["retryable"].is_boolean());
}

fn stage() -> &'static (Runtime, Router) {
    static STAGE: OnceLock<(Runtime, Router)> = OnceLock::new();
    STAGE.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        (runtime, router(Arc::new(platform())))
    })
}

fn platform() -> Platform {
    let keys = PlatformKeys { root: world::root_key(), platform: world::platform_key() };
    let clock = Clock::new(|| world::NOON);
    let store = Arc::new(MemoryStore::default());
    let platform = Platform::new(store, keys, clock, Entropy::system());
    let issuer = "demo".parse().expect("a name");
    let until = Timestamp(world::NOON.0 + 1_000_000);
    platform.create_issuer(&issuer, world::issuer_key().public(), until).expect("an issuer");
    let merchant = platform.create_merchant("Corner").expect("a merchant");
    let token = hash(TOKEN.as_bytes()).to_string();
    platform.set_setting("api_token_hash", &token).expect("a setting");
    platform.create_branch(merchant, "Market", "Europe/Berlin").expect("a branch");
    platform
}

/// A body to each route that takes one.
pub(crate) fn requests_with(body: Vec<u8>) -> impl Iterator<Item = Vec<u8>> {
    [(0, 0), (1, 0), (2, 1)]
        .into_iter()
        .map(move |(path, kind)| [&[path, kind], &body[..]].concat())
}

/// Questions in a query.
pub(crate) fn questions() -> Vec<Vec<u8>> {
    let redemptions = "?branch=1&since=2026-11-22T09:30:00Z&until=2026-12-22T09:30:00Z&cursor=1&limit=5&format=csv";
    let questions = [(3, redemptions), (4, "?after=1&limit=2"), (5, "?"), (6, "?"), (7, "?")];
    questions.map(|(path, query)| [&[path, 1], query.as_bytes()].concat()).into()
}
