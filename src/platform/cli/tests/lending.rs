//! What needs terminals that have been at work: leases, disputes, settlement.

use super::*;
use crate::{
    domain::{
        crypto::SecretKey,
        enrol::{EnrolmentRequest, Grant},
        scan::ShortCode,
        sync::Request,
    },
    platform::{
        clock::Clock,
        entropy::Entropy,
        service::{Issued, tests::world::Till},
        site::Site,
    },
};

fn site(data: &Path) -> Site {
    Site::open(data, Clock::system(), Entropy::system()).unwrap()
}

/// The voucher that `issue` showed last.
pub(super) fn last_issued(shown: &str) -> Issued {
    let (code, text) = shown.lines().last().unwrap().split_once("  ").unwrap();
    let claims = UntrustedToken::parse(text).unwrap().unverified_claims().unwrap();
    Issued { claims, text: text.to_owned(), code: ShortCode::parse(code).unwrap() }
}

fn issue(data: &Path, options: &str) -> Issued {
    let out = data.parent().unwrap().join("out");
    last_issued(&works(data, &format!("issue {options} --out {}", out.display())))
}

/// Enrols a terminal with the code that the command prints.
fn till(data: &Path, seed: u8) -> Till {
    let code = works(data, "enrol-code --branch 1 --name Till --url https://p.example");
    let EnrolmentCode { secret, root, .. } = EnrolmentCode::parse(&code).unwrap();
    let key = SecretKey::from_seed(&[seed; 32]);
    let request = EnrolmentRequest { secret, key: key.public(), software: "test".to_owned() };
    let bytes = site(data).platform().enrol(&request.seal(&key)).unwrap();
    Till::new(&Grant::open(&bytes, &root, &key.public()).unwrap().0, key)
}

fn push(data: &Path, till: &Till) {
    let body = till.run(1, till.journal.len());
    let request = Request { terminal: till.terminal, epoch: till.epoch, nonce: [7; 16], body };
    site(data).platform().sync(&request.seal(&till.key)).unwrap();
}

#[test]
fn a_double_redemption_is_shown_with_both_sides() {
    let (_dir, data) = ready();
    let deal = issue(&data, "--campaign 1 --kind prepaid_deal --value 24.90");
    for seed in [1, 2] {
        let mut till = till(&data, seed);
        till.redeem(&deal, 2_490);
        push(&data, &till);
    }
    assert_eq!(works(&data, "conflicts").lines().count(), 3);
    let shown = works(&data, "conflict show 1");
    for part in [
        deal.claims.id.to_string().as_str(),
        "Opening (1)",
        "Beyond the limit",
        "Before it",
        "Corner (1)",
        "North (1)",
        "24.90 EUR",
        "prepaid_deal",
        "had not agreed",
        "Borne by   the issuer demo",
        "Presence     static",
        "Operator     nobody",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&works(&data, "conflict show 1 --json")).unwrap();
    assert_eq!(json["sides"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["liable"].as_str(), Some("issuer"));
    assert!(fails(&data, "conflict show 9", 1).contains("conflict"));
    fails(&data, "conflict show one", 2);
}

#[test]
fn what_arrived_is_settled_once() {
    let (_dir, data) = ready();
    let mut till = till(&data, 1);
    let deals = [1, 2].map(|_| issue(&data, "--campaign 1 --kind prepaid_deal --value 24.90"));
    let first = till.redeem(&deals[0], 2_490);
    till.redeem(&deals[1], 2_490);
    till.roll_back(&deals[0], first, 2_490);
    push(&data, &till);
    let all = "settlement --from 2020-01-01 --until 2100-01-01";
    let said = works(&data, all);
    // 2 * 24.90 less 24.90.
    assert!(said.contains("24.90 EUR  Corner (1)  campaign Opening (1)"), "{said}");
    assert!(said.contains("2 redeemed 49.80, 1 rolled back 24.90, 0 no-shows 0.00"), "{said}");
    let json: serde_json::Value =
        serde_json::from_str(&works(&data, &format!("{all} --json"))).unwrap();
    assert_eq!(json[0]["net_minor"].as_i64(), Some(2_490));
    assert_eq!(works(&data, "settlement --from 2000-01-01 --until 2001-01-01"), "");
    fails(&data, "settlement --from 2026-01-01", 2);
    fails(&data, &format!("{all} --grace soon"), 2);
}

#[test]
fn those_who_never_came_are_listed_with_what_is_owed() {
    let (dir, data) = ready();
    let path = dir.path().join("policy.toml");
    std::fs::write(&path, "currency = \"EUR\"\n[rules]\nno_show = \"50 %\"\n").unwrap();
    let campaign = "campaign create --issuer demo --merchant 1 --title Gala --policy";
    works(&data, &format!("{campaign} {}", path.display()));
    let ticket = "--campaign 2 --kind ticket --value 65 --starts 2020-12-24T18:00:00Z --party 4";
    let ticket = issue(&data, &format!("{ticket} --from 2020-01-01 --until 2027-01-01"));
    let said = works(&data, "tickets no-shows --campaign 2");
    // Half of 4 * 65.00.
    assert!(said.contains("0 of 4 came, 4 did not  owed 130.00 EUR"), "{said}");
    assert!(
        said.contains(&ticket.claims.id.to_string()) && said.starts_with("2020-12-24T18:00:00Z")
    );
    let json: serde_json::Value =
        serde_json::from_str(&works(&data, "tickets no-shows --campaign 2 --json")).unwrap();
    assert_eq!(json[0]["missing"].as_u64(), Some(4));
    assert_eq!(works(&data, "tickets no-shows --campaign 2 --grace \"5000 days\""), "");
    fails(&data, "tickets no-shows --campaign 9", 1);
}

#[test]
fn a_share_is_lent_listed_ended_and_released() {
    let (dir, data) = ready();
    let path = dir.path().join("policy.toml");
    std::fs::write(&path, "currency = \"EUR\"\nmode = \"leased\"\n[rules.caps]\ncampaign = 10\n")
        .unwrap();
    let campaign = "campaign create --issuer demo --merchant 1 --title Leased --policy";
    works(&data, &format!("{campaign} {}", path.display()));
    till(&data, 1);
    let lend = "lease lend --terminal 1 --campaign 2 --until 2090-01-01";
    let said = works(&data, &format!("{lend} --uses 6 --amount 100"));
    assert_eq!(said, "Lease 1: lent to terminal 1 until 2090-01-01T00:00:00Z.\n");
    let listed = works(&data, "lease list");
    assert!(listed.contains("open") && listed.contains("quota"), "{listed}");
    assert!(listed.contains("0 of 6 uses taken, 0 of 10000 minor units"), "{listed}");
    // Ten less six are free.
    assert!(fails(&data, &format!("{lend} --uses 5"), 1).contains("only 4"));
    works(&data, "lease end 1");
    assert!(works(&data, "lease list").contains("ending"));
    assert!(fails(&data, &format!("{lend} --uses 5"), 1).contains("only 4"), "not yet given back");
    works(&data, "lease release 1");
    assert!(works(&data, "lease list").contains("released"));
    works(&data, &format!("{lend} --uses 10"));
    fails(&data, "lease release 1", 1);
    fails(&data, "lease end 9", 1);
    fails(&data, lend, 2);
    fails(&data, "lease lend --terminal 9 --campaign 2 --until 2090-01-01 --uses 1", 1);
}
