//! The tree that the reader gives.

use crate::model::Span;

/// A value with its bytes. The span is never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Bytes of the value, quotes and brackets included; of an empty value, those of its key or list marker.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// What a [`Node`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text, quoted or not.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A mapping.
    Mapping(Mapping),
}

/// A mapping, in the order of the file; no key occurs twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Whether it is written in braces.
    pub flow: bool,
    /// The entries.
    pub entries: Vec<Entry>,
}

/// One entry of a [`Mapping`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key. Keys are text, whatever they look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The text, without quotes.
    pub text: String,
    /// Bytes, quotes included.
    pub span: Span,
}

/// A scalar, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text: escapes resolved and lines folded where quoted, otherwise exactly as written.
    pub text: String,
    /// Whether quotes, `|` or `>` say that it is text.
    pub quoted: bool,
}

/// What a scalar is in YAML's core schema.
/// Source: <https://yaml.org/spec/1.2.2/#103-core-schema>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarKind {
    /// Nothing: empty, `~` or `null`.
    Null,
    /// `true` or `false`; `yes`, `no`, `on` and `off` are text.
    Bool(bool),
    /// A whole number.
    Int,
    /// Any other number.
    Float,
    /// Text.
    Text,
}

impl Scalar {
    /// What the scalar is.
    #[must_use]
    pub fn kind(&self) -> ScalarKind {
        if self.quoted {
            return ScalarKind::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
            "true" | "True" | "TRUE" => ScalarKind::Bool(true),
            "false" | "False" | "FALSE" => ScalarKind::Bool(false),
            text if is_int(text) => ScalarKind::Int,
            text if is_float(text) => ScalarKind::Float,
            _ => ScalarKind::Text,
        }
    }
}

impl Node {
    /// The entry of `key`, where the node is a mapping that has one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Mapping(mapping) => mapping.entries.iter().find(|entry| entry.key.text == key),
            Value::Scalar(_) | Value::List(_) => None,
        }
    }

    /// The text of a scalar that is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) if scalar.kind() == ScalarKind::Text => Some(&scalar.text),
            _ => None,
        }
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn all(text: &str, belongs: fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(belongs)
}

fn is_int(text: &str) -> bool {
    all(unsigned(text), |byte| byte.is_ascii_digit())
        || text.strip_prefix("0x").is_some_and(|rest| all(rest, |byte| byte.is_ascii_hexdigit()))
        || text.strip_prefix("0o").is_some_and(|rest| all(rest, |byte| matches!(byte, b'0'..=b'7')))
}

fn is_float(text: &str) -> bool {
    let number = unsigned(text);
    if matches!(number, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(unsigned(exponent))),
        None => (number, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    all(&digits, |byte| byte.is_ascii_digit())
        && exponent.is_none_or(|exponent| all(exponent, |byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_resolve_as_the_core_schema_says() {
        let cases = [
            (ScalarKind::Null, "|~|null|Null|NULL"),
            (ScalarKind::Bool(true), "true|True|TRUE"),
            (ScalarKind::Bool(false), "false|False|FALSE"),
            (ScalarKind::Int, "0|010|-7|+12|0x1F|0o17|1701792000"),
            (ScalarKind::Float, "1.10|.5|5.|1e3|-1.2E-7|.inf|-.INF|.nan"),
            (ScalarKind::Text, "no|yes|on|Off|y|tRue|nULL|1_000|0x|0o9|.|e3|1e|12:30:45|1.2.3|--1|2026-11-24|-.nan|-"),
        ];
        for (kind, texts) in cases {
            for text in texts.split('|') {
                assert_eq!(Scalar { text: text.to_owned(), quoted: false }.kind(), kind, "{text}");
                assert_eq!(Scalar { text: text.to_owned(), quoted: true }.kind(), ScalarKind::Text, "quoted {text}");
            }
        }
    }
}
