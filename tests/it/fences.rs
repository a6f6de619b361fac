//! The examples of a document: its fenced blocks of `name: value` lines.

use std::collections::BTreeMap;

/// One fenced block; a name that is missing stops the test that asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Fence(BTreeMap<String, String>);

impl Fence {
    pub(crate) fn get(&self, name: &str) -> &str {
        let value = self.0.get(name);
        value.unwrap_or_else(|| panic!("no {name:?} in {:?}", self.0))
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        hex(self.get(name))
    }
}

/// The blocks of `document` that have a line of this name, in their order.
pub(crate) fn fences(document: &str, name: &str) -> Vec<Fence> {
    document
        .split("```")
        .skip(1)
        .step_by(2)
        .map(|block| Fence(block.lines().skip(1).filter_map(line).collect()))
        .filter(|fence| fence.0.contains_key(name))
        .collect()
}

/// The commands a document shows in its `sh` blocks, without prompts and comments.
pub(crate) fn commands(document: &str) -> Vec<String> {
    let blocks = document.split("```").skip(1).step_by(2);
    let shell = blocks.filter_map(|block| block.strip_prefix("sh\n"));
    let lines = shell.flat_map(str::lines).map(|line| line.trim_start_matches("$ ").trim());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn line(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    Some((name.to_owned(), value.trim_start().to_owned()))
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    assert_eq!(digits.len() % 2, 0, "{text}");
    let bytes = digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]);
    bytes.map(|byte| u8::try_from(byte).unwrap()).collect()
}

#[test]
fn blocks_are_found_by_a_name_in_them() {
    let document = "a\n```text\nx: 1\ny:  2\n```\nb: 3\n```text\nz: 4\n```\n";
    let found = fences(document, "y");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].get("x"), found[0].get("y")), ("1", "2"));
    let document = "```sh\n# build\n$ cargo build\n\ncargo run\n```\n```text\nno\n```";
    assert_eq!(commands(document), ["cargo build", "cargo run"]);
}
