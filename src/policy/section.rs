//! One table of the policy file: strict about keys, and every mistake with its place.

use std::borrow::Cow;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{PolicyError, nearest::hint};
use crate::model::Span;

/// A TOML table with its name as people write it, for messages.
pub(super) struct Section<'a> {
    name: String,
    table: &'a DeTable<'a>,
}

/// A value with the key that people know it by.
pub(super) struct Value<'a> {
    key: String,
    value: &'a Spanned<DeValue<'a>>,
}

pub(super) fn error(span: std::ops::Range<usize>, message: impl Into<String>) -> PolicyError {
    PolicyError { message: message.into(), span: Some(Span::new(span.start, span.end)) }
}

impl<'a> Section<'a> {
    /// The whole file, which may hold these sections only.
    pub(super) fn root(table: &'a DeTable<'a>, sections: &[&str]) -> Result<Self, PolicyError> {
        Self { name: String::new(), table }.with_keys(sections)
    }

    /// The table called `name`, which may hold these keys only.
    pub(super) fn section(&self, name: &str, keys: &[&str]) -> Result<Option<Self>, PolicyError> {
        self.open(name)?.map(|section| section.with_keys(keys)).transpose()
    }

    /// The table called `name`, whatever its keys.
    pub(super) fn open(&self, name: &str) -> Result<Option<Self>, PolicyError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let table = value.value.get_ref().as_table().ok_or_else(|| value.wrong(&format!("a table: `[{name}]`")))?;
        Ok(Some(Self { name: name.to_owned(), table }))
    }

    fn with_keys(self, known: &[&str]) -> Result<Self, PolicyError> {
        match self.table.keys().find(|key| !known.contains(&key.get_ref().as_ref())) {
            None => Ok(self),
            Some(key) => {
                let word: &Cow<'_, str> = key.get_ref();
                let place = if self.name.is_empty() { "the policy".to_owned() } else { format!("`[{}]`", self.name) };
                let hint = match hint(word, known.iter().copied()) {
                    hint if hint.is_empty() => format!("; it may have {}", list(known)),
                    hint => hint,
                };
                Err(error(key.span(), format!("{place} has no key `{word}`{hint}")))
            }
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Value<'a>> {
        let (_, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(Value { key: key.to_owned(), value })
    }

    /// Every key with its span and value, in the order of their names.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, std::ops::Range<usize>, Value<'a>)> {
        self.table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span(), Value { key: key.get_ref().to_string(), value }))
    }
}

impl<'a> Value<'a> {
    pub(super) fn error(&self, message: impl Into<String>) -> PolicyError {
        error(self.value.span(), message)
    }

    /// "`key` must be ...", with the type that it has instead.
    pub(super) fn wrong(&self, expected: &str) -> PolicyError {
        self.error(format!("`{}` must be {expected}; it is {}", self.key, kind(self.value.get_ref())))
    }

    pub(super) fn is_string(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// A string that is not blank.
    pub(super) fn string(&self) -> Result<&'a str, PolicyError> {
        let text = self.value.get_ref().as_str().ok_or_else(|| self.wrong("a string"))?;
        if text.trim().is_empty() {
            return Err(self.error(format!("`{}` must not be empty", self.key)));
        }
        Ok(text)
    }

    /// A list of strings that are not blank.
    pub(super) fn strings(&self) -> Result<Vec<&'a str>, PolicyError> {
        self.items()?.iter().map(Value::string).collect()
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, PolicyError> {
        let items = self.value.get_ref().as_array().ok_or_else(|| self.wrong("a list: `[...]`"))?;
        Ok(items.iter().map(|value| Self { key: self.key.clone(), value }).collect())
    }

    pub(super) fn boolean(&self) -> Result<bool, PolicyError> {
        self.value.get_ref().as_bool().ok_or_else(|| self.wrong("`true` or `false`"))
    }

    /// A whole number within `range`; `unit` says what it counts.
    pub(super) fn number(&self, range: std::ops::RangeInclusive<u64>, unit: &str) -> Result<u64, PolicyError> {
        let expected = format!("a whole number {unit}from {} to {}", range.start(), range.end());
        let integer = self.value.get_ref().as_integer().ok_or_else(|| self.wrong(&expected))?;
        u64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.error(format!("`{}` must be {expected}; it is {}", self.key, integer.as_str())))
    }

    /// An inline table, which may hold these keys only.
    pub(super) fn table(&self, keys: &[&str]) -> Option<Result<Section<'a>, PolicyError>> {
        let table = self.value.get_ref().as_table()?;
        Some(Section { name: self.key.clone(), table }.with_keys(keys))
    }
}

fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the string {:?}", text.as_ref()),
        DeValue::Integer(number) => format!("the number {}", number.as_str()),
        DeValue::Float(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(truth) => format!("the boolean {truth}"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
