//! The dependency direction between top-level modules, as a test.
//!
//! A single package has no crate boundaries to lean on, so this test parses the source: each
//! top-level module may name only the modules and the external crates listed for it in [`LAYERS`].
//! Code under `#[cfg(test)]` is exempt; programs in `src/bin` may name everything.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    paths::{paths, test_modules},
    sources::{rust_files, src},
};

struct Layer {
    module: &'static str,
    /// Modules of ours, or parts of them such as `terminal::view`.
    modules: &'static [&'static str],
    crates: &'static [&'static str],
}

/// Inner layers first; a layer may only look up this list.
const LAYERS: &[Layer] = &[
    Layer {
        module: "domain",
        modules: &[],
        crates: &[
            "argon2",
            "base45",
            "ed25519_dalek",
            "jiff",
            "minicbor",
            "sha2",
            "subtle",
            "thiserror",
            "zeroize",
        ],
    },
    Layer { module: "files", modules: &[], crates: &[] },
    Layer {
        module: "keys",
        modules: &["domain", "files"],
        crates: &["getrandom", "keyring", "thiserror", "zeroize"],
    },
    Layer { module: "carriage", modules: &["domain", "files"], crates: &["thiserror"] },
    Layer {
        module: "store",
        modules: &["domain", "files"],
        crates: &["jiff", "minicbor", "rusqlite", "thiserror", "tracing", "zeroize"],
    },
    Layer {
        module: "device",
        modules: &["domain"],
        crates: &[
            "image",
            "linuxvideo",
            "nokhwa",
            "rqrr",
            "rxing",
            "serialport",
            "thiserror",
            "tracing",
        ],
    },
    Layer {
        module: "net",
        modules: &["domain"],
        crates: &[
            "reqwest",
            "rustls",
            "rustls_platform_verifier",
            "serde",
            "serde_json",
            "thiserror",
            "tracing",
        ],
    },
    Layer {
        module: "terminal",
        modules: &["domain", "files", "carriage", "keys", "store", "device", "net"],
        crates: &[
            "getrandom",
            "jiff",
            "minicbor",
            "qrcode",
            "serde",
            "serde_json",
            "thiserror",
            "toml",
            "tracing",
            "zeroize",
        ],
    },
    Layer {
        module: "console",
        modules: &["domain", "carriage", "keys", "store", "device", "net", "terminal"],
        crates: &[
            "clap",
            "getrandom",
            "jiff",
            "serde",
            "serde_json",
            "thiserror",
            "tracing",
            "zeroize",
        ],
    },
    Layer {
        module: "ui",
        modules: &[
            "domain",
            "terminal::command",
            "terminal::handle",
            "terminal::text",
            "terminal::view",
        ],
        crates: &["eframe", "egui", "thiserror", "tracing"],
    },
    Layer {
        module: "issuer",
        modules: &["domain", "keys"],
        crates: &[
            "csv",
            "getrandom",
            "font8x8",
            "image",
            "jiff",
            "pdf_writer",
            "qrcode",
            "serde",
            "sha2",
            "thiserror",
            "toml",
            "tracing",
            "zeroize",
        ],
    },
    Layer {
        module: "platform",
        modules: &["domain", "files", "carriage", "keys", "issuer"],
        crates: &[
            "axum",
            "clap",
            "csv",
            "getrandom",
            "hyper",
            "hyper_util",
            "jiff",
            "minicbor",
            "rusqlite",
            "rustls",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tokio_rustls",
            "toml",
            "tower_http",
            "tracing",
            "zeroize",
        ],
    },
    Layer {
        module: "demo",
        modules: &[
            "domain", "keys", "store", "device", "net", "terminal", "console", "issuer", "platform",
        ],
        crates: &["getrandom", "jiff", "tempfile", "thiserror", "tokio", "tracing"],
    },
    Layer {
        module: "window",
        modules: &["domain", "keys", "store", "device", "net", "terminal", "console", "ui", "demo"],
        crates: &["eframe", "egui", "thiserror", "tracing"],
    },
    Layer {
        module: "sim",
        modules: &[
            "domain", "keys", "store", "device", "net", "terminal", "console", "issuer", "platform",
        ],
        crates: &[
            "clap",
            "getrandom",
            "jiff",
            "minicbor",
            "rand_chacha",
            "rusqlite",
            "serde",
            "serde_json",
            "tempfile",
            "thiserror",
            "tracing",
        ],
    },
];

