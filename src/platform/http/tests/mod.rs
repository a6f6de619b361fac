//! The routes as a client sees them.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    http::{Request, Response, StatusCode},
};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{Bounds, Embedded, Server, router};
use crate::{
    domain::{enrol::EnrolmentRequest, sync::REQUEST_BYTES_MAX},
    platform::{
        service::{ApiToken, tests::world::World},
        store::TokenRole,
    },
};

mod limits;
mod roles;
mod server;

const COSE: &str = "application/cose; cose-type=\"cose-sign1\"";

const JSON: &str = "application/json";

async fn send(world: &World, request: Request<Body>) -> Response<Body> {
    let app = router(Arc::clone(&world.platform));
    app.oneshot(request).await.unwrap()
}

fn post(path: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(path).header("content-type", kind);
    request.body(body.into()).unwrap()
}

fn get(path: &str, token: Option<&str>) -> Request<Body> {
    let request = Request::get(path);
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    request.body(Body::empty()).unwrap()
}

async fn json(response: Response<Body>) -> Value {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Checks the shape of RFC 9457 and what we add to it; the code.
async fn problem(response: Response<Body>, status: u16) -> String {
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let trace = response.headers()["x-trace-id"].to_str().unwrap().to_owned();
    let body = json(response).await;
    for member in ["type", "title", "detail", "code"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}");
    }
    assert_eq!(body["status"], status);
    assert_eq!(body["trace_id"], trace.as_str());
    assert!(body["retryable"].is_boolean());
    body["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_wrong_turn_is_a_problem_with_a_code() {
    let world = World::in_memory();
    let long = vec![0; REQUEST_BYTES_MAX + 1];
    let cases = [
        (get("/nowhere", None), 404, "not_found"),
        (get("/v1/sync", None), 405, "method_not_allowed"),
        (post("/healthz", COSE, ""), 405, "method_not_allowed"),
        (post("/v1/sync", "application/json", "{}"), 415, "unsupported_media_type"),
        (post("/v1/sync", COSE, ""), 400, "request_malformed"),
        (post("/v1/sync", COSE, vec![0x84; 64]), 400, "request_malformed"),
        (post("/v1/enrol", COSE, "hello"), 400, "request_malformed"),
        (post("/v1/sync", COSE, long), 413, "body_too_large"),
        (get("/v1/redemptions", None), 401, "unauthorized"),
        (get("/v1/redemptions", Some("guess")), 401, "unauthorized"),
        (get("/v1/conflicts", Some("")), 401, "unauthorized"),
        (get("/v1/conflicts/1", None), 401, "unauthorized"),
        (get("/v1/vouchers/refresh", None), 405, "method_not_allowed"),
        (post("/v1/vouchers/refresh", COSE, "{}"), 415, "unsupported_media_type"),
        (post("/v1/vouchers/refresh", JSON, "{}"), 400, "request_malformed"),
        (post("/v1/vouchers/refresh", JSON, "{\"voucher\":\"x\"}"), 422, "voucher_invalid"),
        (post("/v1/vouchers/refresh", JSON, vec![b' '; 9000]), 413, "question_too_large"),
    ];
    for (request, status, code) in cases {
        let path = request.uri().to_string();
        assert_eq!(problem(send(&world, request).await, status).await, code, "{path}");
    }
}

#[tokio::test]
async fn an_enrolment_code_that_is_not_known_is_refused() {
    let world = World::in_memory();
    let key = world.device();
    let request =
        EnrolmentRequest { secret: [0; 16], key: key.public(), software: "test".to_owned() };
    let sealed = request.seal(&key);
    let response = send(&world, post("/v1/enrol", COSE, sealed.clone())).await;
    assert_eq!(problem(response, 404).await, "enrolment_code_unknown");
    let mut changed = sealed;
    *changed.last_mut().unwrap() ^= 1;
    let response = send(&world, post("/v1/enrol", COSE, changed)).await;
    assert_eq!(problem(response, 403).await, "signature_invalid");
}

#[tokio::test]
async fn a_batch_that_is_too_large_says_how_large_it_may_be() {
    let world = World::in_memory();
    let till = world.till();
    let entry = minicbor::bytes::ByteVec::from(till.journal[0].bytes.clone());
    let request = crate::domain::sync::Request {
        terminal: till.terminal,
        epoch: till.epoch,
        nonce: [0; 16],
        body: crate::domain::sync::RequestBody::Push {
            after: till.head(0),
            entries: vec![entry; 501],
        },
    };
    let response = send(&world, post("/v1/sync", COSE, request.seal(&till.key))).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let body = json(response).await;
    assert_eq!(body["code"], "batch_too_large");
    assert_eq!(body["limits"]["entries_max"], 500);
}

#[tokio::test]
async fn a_terminal_syncs_and_an_owner_reads_what_it_sent() {
    let world = World::in_memory();
    let voucher = world.deal();
    let mut till = world.till();
    till.redeem(&voucher, 1000);
    let request = crate::domain::sync::Request {
        terminal: till.terminal,
        epoch: till.epoch,
        nonce: [4; 16],
        body: till.run(1, 2),
    };
    let response = send(&world, post("/v1/sync", COSE, request.seal(&till.key))).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/cose");

    let token = token(&world, TokenRole::Audit);
    let token = Some(token.reveal());
    let body = json(send(&world, get("/v1/redemptions?branch=1", token)).await).await;
    let line = &body["redemptions"][0];
    assert_eq!(line["voucher"], voucher.claims.id.to_string());
    assert_eq!((&line["amount"], &line["currency"]), (&"10.00".into(), &"EUR".into()));
    assert_eq!(line["at"], "2026-11-22T09:00:10Z");
    assert_eq!(body["next_cursor"], Value::Null);

    let page = json(send(&world, get("/v1/redemptions?limit=1", token)).await).await;
    assert_eq!(page["next_cursor"], line["cursor"]);
    let table = send(&world, get("/v1/redemptions?format=csv", token)).await;
    let table = to_bytes(table.into_body(), 1 << 20).await.unwrap();
    let table = String::from_utf8(table.to_vec()).unwrap();
    assert!(table.starts_with("cursor,kind,at,"), "{table}");
    assert_eq!(table.lines().count(), 2);
    for bad in ["since=yesterday", "branch=north", "colour=red", "format=xml"] {
        let path = format!("/v1/redemptions?{bad}");
        let response = send(&world, get(&path, token)).await;
        assert_eq!(problem(response, 400).await, "request_malformed", "{bad}");
    }
    let body = json(send(&world, get("/v1/conflicts", token)).await).await;
    assert_eq!(body["conflicts"], Value::Array(Vec::new()));
}

fn token(world: &World, role: TokenRole) -> ApiToken {
    world.platform.create_token("Test", role).unwrap().1
}

#[tokio::test]
async fn a_phone_has_its_voucher_signed_anew() {
    let world = World::in_memory();
    let voucher = world.deal();
    let body = serde_json::json!({ "voucher": voucher.text }).to_string();
    let ask = || post("/v1/vouchers/refresh", "application/json; charset=utf-8", body.clone());
    let response = send(&world, ask()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let live = json(response).await;
    assert_eq!(live["until"], "2026-11-22T09:10:00Z", "ten minutes after nine");
    assert!(live["voucher"].as_str().is_some_and(|text| text.starts_with("CS1:")));
    assert_ne!(live["voucher"], voucher.text.as_str());
    let name = crate::platform::service::VoucherName::Code(voucher.code);
    world.platform.revoke_voucher(name).unwrap();
    assert_eq!(problem(send(&world, ask()).await, 409).await, "voucher_revoked");
}

#[tokio::test]
async fn a_conflict_is_read_by_programs_and_by_people() {
    let world = World::in_memory();
    let token = token(&world, TokenRole::Audit);
    let bearing = format!("Bearer {}", token.reveal());
    let token = Some(token.reveal());
    let deal = world.deal();
    for _ in 0..2 {
        let mut till = world.till();
        till.redeem(&deal, 1000);
        world.push_all(&till);
    }
    let body = json(send(&world, get("/v1/conflicts/1", token)).await).await;
    assert_eq!(body["voucher"], deal.claims.id.to_string());
    assert_eq!(body["sides"].as_array().unwrap().len(), 2);
    assert_eq!(body["sides"][0]["branch_name"], "North");
    let accepting = |kinds: &str| {
        let request = Request::get("/v1/conflicts/1").header("accept", kinds);
        let request = request.header("authorization", &bearing);
        request.body(Body::empty()).unwrap()
    };
    for (kinds, expected) in [
        ("text/html,application/xhtml+xml;q=0.9", "text/html; charset=utf-8"),
        ("application/json, text/html", "application/json"),
        ("*/*", "application/json"),
    ] {
        let response = send(&world, accepting(kinds)).await;
        assert_eq!(response.headers()["content-type"], expected, "{kinds}");
    }
    let response = send(&world, accepting("text/html")).await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let unknown = send(&world, get("/v1/conflicts/2", token)).await;
    assert_eq!(problem(unknown, 404).await, "not_found");
    let odd = send(&world, get("/v1/conflicts/first", token)).await;
    assert_eq!(problem(odd, 400).await, "request_malformed");
}

#[tokio::test]
async fn a_failure_shows_nothing_of_its_cause() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::on_disk(&dir);
    let path = dir.path().join("p.db");
    crate::platform::store::tamper(&path, "DROP TABLE settings");
    let response = send(&world, get("/healthz", None)).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = json(response).await;
    assert_eq!(body["code"], "internal");
    assert!(!body.to_string().contains("settings"), "{body}");
}

#[test]
fn an_embedded_server_answers_and_stops_and_starts_again() {
    use std::io::{Read as _, Write as _};

    let world = World::in_memory();
    let ask = |address| {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    let server = Embedded::start(Arc::clone(&world.platform)).unwrap();
    let address = server.address();
    assert!(ask(address).unwrap().starts_with("HTTP/1.1 200"));
    drop(server);
    assert!(ask(address).is_err());
    let server = Embedded::start_at(Arc::clone(&world.platform), address).unwrap();
    assert!(ask(address).unwrap().contains("\"ok\""));
    drop(server);
}
