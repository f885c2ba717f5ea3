//! Values that a comma tears apart: inside braces `{type: NUMERIC(10,2)}` has the keys `type` and `2)`.

use crate::{
    model::Span,
    yaml::{Entry, Mapping, Value},
};

/// A value whose parentheses close in keys that come after it.
pub(super) struct Torn {
    /// Index of the entry that it begins in.
    pub(super) first: usize,
    /// Index of the entry that it ends in.
    pub(super) last: usize,
    /// From its first byte to its last.
    pub(super) span: Span,
}

/// The torn values of a mapping, in order.
pub(super) fn torn(mapping: &Mapping) -> Vec<Torn> {
    let mut found: Vec<Torn> = Vec::new();
    for (first, entry) in mapping.entries.iter().enumerate().filter(|_| mapping.flow) {
        let inside = found.last().is_some_and(|torn| first <= torn.last);
        found.extend((!inside).then(|| from(mapping, first, entry)).flatten());
    }
    found
}

fn from(mapping: &Mapping, first: usize, entry: &Entry) -> Option<Torn> {
    let mut depth = plain(entry).map(depth).filter(|depth| *depth > 0)?;
    for (last, next) in mapping.entries.iter().enumerate().skip(first + 1) {
        // What follows the comma reads as a key without a value.
        plain(next).filter(|text| text.is_empty())?;
        depth += self::depth(&next.key.text);
        if depth <= 0 {
            return Some(Torn { first, last, span: Span::new(entry.value.span.start, next.key.span.end) });
        }
    }
    None
}

fn plain(entry: &Entry) -> Option<&str> {
    match &entry.value.value {
        Value::Scalar(scalar) if !scalar.quoted => Some(&scalar.text),
        _ => None,
    }
}

/// How many parentheses `text` leaves open; negative where it closes more than it opens.
fn depth(text: &str) -> isize {
    let count = |symbol| isize::try_from(text.matches(symbol).count()).unwrap_or(isize::MAX);
    count('(') - count(')')
}