/// Doors from `std` to the outside world, closed to `domain`.
const STD_IO: &[&str] = &["env", "fs", "io", "net", "os", "process", "thread"];

#[test]
fn every_top_level_module_has_a_layer() {
    for entry in fs::read_dir(src()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let exempt = !path.is_dir() && path.extension().is_none_or(|extension| extension != "rs");
        let listed = LAYERS.iter().any(|layer| layer.module == name);
        assert!(
            listed || exempt || ["lib", "bin"].contains(&name),
            "list {name} in tests/it/layers.rs"
        );
    }
}

#[test]
fn layers_look_inwards_only() {
    for (position, layer) in LAYERS.iter().enumerate() {
        for named in layer.modules {
            let module = named.split("::").next().unwrap();
            let inner = LAYERS[..position].iter().any(|inner| inner.module == module);
            assert!(inner, "{} may not look at {named}", layer.module);
        }
    }
}

#[test]
fn every_crate_that_is_listed_is_a_dependency() {
    let known = dependencies();
    for name in LAYERS.iter().flat_map(|layer| layer.crates) {
        assert!(known.iter().any(|known| known == name), "{name} is in no [dependencies]");
    }
}

#[test]
fn dependencies_point_inwards() {
    let crates = dependencies();
    let mut errors = Vec::new();
    for layer in LAYERS {
        for file in layer_files(layer) {
            errors.extend(check(layer, &file, &crates));
        }
    }
    assert!(errors.is_empty(), "\n{}\n", errors.join("\n"));
}

