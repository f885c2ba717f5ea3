//! Places in a text: byte spans inside, lines and columns outside.

use std::ops::Range;

/// A half-open range of bytes in a file, `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span `start..end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The span as the range that slices take.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A line and a column, both counted from 1; a column counts Unicode scalar values, as GitHub's annotations and editors do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in Unicode scalar values, from 1.
    pub column: usize,
}

/// Where the lines of a text begin. Lines end with LF; a CR before it belongs to the line.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Indexes `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { starts: std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect() }
    }

    /// The position of byte `offset` of `text`, which must be the text that was indexed.
    /// An offset past the end, or inside a character, counts as the nearest place before it.
    #[must_use]
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        Position { line: line.max(1), column: text[start..offset].chars().count() + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let text = "a: ä\r\nbb: ✓x\n";
        let index = LineIndex::new(text);
        let at = |needle: &str| index.position(text, text.find(needle).expect("needle is in the text"));
        assert_eq!(at("a"), Position { line: 1, column: 1 });
        assert_eq!(at("ä"), Position { line: 1, column: 4 });
        assert_eq!(at("x"), Position { line: 2, column: 6 });
        assert_eq!(index.position(text, text.len()), Position { line: 3, column: 1 });
        assert_eq!(index.position(text, text.len() + 9), Position { line: 3, column: 1 });
    }

    #[test]
    fn an_offset_inside_a_character_is_the_place_before_it() {
        let index = LineIndex::new("ä");
        assert_eq!(index.position("ä", 1), Position { line: 1, column: 1 });
    }
}
