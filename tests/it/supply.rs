//! What others wrote: every library has a reason, and nothing of ours silences the lints that keep panics out.

use std::collections::BTreeSet;

use syn::{Attribute, Meta, visit::Visit};
use toml::{Table, Value};

use crate::sources::{root, rust_files, src};

fn table(path: &str) -> Table {
    std::fs::read_to_string(root().join(path)).unwrap().parse().unwrap()
}

/// The names in a table of dependencies; those of our own package left out.
fn named(manifest: &Table, section: &str) -> BTreeSet<String> {
    let section = manifest[section].as_table().unwrap();
    section.keys().filter(|name| *name != "countersign").cloned().collect()
}

#[test]
fn every_library_has_a_reason_and_every_reason_a_library() {
    let (ours, fuzz) = (table("Cargo.toml"), table("tests/fuzz/Cargo.toml"));
    let trust = table(".ci/trust.toml");
    let mut programs = named(&ours, "dependencies");
    let systems = ours["target"].as_table().unwrap().values();
    programs.extend(systems.flat_map(|system| named(system.as_table().unwrap(), "dependencies")));
    assert_eq!(named(&trust, "programs"), programs, "write down in .ci/trust.toml why");
    let tests = named(&ours, "dev-dependencies").into_iter().chain(named(&fuzz, "dependencies"));
    let tests: BTreeSet<_> = tests.filter(|name| !programs.contains(name)).collect();
    assert_eq!(named(&trust, "tests"), tests, "write down in .ci/trust.toml why");
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for name in named(&trust, "inside") {
        assert!(lock.contains(&format!("\nname = \"{name}\"\n")), "{name} is not in Cargo.lock");
    }
}

#[test]
fn every_reason_is_whole() {
    let trust = table(".ci/trust.toml");
    for (name, reason) in trust.values().filter_map(Value::as_table).flatten() {
        let reason = reason.as_table().unwrap();
        let keys: Vec<_> = reason.keys().map(String::as_str).collect();
        assert_eq!(keys, ["keeper", "licence", "unsafe", "use", "without"], "{name}");
        assert!(
            reason.values().all(|text| text.as_str().is_some_and(|it| !it.is_empty())),
            "{name}"
        );
        let much = reason["unsafe"].as_str().unwrap();
        assert!(["none", "little", "some", "much", "c"].contains(&much), "{name}: {much}");
    }
}

/// Lints without which a panic could wait on the way of what comes from outside.
const PANICS: [&str; 9] = [
    "unwrap_used",
    "expect_used",
    "panic",
    "indexing_slicing",
    "unwrap_in_result",
    "get_unwrap",
    "arithmetic_side_effects",
    "todo",
    "exit",
];

/// The attributes of a file outside its tests that allow or expect one of the lints.
#[derive(Default)]
struct Silenced(Vec<String>);

impl<'ast> Visit<'ast> for Silenced {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let test = if let syn::Item::Mod(module) = item {
            module.attrs.iter().any(is_test)
        } else {
            false
        };
        if !test {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let Meta::List(inside) = &attribute.meta else {
            return;
        };
        if inside.path.is_ident("allow") || inside.path.is_ident("expect") {
            let inside = inside.tokens.to_string();
            let lint = |lint: &&&str| {
                inside
                    .split(|it: char| !it.is_alphanumeric() && it != '_')
                    .any(|word| word == **lint)
            };
            self.0.extend(PANICS.iter().find(lint).map(|lint| (*lint).to_owned()));
        }
    }
}

fn is_test(attribute: &Attribute) -> bool {
    let Meta::List(inside) = &attribute.meta else {
        return false;
    };
    inside.path.is_ident("cfg") && inside.tokens.to_string().starts_with("test")
}

fn silenced(source: &str) -> Vec<String> {
    let mut found = Silenced::default();
    found.visit_file(&syn::parse_file(source).unwrap());
    found.0
}

#[test]
fn no_lint_against_panics_is_silenced_outside_tests() {
    let mut found = Vec::new();
    for file in rust_files(&src()) {
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        let whole_is_test = name.contains("/tests/") || name.ends_with("/tests.rs");
        if !whole_is_test && !name.starts_with("src/sim/") {
            let lints = silenced(&std::fs::read_to_string(&file).unwrap());
            found.extend(lints.into_iter().map(|lint| format!("{name}: {lint}")));
        }
    }
    assert_eq!(found, [""; 0], "find a way that cannot panic");
    let lints = table("Cargo.toml")["lints"]["clippy"].clone();
    for lint in PANICS {
        assert_eq!(lints.get(lint).and_then(Value::as_str), Some("warn"), "{lint}");
    }
}

#[test]
fn silenced_lints_are_found_outside_tests_only() {
    let source = "#[expect(clippy::unwrap_used, reason = \"x\")] fn a() {}\n\
                  #[cfg(test)] #[allow(clippy::panic)] mod tests { #[allow(clippy::exit)] fn b() {} }\n\
                  struct S { #[allow(clippy::cast_sign_loss)] c: u8 }";
    assert_eq!(silenced(source), ["unwrap_used"]);
}
