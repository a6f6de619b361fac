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

    /// The text for `key` with each `{name}` replaced by its value.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        values.iter().fold(self.get(key).to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    }

    /// Every key, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }
}
