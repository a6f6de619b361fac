//! Exported journals, as the terminal writes them and as someone else might, and the program that verifies them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use clap::Parser as _;
use countersign::{
    console::{self, Action, Args},
    domain::{
        crypto::{SecretKey, hash},
        id::Hex,
        journal::SignedEntry,
    },
};
use serde_json::{Value, json};

use crate::{fences::hex, sources::root};

/// Whether the verifier can run here; where everything must be checked, it has to.
#[expect(clippy::print_stderr, reason = "whoever runs the tests shall know what they did not test")]
pub(crate) fn is_here() -> bool {
    static HERE: OnceLock<bool> = OnceLock::new();
    *HERE.get_or_init(|| {
        let packages = "try:\n import cryptography\nexcept ImportError:\n import nacl";
        let found = Command::new("python3").args(["-c", packages]).output();
        let here = found.is_ok_and(|output| output.status.success());
        assert!(
            here || std::env::var_os("CI").is_none(),
            "install python3 and python3-cryptography"
        );
        if !here {
            eprintln!("skipped: python3 with the package cryptography or pynacl is not here");
        }
        here
    })
}

fn folder() -> PathBuf {
    root().join("tests/verifier")
}

pub(crate) fn python(arguments: &[&str]) -> Output {
    let mut command = Command::new("python3");
    command.args(["-B", "-W", "error"]).args(arguments).current_dir(folder());
    command.output().unwrap()
}

/// The exit status and the object of the verifier for each file, which never falls over.
pub(crate) fn verify(arguments: &[&str]) -> (i32, Vec<Value>) {
    let output = python(&[&["verify_journal.py", "--json"], arguments].concat());
    assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
    let answers = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap(), answers)
}

/// An exported journal, line by line.
#[derive(Clone, Debug)]
pub(crate) struct Export {
    pub(crate) header: Value,
    pub(crate) rows: Vec<Value>,
}

impl Export {
    /// What `countersign journal export` writes.
    pub(crate) fn of(data: &Path) -> Self {
        let data = data.to_str().unwrap();
        let args = Args::parse_from(["countersign", "--data", data, "journal", "export"]);
        let Some(Action::Console(command)) = &args.action else { panic!("not a command") };
        let mut text = Vec::new();
        console::run(&args, command, &mut text).unwrap();
        let mut lines = std::str::from_utf8(&text).unwrap().lines();
        let mut next = || lines.next().map(|line| serde_json::from_str(line).unwrap());
        let header = next().unwrap();
        Self { header, rows: std::iter::from_fn(next).collect() }
    }

    pub(crate) fn entry(&self, at: usize, key: &SecretKey) -> SignedEntry {
        SignedEntry::open(&hex(self.rows[at]["bytes"].as_str().unwrap()), &key.public()).unwrap()
    }

    fn write(&self, file: &Path) {
        let lines = [&self.header].into_iter().chain(&self.rows).map(|line| format!("{line}\n"));
        std::fs::write(file, lines.collect::<String>()).unwrap();
    }

    /// What the verifier says of it.
    pub(crate) fn verify(&self, options: &[&str]) -> (i32, Value) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.jsonl");
        self.write(&file);
        let (exit, mut answers) = verify(&[&[file.to_str().unwrap()], options].concat());
        (exit, answers.remove(0))
    }
}

/// A journal that somebody touched, with the row (from 0) that is the first bad one, and what may be said of it.
pub(crate) struct Touched {
    pub(crate) export: Export,
    pub(crate) what: String,
    pub(crate) row: usize,
    pub(crate) codes: &'static [&'static str],
}

/// The verifier names the row of each.
pub(crate) fn assert_named(journals: &[Touched]) {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (number, journal) in journals.iter().enumerate() {
        let file = folder.path().join(format!("{number}.jsonl"));
        journal.export.write(&file);
        files.push(file);
    }
    let files: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let (_, answers) = verify(&files);
    assert_eq!(answers.len(), journals.len());
    for (answer, Touched { what, row, codes, .. }) in answers.iter().zip(journals) {
        assert_eq!(answer["holds"], json!(false), "{what}");
        assert_eq!(answer["line"], json!(row + 2), "{what}: {answer}");
        assert!(codes.iter().any(|code| answer["code"] == *code), "{what}: {answer}");
    }
}

/// An entry as a line of the export.
pub(crate) fn row(signed: &SignedEntry) -> Value {
    let entry = &signed.entry;
    line((entry.epoch.0, entry.seq.0), &signed.bytes)
}

pub(crate) fn line((epoch, seq): (u32, u64), bytes: &[u8]) -> Value {
    let hash = hash(bytes).to_string();
    json!({ "epoch": epoch, "seq": seq, "hash": hash, "bytes": Hex(bytes).to_string() })
}
