//! One table of a policy file: every key is taken once, and what is left over at the end is refused.

use std::{fmt, str::FromStr};

use toml::{Table, Value};

use super::{
    PolicyFileError,
    units::{parse_percent, parse_span},
};
use crate::domain::money::{Currency, Money};

/// A table with the keys that were asked of it.
pub(super) struct Section {
    path: String,
    table: Table,
    known: Vec<&'static str>,
}

impl Section {
    /// The whole file.
    pub(super) fn top(text: &str) -> Result<Self, PolicyFileError> {
        let table = text.parse::<Table>().map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
            let line = before.matches('\n').count().saturating_add(1);
            PolicyFileError::Toml { line, problem: error.message().replace('\n', " ") }
        })?;
        Ok(Self { path: String::new(), table, known: Vec::new() })
    }

    /// The table under a key; an empty one where there is none.
    pub(super) fn section(&mut self, key: &'static str) -> Result<Self, PolicyFileError> {
        let path = self.path_of(key);
        match self.take(key) {
            None => Ok(Self { path, table: Table::new(), known: Vec::new() }),
            Some(Value::Table(table)) => Ok(Self { path, table, known: Vec::new() }),
            Some(other) => {
                Err(self.wrong(key, format!("{other} is no section; write it as [{path}]")))
            }
        }
    }

    /// The tables of a list of them.
    pub(super) fn sections(&mut self, key: &'static str) -> Result<Vec<Self>, PolicyFileError> {
        let path = self.path_of(key);
        let values = self.values(key)?.unwrap_or_default();
        let tables = values.into_iter().map(|value| {
            let Value::Table(table) = value else {
                return Err(self.wrong(key, format!("{value} is no table in braces")));
            };
            Ok(Self { path: path.clone(), table, known: Vec::new() })
        });
        tables.collect()
    }

    /// A text.
    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<String>, PolicyFileError> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(key, format!("{other} is no text; put it in quotes"))),
        }
    }

    /// A text that a type of the domain reads.
    pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(
        &mut self,
        key: &'static str,
    ) -> Result<Option<T>, PolicyFileError> {
        self.read(key, |text| text.parse().map_err(|error: T::Err| format!("{text:?}: {error}")))
    }

    /// Texts that a type of the domain reads.
    pub(super) fn all_parsed<T: FromStr<Err: fmt::Display>>(
        &mut self,
        key: &'static str,
    ) -> Result<Vec<T>, PolicyFileError> {
        let texts = self.texts(key)?.unwrap_or_default();
        let read = texts
            .iter()
            .map(|text| text.parse().map_err(|error: T::Err| self.wrong(key, error.to_string())));
        read.collect()
    }

    /// A list of texts.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
    ) -> Result<Option<Vec<String>>, PolicyFileError> {
        let Some(values) = self.values(key)? else {
            return Ok(None);
        };
        let texts = values.into_iter().map(|value| {
            let Value::String(text) = value else {
                return Err(self.wrong(key, format!("{value} is no text; put it in quotes")));
            };
            Ok(text)
        });
        texts.collect::<Result<_, _>>().map(Some)
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &'static str) -> Result<Option<bool>, PolicyFileError> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Boolean(flag)) => Ok(Some(flag)),
            Some(other) => Err(self.wrong(key, format!("{other} is neither true nor false"))),
        }
    }

    /// A whole number, or `"none"` for 0.
    pub(super) fn count<T>(&mut self, key: &'static str) -> Result<Option<T>, PolicyFileError>
    where
        T: TryFrom<i64> + Default,
    {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(none)) if none == NONE => Ok(Some(T::default())),
            Some(Value::Integer(number)) => {
                let count = T::try_from(number).ok();
                let problem = || self.wrong(key, format!("{number} is out of range"));
                count.map(Some).ok_or_else(problem)
            }
            Some(other) => {
                Err(self.wrong(key, format!("{other} is no whole number; write 3 or \"none\"")))
            }
        }
    }

    /// Whole numbers.
    pub(super) fn numbers(&mut self, key: &'static str) -> Result<Vec<u32>, PolicyFileError> {
        let values = self.values(key)?.unwrap_or_default();
        let numbers = values.into_iter().map(|value| {
            let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
            number.ok_or_else(|| self.wrong(key, format!("{value} is no campaign's number")))
        });
        numbers.collect()
    }

    /// An amount in minor units, or `"none"` for 0.
    pub(super) fn amount(
        &mut self,
        key: &'static str,
        currency: Currency,
    ) -> Result<Option<i64>, PolicyFileError> {
        self.read(key, |text| match text {
            NONE => Ok(0),
            text => Money::parse(text, currency).map(|money| money.minor).map_err(|error| {
                format!("{text:?} is no amount of {currency} or \"none\": {error}")
            }),
        })
    }

    /// A span of time in seconds, or `"none"` for 0.
    pub(super) fn span(&mut self, key: &'static str) -> Result<Option<u32>, PolicyFileError> {
        self.read(key, |text| if text == NONE { Ok(0) } else { parse_span(text) })
    }

    /// A share in hundredths of a percent, or with more decimals; `"none"` for 0.
    pub(super) fn share(
        &mut self,
        key: &'static str,
        decimals: usize,
    ) -> Result<Option<u32>, PolicyFileError> {
        self.read(key, |text| if text == NONE { Ok(0) } else { parse_percent(text, decimals) })
    }

    /// Refuses the keys that nobody asked for.
    pub(super) fn finish(self) -> Result<(), PolicyFileError> {
        let Some(key) = self.table.keys().next() else {
            return Ok(());
        };
        let problem = format!("no such key; here are {}", self.known.join(", "));
        Err(PolicyFileError::Key { key: self.path_of(key), problem })
    }

    /// An error about one of the keys.
    pub(super) fn wrong(&self, key: &str, problem: String) -> PolicyFileError {
        PolicyFileError::Key { key: self.path_of(key), problem }
    }

    fn read<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, PolicyFileError> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        read(text.trim()).map(Some).map_err(|problem| self.wrong(key, problem))
    }

    fn values(&mut self, key: &'static str) -> Result<Option<Vec<Value>>, PolicyFileError> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(values)),
            Some(other) => Err(self.wrong(key, format!("{other} is no list; put it in brackets"))),
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    /// The key as TOML writes it below its section.
    fn path_of(&self, key: &str) -> String {
        let key = if key.is_empty() { "\"\"" } else { key };
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// What stands for no bound.
pub(super) const NONE: &str = "none";
