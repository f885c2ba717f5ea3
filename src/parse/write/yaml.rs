//! Flow-style YAML that every reader takes for the same strings.

use std::fmt::Write as _;

/// Words that some YAML reader takes for something else than a string, in lower case.
/// Source: <https://yaml.org/type/bool.html>, <https://yaml.org/type/null.html> and <https://yaml.org/type/float.html>
const WORDS: [&str; 12] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"];

/// A string: bare where no reader can take it for anything else, quoted otherwise.
pub(super) fn string(text: &str) -> String {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let bare = begins
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_ ()".contains(c))
        && !text.ends_with(' ')
        && !text.contains("  ")
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if bare {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // What YAML 1.1 breaks lines at, and what no file should hold as it is.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// `[a, "b c"]`.
pub(super) fn strings<'a>(items: impl IntoIterator<Item = &'a String>) -> String {
    list(items.into_iter().map(|item| string(item)))
}

/// `[a, b]`, of items that are YAML already.
pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

/// `{key: value}`, in the order in which the entries come.
#[derive(Debug, Default)]
pub(super) struct Mapping(Vec<String>);

impl Mapping {
    /// An entry whose value is YAML already.
    pub(super) fn raw(mut self, key: &str, value: impl AsRef<str>) -> Self {
        self.0.push(format!("{key}: {}", value.as_ref()));
        self
    }

    /// An entry whose value is a string; nothing where there is none.
    pub(super) fn text(self, key: &str, value: Option<&String>) -> Self {
        match value {
            Some(value) => self.raw(key, string(value)),
            None => self,
        }
    }

    /// An entry that says yes, where it does.
    pub(super) fn flag(self, key: &str, value: bool) -> Self {
        if value { self.raw(key, "true") } else { self }
    }

    /// `{a: b, c: d}`.
    pub(super) fn finish(self) -> String {
        format!("{{{}}}", self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a reader of YAML 1.2 makes of the text, as an item and as a value.
    fn read(text: &str) -> Vec<String> {
        let document = format!("[{text}, {{key: {text}}}]");
        let value: serde_yaml::Value = serde_yaml::from_str(&document).expect(&document);
        [&value[0], &value[1]["key"]].map(|value| value.as_str().unwrap_or("not a string").to_owned()).into()
    }

    #[test]
    fn words_that_are_no_strings_are_quoted() {
        for text in ["no", "On", "TRUE", "y", "~", "null", "", " ", "1", "1e3", "0x1f", "2024-01-01", "1:30", ".inf"] {
            assert_eq!(string(text), format!("\"{text}\""));
            assert_eq!(read(&string(text)), [text, text]);
        }
        for text in ["id", "timestamp with time zone", "character varying(40)", "now()", "_x"] {
            assert_eq!(string(text), text);
            assert_eq!(read(&string(text)), [text, text]);
        }
        assert_eq!(string("numeric(10,2)"), "\"numeric(10,2)\"");
        assert_eq!(string("a\n\"b\"\\"), r#""a\n\"b\"\\""#);
    }

    proptest! {
        #[test]
        fn every_string_is_read_back(text in "(\\PC|[\\n\\t\\r :#,&*!|>'\"%@`\\[\\]{}-]){0,12}") {
            prop_assert_eq!(read(&string(&text)), [text.clone(), text]);
        }
    }
}
