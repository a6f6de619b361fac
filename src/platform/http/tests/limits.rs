//! Who asks too often, and who must not suffer for it.

use std::{net::IpAddr, time::Duration};

use axum::{Extension, Router};

use super::*;
use crate::{
    domain::{crypto::SecretKey, sync},
    platform::{
        http::{buckets::Rate, gate::Rates, router_with, sender::Peer},
        service::{EnrolmentOrder, tests::world::Till},
    },
};

/// Budgets that are soon spent and do not fill again while a test runs.
fn bounds() -> Bounds {
    let rate = |burst| Rate { burst, each_ms: 1_000_000 };
    let rates = Rates { terminal: rate(5), token: rate(5), visit: rate(3), failure: rate(3) };
    Bounds { rates, ..Bounds::default() }
}

/// One platform and the ways to it from two addresses.
struct Place {
    world: World,
    router: Router,
}

impl Place {
    fn new() -> Self {
        let world = World::in_memory();
        let router = router_with(Arc::clone(&world.platform), &bounds());
        Self { world, router }
    }

    async fn from(&self, address: &str, request: Request<Body>) -> Response<Body> {
        let address: IpAddr = address.parse().unwrap();
        let peer = Peer { address, proxies: Arc::default() };
        self.router.clone().layer(Extension(peer)).oneshot(request).await.unwrap()
    }

    async fn status(&self, address: &str, request: Request<Body>) -> u16 {
        self.from(address, request).await.status().as_u16()
    }
}

const SHOP: &str = "203.0.113.1";

const ELSEWHERE: &str = "198.51.100.7";

fn pull(till: &Till, key: &SecretKey) -> Request<Body> {
    let body = sync::RequestBody::Pull {
        bundle: 0,
        lists: Vec::new(),
        conflicts_after: 0,
        listed_after: 0,
        leases: Vec::new(),
    };
    let request =
        sync::Request { terminal: till.terminal, epoch: till.epoch, nonce: [7; 16], body };
    post("/v1/sync", COSE, request.seal(key))
}

#[tokio::test]
async fn forged_requests_cost_the_forger_and_not_the_terminal() {
    let place = Place::new();
    let till = place.world.till();
    let forger = SecretKey::from_seed(&[66; 32]);
    for _ in 0..3 {
        assert_eq!(place.status(ELSEWHERE, pull(&till, &forger)).await, 403);
    }
    let answer = place.from(ELSEWHERE, pull(&till, &forger)).await;
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=1_000).contains(&wait), "{wait}");
    assert_eq!(problem(answer, 429).await, "too_many_requests");
    for _ in 0..5 {
        assert_eq!(place.status(SHOP, pull(&till, &till.key)).await, 200, "its whole budget");
    }
}

#[tokio::test]
async fn a_guest_in_the_shops_network_does_not_shut_its_tills_out() {
    let place = Place::new();
    let (till, neighbour) = (place.world.till(), place.world.till());
    let forger = SecretKey::from_seed(&[66; 32]);
    assert_eq!(place.status(SHOP, pull(&till, &till.key)).await, 200);
    for _ in 0..20 {
        let junk = post("/v1/sync", COSE, vec![0x84; 64]);
        assert!([400, 429].contains(&place.status(SHOP, junk).await));
        assert!([403, 429].contains(&place.status(SHOP, pull(&neighbour, &forger)).await));
    }
    assert_eq!(place.status(SHOP, pull(&till, &till.key)).await, 200, "it was heard from there");
}

#[tokio::test]
async fn tills_behind_one_address_have_a_budget_each() {
    let place = Place::new();
    let (one, two) = (place.world.till(), place.world.till());
    for _ in 0..5 {
        assert_eq!(place.status(SHOP, pull(&one, &one.key)).await, 200);
    }
    assert_eq!(place.status(SHOP, pull(&one, &one.key)).await, 429);
    assert_eq!(place.status(SHOP, pull(&two, &two.key)).await, 200);
}

#[tokio::test]
async fn a_terminal_that_is_told_to_wait_loses_nothing() {
    let place = Place::new();
    let (deal, mut till) = (place.world.deal(), place.world.till());
    till.redeem(&deal, 1000);
    for _ in 0..5 {
        place.status(SHOP, pull(&till, &till.key)).await;
    }
    let body = till.run(1, 2);
    let push = sync::Request { terminal: till.terminal, epoch: till.epoch, nonce: [1; 16], body };
    assert_eq!(place.status(SHOP, post("/v1/sync", COSE, push.seal(&till.key))).await, 429);
    let head = place.world.platform.terminal(till.terminal).unwrap().journal.head;
    assert_eq!(head.seq.0, 0, "nothing was stored, and nothing was acknowledged");
}

