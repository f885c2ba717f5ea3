//! Fixes as replacements of whole lines, which is what a suggestion block can say.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::model::{Edit, LineIndex, Replacement};

/// The lines that `edits` of `text` touch, and what stands there afterwards. `None` for edits that do not fit the text,
/// that touch no line, or that write characters which nobody sees.
///
/// It is exact where replacing the lines gives the very bytes of the edits. In files with CR line ends, and on a last line
/// without a line end, that depends on what GitHub makes of the missing or other line end, so there it is not.
pub(super) fn replacement(text: &str, edits: &[Edit]) -> Option<Replacement> {
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
    let whole = new.is_empty() || new.ends_with('\n');
    let exact = whole && text[..to].ends_with('\n') && !text.contains('\r') && !new.contains('\r');
    if !whole {
        new.push('\n');
    }
    if text.contains('\r') {
        new = new.replace("\r\n", "\n");
    }
    let hidden = |c: char| {
        !matches!(c, '\n' | '\t') && matches!(c.general_category(), GeneralCategory::Control | GeneralCategory::Format)
    };
    if from == to || new.contains(hidden) {
        return None;
    }
    let index = LineIndex::new(text);
    let (first, last) = (index.position(text, from).line, index.position(text, to - 1).line);
    Some(Replacement { first, last, text: new, exact })
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
            (vec![swap("2", "4")], Some((2, 2, "bä: 4\n"))),
            (vec![swap("3", "4"), swap("1", "0")], Some((1, 3, "a: 0\nbä: 2\nc: 4\n"))),
            (vec![swap("bä: 2\n", "")], Some((2, 2, ""))),
            (vec![swap("\nbä: 2", "")], Some((1, 2, "a: 1\n"))),
            (vec![swap("1\n", "1, ")], Some((1, 2, "a: 1, bä: 2\n"))),
            (vec![edit(5, 5, "x: 0\n")], Some((2, 2, "x: 0\nbä: 2\n"))),
            (vec![edit(TEXT.len(), TEXT.len(), "d: 4\n")], Some((3, 3, "c: 3\nd: 4\n"))),
            (vec![swap("bä: 2", "")], Some((2, 2, "\n"))),
            (vec![swap("2", "\u{202e}")], None),
            (vec![swap("2", "4\r")], None),
            (vec![edit(0, 3, ""), edit(2, 4, "")], None),
            (vec![edit(7, 8, "")], None),
            (vec![edit(0, 99, "")], None),
            (vec![], None),
        ];
        for (edits, expected) in cases {
            let expected =
                expected.map(|(first, last, new)| Replacement { first, last, text: new.into(), exact: true });
            assert_eq!(replacement(TEXT, &edits), expected, "{edits:?}");
        }
        assert_eq!(replacement("", &[edit(0, 0, "a: 1\n")]), None, "no line to comment on");
    }

    #[test]
    fn what_a_click_may_spoil_is_shown_and_not_offered() {
        let shown = |text: &str| replacement(text, &[edit(3, 4, "2")]).expect("it fits");
        for text in ["a: 1\r\n", "a: 1\nb: 2\r\n", "a: 1"] {
            assert_eq!(
                shown(text),
                Replacement { first: 1, last: 1, text: "a: 2\n".to_owned(), exact: false },
                "{text:?}"
            );
        }
        assert!(shown("a: 1\nb: 2").exact, "the last line is not touched");
    }

    proptest! {
        /// What a click does is what the edits say, to the byte.
        #[test]
        fn a_click_makes_the_edits(
            text in "[ab\r\n]{0,14}", at in proptest::collection::vec((0..14_usize, 0..4_usize, "[x\n]{0,3}"), 1..3),
        ) {
            let mut edits: Vec<Edit> = at
                .iter()
                .map(|(start, len, new)| edit((*start).min(text.len()), (start + len).min(text.len()), new))
                .collect();
            edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
            let refs: Vec<&Edit> = edits.iter().collect();
            let fits = edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start);
            prop_assume!(fits);
            let edited = apply(&text, 0, text.len(), &refs).expect("the edits are in order");
            if let Some(fix) = replacement(&text, &edits) {
                let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
                prop_assert!(fix.first >= 1 && fix.first <= fix.last && fix.last <= lines.len());
                lines.splice(fix.first - 1..fix.last, [fix.text.as_str()]);
                let clicked = lines.concat();
                if fix.exact {
                    prop_assert_eq!(clicked, edited);
                } else {
                    let plain = |text: &str| text.replace('\r', "").trim_end_matches('\n').to_owned();
                    prop_assert_eq!(plain(&clicked), plain(&edited));
                }
            } else {
                prop_assert!(text.is_empty() || text.contains('\r') || edits.iter().any(|edit| edit.text.contains('\r')));
            }
        }
    }
}
