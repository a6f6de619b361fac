//! The commands as an administrator types them.

mod deciding;
mod issuing;
mod lending;

use std::{ffi::OsString, path::Path, process::ExitCode};

use super::run_with;
use crate::domain::{enrol::EnrolmentCode, voucher::UntrustedToken};

struct Done {
    code: ExitCode,
    out: String,
    err: String,
}

/// The words of a line as a shell parts them: quotes keep blanks together.
fn words(line: &str) -> Vec<OsString> {
    let mut words = Vec::new();
    for (number, part) in line.split('"').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(OsString::from)),
            _ => words.push(OsString::from(part)),
        }
    }
    words
}

fn type_in(data: &Path, line: &str, input: &str) -> Done {
    let data = [OsString::from("--data"), data.as_os_str().to_owned()];
    let args = [OsString::from("countersign-platform")].into_iter();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = args.chain(data).chain(words(line));
    let code = run_with(args, &mut input.as_bytes(), (&mut out, &mut err));
    Done { code, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

fn works(data: &Path, line: &str) -> String {
    works_with(data, line, "")
}

fn works_with(data: &Path, line: &str, input: &str) -> String {
    let done = type_in(data, line, input);
    assert_eq!((done.code, done.err.as_str()), (ExitCode::SUCCESS, ""), "{line}");
    done.out
}

fn fails(data: &Path, line: &str, code: u8) -> String {
    let done = type_in(data, line, "");
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
        "group list",
        "lease list",
        "tickets no-shows --campaign 1",
        "tickets no-shows --campaign 1 --json",
        "settlement --from 2026-01-01 --until 2027-01-01",
        "settlement --from 2026-01-01 --until 2027-01-01 --json",
        "policy show --campaign 1",
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
    assert_eq!(lines[0], ["1", "merchant", "1", "cashier", "-", "all", "branches", "Mira"]);
    assert_eq!(lines[1], ["2", "merchant", "1", "cashier", "-", "branches", "1,", "2", "Noor"]);
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
    let done = type_in(dir.path(), "--help", "");
    assert_eq!(done.code, ExitCode::SUCCESS);
    assert!(done.out.contains("enrol-code") && done.err.is_empty());
    for command in ["issue", "policy try", "voucher present", "lease lend", "branch place"] {
        let done = type_in(dir.path(), &format!("{command} --help"), "");
        assert_eq!(done.code, ExitCode::SUCCESS, "{command}");
        assert!(done.out.contains("Usage: ") && done.err.is_empty(), "{command}");
    }
}

#[test]
fn supervisors_get_a_role_and_a_pin_that_is_never_an_argument() {
    let (_dir, data) = ready();
    works(&data, "operator create --merchant 1 --name Sofie --role supervisor");
    works(&data, "operator create --merchant 1 --name Mira");
    let said = works_with(&data, "operator set-pin 1", "2580\n");
    assert!(!said.contains("2580"), "{said}");
    let listed = works(&data, "operator list");
    let lines: Vec<Vec<_>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0][3..5], ["supervisor", "PIN"]);
    assert_eq!(lines[1][3..5], ["cashier", "-"]);
    works(&data, "operator role 2 supervisor");
    works(&data, "operator clear-pin 1");
    let listed = works(&data, "operator list");
    assert_eq!(listed.matches("supervisor").count(), 2);
    assert!(!listed.contains("PIN"));
    for (input, part) in [("", "digits"), ("12\n", "digits"), ("abcd\n", "digits")] {
        let refused = type_in(&data, "operator set-pin 1", input);
        assert_eq!(refused.code, ExitCode::from(1));
        assert!(refused.err.contains(part), "{}", refused.err);
    }
    fails(&data, "operator set-pin 1 2580", 2);
    fails(&data, "operator role 1 owner", 2);
    fails(&data, "operator role 9 cashier", 1);
}

#[test]
fn branches_stand_somewhere_and_belong_to_groups() {
    let (_dir, data) = ready();
    works(&data, "merchant create --name Bakery");
    works(&data, "branch create --merchant 2 --name Mall");
    works(&data, "branch place 1 --latitude 52.520008 --longitude -0.1276");
    assert!(works(&data, "branch list").contains("52.520008 -0.127600"));
    works(&data, "branch place 1 --forget");
    assert!(!works(&data, "branch list").contains("52.5"));
    fails(&data, "branch place 1", 2);
    fails(&data, "branch place 1 --latitude 52", 2);
    fails(&data, "branch place 1 --latitude fifty --longitude 1", 2);
    assert!(fails(&data, "branch place 1 --latitude 91 --longitude 0", 1).contains("latitude"));

    assert_eq!(works(&data, "group create --name \"City mall\""), "Group 1: City mall\n");
    works(&data, "group add 1 1");
    works(&data, "group add 1 2");
    assert!(works(&data, "group list").contains("branches 1, 2"));
    works(&data, "group remove 1 2");
    let listed = works(&data, "group list");
    assert!(listed.contains("branches 1 ") && listed.contains("City mall"), "{listed}");
    assert!(fails(&data, "group add 1 9", 1).contains("branch"));
    assert!(fails(&data, "group add 9 1", 1).contains("group"));
    let mall = "campaign create --issuer demo --title Mall --group 1";
    assert_eq!(works(&data, mall), "Campaign 2: Mall\n");
    assert!(works(&data, "campaign list").contains("group 1"));
    fails(&data, "campaign create --issuer demo --title X", 2);
    fails(&data, "campaign create --issuer demo --title X --group 1 --merchant 1", 2);
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
