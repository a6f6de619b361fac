//! Files that people write: policies and texts.

use countersign::{
    domain::{
        money::Money,
        redeem::{Days, Window},
    },
    platform::policy_file::{FILE_BYTES_MAX, PolicyFile, PolicyFileError},
    terminal::text::Texts,
};

use super::way;

const POLICY: u8 = 0;
const TEXTS: u8 = 1;

pub(crate) fn holds(data: &[u8]) {
    let Some((number, text)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    match *number {
        POLICY => policy_holds(text),
        TEXTS => texts_hold(text),
        _ => values_hold(text),
    }
}

/// A policy that is read is printed and read again as the same; one that is not says where it is wrong.
fn policy_holds(text: &str) {
    match PolicyFile::parse(text) {
        Ok(file) => {
            let printed = file.to_string();
            assert_eq!(PolicyFile::parse(&printed).as_ref(), Ok(&file), "{printed}");
            assert!(file.policy.limits.amount_minor >= 0 && file.policy.rules.approval_above >= 0);
        }
        Err(PolicyFileError::Toml { line, problem }) => {
            assert!((1..=text.matches('\n').count() + 1).contains(&line), "line {line}");
            assert!(!problem.is_empty() && !problem.contains('\n'));
        }
        Err(PolicyFileError::Key { key, problem }) => {
            assert!(!key.is_empty() && !problem.is_empty());
        }
        Err(PolicyFileError::TooLong) => assert!(text.len() > FILE_BYTES_MAX),
    }
}

/// Every key of a catalogue has its text, and a text without blanks to fill stays as it is.
fn texts_hold(text: &str) {
    let texts = Texts::parse(text);
    for key in texts.keys() {
        assert!(key.contains('.'));
        assert_eq!(texts.fill(key, &[]), texts.get(key));
    }
    assert_eq!(texts.get("no such key"), "no such key");
}

/// Values that the files hold are printed as they are read.
fn values_hold(text: &str) {
    if let Ok(window) = text.parse::<Window>() {
        assert_eq!(window.to_string().parse(), Ok(window));
        assert!(window.days > 0 && window.from < 1440 && window.until <= window.from + 1440);
    }
    if let Ok(days) = text.parse::<Days>() {
        assert_eq!(days.to_string().parse(), Ok(days), "{days}");
    }
    for currency in ["EUR", "JPY", "KWD"].map(|code| code.parse().expect("a currency")) {
        if let Ok(money) = Money::parse(text, currency) {
            assert!(money.minor >= 0);
            assert_eq!(Money::parse(&money.number(), currency), Ok(money));
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let documented = include_str!("../../../../src/platform/policy_file/mod.rs");
    let examples =
        documented.split("let text = r#\"").skip(1).filter_map(|rest| rest.split("\"#;").next());
    let examples: Vec<_> = examples.map(|it| it.replace("//! ", "").replace("//!", "")).collect();
    let printed =
        examples.iter().filter_map(|text| Some(PolicyFile::parse(text).ok()?.to_string()));
    let lean = printed.map(|text| {
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        lines.join("\n")
    });
    let policies = examples.iter().cloned().chain(lean).map(|text| way(POLICY, text.as_bytes()));
    let texts = [
        "[a]\nb = \"c {d}\"\n",
        "[verdict]\naccepted = \"Accepted\"\nused = \"\"\"Used {n} times\"\"\"\n[x]\n'y z' = 'q'\n",
    ];
    let texts = texts.into_iter().map(|text| way(TEXTS, text.as_bytes()));
    let values = ["Mon-Fri 11:00-14:30", "Sat,Sun 22:00-02:00", "2026-12-24..2026-12-26", "12.50"];
    let values = values.into_iter().map(|text| way(2, text.as_bytes()));
    policies.chain(texts).chain(values).collect()
}
