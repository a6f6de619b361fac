//! Issuing every kind, and vouchers that live on a phone.

use super::*;
use crate::domain::{
    crypto::HolderKey,
    id::{GroupId, parse_hex},
    voucher::{Claims, Scope, Terms},
};

/// Issues and gives what the last voucher says, with its text.
fn issued(data: &Path, options: &str) -> (Claims, String) {
    let out = data.parent().unwrap().join("out");
    let shown = works(data, &format!("issue --campaign 1 {options} --out {}", out.display()));
    let text = shown.lines().last().unwrap().split_once("  ").unwrap().1.to_owned();
    (UntrustedToken::parse(&text).unwrap().unverified_claims().unwrap(), text)
}

#[test]
fn an_item_is_handed_over_for_a_price() {
    let (_dir, data) = ready();
    let (claims, _) = issued(
        &data,
        "--kind item --item \"Flat white\" --pieces 2 --count 1 --price 1.00 --value 2.50",
    );
    let Terms::Item(item) = claims.terms else { panic!("{claims:?}") };
    assert_eq!((item.name.as_str(), item.count), ("Flat white", 2));
    assert_eq!((item.price, item.value.minor), (100, 250));
}

#[test]
fn a_ticket_is_for_a_time_and_ends_a_day_after_it() {
    let (_dir, data) = ready();
    let (claims, _) = issued(
        &data,
        "--kind ticket --value 65 --starts 2026-12-24T19:00:00+01:00 --early 30min --late 15min --party 4",
    );
    let Terms::Ticket(ticket) = claims.terms else { panic!("{claims:?}") };
    assert_eq!(ticket.starts.to_string(), "2026-12-24T18:00:00Z");
    assert_eq!(ticket.opens().to_string(), "2026-12-24T17:30:00Z");
    assert_eq!((ticket.late_s, ticket.party, ticket.value_each.minor), (900, 4, 6_500));
    assert_eq!(claims.until.to_string(), "2026-12-25T18:15:00Z");
}

#[test]
fn an_order_is_its_lines() {
    let (_dir, data) = ready();
    let (claims, _) = issued(
        &data,
        "--kind pick_up --currency CHF --line \"2 x Bread @ 3.20\" --line \"1 x Cake, sliced @ 18\"",
    );
    let Terms::PickUp { currency, lines } = claims.terms else { panic!("{claims:?}") };
    let lines: Vec<_> =
        lines.iter().map(|line| (line.count, line.name.as_str(), line.value_each)).collect();
    assert_eq!(currency.code(), "CHF");
    assert_eq!(lines, [(2, "Bread", 320), (1, "Cake, sliced", 1_800)]);
}

#[test]
fn vouchers_of_a_day_end_with_the_days_of_their_first_branch() {
    let (_dir, data) = ready();
    let (claims, _) =
        issued(&data, "--kind prepaid_deal --value 5 --from 2027-01-10T12:00:00Z --valid-days 3");
    // The end of 13 January in Berlin is 23:00 UTC of that day.
    assert_eq!(claims.until.to_string(), "2027-01-13T23:00:00Z");
    fails(
        &data,
        "issue --campaign 1 --kind prepaid_deal --value 5 --valid-days 3 --until 2027-01-01 --out x",
        2,
    );
}

