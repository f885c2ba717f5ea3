//! Edits that fix what a rule reports, in the style in which the file is written.

use crate::model::{Edit, Request, Route, Span};

/// Replaces the scalar at `route`, which must read `from`, by `to`, in the quotes that it has.
/// Nothing where the scalar is not written on one line as expected.
pub(super) fn replace(request: &Request, route: &Route, from: &str, to: &str) -> Vec<Edit> {
    let Some(field) = request.spans.get(route) else { return Vec::new() };
    let Some(written) = request.text.get(field.value.range()) else { return Vec::new() };
    let (quote, inner) = unquote(written);
    if inner != from {
        return Vec::new();
    }
    let text = match quote {
        Some(quote) => format!("{quote}{to}{quote}"),
        None => scalar(to),
    };
    vec![Edit { span: field.value, text }]
}

/// Adds `key: value` to the mapping whose one-line field is at `beside`, behind that field.
pub(super) fn add_field(request: &Request, beside: &Route, key: &str, value: &str) -> Vec<Edit> {
    let Some(field) = request.spans.get(beside) else { return Vec::new() };
    let (Some(key_span), Some(parent)) = (field.key, beside.parent()) else { return Vec::new() };
    let Some(mapping) = request.spans.get(&parent) else { return Vec::new() };
    let text = &request.text;
    let Some(written) = text.get(field.value.range()).filter(|value| !value.contains('\n')) else { return Vec::new() };
    let at = Span::new(field.value.end, field.value.end);
    let starts = |at: usize, char: char| text.get(at..).is_some_and(|rest| rest.starts_with(char));
    if starts(mapping.value.start, '{') {
        let json = starts(key_span.start, '"') && unquote(written).0 == Some('"');
        let text = if json { format!(r#", "{key}": "{value}""#) } else { format!(", {key}: {}", scalar(value)) };
        return vec![Edit { span: at, text }];
    }
    let Some(at) = end_of_line(text, field.value.end) else { return Vec::new() };
    let indent = " ".repeat(column(text, key_span.start));
    vec![Edit { span: Span::new(at, at), text: format!("{}{indent}{key}: {}", newline(text), scalar(value)) }]
}

/// Adds a column behind the last one: an item of a block list, written as a flow mapping.
pub(super) fn add_column(request: &Request, item: &str) -> Vec<Edit> {
    let text = &request.text;
    let Some(last) = request.schema.columns.last().and_then(|column| request.spans.get(&column.route)) else {
        return Vec::new();
    };
    let (Some(before), Some(written)) = (text.get(..last.value.start), text.get(last.value.range())) else {
        return Vec::new();
    };
    let Some(dash) = before.trim_end_matches(' ').strip_suffix('-').map(str::len) else { return Vec::new() };
    let Some(at) = end_of_line(text, last.value.start + written.trim_end().len()) else { return Vec::new() };
    let indent = " ".repeat(column(text, dash));
    vec![Edit { span: Span::new(at, at), text: format!("{}{indent}- {item}", newline(text)) }]
}

fn unquote(written: &str) -> (Option<char>, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = written.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return (Some(quote), inner);
        }
    }
    (None, written)
}

/// `text` as a YAML scalar that is safe inside and outside of flow collections.
fn scalar(text: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_()".contains(char);
    if text.chars().all(plain) { text.to_owned() } else { format!("\"{text}\"") }
}

/// The place before the line break, where nothing but white space and a comment stands between.
fn end_of_line(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let line = rest.split('\n').next()?;
    let tail = line.trim();
    (tail.is_empty() || (tail.starts_with('#') && line.starts_with([' ', '\t'])))
        .then_some(from + line.strip_suffix('\r').unwrap_or(line).len())
}

fn column(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rsplit('\n').next()).map_or(0, |line| line.chars().count())
}

fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_quoted_where_a_flow_collection_needs_it() {
        assert_eq!(scalar("TIMESTAMPTZ(3)"), "TIMESTAMPTZ(3)");
        assert_eq!(scalar("TEXT[]"), "\"TEXT[]\"");
        assert_eq!(scalar("gen_random_uuid()"), "gen_random_uuid()");
        assert_eq!(unquote("'a'"), (Some('\''), "a"));
        assert_eq!(unquote("a"), (None, "a"));
    }

    #[test]
    fn additions_keep_what_ends_the_line() {
        let text = "a: b # why\nc: d\r\ne: [f, g]\n";
        assert_eq!(end_of_line(text, 4), Some(10));
        assert_eq!(end_of_line(text, 15), Some(15));
        assert_eq!(end_of_line(text, text.find(", g").expect("is there")), None);
    }
}
