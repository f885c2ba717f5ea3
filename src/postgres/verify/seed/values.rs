//! Values for columns, by trying.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    super::super::{Connection, PostgresError},
    Column,
};

/// Longest text that is made because a check mentions its length.
const MAX_TEXT: usize = 1000;

/// What PostgreSQL reads as a value of one type or another, in the order in which it is tried. Each type takes what it can
/// read; the first few are distinct in as many types as may be, because keys want that.
const LITERALS: &[&str] = &[
    "1",
    "2",
    "3",
    "0",
    "100",
    "-1",
    "0.1",
    "0.2",
    "0.3",
    "2001",
    "t",
    "f",
    "00000000-0000-4000-8000-000000000001",
    "00000000-0000-4000-8000-000000000002",
    "00000000-0000-4000-8000-000000000003",
    "2001-01-01",
    "2002-02-02",
    "2003-03-03",
    "2100-01-01",
    "01:00",
    "02:00",
    "03:00",
    "1 day",
    "2 days",
    "3 days",
    r#"{"a": 1}"#,
    r#"{"a": 2}"#,
    r#"{"a": 3}"#,
    "[1]",
    "{}",
    r"\x01",
    r"\x02",
    r"\x03",
    "192.0.2.1",
    "192.0.2.2",
    "192.0.2.3",
    "08:00:2b:01:02:01",
    "08:00:2b:01:02:02",
    "08:00:2b:01:02:03",
    "(1,1)",
    "(2,2)",
    "(3,3)",
    "{1,2,3}",
    "[(0,0),(1,1)]",
    "((0,0),(1,1))",
    "<(0,0),1>",
    "<a/>",
    "0/1",
    "0/2",
    "0/3",
    "a",
    "b",
    "c",
    "a1",
    "aa",
    "ab",
    "AA",
    "AB",
    "aaa",
    "AAA",
    "a-1",
    "a_1",
    "a.b",
    "A B",
    "a=>1",
    "a1@example.com",
    "b2@example.com",
    "c3@example.com",
    "https://example.com/1",
    "https://example.com/2",
    "https://example.com/3",
    "+15550100001",
    "/a",
    "#aabbcc",
    "en-GB",
    "Europe/London",
];

/// A type that is made of others, or of labels.
#[derive(Debug, Deserialize)]
struct Made {
    oid: String,
    kind: Kind,
    of: String,
    labels: Option<Vec<String>>,
    /// Definitions of a domain's checks.
    text: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum Kind {
    #[serde(rename = "a")]
    Array,
    #[serde(rename = "d")]
    Domain,
    #[serde(rename = "e")]
    Enum,
    #[serde(rename = "r")]
    Range,
    #[serde(rename = "m")]
    Multirange,
}

/// The values of a database's types.
pub(super) struct Values<'c> {
    connection: &'c Connection,
    made: BTreeMap<String, Made>,
}

impl<'c> Values<'c> {
    pub(super) async fn read(connection: &'c Connection) -> Result<Self, PostgresError> {
        connection.run(include_str!("fits.sql")).await?;
        let made: Vec<Made> = super::read(connection, include_str!("types.sql")).await?;
        Ok(Self { connection, made: made.into_iter().map(|made| (made.oid.clone(), made)).collect() })
    }

    /// Expressions for values of a column, distinct; `checks` are the definitions of the constraints that mention it.
    pub(super) async fn of(&self, column: &Column, checks: &[&str]) -> Result<Vec<String>, PostgresError> {
        let mut texts: Vec<String> = checks.iter().flat_map(|check| constants(check)).collect();
        texts.extend(self.texts(&column.type_id, 0));
        if texts.is_empty() {
            return Ok(texts);
        }
        let rows = texts.iter().enumerate().map(|(index, text)| format!("({index}, {})", literal(text)));
        let rows = rows.collect::<Vec<_>>().join(", ");
        let type_name = literal(&column.type_name);
        let fits = format!("pg_temp.schema_registry_fits(value, {type_name})");
        let sql = format!("SELECT value FROM (VALUES {rows}) AS v (position, value) WHERE {fits} ORDER BY position");
        let mut values = Vec::new();
        for text in self.connection.column(&sql).await? {
            let value = format!("{}::{}", literal(&text), column.type_name);
            if !values.contains(&value) {
                values.push(value);
            }
        }
        Ok(values)
    }

    /// What may be read as a value of a type. Domains of arrays of ranges end somewhere: no type is made of itself.
    fn texts(&self, type_id: &str, depth: usize) -> Vec<String> {
        let Some(made) = self.made.get(type_id).filter(|_| depth < 8) else {
            return LITERALS.iter().map(|text| (*text).to_owned()).collect();
        };
        let parts = || self.texts(&made.of, depth + 1);
        match made.kind {
            Kind::Enum => made.labels.clone().unwrap_or_default(),
            Kind::Domain => constants(&made.text).into_iter().chain(parts()).collect(),
            Kind::Array => {
                parts().iter().map(|text| format!("{{{}}}", quoted(text))).chain(["{}".to_owned()]).collect()
            }
            Kind::Range => {
                let parts = parts();
                parts.windows(2).map(|pair| format!("[{},{})", quoted(&pair[0]), quoted(&pair[1]))).collect()
            }
            Kind::Multirange => parts().iter().map(|text| format!("{{{text}}}")).collect(),
        }
    }
}

/// The constants in the definition of a check and what is near them: numbers one smaller and one larger, and texts of that
/// length.
fn constants(definition: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = definition;
    while let Some(at) = rest.find(|c: char| c == '\'' || c.is_ascii_digit()) {
        let (before, after) = rest.split_at(at);
        if let Some(text) = after.strip_prefix('\'') {
            let end = closing(text);
            found.push(text[..end].replace("''", "'"));
            rest = text.get(end + 1..).unwrap_or_default();
            continue;
        }
        let end = after.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(after.len());
        rest = &after[end..];
        // The digits of a name.
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        if let Ok(number) = after[..end].parse::<i64>() {
            found.extend([number, number.saturating_sub(1), number.saturating_add(1)].map(|number| number.to_string()));
            if let Ok(length @ 1..=MAX_TEXT) = usize::try_from(number) {
                found.extend(["a", "b", "c"].map(|letter| letter.repeat(length)));
            }
        } else {
            found.push(after[..end].to_owned());
        }
    }
    found
}

/// Where a string constant ends whose opening quote is before `text`.
fn closing(text: &str) -> usize {
    let mut quotes = text.match_indices('\'').map(|(at, _)| at).peekable();
    while let Some(at) = quotes.next() {
        if quotes.next_if_eq(&(at + 1)).is_none() {
            return at;
        }
    }
    text.len()
}

/// An element of an array, or a bound of a range.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#))
}

/// A string constant, whatever `standard_conforming_strings` says.
pub(super) fn literal(text: &str) -> String {
    let escape = if text.contains('\\') { "E" } else { "" };
    format!("{escape}'{}'", text.replace('\\', r"\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_found_with_what_is_near_them() {
        let cases: &[(&str, &[&str])] = &[
            ("CHECK ((a > b1))", &[]),
            ("CHECK ((mood = ANY (ARRAY['it''s'::text, 'b'::text])))", &["it's", "b"]),
            ("CHECK ((price >= 2.5))", &["2.5"]),
            ("CHECK ((length(x) = 2))", &["2", "1", "3", "aa", "bb", "cc"]),
            ("CHECK ((x <> ''", &[""]),
            ("CHECK ((x <> 'open", &["open"]),
        ];
        for (definition, expected) in cases {
            assert_eq!(constants(definition), *expected, "{definition}");
        }
    }
}
