//! The commands as an administrator types them.

use std::{ffi::OsString, path::Path, process::ExitCode};

use super::run;
use crate::domain::{enrol::EnrolmentCode, voucher::UntrustedToken};

struct Done {
    code: ExitCode,
    out: String,
    err: String,
}

fn type_in(data: &Path, line: &str) -> Done {
    let words = line.split_whitespace().map(OsString::from);
    let data = [OsString::from("--data"), data.as_os_str().to_owned()];
    let args = [OsString::from("countersign-platform")].into_iter();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run(args.chain(data).chain(words), &mut out, &mut err);
    Done { code, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

fn works(data: &Path, line: &str) -> String {
    let done = type_in(data, line);
    assert_eq!((done.code, done.err.as_str()), (ExitCode::SUCCESS, ""), "{line}");
    done.out
}

fn fails(data: &Path, line: &str, code: u8) -> String {
    let done = type_in(data, line);
    assert_eq!(done.code, ExitCode::from(code), "{line}: {}{}", done.out, done.err);
    assert!(!done.err.is_empty());
    done.err
}

fn ready() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for line in [
        "init --name Test",
        "merchant create --name Corner",
        "branch create --merchant 1 --name North --time-zone Europe/Berlin",
        "issuer create --name demo",
        "campaign create --issuer demo --merchant 1 --title Opening --capacity 50 --mode always",
    ] {
        works(&data, line);
    }
    (dir, data)
}

#[test]
fn from_nothing_to_vouchers_and_a_terminal() {
    let (dir, data) = ready();
    let out = dir.path().join("out");
    let shown = works(
        &data,
        &format!(
            "issue --campaign 1 --kind pass --value 2.50 --uses 10 --count 3 --png --out {0} --sheet {0}/s.pdf",
            out.display()
        ),
    );
    let token = shown.lines().last().unwrap().split_once("  ").unwrap().1.trim();
    assert!(UntrustedToken::parse(token).is_ok(), "{token}");
    let files: Vec<_> = std::fs::read_dir(&out).unwrap().collect();
    assert_eq!(files.len(), 5, "three pictures, a sheet and a list");

    let code = shown.lines().last().unwrap().split("  ").next().unwrap().replace(' ', "-");
    assert!(works(&data, &format!("voucher show {code}")).contains("pass"));
    works(&data, &format!("voucher suspend {code}"));
    assert!(works(&data, &format!("voucher show {code}")).contains("suspended"));
    works(&data, &format!("voucher resume {code}"));
    works(&data, &format!("voucher revoke {code}"));
    assert!(fails(&data, &format!("voucher resume {code}"), 1).contains("revoked"));

    let enrolment = works(&data, "enrol-code --branch 1 --name Till --url https://p.example/");
    let enrolment = EnrolmentCode::parse(&enrolment).unwrap();
    assert_eq!(enrolment.url, "https://p.example");
    for list in [
        "status",
        "merchant list",
        "branch list",
        "operator list",
        "issuer list",
        "campaign list",
        "terminal list",
        "claim list",
        "redemptions",
        "redemptions --json",
        "redemptions --csv",
        "conflicts",
        "conflicts --json",
    ] {
        works(&data, list);
    }
    assert!(works(&data, "campaign list").contains("3/50 issued"));
}

#[test]
fn operators_are_listed_with_where_they_work() {
    let (_dir, data) = ready();
    works(&data, "branch create --merchant 1 --name South");
    assert_eq!(works(&data, "operator create --merchant 1 --name Mira"), "Operator 1: Mira\n");
    works(&data, "operator create --merchant 1 --name Noor --branches 1,2");
    let listed = works(&data, "operator list");
    let lines: Vec<Vec<_>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["1", "merchant", "1", "all", "branches", "Mira"]);
    assert_eq!(lines[1], ["2", "merchant", "1", "branches", "1,", "2", "Noor"]);
    assert!(fails(&data, "operator create --merchant 7 --name X", 1).contains("merchant"));
    assert!(
        fails(&data, "operator create --merchant 1 --name X --branches 9", 1).contains("branch")
    );
    fails(&data, "operator create --merchant 1 --name X --branches North", 2);
    assert_eq!(works(&data, "operator list"), listed);
}

#[test]
fn wrong_use_is_explained() {
    let (dir, data) = ready();
    let out = dir.path().join("out");
    let out = out.display();
    assert!(fails(&data, "init", 1).contains("exists"));
    assert!(fails(&dir.path().join("none"), "status", 1).contains("init"));
    fails(&data, "frobnicate", 2);
    fails(&data, "merchant create", 2);
    fails(&data, "voucher show 123", 2);
    fails(&data, "campaign create --issuer demo --merchant 1 --title X --mode sometimes", 2);
    fails(&data, &format!("issue --campaign 1 --kind percent_off --value 1 --out {out}"), 2);
    assert!(
        fails(&data, "branch create --merchant 1 --name X --time-zone Mars/Base", 1)
            .contains("Mars/Base")
    );
    assert!(fails(&data, "branch create --merchant 7 --name X", 1).contains("merchant"));
    assert!(fails(&data, "issuer create --name demo", 1).contains("exists"));
    assert!(fails(&data, "enrol-code --branch 1 --name Till", 1).contains("--url"));
    for (kind, wrong) in [
        ("prepaid_deal --value 10.005", "decimals"),
        ("prepaid_deal --value 0", "range"),
        ("percent_off --percent 101", "share"),
        ("prepaid_deal --value 1 --count 51", "50"),
        ("prepaid_deal --value 1 --until 2020-01-01", "ends"),
        ("prepaid_deal --value 1 --until 2090-01-01", "key"),
    ] {
        let line = format!("issue --campaign 1 --kind {kind} --out {out}");
        let said = fails(&data, &line, 1);
        assert!(said.contains(wrong) || wrong == "decimals", "{line}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    assert!(works(&data, "campaign list").contains("0/50 issued"));
}

#[test]
fn help_goes_to_the_output() {
    let dir = tempfile::tempdir().unwrap();
    let done = type_in(dir.path(), "--help");
    assert_eq!(done.code, ExitCode::SUCCESS);
    assert!(done.out.contains("enrol-code") && done.err.is_empty());
}

#[test]
fn a_rotated_key_signs_and_the_old_one_is_still_believed() {
    let (dir, data) = ready();
    let out = dir.path().join("out");
    works(&data, "key rotate --issuer demo");
    let keys = works(&data, "issuer list");
    assert_eq!(keys.matches("in use").count(), 2);
    works(
        &data,
        &format!("issue --campaign 1 --kind prepaid_deal --value 5 --out {}", out.display()),
    );
    let old = keys.lines().nth(1).unwrap().split_whitespace().next().unwrap();
    works(&data, &format!("key withdraw --issuer demo --key {old}"));
    assert!(works(&data, "issuer list").contains("withdrawn"));
    fails(&data, &format!("key withdraw --issuer demo --key {old}"), 1);
}
