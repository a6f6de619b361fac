//! No write runs through a function that reads rows.
//!
//! `rusqlite` answers `query_row("INSERT … RETURNING …")` with the first row and drops the statement there; an error
//! of the write or of its implicit commit is then lost, and the caller is told of a write that was not kept. So a
//! function that reads rows holds no SQL that writes, but for what it passes to `execute`.

use std::fs;

use syn::{
    Expr, ExprMethodCall, ImplItemFn, Item, ItemFn, LitStr, Macro,
    visit::{self, Visit},
};

use crate::{
    paths::is_cfg_test,
    sources::{rust_files, src},
};

const READERS: &[&str] = &["query_row", "query_one", "query_row_and_then"];

#[test]
fn no_write_runs_through_a_reading_call() {
    let mut found = Vec::new();
    for file in rust_files(&src()) {
        let source = fs::read_to_string(&file).unwrap();
        let inside = violations(&source);
        found.extend(inside.into_iter().map(|what| format!("{}: {what}", file.display())));
    }
    assert!(found.is_empty(), "write with `execute` in a transaction:\n{}\n", found.join("\n"));
}

#[test]
fn the_gate_sees_literals_variables_and_pragmas() {
    let bad = [
        "fn f() { c.query_row(\"INSERT INTO a VALUES (1)\", [], g) }",
        "fn f() { let sql = \"update a set b = 1\"; c.query_row(sql, [], g) }",
        "impl C { fn f() { self.query_one(\"DELETE FROM a RETURNING b\", [], g) } }",
        "fn f() { c.query_row(\"PRAGMA journal_mode = WAL\", [], g) }",
        "fn f() { c.query_row(concat!(\"INSERT \", \"INTO a\"), [], g) }",
        "const SQL: &str = \"DELETE FROM a RETURNING b\";",
    ];
    for source in bad {
        assert_eq!(violations(source).len(), 1, "{source}");
    }
    let good = [
        "fn f() { c.query_row(\"SELECT b FROM a\", [], g) }",
        "fn f() { c.query_row(\"PRAGMA journal_mode\", [], g) }",
        "fn f() { c.execute(\"INSERT INTO a\", []); c.query_row(\"SELECT b\", [], g) }",
        "fn f() { c.execute(\"DELETE FROM a\", []) }",
        "#[cfg(test)] mod tests { fn f() { c.query_row(\"DELETE FROM a\", [], g) } }",
        "/// DELETE FROM a RETURNING b\nfn f() {}",
    ];
    for source in good {
        assert_eq!(violations(source), [""; 0], "{source}");
    }
}

fn violations(source: &str) -> Vec<String> {
    let mut gate = Gate::default();
    gate.visit_file(&syn::parse_file(source).unwrap());
    gate.found
}

#[derive(Default)]
struct Gate {
    found: Vec<String>,
    reads: bool,
    literals: Vec<String>,
}

impl Gate {
    /// Looks at one function by itself.
    fn function(&mut self, name: &str, visit: impl FnOnce(&mut Self)) {
        let outer = (self.reads, std::mem::take(&mut self.literals));
        self.reads = false;
        visit(self);
        let writes = self.literals.iter().any(|literal| writes(literal));
        if self.reads && writes {
            self.found.push(format!("{name} reads rows and writes"));
        }
        (self.reads, self.literals) = outer;
    }

    fn literal(&mut self, text: String) {
        if has_word(&text, "RETURNING") {
            self.found.push(format!("{text:?} is a write that answers with rows"));
        } else {
            self.literals.push(text);
        }
    }
}

impl<'ast> Visit<'ast> for Gate {
    fn visit_item(&mut self, item: &'ast Item) {
        let tests = matches!(item, Item::Mod(module) if module.attrs.iter().any(is_cfg_test));
        if !tests {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        let name = function.sig.ident.to_string();
        self.function(&name, |gate| visit::visit_block(gate, &function.block));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        let name = function.sig.ident.to_string();
        self.function(&name, |gate| visit::visit_block(gate, &function.block));
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let method = call.method.to_string();
        self.reads |= READERS.contains(&method.as_str());
        visit::visit_expr(self, &call.receiver);
        let arguments = call.args.iter();
        let is_write = |argument: &&Expr| method.starts_with("execute") && literal(argument);
        arguments
            .filter(|argument| !is_write(argument))
            .for_each(|argument| self.visit_expr(argument));
    }

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        self.literal(text.value());
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        // Macro input is not parsed; its tokens hold the literals.
        self.literals.push(mac.tokens.to_string());
    }

    fn visit_attribute(&mut self, _docs: &'ast syn::Attribute) {}
}

fn literal(argument: &Expr) -> bool {
    matches!(argument, Expr::Lit(_))
}

fn writes(text: &str) -> bool {
    let statement = ["INSERT", "UPDATE", "DELETE", "REPLACE"];
    let pragma = has_word(text, "PRAGMA") && text.contains('=');
    pragma || statement.iter().any(|word| has_word(text, word))
}

fn has_word(text: &str, wanted: &str) -> bool {
    let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.any(|word| word.eq_ignore_ascii_case(wanted))
}
