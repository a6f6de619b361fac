//! Keyed texts: every sentence a person reads comes from one catalogue a language.

use std::collections::BTreeMap;

/// The texts of one language.
#[derive(Clone, Debug)]
pub struct Texts {
    entries: BTreeMap<String, String>,
}

impl Texts {
    /// The English catalogue, which holds every key.
    pub fn english() -> Self {
        let mut texts = Self::parse(include_str!("../../assets/i18n/en/terminal.toml"));
        texts.entries.extend(Self::parse(include_str!("../../assets/i18n/en/ui.toml")).entries);
        texts
    }

    /// Reads a catalogue: a TOML file of tables of strings; a key is `table.name`.
    ///
    /// A file that is not such a catalogue yields no texts; a test reads every shipped one.
    pub fn parse(source: &str) -> Self {
        let tables: BTreeMap<String, BTreeMap<String, String>> =
            toml::from_str(source).unwrap_or_default();
        let entries = tables
            .into_iter()
            .flat_map(|(table, texts)| {
                texts.into_iter().map(move |(name, text)| (format!("{table}.{name}"), text))
            })
            .collect();
        Self { entries }
    }

    /// The text for `key`, or the key itself where the catalogue has none.
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.entries.get(key).map_or(key, String::as_str)
    }

    /// The text for `key` with each `{name}` replaced by its value; what a value says is no name.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let (mut filled, mut rest) = (String::new(), self.get(key));
        while let Some((before, name, after)) = next_name(rest) {
            filled.push_str(before);
            match values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => filled.push_str(value),
                None => filled.extend(["{", name, "}"]),
            }
            rest = after;
        }
        filled + rest
    }

    /// Every key, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }
}

/// What stands before the first `{name}` of a text, the name, and what comes after.
fn next_name(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}
