//! Changing one value of a text and nothing else.

use super::{
    node::{Entry, Mapping, Node, Value},
    read::read,
};
use crate::model::{Edit, Span};

/// A text that cannot be edited safely; it stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value cannot be set without changing the rest of the file")]
pub struct CannotEdit;

/// The edits that set the value at `path`, a chain of keys from the top, to `text`: a plain scalar of letters, digits
/// and `-:.+` that is not empty. Mappings that are missing are added. Comments, order and notation stay, and the result
/// was read again and differs in that value alone. Spans count in `source`, which has no byte-order mark.
pub fn set(source: &str, path: &[&str], text: &str) -> Result<Vec<Edit>, CannotEdit> {
    let before = tree(source).ok_or(CannotEdit)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-:.+".contains(c);
    if text.is_empty() || !text.chars().all(plain) {
        return Err(CannotEdit);
    }
    let mut candidates = Vec::new();
    let mut node = &before;
    let mut rest = path;
    while let Some((key, deeper)) = rest.split_first() {
        let Value::Mapping(mapping) = &node.value else { return Err(CannotEdit) };
        let Some(entry) = mapping.entries.iter().find(|entry| entry.key.text == *key) else {
            candidates = Insertion { source, mapping, node, keys: rest, text }.candidates();
            break;
        };
        if deeper.is_empty() {
            candidates.push(vec![replace(source, entry, text)]);
        }
        (node, rest) = (&entry.value, deeper);
    }
    let fits = |edits: &Vec<Edit>| {
        let after = tree(&apply(source, edits));
        after.is_some_and(|after| same_but(&before, &after, path, text))
    };
    candidates.into_iter().find(fits).ok_or(CannotEdit)
}

/// `source` with `edits` made; they must not overlap.
#[must_use]
pub fn apply(source: &str, edits: &[Edit]) -> String {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.span);
    let mut result = source.to_owned();
    for edit in sorted.into_iter().rev() {
        let valid = edit.span.start <= edit.span.end && result.get(edit.span.range()).is_some();
        if valid {
            result.replace_range(edit.span.range(), &edit.text);
        }
    }
    result
}

fn tree(source: &str) -> Option<Node> {
    let reading = read(source);
    reading.root.filter(|_| reading.problems.is_empty())
}

fn starts_with_quote(source: &str, at: usize) -> bool {
    matches!(source.as_bytes().get(at), Some(b'"' | b'\''))
}

fn replace(source: &str, entry: &Entry, text: &str) -> Edit {
    let span = entry.value.span;
    let quoted = starts_with_quote(source, span.start) || starts_with_quote(source, entry.key.span.start);
    let text = if quoted { format!("\"{text}\"") } else { text.to_owned() };
    Edit { span, text }
}

/// Keys that are missing from a mapping.
struct Insertion<'i> {
    source: &'i str,
    mapping: &'i Mapping,
    /// The node of the mapping.
    node: &'i Node,
    /// From the first missing one to the value's own.
    keys: &'i [&'i str],
    text: &'i str,
}

