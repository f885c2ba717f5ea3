//! Fixes as suggestion blocks: edits of bytes as replacements of whole lines.

use std::ops::RangeInclusive;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::model::{Edit, LineIndex};

/// The lines that `edits` of `text` touch, from 1, and what stands there afterwards, each line with its LF; an empty
/// replacement deletes the lines. `None` where a click could do something else than the edits: in files with CR line
/// ends (GitHub commits what it pleases), with characters that nobody sees, and for edits that do not fit the text.
pub(super) fn replacement(text: &str, edits: &[Edit]) -> Option<(RangeInclusive<usize>, String)> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let start = edits.first()?.span.start;
    let end = edits.last()?.span.end;
    let valid = edits.iter().all(|edit| text.get(edit.span.range()).is_some());
    if !valid || edits.windows(2).any(|pair| pair[0].span.end > pair[1].span.start) {
        return None;
    }
    let from = line_start(text, start);
    let mut to = line_end(text, end.max(from + usize::from(end > start)) - usize::from(end > start));
    let mut new = apply(text, from, to, &edits)?;
    while !new.is_empty() && !new.ends_with('\n') && text[..to].ends_with('\n') && to < text.len() {
        // An edit that takes a line end away joins the next line: it changes too.
        to = line_end(text, to);
        new = apply(text, from, to, &edits)?;
    }
    let hidden = |c: char| {
        !matches!(c, '\n' | '\t') && matches!(c.general_category(), GeneralCategory::Control | GeneralCategory::Format)
    };
    if from == to || text.contains('\r') || new.contains(hidden) {
        return None;
    }
    let index = LineIndex::new(text);
    let lines = index.position(text, from).line..=index.position(text, to - 1).line;
    if !new.is_empty() && !new.ends_with('\n') {
        new.push('\n');
    }
    Some((lines, new))
}

/// Where the line of byte `at` begins; past the last line end, the last line itself.
fn line_start(text: &str, at: usize) -> usize {
    let before = if at == text.len() { text[..at].strip_suffix('\n').unwrap_or(text) } else { &text[..at] };
    before.rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the line of byte `at` ends, its line end included.
fn line_end(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'\n').map_or(text.len(), |newline| at + newline + 1)
}

/// Bytes `from..to` of `text` with the edits made.
fn apply(text: &str, from: usize, to: usize, edits: &[&Edit]) -> Option<String> {
    let mut out = String::new();
    let mut at = from;
    for edit in edits {
        out.push_str(text.get(at..edit.span.start)?);
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(text.get(at..to.max(at))?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Span;

    const TEXT: &str = "a: 1\nbä: 2\nc: 3\n";

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span::new(start, end), text: text.to_owned() }
    }

    /// Edits `old` into `new` at its place in [`TEXT`].
    fn swap(old: &str, new: &str) -> Edit {
        let start = TEXT.find(old).expect("old is in the text");
        edit(start, start + old.len(), new)
    }

    #[test]
    fn whole_lines_are_replaced_exactly() {
        let cases = [
            (vec![swap("2", "4")], Some((2..=2, "bä: 4\n"))),
            (vec![swap("3", "4"), swap("1", "0")], Some((1..=3, "a: 0\nbä: 2\nc: 4\n"))),
            (vec![swap("bä: 2\n", "")], Some((2..=2, ""))),
            (vec![swap("\nbä: 2", "")], Some((1..=2, "a: 1\n"))),
            (vec![swap("1\n", "1, ")], Some((1..=2, "a: 1, bä: 2\n"))),
            (vec![edit(5, 5, "x: 0\n")], Some((2..=2, "x: 0\nbä: 2\n"))),
            (vec![edit(TEXT.len(), TEXT.len(), "d: 4\n")], Some((3..=3, "c: 3\nd: 4\n"))),
            (vec![swap("bä: 2", "")], Some((2..=2, "\n"))),
            (vec![swap("2", "\u{202e}")], None),
            (vec![swap("2", "4\r")], None),
            (vec![edit(0, 3, ""), edit(2, 4, "")], None),
            (vec![edit(7, 8, "")], None),
            (vec![edit(0, 99, "")], None),
            (vec![], None),
        ];
        for (edits, expected) in cases {
            let expected = expected.map(|(lines, new): (_, &str)| (lines, new.to_owned()));
            assert_eq!(replacement(TEXT, &edits), expected, "{edits:?}");
        }
        assert_eq!(replacement("a: 1\r\n", &[edit(3, 4, "2")]), None, "CRLF");
        assert_eq!(replacement("a: 1\nb: 2\r\n", &[edit(3, 4, "2")]), None, "CRLF elsewhere");
        assert_eq!(replacement("a: 1", &[edit(3, 4, "2")]), Some((1..=1, "a: 2\n".to_owned())));
        assert_eq!(replacement("", &[edit(0, 0, "a: 1\n")]), None, "no line to comment on");
    }

    proptest! {
        /// What a click does is what the edits say.
        #[test]
        fn a_click_makes_the_edits(text in "[ab\n]{0,12}", start in 0..12_usize, len in 0..4_usize, new in "[x\n]{0,3}") {
            let (start, end) = (start.min(text.len()), (start + len).min(text.len()));
            let edited = format!("{}{new}{}", &text[..start], &text[end..]);
            if let Some((lines, new)) = replacement(&text, &[edit(start, end, &new)]) {
                let mut old: Vec<&str> = text.split_inclusive('\n').collect();
                let count = old.len();
                old.splice(lines.start() - 1..*lines.end(), [new.as_str()]);
                let clicked = old.concat();
                // The last line end of a file is the one thing that a suggestion cannot express.
                prop_assert_eq!(clicked.trim_end_matches('\n'), edited.trim_end_matches('\n'));
                prop_assert!(*lines.start() >= 1 && lines.start() <= lines.end() && *lines.end() <= count);
            }
        }
    }
}
