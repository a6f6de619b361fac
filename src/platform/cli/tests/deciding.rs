//! Policies as files, and journals tried under them.

use std::{fs, path::PathBuf};

use super::*;
use crate::{
    domain::{
        crypto::SecretKey,
        enrol::Grant,
        id::{BranchId, Epoch, Hex, MerchantId, TerminalId},
        voucher::Used,
    },
    platform::service::{
        Issued,
        tests::world::{Till, redeemed},
    },
};

const FILE: &str =
    "currency = \"EUR\"\nmode = \"never\"\n[rules]\nwindows = [\"Mon-Fri 11:00-14:30\"]\n";

fn file(dir: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_policy_is_shown_changed_and_put_in_place() {
    let (dir, data) = ready();
    let shown = works(&data, "policy show --campaign 1");
    assert!(shown.contains("mode = \"always\""), "{shown}");
    let path = file(&dir, "policy.toml", &shown.replace("\"always\"", "\"limited\""));
    let place = path.display();
    works(&data, &format!("policy set --campaign 1 --file {place}"));
    assert_eq!(works(&data, "policy show --campaign 1"), fs::read_to_string(&path).unwrap());
    assert_eq!(
        works(&data, &format!("policy check --file {place}")),
        fs::read_to_string(&path).unwrap()
    );
    assert!(works(&data, "campaign list").contains("limited"));
    let short = file(&dir, "short.toml", FILE);
    works(&data, &format!("campaign update 1 --policy {}", short.display()));
    assert!(
        works(&data, "policy show --campaign 1")
            .contains("windows = [\"Mon,Tue,Wed,Thu,Fri 11:00-14:30\"]")
    );
    let new = format!(
        "campaign create --issuer demo --merchant 1 --title New --policy {}",
        short.display()
    );
    works(&data, &new);
    assert!(works(&data, "campaign list").contains("never"));
    fails(&data, &format!("{new} --mode always"), 2);
    assert!(works(&data, "policy show --campaign 2 --currency JPY").contains("currency = \"JPY\""));
}

#[test]
fn rules_that_come_later_are_said_to_come_late() {
    let (dir, data) = ready();
    let path = file(&dir, "policy.toml", FILE);
    let out = dir.path().join("out");
    works(
        &data,
        &format!("issue --campaign 1 --kind prepaid_deal --value 5 --out {}", out.display()),
    );
    let said = works(&data, &format!("policy set --campaign 1 --file {}", path.display()));
    assert!(said.contains("issued before"), "{said}");
    let again = works(&data, &format!("policy set --campaign 1 --file {}", path.display()));
    assert!(!again.contains("issued before"), "{again}");
}

#[test]
fn wrong_files_are_explained_and_change_nothing() {
    let (dir, data) = ready();
    let before = works(&data, "policy show --campaign 1");
    for (text, part) in [
        ("mode = \"always\"", "currency: missing"),
        ("currency = \"EUR\"\nmode = \"open\"", "mode: "),
        ("currency = ", "line 1: "),
        ("currency = \"EUR\"\n[rule]", "rule: no such key"),
    ] {
        let path = file(&dir, "wrong.toml", text);
        let said = fails(&data, &format!("policy set --campaign 1 --file {}", path.display()), 1);
        assert!(said.contains(part) && said.contains("wrong.toml"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    assert!(
        fails(&data, "policy check --file none.toml", 1).contains("none.toml could not be read")
    );
    assert!(fails(&data, "policy show --campaign 9", 1).contains("campaign 9"));
    assert_eq!(works(&data, "policy show --campaign 1"), before);
}

/// A journal as a terminal exports it: one voucher of 5 euros, accepted without the platform.
fn journal() -> String {
    let grant = Grant {
        terminal: TerminalId(3),
        name: "Till".to_owned(),
        merchant: MerchantId(1),
        branch: BranchId(1),
        epoch: Epoch(1),
        key: SecretKey::from_seed(&[1; 32]).public(),
        bundle: Vec::new().into(),
    };
    let mut till = Till::new(&grant, SecretKey::from_seed(&[2; 32]));
    till.write(crate::domain::journal::Body::Redeemed(redeemed(&deal(), Used::new(1, 500))));
    let header = "{\"format\":\"countersign-journal/1\",\"terminal\":3}".to_owned();
    let lines = till.journal.iter().map(|entry| format!("{{\"bytes\":\"{}\"}}", Hex(&entry.bytes)));
    let lines: Vec<_> = [header].into_iter().chain(lines).collect();
    lines.join("\n")
}

fn deal() -> Issued {
    let (dir, data) = ready();
    let out = dir.path().join("out");
    let line = format!("issue --campaign 1 --kind prepaid_deal --value 5 --out {}", out.display());
    super::lending::last_issued(&works(&data, &line))
}

#[test]
fn a_journal_is_tried_with_and_without_a_platform_at_hand() {
    let (dir, data) = ready();
    let journal = file(&dir, "journal.jsonl", &journal());
    let policy = file(&dir, "policy.toml", "currency = \"EUR\"\nmode = \"always\"\n");
    let line = format!("policy try --journal {} --policy {}", journal.display(), policy.display());
    let said = works(&data, &line);
    assert!(said.starts_with("2 entries of 1 journals"), "{said}");
    // No list counts as one of a week: 5.00 * 0.5 % * 8 = 0.20.
    assert!(said.contains("0.20 and 0.20 EUR"), "{said}");
    let nowhere = dir.path().join("nowhere");
    assert_eq!(works(&nowhere, &line), said);
    let json: serde_json::Value =
        serde_json::from_str(&works(&data, &format!("{line} --json"))).unwrap();
    assert_eq!(json["accepted_now"]["redemptions"].as_u64(), Some(1));
    assert_eq!(json["accepted_now"]["worth"][0]["minor"].as_i64(), Some(500));
    assert_eq!(json["loss"][0]["now"]["minor"].as_i64(), Some(20));
    // 5.00 * 2 % * 8 = 0.80; only static codes were shown.
    let dear =
        works(&data, &format!("{line} --duplicate-rate static=2% --duplicate-rate fresh=9%"));
    assert!(dear.contains("0.80 and 0.80 EUR") && dear.contains("static: 2 %"), "{dear}");
    let none = works(&data, &format!("{line} --duplicate-rate 0% --campaign 7"));
    assert!(none.contains("Accepted then"), "{none}");

    let hours = file(&dir, "hours.toml", FILE);
    let line = format!("policy try --journal {} --policy {}", journal.display(), hours.display());
    let known = works(&data, &line);
    let unknown = works(&nowhere, &line);
    assert!(!known.contains("does not tell"), "the platform knows the branch's time zone: {known}");
    assert!(unknown.contains("voucher_not_active_now"), "{unknown}");
    works(&nowhere, &format!("{line} --time-zone Europe/Berlin"));
    assert!(fails(&nowhere, &format!("{line} --time-zone Mars/Base"), 1).contains("Mars/Base"));
}

#[test]
fn what_is_no_journal_is_named_with_its_line() {
    let (dir, data) = ready();
    let policy = file(&dir, "policy.toml", "currency = \"EUR\"");
    let broken = file(&dir, "broken.jsonl", &format!("{}\nhello\n", journal()));
    let line = |journal: &Path| {
        format!("policy try --journal {} --policy {}", journal.display(), policy.display())
    };
    assert!(fails(&data, &line(&broken), 1).contains("broken.jsonl: line 4: "));
    assert!(fails(&data, &line(&dir.path().join("none")), 1).contains("could not be read"));
    let empty = file(&dir, "empty.jsonl", "");
    assert!(works(&data, &line(&empty)).starts_with("0 entries"));
    fails(&data, &format!("policy try --policy {}", policy.display()), 2);
    fails(&data, &format!("{} --duplicate-rate often", line(&empty)), 2);
}