impl Insertion<'_> {
    /// Ways to insert, the nicest first; a text may rule some of them out.
    fn candidates(&self) -> Vec<Vec<Edit>> {
        if self.mapping.flow {
            return vec![self.on_flow_line(), self.in_flow()];
        }
        vec![self.after_last(), self.before_first()]
    }

    fn last(&self) -> Option<&Entry> {
        self.mapping.entries.last()
    }

    fn newline(&self) -> &'static str {
        if self.source.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// What stands before `at` on its line, if that is indentation alone.
    fn indentation(&self, at: usize) -> Option<&str> {
        let before = self.source.get(..at)?;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        before.get(start..).filter(|text| text.chars().all(|c| c == ' '))
    }

    fn end_of_line(&self, from: usize) -> usize {
        let rest = self.source.get(from..).unwrap_or_default();
        let length = rest.find('\n').unwrap_or(rest.len());
        from + rest.get(..length).unwrap_or_default().trim_end_matches('\r').len()
    }

    /// `key: value`, further keys indented by two spaces more each.
    fn block(&self, indentation: &str) -> String {
        let mut text = String::new();
        let mut indentation = indentation.to_owned();
        for (index, key) in self.keys.iter().enumerate() {
            if index > 0 {
                indentation.push_str("  ");
                text.push_str(self.newline());
                text.push_str(&indentation);
            }
            text.push_str(key);
            text.push(':');
        }
        text.push(' ');
        text.push_str(self.text);
        text
    }

    /// On a line of its own below the last entry.
    fn after_last(&self) -> Vec<Edit> {
        let (Some(first), Some(last)) = (self.mapping.entries.first(), self.last()) else { return Vec::new() };
        let Some(indentation) = self.indentation(first.key.span.start) else { return Vec::new() };
        let at = self.end_of_line(last.value.span.end);
        let text = format!("{}{indentation}{}", self.newline(), self.block(indentation));
        vec![Edit { span: Span::new(at, at), text }]
    }

    /// Above the first entry: always possible, also where the last value is a text of many lines.
    fn before_first(&self) -> Vec<Edit> {
        let Some(first) = self.mapping.entries.first() else { return Vec::new() };
        let Some(indentation) = self.indentation(first.key.span.start) else { return Vec::new() };
        let at = first.key.span.start;
        let text = format!("{}{}{indentation}", self.block(indentation), self.newline());
        vec![Edit { span: Span::new(at, at), text }]
    }

    fn quotes(&self) -> bool {
        match self.mapping.entries.first() {
            Some(first) => starts_with_quote(self.source, first.key.span.start),
            None => self.source.trim_start().starts_with('{'),
        }
    }

    /// `"key": {"key": "value"}`, quoted as its neighbours are.
    fn flow(&self) -> String {
        let quote = if self.quotes() { "\"" } else { "" };
        let mut text = format!("{quote}{}{quote}", self.text);
        for (index, key) in self.keys.iter().rev().enumerate() {
            if index > 0 {
                text = format!("{{{text}}}");
            }
            text = format!("{quote}{key}{quote}: {text}");
        }
        text
    }

    /// Behind the last entry of a mapping in braces, on the same line.
    fn in_flow(&self) -> Vec<Edit> {
        let (at, text) = match self.last() {
            Some(last) => (last.value.span.end, format!(", {}", self.flow())),
            None => (self.node.span.start + 1, self.flow()),
        };
        vec![Edit { span: Span::new(at, at), text }]
    }

    /// On a line of its own, where the entries of a mapping in braces have lines of their own.
    fn on_flow_line(&self) -> Vec<Edit> {
        let Some(last) = self.last() else { return Vec::new() };
        let Some(indentation) = self.indentation(last.key.span.start) else { return Vec::new() };
        let end = last.value.span.end;
        let at = self.end_of_line(end);
        let between = self.source.get(end..at).unwrap_or_default();
        let (comma, behind) = match between.trim_start().strip_prefix(',') {
            Some(behind) => (None, behind),
            None => (Some(Edit { span: Span::new(end, end), text: ",".to_owned() }), between),
        };
        if at >= self.node.span.end || !(behind.trim().is_empty() || behind.trim_start().starts_with('#')) {
            return Vec::new();
        }
        let trailing = if comma.is_none() { "," } else { "" };
        let text = format!("{}{indentation}{}{trailing}", self.newline(), self.flow());
        comma.into_iter().chain([Edit { span: Span::new(at, at), text }]).collect()
    }
}

/// Whether `after` is `before` with the scalar at `path` set to `text`, wherever the new keys stand.
fn same_but(before: &Node, after: &Node, path: &[&str], text: &str) -> bool {
    let Some((key, deeper)) = path.split_first() else { return is_chain(after, path, text) };
    let (Value::Mapping(old), Value::Mapping(new)) = (&before.value, &after.value) else { return false };
    let Some(set) = after.get(key) else { return false };
    let inner = match before.get(key) {
        Some(entry) => same_but(&entry.value, &set.value, deeper, text),
        None => is_chain(&set.value, deeper, text),
    };
    let others = |mapping: &Mapping| -> Vec<Entry> {
        mapping.entries.iter().filter(|entry| entry.key.text != *key).cloned().collect()
    };
    inner && same_entries(&others(old), &others(new))
}

/// Whether a value is `text`, inside mappings of one key each.
fn is_chain(node: &Node, keys: &[&str], text: &str) -> bool {
    match (&node.value, keys.split_first()) {
        (Value::Scalar(scalar), None) => scalar.text == text,
        (Value::Mapping(mapping), Some((key, deeper))) => {
            mapping.entries.len() == 1 && node.get(key).is_some_and(|entry| is_chain(&entry.value, deeper, text))
        }
        _ => false,
    }
}

/// Whether two trees are the same but for their places.
fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Scalar(one), Value::Scalar(other)) => one == other,
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Mapping(one), Value::Mapping(other)) => same_entries(&one.entries, &other.entries),
        _ => false,
    }
}

fn same_entries(one: &[Entry], other: &[Entry]) -> bool {
    let same_entry = |(one, other): (&Entry, &Entry)| one.key.text == other.key.text && same(&one.value, &other.value);
    one.len() == other.len() && one.iter().zip(other).all(same_entry)
}

#[cfg(test)]
#[expect(clippy::format_collect, reason = "short tests beat fast ones")]
#[path = "edit_tests.rs"]
mod tests;
