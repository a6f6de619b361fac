//! Every route by every role.

use axum::http::StatusCode;

use super::*;
use crate::domain::id::{MerchantId, TokenId};

const NOBODY: MerchantId = MerchantId(99);

/// What each role gets: 200 it may, 401 nobody knows it, 403 its role does not open this.
const TABLE: [(&str, [u16; 6]); 4] = [
    // role                  nobody  owner  settlement  audit  wallet  revoked
    ("/v1/redemptions", [401, 200, 200, 200, 403, 401]),
    ("/v1/conflicts", [401, 200, 403, 200, 403, 401]),
    ("/v1/conflicts/1", [401, 200, 403, 200, 403, 401]),
    ("/v1/vouchers/refresh", [200, 403, 403, 403, 200, 401]),
];

/// A world with one conflict, two merchants, and one token a role.
fn world() -> (World, Vec<Option<ApiToken>>) {
    let world = World::in_memory();
    let deal = world.deal();
    for _ in 0..2 {
        let mut till = world.till();
        till.redeem(&deal, 1000);
        world.push_all(&till);
    }
    let owner = TokenRole::Owner(MerchantId(1));
    let roles = [owner, TokenRole::Settlement, TokenRole::Audit, TokenRole::Wallet];
    let mut tokens = vec![None];
    tokens.extend(roles.map(|role| Some(token(&world, role))));
    tokens.push(Some(token(&world, TokenRole::Audit)));
    world.platform.revoke_token(TokenId(5)).unwrap();
    (world, tokens)
}

#[tokio::test]
async fn every_route_opens_to_the_roles_that_need_it_and_to_no_other() {
    let (world, tokens) = world();
    let voucher = world.deal();
    let body = serde_json::json!({ "voucher": voucher.text }).to_string();
    for (path, expected) in TABLE {
        for (token, status) in tokens.iter().zip(expected) {
            let token = token.as_ref().map(ApiToken::reveal);
            let mut request = get(path, token);
            if path.ends_with("refresh") {
                *request.method_mut() = axum::http::Method::POST;
                let kind = "application/json".parse().unwrap();
                request.headers_mut().insert("content-type", kind);
                *request.body_mut() = Body::from(body.clone());
            }
            let answer = send(&world, request).await;
            assert_eq!(answer.status().as_u16(), status, "{path} with {token:?}");
        }
    }
}

#[test]
fn the_table_names_every_route_that_is_not_for_terminals() {
    let routes = include_str!("../mod.rs").matches(".route(").count();
    let open = ["/healthz", "/v1/enrol", "/v1/sync"];
    assert_eq!(routes, TABLE.len() + open.len(), "say in TABLE who may ask for the new route");
}

#[tokio::test]
async fn an_owner_sees_nothing_of_others() {
    let (world, _tokens) = world();
    let other = world.platform.create_merchant("Elsewhere").unwrap();
    let token = token(&world, TokenRole::Owner(other));
    let token = Some(token.reveal());
    let body = json(send(&world, get("/v1/redemptions?branch=1", token)).await).await;
    assert_eq!(body["redemptions"], Value::Array(Vec::new()));
    let body = json(send(&world, get("/v1/conflicts", token)).await).await;
    assert_eq!(body["conflicts"], Value::Array(Vec::new()));
    // The same answer as for a conflict that there is not.
    assert_eq!(problem(send(&world, get("/v1/conflicts/1", token)).await, 404).await, "not_found");
    assert!(world.platform.create_token("Nobody", TokenRole::Owner(NOBODY)).is_err());
}

#[tokio::test]
async fn a_token_tells_when_it_was_used_and_is_not_kept() {
    let (world, tokens) = world();
    let audit = tokens[3].as_ref().unwrap().reveal();
    assert!(audit.starts_with("cst_") && audit.len() == 4 + 48);
    assert_eq!(world.platform.tokens().unwrap()[2].used, None);
    let answer = send(&world, get("/v1/conflicts", Some(audit))).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(world.platform.tokens().unwrap()[2].used, Some(world.platform.now()));
    let kept = format!("{:?}", world.platform.tokens().unwrap());
    assert!(!kept.contains(audit), "only its hash");
    assert_eq!(world.platform.revoke_token(TokenId(5)).unwrap_err().code(), "not_found");
}

#[tokio::test]
async fn names_that_are_programs_are_only_names() {
    let world = World::in_memory();
    let evil = "<script>alert(1)</script>'\"&";
    let branch = world.platform.create_branch(world.merchant, evil, "UTC").unwrap();
    let deal = world.deal();
    for _ in 0..2 {
        let mut till = world.till_at(branch);
        till.redeem(&deal, 1000);
        world.push_all(&till);
    }
    let token = token(&world, TokenRole::Owner(world.merchant));
    let mut request = get("/v1/conflicts/1", Some(token.reveal()));
    request.headers_mut().insert("accept", "text/html".parse().unwrap());
    let answer = send(&world, request).await;
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    let page = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert!(page.contains(&deal.claims.id.to_string()));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&#39;&quot;&amp;"), "{page}");
    assert!(!page.contains("<script"), "{page}");
}

#[tokio::test]
async fn every_answer_tells_browsers_and_caches_to_leave_it_alone() {
    let (world, tokens) = world();
    let audit = tokens[3].as_ref().map(ApiToken::reveal);
    for (path, token) in [
        ("/healthz", None),
        ("/nowhere", None),
        ("/v1/sync", None),
        ("/v1/redemptions", None),
        ("/v1/redemptions", audit),
        ("/v1/redemptions?format=csv", audit),
        ("/v1/conflicts/1", audit),
    ] {
        let answer = send(&world, get(path, token)).await;
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        let policy = header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
    }
}
