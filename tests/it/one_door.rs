//! One file speaks with C; nothing else steps around the compiler.

use std::fs;

use proc_macro2::{TokenStream, TokenTree};

use crate::sources::{root, rust_files};

/// The file that hands a disk to SQLite.
const DOOR: &str = "src/sim/disk/raw.rs";

#[test]
fn only_one_file_allows_what_the_compiler_cannot_check() {
    let folders = ["src", "tests", "benches"].map(|folder| root().join(folder));
    let files = folders.iter().flat_map(|folder| rust_files(folder));
    let found = files.filter(|file| is_unsafe(&fs::read_to_string(file).unwrap()));
    let names: Vec<_> = found.map(|file| file.strip_prefix(root()).unwrap().to_owned()).collect();
    assert_eq!(names, [std::path::Path::new(DOOR)]);
}

#[test]
fn everything_else_is_denied_it() {
    let manifest: toml::Table = include_str!("../../Cargo.toml").parse().unwrap();
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"));
}

#[test]
fn it_is_seen_in_code_and_attributes_and_not_in_words() {
    assert!(is_unsafe("fn f() { if a { unsafe { b() } } }"));
    assert!(is_unsafe("#[expect(unsafe_code, reason = \"x\")] mod a;"));
    assert!(!is_unsafe("/// An unsafe thing.\nfn f() -> &'static str { \"unsafe\" }"));
}

fn is_unsafe(source: &str) -> bool {
    fn within(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(name) => name == "unsafe" || name == "unsafe_code",
            TokenTree::Group(group) => within(group.stream()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }
    within(source.parse().unwrap())
}