#[test]
fn what_is_issued_is_listed_for_people_and_programs() {
    let (dir, data) = ready();
    works(&data, "group create --name Mall");
    works(&data, "group add 1 1");
    let place = dir.path().display();
    let (claims, text) = issued(
        &data,
        &format!(
            "--kind pass --value 3.50 --uses 10 --customer anna --group 1 --csv {place}/l.csv --jsonl {place}/l.jsonl"
        ),
    );
    assert_eq!(claims.scope, Scope::Group(GroupId(1)));
    assert_eq!(claims.customer.as_ref().unwrap().as_str(), "anna");
    let lines = std::fs::read_to_string(dir.path().join("l.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(lines.trim_end()).unwrap();
    assert_eq!((line["kind"].as_str(), line["uses"].as_u64()), (Some("pass"), Some(10)));
    assert_eq!((line["customer"].as_str(), line["group"].as_u64()), (Some("anna"), Some(1)));
    assert_eq!(line["token"].as_str(), Some(text.as_str()));
    let table = std::fs::read_to_string(dir.path().join("l.csv")).unwrap();
    assert_eq!(table.lines().count(), 2);
    let code = line["short_code"].as_str().unwrap();
    let shown = works(&data, &format!("voucher show {code}"));
    assert!(shown.contains("Customer  anna") && shown.contains("Gives     10 uses"), "{shown}");
}

#[test]
fn what_is_missing_or_wrong_is_named_before_anything_is_minted() {
    let (dir, data) = ready();
    let out = dir.path().join("out");
    for (options, exit, part) in [
        ("--kind item --value 1", 2, "--item"),
        ("--kind ticket --value 1", 2, "--starts"),
        ("--kind pick_up --value 1", 2, "--line"),
        ("--kind pick_up --line Bread", 2, "2 x Bread @ 3.20"),
        ("--kind pick_up --line \"1 x Bread @ free\"", 1, "free"),
        ("--kind pick_up --line \"0 x Bread @ 1\"", 1, "range"),
        ("--kind ticket --value 1 --starts tonight", 2, "2026-12-01"),
        ("--kind ticket --value 1 --starts 2026-12-01 --early soon", 2, "30min"),
        ("--kind pass --uses 2 --value 1 --customer \"Anna K\"", 2, "pseudonym"),
        ("--kind pass --uses 2 --value 1 --holder-key abc", 2, "phone"),
        ("--kind pass --uses 2 --value 1 --group 7", 1, "group"),
        ("--kind pass --uses 2 --value 1 --group 1 --branches 1", 2, "--branches"),
    ] {
        let line = format!("issue --campaign 1 {options} --out {}", out.display());
        let said = fails(&data, &line, exit);
        assert!(said.contains(part), "{options}: {said}");
    }
    assert!(works(&data, "campaign list").contains("0/50 issued"));
}

#[test]
fn a_phone_shows_its_voucher_and_the_platform_signs_it_anew() {
    let (dir, data) = ready();
    let key = dir.path().join("phone.key");
    let key = key.display();
    let holder = works(&data, &format!("phone create --key {key}"));
    assert_eq!(works(&data, &format!("phone show --key {key}")), holder);
    let (claims, text) =
        issued(&data, &format!("--kind stored_value --value 20 --holder-key {}", holder.trim()));
    assert_eq!(claims.holder, parse_hex(holder.trim()).map(HolderKey));
    let picture = dir.path().join("shown.png");
    let at = "2026-12-01T12:00:00Z";
    let present = format!("voucher present --key {key} --at {at} --png {} -", picture.display());
    let shown = works_with(&data, &present, &format!("{text}\n"));
    assert!(shown.starts_with("CSP1:") && picture.exists());
    assert_eq!(works(&data, &format!("voucher present --key {key} --at {at} \"{text}\"")), shown);

    let anew = works_with(&data, "voucher refresh -", &format!("{text}\n"));
    let fresh = anew.lines().next().unwrap();
    let anew_claims = UntrustedToken::parse(fresh).unwrap().unverified_claims().unwrap();
    assert!(anew_claims.is_fresh() && anew_claims.id == claims.id, "{anew}");
    assert!(anew.contains("Live until "), "{anew}");
    let again = works(&data, &format!("voucher present --key {key} \"{fresh}\""));
    assert!(again.starts_with("CSP1:"), "what was signed anew is shown as well");
    assert_eq!(claims.holder, anew_claims.holder);

    let (_, plain) = issued(&data, "--kind stored_value --value 20");
    let line = format!("voucher present --key {key} \"{plain}\"");
    assert!(fails(&data, &line, 1).contains("no phone"));
    assert!(fails(&data, &format!("phone create --key {key}"), 1).contains("exists"));
    assert!(
        fails(&data, &format!("voucher present --key {key}.x CS1:A"), 1).contains("phone.key.x")
    );
    assert!(fails(&data, "voucher refresh CS1:A", 1).lines().count() == 1);
}

#[test]
fn a_balance_is_topped_up() {
    let (_dir, data) = ready();
    let (claims, _) = issued(&data, "--kind stored_value --value 20");
    let id = claims.id;
    assert!(works(&data, &format!("voucher top-up {id} --amount 5.50")).contains("€25.50"));
    assert!(works(&data, &format!("voucher show {id}")).contains("Left      €25.50"));
    fails(&data, &format!("voucher top-up {id} --amount 5.50 --currency USD"), 1);
    fails(&data, &format!("voucher top-up {id} --amount -5"), 2);
    fails(&data, &format!("voucher top-up {id} --amount 0"), 1);
    assert!(works(&data, &format!("voucher show {id}")).contains("Left      €25.50"));
}
