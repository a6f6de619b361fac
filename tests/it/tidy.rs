//! House style that no lint knows, as tests.

use std::{collections::BTreeMap, fs, path::Path};

use syn::{ImplItemFn, ItemFn, Signature, spanned::Spanned as _, visit::Visit};

use crate::{
    fences::commands,
    sources::{files, root, rust_files, src},
};

/// Longest file, with its tests.
const FILE_LINES_MAX: usize = 700;

/// Longest function, from its first line to its last.
const FUNCTION_LINES_MAX: usize = 70;

#[test]
fn every_source_file_says_what_it_is() {
    let silent = sources().into_iter().filter(|(_, text)| {
        let documented = text.starts_with("//! ") || text.starts_with("#![doc = include_str!(");
        !documented
    });
    assert_none(silent.map(|(name, _)| name), "begin with `//!` and what the file is for");
}

#[test]
fn no_file_is_longer_than_can_be_read_at_once() {
    let long = sources().into_iter().filter_map(|(name, text)| {
        let lines = text.lines().count();
        (lines > FILE_LINES_MAX).then(|| format!("{name}: {lines} lines"))
    });
    assert_none(long, "split it");
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let long = sources().into_iter().flat_map(|(name, text)| {
        let long = functions(&name, &text).into_iter();
        let long = long.filter(|(_, lines)| *lines > FUNCTION_LINES_MAX);
        long.map(move |(function, lines)| format!("{name}: {function} has {lines} lines"))
    });
    assert_none(long, "split it");
}

#[test]
fn nothing_is_left_undone() {
    let places = [src(), root().join("tests"), root().join("assets")];
    let mut found = Vec::new();
    for file in ["rs", "md", "toml", "txt", "sql"]
        .into_iter()
        .flat_map(|extension| places.iter().flat_map(move |place| files(place, extension)))
    {
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(mark) = mark_in(line) {
                found.push(format!("{}:{number}: {mark}", file.display()));
            }
        }
    }
    assert_none(found, "do it, or leave it out");
}

#[test]
fn marks_are_found_as_words_only() {
    let mark = ["TO", "DO"].concat();
    assert_eq!(mark_in(&format!("// {mark}: later")), Some(mark));
    assert_eq!(mark_in("wait for nowhere, todos"), None);
    assert_eq!(mark_in(&["good enough for", " now."].concat()), Some(["for", " now"].concat()));
}

#[test]
fn the_picture_reader_never_uses_the_detector_that_can_hang() {
    // rqrr's finder loops or panics on some real photographs, so only its grid decoder is used. Tests, which end the
    // file by house style, may have it read the perfect pictures that the issuer draws.
    let calls = rust_files(&src()).into_iter().filter_map(|file| {
        let text = fs::read_to_string(&file).unwrap();
        let program = text.split("#[cfg(test)]").next().unwrap();
        let called =
            ["detect_grids", "PreparedImage", "prepare_from_greyscale", "prepare_from_bitmap"]
                .into_iter()
                .find(|name| words(program).any(|word| word == *name))?;
        Some(format!("{}: {called}", file.display()))
    });
    assert_none(calls, "find the codes with rxing, and decode the grid with rqrr");
}

#[test]
fn catalogues_of_all_languages_hold_the_same_keys() {
    let languages = root().join("assets/i18n");
    let english = catalogue(&languages.join("en"));
    assert!(english.len() > 50, "only {} texts", english.len());
    for entry in fs::read_dir(&languages).unwrap() {
        let directory = entry.unwrap().path();
        let other = catalogue(&directory);
        let name = directory.display();
        for (key, text) in &english {
            let found = other.get(key).unwrap_or_else(|| panic!("{name} lacks {key}"));
            assert_eq!(blanks(found), blanks(text), "{name}: {key} fills in other values");
            assert!(!found.trim().is_empty(), "{name}: {key} is empty");
        }
        let extra = other.into_keys().filter(|key| !english.contains_key(key));
        assert_none(extra, "a text that English lacks");
    }
}

#[test]
fn the_changelog_has_a_place_for_what_comes_next() {
    let text = fs::read_to_string(root().join("CHANGELOG.md"));
    let text = text.expect("CHANGELOG.md is missing");
    let heading = |line: &str| line.starts_with("## ") && line.contains("Unreleased");
    assert!(text.lines().any(heading), "CHANGELOG.md has no section `## Unreleased`");
}