#[test]
fn the_check_sees_grouped_imports_and_paths_in_macros() {
    let source = "use crate::{domain::Verdict, ui::scan_ui};
        fn f() { println!(\"{:?}\", crate::ui::X); std::fs::read(\"a\"); egui::Id::NULL; }
        #[cfg(test)] mod tests { use crate::ui::X; }
        #[cfg(not(test))] mod more { use super::super::super::store::X; }
        use axum as web; use ::axum::Router; use self::inside::X;";
    let crates = ["egui", "axum"].map(str::to_owned);
    let errors = check_source(&LAYERS[0], "domain/probe.rs", &["domain", "probe"], source, &crates);
    assert_eq!(
        errors,
        [
            "domain/probe.rs:1: `domain` may not use `crate::ui::scan_ui`",
            "domain/probe.rs:2: `domain` may not use `crate::ui::X`",
            "domain/probe.rs:2: `domain` is pure: `std::fs`",
            "domain/probe.rs:2: `domain` may not use crate `egui`",
            "domain/probe.rs:4: `domain` may not use `crate::store::X`",
            "domain/probe.rs:5: `domain` may not use crate `axum`",
            "domain/probe.rs:5: `domain` may not use crate `axum`",
        ]
    );
}

#[test]
fn only_files_declared_for_tests_are_exempt() {
    let source =
        "#[cfg(test)] mod tests; mod other; #[cfg(test)] mod inline {} #[cfg(unix)] mod sys;";
    assert_eq!(test_modules("probe", source), ["tests"]);
}

#[test]
fn the_check_sees_parts_of_a_module() {
    let ui = LAYERS.iter().find(|layer| layer.module == "ui").unwrap();
    let source = "use crate::terminal::{view::View, engine::Engine};
        use crate::terminal; fn f() { note!(crate::terminal::engine::X, crate::terminal::view::Y); }";
    let errors = check_source(ui, "ui/probe.rs", &["ui", "probe"], source, &[]);
    assert_eq!(
        errors,
        [
            "ui/probe.rs:1: `ui` may not use `crate::terminal::engine`",
            "ui/probe.rs:2: `ui` may not use `crate::terminal`",
            "ui/probe.rs:2: `ui` may not use `crate::terminal::engine`",
        ]
    );
}

fn check(layer: &Layer, file: &Path, crates: &[String]) -> Vec<String> {
    let relative = file.strip_prefix(src()).unwrap();
    let mut module: Vec<&str> = relative.iter().map(|part| part.to_str().unwrap()).collect();
    let last = module.pop().unwrap().trim_end_matches(".rs");
    if last != "mod" {
        module.push(last);
    }
    let source = fs::read_to_string(file).unwrap();
    check_source(layer, &relative.display().to_string(), &module, &source, crates)
}

fn check_source(
    layer: &Layer,
    name: &str,
    module: &[&str],
    source: &str,
    crates: &[String],
) -> Vec<String> {
    let paths = paths(name, module, source);
    let violations = paths.iter().filter_map(|(line, path)| {
        let violation = violation(layer, path, crates)?;
        let own = is_local(path, &paths, source);
        (!own).then(|| format!("{name}:{line}: {violation}"))
    });
    violations.collect()
}

/// Whether a path begins with a name of this very file, a variable or a module, that a crate has too.
fn is_local(path: &[String], paths: &[(usize, Vec<String>)], source: &str) -> bool {
    let [root, rest @ ..] = path else { return false };
    let imported =
        |path: &[String]| path.len() > 1 && path[0] == "crate" && path.last() == Some(root);
    let bound = source.contains(&format!("let {root} ")) || source.contains(&format!("{root}: "));
    let declared = source.lines().any(|line| line.trim_start() == format!("mod {root};"));
    root != "crate"
        && root != "std"
        && (rest.is_empty() && bound || declared || paths.iter().any(|(_, path)| imported(path)))
}

fn violation(layer: &Layer, path: &[String], crates: &[String]) -> Option<String> {
    let (root, next) = (path.first()?.as_str(), path.get(1).map_or("", String::as_str));
    let own = layer.module;
    if root == "crate" {
        let known = LAYERS.iter().any(|other| other.module == next);
        let allowed = next == own || layer.modules.iter().any(|named| covers(named, &path[1..]));
        let named = path[1..].iter().take(2).cloned().collect::<Vec<_>>().join("::");
        return (known && !allowed).then(|| format!("`{own}` may not use `crate::{named}`"));
    }
    if root == "std" && own == "domain" && STD_IO.contains(&next) {
        return Some(format!("`domain` is pure: `std::{next}`"));
    }
    let external = crates.iter().any(|name| name == root) && !layer.crates.contains(&root);
    external.then(|| format!("`{own}` may not use crate `{root}`"))
}

/// Whether the path `named`, such as `terminal::view`, is the beginning of `path`.
fn covers(named: &str, path: &[String]) -> bool {
    let mut path = path.iter();
    named.split("::").all(|part| path.next().is_some_and(|next| next == part))
}

/// The files of a layer without those that hold tests only.
fn layer_files(layer: &Layer) -> Vec<PathBuf> {
    let places = [src().join(layer.module), src().join(format!("{}.rs", layer.module))];
    let all: Vec<PathBuf> = places.iter().flat_map(|place| rust_files(place)).collect();
    let tests: Vec<PathBuf> = all.iter().flat_map(|file| test_places(file)).collect();
    let is_test = |file: &PathBuf| tests.iter().any(|place| file.starts_with(place));
    all.into_iter().filter(|file| !is_test(file)).collect()
}

/// The files and folders of the modules that `file` declares for tests only.
fn test_places(file: &Path) -> Vec<PathBuf> {
    let source = fs::read_to_string(file).unwrap();
    let inside = match file.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod") => file.parent().unwrap().to_owned(),
        _other => file.with_extension(""),
    };
    let names = test_modules(&file.display().to_string(), &source).into_iter();
    names.flat_map(|name| [inside.join(format!("{name}.rs")), inside.join(name)]).collect()
}

/// The names of all dependencies, of every target, as they are spelled in code.
fn dependencies() -> Vec<String> {
    let manifest: toml::Table = include_str!("../../Cargo.toml").parse().unwrap();
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let targets = targets.into_iter().flat_map(toml::Table::values);
    let tables =
        targets.filter_map(|target| target.get("dependencies")).chain(manifest.get("dependencies"));
    let names = tables.filter_map(toml::Value::as_table).flat_map(toml::Table::keys);
    names.map(|name| name.replace('-', "_")).collect()
}
