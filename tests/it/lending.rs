//! What the platform puts into a terminal's hands beforehand, and what a phone proves: leases, listed codes, top-ups,
//! vouchers of many merchants, caps over all terminals, live vouchers.

use countersign::{
    domain::{
        crypto::{HolderKey, SecretKey},
        id::MerchantId,
        money::{Currency, Money},
        redeem::{Caps, Finding, Limits, OfflineMode, Policy, Request, Rules},
        scan::EntryMethod,
        voucher::{Customer, Terms, present},
    },
    platform::{
        service::{LeaseOrder, Order, Span, VoucherName},
        store::Home,
    },
    terminal::{
        outcome::{Outcome, State},
        session::Session,
    },
};

use crate::stage::{START, Stage, Till};

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn code(outcome: &Outcome) -> (&'static str, &str) {
    (outcome.state.code(), &outcome.code)
}

fn plain() -> Request {
    Request::plain(EntryMethod::Camera)
}

fn redeem(till: &mut Session, text: &str) -> Outcome {
    till.redeem(text, plain()).unwrap()
}

fn all_sync(tills: &[Till<'_>]) {
    assert!(tills.iter().all(Till::sync));
}

fn cut_all(tills: &[Till<'_>], cut: bool) {
    for till in tills {
        till.wire.cut(cut);
    }
}

fn home(stage: &Stage) -> Home {
    Home::Merchant(stage.merchant)
}

#[test]
fn two_tills_without_a_network_never_exceed_a_quota_that_was_lent_to_them() {
    let stage = Stage::new();
    let caps = Caps { campaign: 5, ..Caps::default() };
    let policy = Policy {
        rules: Rules { caps, ..Rules::default() },
        ..Policy::standard(OfflineMode::Leased, Limits::default())
    };
    let campaign = stage.campaign(home(&stage), policy);
    let deals = stage.issue_as(&Stage::deal(), |order| Order { campaign, count: 12, ..order });
    let tills = ["a", "b"].map(|name| stage.terminal(name, stage.branches[0]));
    let lend = |terminal: usize, uses| {
        let terminal = stage.platform.terminals().unwrap()[terminal].terminal.id;
        let until = START.plus(86_400);
        let order =
            LeaseOrder { terminal, campaign, voucher: None, uses: Some(uses), minor: None, until };
        stage.platform.lend(&order)
    };
    lend(0, 3).unwrap();
    let second = lend(1, 2).unwrap();
    assert!(lend(0, 1).is_err(), "six of five");
    all_sync(&tills);
    cut_all(&tills, true);
    let mut accepted = [0, 0];
    for (at, deal) in deals.iter().enumerate() {
        let outcome = tills[at % 2].redeem(&deal.text);
        if matches!(outcome.state, State::Accepted(_)) {
            accepted[at % 2] += 1;
        } else {
            assert_eq!(code(&outcome), ("cannot_check", "lease_used_up"));
        }
    }
    assert_eq!(accepted, [3, 2]);
    cut_all(&tills, false);
    all_sync(&tills);
    assert_eq!(stage.platform.leases().unwrap().len(), 2);
    // A lease that ends is only free again once the till's journal says so.
    stage.platform.end_lease(second).unwrap();
    tills[1].wire.cut(true);
    assert_eq!(code(&tills[1].redeem(&deals[11].text)), ("cannot_check", "lease_used_up"));
    tills[1].wire.cut(false);
    assert!(tills[1].sync() && tills[1].sync());
    assert_eq!(code(&tills[1].redeem(&deals[11].text)), ("refused", "campaign_limit_reached"));
    assert!(stage.platform.conflicts(0, 10).unwrap().is_empty());
}

#[test]
fn a_lease_that_is_over_is_not_used_even_by_a_till_that_never_hears_so() {
    let stage = Stage::new();
    let caps = Caps { campaign: 9, ..Caps::default() };
    let policy = Policy {
        rules: Rules { caps, ..Rules::default() },
        ..Policy::standard(OfflineMode::Leased, Limits::default())
    };
    let campaign = stage.campaign(home(&stage), policy);
    let deals = stage.issue_as(&Stage::deal(), |order| Order { campaign, count: 2, ..order });
    let till = stage.terminal("a", stage.branches[0]);
    let terminal = stage.platform.terminals().unwrap()[0].terminal.id;
    let until = START.plus(3_600);
    let order = LeaseOrder { terminal, campaign, voucher: None, uses: Some(9), minor: None, until };
    stage.platform.lend(&order).unwrap();
    assert!(till.sync());
    till.wire.cut(true);
    stage.clock.advance(3_599);
    assert_eq!(code(&till.redeem(&deals[0].text)), ("accepted", "accepted"));
    stage.clock.advance(1);
    assert_eq!(code(&till.redeem(&deals[1].text)), ("cannot_check", "lease_required"));
}

#[test]
fn a_listed_voucher_is_redeemed_by_its_short_code_without_a_network() {
    let stage = Stage::new();
    let rules = Rules { listed: true, ..Rules::default() };
    let policy = Policy { rules, ..Policy::standard(OfflineMode::Always, Limits::default()) };
    let campaign = stage.campaign(home(&stage), policy);
    let deals = stage.issue_as(&Stage::deal(), |order| Order { campaign, count: 3, ..order });
    let unlisted = stage.issue(&Stage::deal(), 1).remove(0);
    let till = stage.terminal("a", stage.branches[0]);
    assert!(till.sync());
    till.wire.cut(true);
    let typed = |code: &str| {
        let request = Request::plain(EntryMethod::Typed);
        till.open().redeem(code, request).unwrap()
    };
    assert_eq!(code(&typed(&deals[2].code.to_string())), ("accepted", "accepted"));
    assert_eq!(code(&typed(&deals[2].code.to_string())), ("refused", "voucher_already_redeemed"));
    assert_eq!(code(&typed(&unlisted.code.to_string())), ("cannot_check", "short_code_offline"));
}

#[test]
fn what_is_loaded_at_the_platform_can_be_spent_once_the_till_heard_of_it() {
    let stage = Stage::new();
    let gift = stage.issue(&Terms::StoredValue { balance: euro(1_000) }, 1).remove(0);
    let till = stage.terminal("a", stage.branches[0]);
    assert!(till.sync());
    let spend = |minor| {
        let amount = Some(euro(minor));
        till.open().redeem(&gift.text, Request { amount, ..plain() }).unwrap()
    };
    assert_eq!(code(&spend(1_200)), ("refused", "balance_exceeded"));
    let loaded = stage.platform.top_up(VoucherName::Code(gift.code), euro(500)).unwrap();
    assert_eq!(loaded, euro(1_500));
    assert_eq!(code(&spend(1_200)), ("accepted", "accepted"));
    till.wire.cut(true);
    assert_eq!(code(&spend(301)), ("refused", "balance_exceeded"));
    assert_eq!(code(&spend(300)), ("accepted", "accepted"), "it remembers what it heard");
    till.wire.cut(false);
    assert!(till.sync());
    assert!(stage.platform.conflicts(0, 10).unwrap().is_empty());
}

#[test]
fn a_mall_voucher_is_paid_to_the_merchant_that_accepted_it() {
    let stage = Stage::new();
    let platform = &stage.platform;
    let bakery = platform.create_merchant("Bakery Sol").unwrap();
    let market = platform.create_branch(bakery, "Market", "Europe/Berlin").unwrap();
    let outside = platform.create_branch(bakery, "Suburb", "Europe/Berlin").unwrap();
    let mall = platform.create_group("Harbour Mall").unwrap();
    platform.add_to_group(mall, stage.branches[0]).unwrap();
    platform.add_to_group(mall, market).unwrap();
    let policy = Policy::standard(OfflineMode::Limited, Limits::default());
    let campaign = stage.campaign(Home::Group(mall), policy);
    let terms = Terms::StoredValue { balance: euro(3_000) };
    let voucher = stage.issue_as(&terms, |order| Order { campaign, ..order }).remove(0);
    let tills = [
        stage.terminal("cafe", stage.branches[0]),
        stage.terminal("bakery", market),
        stage.terminal("suburb", outside),
    ];
    all_sync(&tills);
    let spend = |till: usize, minor| {
        let amount = Some(euro(minor));
        tills[till].open().redeem(&voucher.text, Request { amount, ..plain() }).unwrap()
    };
    assert_eq!(code(&spend(0, 1_000)), ("accepted", "accepted"));
    assert_eq!(code(&spend(2, 500)), ("refused", "branch_not_allowed"));
    tills[0].sync();
    assert_eq!(code(&spend(1, 2_100)), ("refused", "balance_exceeded"));
    assert_eq!(code(&spend(1, 1_500)), ("accepted", "accepted"));
    all_sync(&tills);
    let span = Span { from: START.plus(-1), until: START.plus(86_400), grace_s: 0 };
    let lines = platform.settlement(&span).unwrap();
    let owed = |merchant: MerchantId| {
        let own = lines.iter().filter(|line| line.merchant == Some(merchant.0));
        own.map(|line| line.net_minor).collect::<Vec<_>>()
    };
    assert_eq!((owed(stage.merchant), owed(bakery)), (vec![1_000], vec![1_500]));
}

#[test]
fn a_customers_cap_holds_over_all_tills_that_ask_and_at_each_that_cannot() {
    let stage = Stage::new();
    let caps = Caps { customer: 2, ..Caps::default() };
    let policy = Policy {
        rules: Rules { caps, ..Rules::default() },
        ..Policy::standard(OfflineMode::Always, Limits::default())
    };
    let campaign = stage.campaign(home(&stage), policy);
    let of = |name: &str, count| {
        let customer: Option<Customer> = Some(name.parse().unwrap());
        stage.issue_as(&Stage::deal(), |order| Order {
            campaign,
            count,
            customer: customer.clone(),
            ..order
        })
    };
    let (anna, ben) = (of("anna", 5), of("ben", 1));
    let tills = ["a", "b"].map(|name| stage.terminal(name, stage.branches[0]));
    all_sync(&tills);
    assert_eq!(code(&tills[0].redeem(&anna[0].text)), ("accepted", "accepted"));
    assert_eq!(code(&tills[1].redeem(&anna[1].text)), ("accepted", "accepted"));
    all_sync(&tills);
    assert_eq!(code(&tills[0].redeem(&anna[2].text)), ("refused", "customer_limit_reached"));
    assert_eq!(code(&tills[0].redeem(&ben[0].text)), ("accepted", "accepted"));
    tills[0].wire.cut(true);
    // This till knows of one only.
    assert_eq!(code(&tills[0].redeem(&anna[3].text)), ("accepted", "accepted"));
    assert_eq!(code(&tills[0].redeem(&anna[4].text)), ("refused", "customer_limit_reached"));
}

#[test]
fn first_visits_are_first_at_any_till() {
    let stage = Stage::new();
    let rules = Rules { first_visit: true, ..Rules::default() };
    let policy = Policy { rules, ..Policy::standard(OfflineMode::Always, Limits::default()) };
    let campaign = stage.campaign(home(&stage), policy);
    let customer: Option<Customer> = Some("anna".parse().unwrap());
    let issue = |campaign| {
        stage
            .issue_as(&Stage::deal(), |order| Order {
                campaign,
                customer: customer.clone(),
                ..order
            })
            .remove(0)
    };
    let (any, first, again) = (issue(stage.campaign), issue(campaign), issue(campaign));
    let tills = ["a", "b"].map(|name| stage.terminal(name, stage.branches[0]));
    all_sync(&tills);
    assert_eq!(code(&tills[0].redeem(&first.text)), ("accepted", "accepted"));
    assert!(tills[0].sync());
    assert_eq!(code(&tills[1].redeem(&again.text)), ("refused", "not_first_visit"));
    assert_eq!(code(&tills[1].redeem(&any.text)), ("accepted", "accepted"));
}

#[test]
fn only_the_phone_it_lives_on_can_show_a_voucher_and_only_now() {
    let stage = Stage::new();
    let policy = Policy {
        deny: {
            let mut deny = Policy::standard(OfflineMode::Always, Limits::default()).deny;
            deny.note(Finding::LiveProofMissing, true);
            deny
        },
        ..Policy::standard(OfflineMode::Always, Limits::default())
    };
    let campaign = stage.campaign(home(&stage), policy);
    let phone = SecretKey::from_seed(&[21; 32]);
    let holder = Some(HolderKey(phone.public().to_bytes()));
    let value_each = euro(280);
    let pass = Terms::Pass { uses: 10, value_each };
    let voucher = stage.issue_as(&pass, |order| Order { campaign, holder, ..order }).remove(0).text;
    let till = stage.terminal("a", stage.branches[0]);
    assert!(till.sync());
    till.wire.cut(true);
    let mut till = till.open();
    let shown = |at| present(&phone, &voucher, START.plus(at)).unwrap();
    assert_eq!(code(&redeem(&mut till, &voucher)), ("cannot_check", "live_proof_missing"));
    assert_eq!(code(&redeem(&mut till, &shown(0))), ("accepted", "accepted"));
    assert_eq!(code(&redeem(&mut till, &shown(0))), ("refused", "live_proof_replayed"));
    stage.clock.advance(61);
    assert_eq!(code(&redeem(&mut till, &shown(0))), ("refused", "live_proof_stale"));
    assert_eq!(code(&redeem(&mut till, &shown(60))), ("accepted", "accepted"));
    let thief = SecretKey::from_seed(&[22; 32]);
    let forged = present(&thief, &voucher, START.plus(61)).unwrap();
    assert_eq!(code(&redeem(&mut till, &forged)), ("refused", "live_proof_invalid"));
}