#[test]
fn links_of_the_documents_lead_somewhere() {
    let documents =
        ["README.md", "CHANGELOG.md", "src/ARCHITECTURE.md", "firmware-notes/README.md"];
    let mut broken = Vec::new();
    for name in documents {
        let path = root().join(name);
        let text = fs::read_to_string(&path).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let local = !target.contains("://") && !target.starts_with('#');
            if local && !path.parent().unwrap().join(target).exists() {
                broken.push(format!("{name}: {target}"));
            }
        }
    }
    assert_none(broken, "a link that leads nowhere");
}

#[test]
fn commands_of_the_readme_are_run_by_the_checks() {
    let read = |name: &str| fs::read_to_string(root().join(name));
    let (Ok(readme), Ok(run)) = (read("README.md"), read(".ci/run")) else {
        eprintln!("skipped: README.md or .ci/run does not exist");
        return;
    };
    // The first block; the walk-through is run by .ci/readme, which reads it from the README itself.
    let commands = commands(readme.split("\n## ").nth(1).unwrap());
    assert!(!commands.is_empty(), "README.md shows no command in a ```sh block");
    let unchecked = commands.into_iter().filter(|command| !run.contains(command.as_str()));
    assert_none(unchecked, "a command of README.md that .ci/run does not run");
}

fn sources() -> Vec<(String, String)> {
    let files = [rust_files(&src()), rust_files(&root().join("tests"))].concat();
    let read = |file: &Path| (file.display().to_string(), fs::read_to_string(file).unwrap());
    files.iter().map(|file| read(file)).collect()
}

fn assert_none(found: impl IntoIterator<Item = String>, advice: &str) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{advice}:\n{}\n", found.join("\n"));
}

/// Every function of a file with its length in lines.
fn functions(name: &str, source: &str) -> Vec<(String, usize)> {
    #[derive(Default)]
    struct Lengths(Vec<(String, usize)>);

    impl Lengths {
        fn note(&mut self, signature: &Signature, span: proc_macro2::Span) {
            let lines = span.end().line - signature.span().start().line + 1;
            self.0.push((signature.ident.to_string(), lines));
        }
    }

    impl<'ast> Visit<'ast> for Lengths {
        fn visit_item_fn(&mut self, function: &'ast ItemFn) {
            self.note(&function.sig, function.span());
            syn::visit::visit_item_fn(self, function);
        }

        fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
            self.note(&function.sig, function.span());
            syn::visit::visit_impl_item_fn(self, function);
        }
    }

    let mut lengths = Lengths::default();
    let file = syn::parse_file(source).unwrap_or_else(|error| panic!("{name}: {error}"));
    lengths.visit_file(&file);
    lengths.0
}

#[test]
fn lengths_are_counted_without_docs_and_attributes() {
    let source = "/// Doc.\n#[test]\nfn a() {\n    b();\n}\nimpl X { fn c() {} }";
    let expected = [("a".to_owned(), 3), ("c".to_owned(), 1)];
    assert_eq!(functions("probe", source), expected);
}

/// Marks of unfinished work; spelled in halves, since this file is read too.
fn mark_in(line: &str) -> Option<String> {
    let marks = [["TO", "DO"], ["FIX", "ME"], ["place", "holder"], ["for", " now"]];
    marks.map(|halves| halves.concat()).into_iter().find(|mark| {
        line.match_indices(mark.as_str()).any(|(start, _)| {
            let before = line[..start].chars().next_back();
            let after = line[start + mark.len()..].chars().next();
            ![before, after].into_iter().flatten().any(char::is_alphanumeric)
        })
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    parts.filter(|part| !part.is_empty())
}

/// All texts of a language by `file.table.name`.
fn catalogue(directory: &Path) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for file in files(directory, "toml") {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let table: BTreeMap<String, BTreeMap<String, String>> =
            toml::from_str(&fs::read_to_string(&file).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for (section, entries) in table {
            let keyed = entries.into_iter();
            texts.extend(keyed.map(|(key, text)| (format!("{name}.{section}.{key}"), text)));
        }
    }
    texts
}

/// The names in braces that a text fills in.
fn blanks(text: &str) -> Vec<&str> {
    let parts = text.split('{').skip(1);
    let mut names: Vec<_> = parts.filter_map(|part| Some(part.split_once('}')?.0)).collect();
    names.sort_unstable();
    names
}