#[tokio::test]
async fn guessed_codes_keep_nobody_from_using_a_real_one() {
    let place = Place::new();
    let order = EnrolmentOrder {
        branch: place.world.branches[0],
        name: "Till".to_owned(),
        terminal: None,
        url: "https://platform.example".to_owned(),
    };
    let code = place.world.platform.create_enrolment(&order).unwrap();
    let key = SecretKey::from_seed(&[5; 32]);
    let enrol = |secret| {
        let request = EnrolmentRequest { secret, key: key.public(), software: "test".to_owned() };
        post("/v1/enrol", COSE, request.seal(&key))
    };
    for guess in 0..3 {
        assert_eq!(place.status(SHOP, enrol([guess; 16])).await, 404);
    }
    assert_eq!(place.status(SHOP, enrol([9; 16])).await, 429);
    assert_eq!(place.status(SHOP, enrol(code.secret)).await, 200, "the real one, from there");
}

#[tokio::test]
async fn guessed_tokens_keep_nobody_from_using_a_real_one() {
    let place = Place::new();
    let token = token(&place.world, TokenRole::Audit);
    for _ in 0..3 {
        assert_eq!(place.status(SHOP, get("/v1/conflicts", Some("cst_guess"))).await, 401);
    }
    assert_eq!(place.status(SHOP, get("/v1/conflicts", Some("cst_guess"))).await, 429);
    assert_eq!(place.status(SHOP, get("/v1/conflicts", None)).await, 429);
    for _ in 0..5 {
        assert_eq!(place.status(SHOP, get("/v1/conflicts", Some(token.reveal()))).await, 200);
    }
    let spent = place.status(ELSEWHERE, get("/v1/conflicts", Some(token.reveal()))).await;
    assert_eq!(spent, 429, "one budget, wherever it is used");
}

#[tokio::test]
async fn what_anyone_may_ask_is_asked_only_so_often() {
    let place = Place::new();
    let voucher = place.world.deal();
    let body = serde_json::json!({ "voucher": voucher.text }).to_string();
    let refresh = || post("/v1/vouchers/refresh", JSON, body.clone());
    for _ in 0..3 {
        assert_eq!(place.status(SHOP, refresh()).await, 200);
    }
    assert_eq!(place.status(SHOP, refresh()).await, 429);
    assert_eq!(place.status(SHOP, get("/healthz", None)).await, 429);
    assert_eq!(place.status(SHOP, get("/nowhere", None)).await, 429);
    assert_eq!(place.status(ELSEWHERE, refresh()).await, 200);
    let wallet = token(&place.world, TokenRole::Wallet);
    let mut request = refresh();
    let bearing = format!("Bearer {}", wallet.reveal()).parse().unwrap();
    request.headers_mut().insert("authorization", bearing);
    assert_eq!(place.status(SHOP, request).await, 200, "a wallet has its own budget");
}

#[tokio::test]
async fn a_later_question_is_the_terminals_and_costs_its_own_budget() {
    let place = Place::new();
    let till = place.world.till();
    // The question 9 with no fields, of a protocol that is yet to come.
    let payload = crate::domain::envelope::build(64, |e| {
        e.map(4)?.u8(1)?.u32(till.terminal.0)?.u8(2)?.u32(till.epoch.0)?.u8(3)?.bytes(&[7; 16])?;
        e.u8(4)?.array(2)?.u8(9)?.array(0)?.ok()
    });
    let context = crate::domain::envelope::Context::Request;
    let sealed = crate::domain::envelope::seal(&till.key, context, &payload);
    for _ in 0..4 {
        let answer = place.from(SHOP, post("/v1/sync", COSE, sealed.clone())).await;
        assert_eq!(problem(answer, 400).await, "request_not_understood");
    }
    assert_eq!(place.status(SHOP, pull(&till, &till.key)).await, 200);
}

#[tokio::test]
async fn ten_times_as_much_junk_leaves_honest_terminals_quick() {
    let world = World::in_memory();
    let router = router(Arc::clone(&world.platform));
    let till = world.till();
    let forger = SecretKey::from_seed(&[66; 32]);
    let at = |address: &str| {
        let peer = Peer { address: address.parse().unwrap(), proxies: Arc::default() };
        router.clone().layer(Extension(peer))
    };
    let mut answers = Vec::new();
    for number in 0..200 {
        let thief = at(&format!("10.0.0.{}", number % 20));
        thief.oneshot(pull(&till, &forger)).await.unwrap();
        if number % 10 == 0 {
            let honest = at(SHOP).oneshot(pull(&till, &till.key));
            let honest = tokio::time::timeout(Duration::from_secs(2), honest).await;
            answers.push(honest.unwrap().unwrap().status().as_u16());
        }
    }
    assert_eq!(answers, [200; 20]);
}
