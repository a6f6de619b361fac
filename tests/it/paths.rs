//! Every path that a source file names outside its tests.

use proc_macro2::Span;
use syn::{
    Attribute, Item, ItemUse, Macro, Meta, UseTree,
    spanned::Spanned as _,
    visit::{self, Visit},
};

/// The paths with their lines; `self` and `super` are resolved against the module they stand in.
pub(crate) fn paths(name: &str, module: &[&str], source: &str) -> Vec<(usize, Vec<String>)> {
    let mut visitor = PathVisitor {
        module: module.iter().map(|part| (*part).to_owned()).collect(),
        paths: Vec::new(),
    };
    let file = syn::parse_file(source).unwrap_or_else(|error| panic!("{name}: {error}"));
    visitor.visit_file(&file);
    visitor.paths
}

struct PathVisitor {
    module: Vec<String>,
    paths: Vec<(usize, Vec<String>)>,
}

impl PathVisitor {
    fn push(&mut self, span: Span, path: Vec<String>) {
        let mut absolute = path;
        let ups = absolute.iter().take_while(|part| *part == "super").count();
        if ups > 0 || absolute.first().is_some_and(|part| part == "self") {
            let kept = self.module.len().saturating_sub(ups);
            let mut resolved = vec!["crate".to_owned()];
            resolved.extend(self.module[..kept].iter().cloned());
            resolved.extend(absolute.into_iter().skip(ups.max(1)));
            absolute = resolved;
        }
        self.paths.push((span.start().line, absolute));
    }

    fn push_tree(&mut self, tree: &UseTree, prefix: &[String]) {
        let with = |name: String| [prefix, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.push_tree(&path.tree, &with(path.ident.to_string())),
            UseTree::Name(name) => self.push(name.span(), with(name.ident.to_string())),
            UseTree::Rename(name) => self.push(name.span(), with(name.ident.to_string())),
            UseTree::Glob(glob) => self.push(glob.span(), prefix.to_vec()),
            UseTree::Group(group) => {
                for item in &group.items {
                    self.push_tree(item, prefix);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for PathVisitor {
    fn visit_item(&mut self, item: &'ast Item) {
        let Item::Mod(module) = item else {
            visit::visit_item(self, item);
            return;
        };
        if module.attrs.iter().any(is_cfg_test) {
            return;
        }
        self.module.push(module.ident.to_string());
        visit::visit_item(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !item.attrs.iter().any(is_cfg_test) {
            self.push_tree(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter();
        let names = segments.map(|segment| segment.ident.to_string()).collect();
        self.push(path.span(), names);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        // Macro input is not parsed; look for `crate :: name :: name` in its tokens.
        let tokens = mac.tokens.to_string();
        for tail in tokens.split("crate :: ").skip(1) {
            let names = tail.split(" :: ").map(leading_name).take(2);
            let path = ["crate".to_owned()].into_iter().chain(names).collect();
            self.push(mac.span(), path);
        }
        visit::visit_macro(self, mac);
    }
}

/// The modules that a file declares for tests only and keeps in files of their own.
pub(crate) fn test_modules(name: &str, source: &str) -> Vec<String> {
    let file = syn::parse_file(source).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut names = Vec::new();
    for item in &file.items {
        if let Item::Mod(module) = item
            && module.content.is_none()
            && module.attrs.iter().any(is_cfg_test)
        {
            names.push(module.ident.to_string());
        }
    }
    names
}

/// Whether an item is compiled for tests only.
pub(crate) fn is_cfg_test(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        Meta::Path(_) | Meta::NameValue(_) => false,
    }
}

fn leading_name(text: &str) -> String {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    text[..end.unwrap_or(text.len())].to_owned()
}
