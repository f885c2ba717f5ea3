//! Where on the diff a violation is shown.

use std::ops::RangeInclusive;

use super::suggestion;
use crate::model::{Replacement, Violation};

/// Longest range that is commented on as a whole; a longer one is shown at its first line.
const MAX_LINES: usize = 10;

/// Where a comment goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On lines of the head's side of the diff.
    Lines {
        /// First line, from 1.
        start: usize,
        /// Last line.
        end: usize,
    },
    /// On a file of the diff as a whole.
    File,
}

/// Where a comment about `violation` goes, and what its fix makes of the file's lines, where it has one. A replacement
/// may be a suggestion to click on only where it is `exact`, which here also says that its lines are those of the place.
///
/// `text` is the file at the head. `hunks` are the lines of the head's side that each hunk of the file's diff shows; empty
/// where the merge changed the file further, so that the lines that were judged are not those of the head; `None` where
/// the diff does not have the file. GitHub refuses a whole review for one comment outside a hunk, or on lines of two.
#[must_use]
pub fn place(
    violation: &Violation,
    text: &str,
    hunks: Option<&[RangeInclusive<usize>]>,
) -> (Option<Place>, Option<Replacement>) {
    let fix = suggestion::replacement(text, &violation.fix);
    let Some(hunks) = hunks else { return (None, fix) };
    let inside = |start: usize, end: usize| hunks.iter().any(|hunk| hunk.contains(&start) && hunk.contains(&end));
    if let Some(fix) = fix.clone().filter(|fix| fix.exact && inside(fix.first, fix.last)) {
        return (Some(Place::Lines { start: fix.first, end: fix.last }), Some(fix));
    }
    let fix = fix.map(|fix| Replacement { exact: false, ..fix });
    let (first, past) = (violation.location.start, violation.location.end);
    let last = if past.column == 1 { past.line.saturating_sub(1) } else { past.line }.max(first.line);
    let end = if last - first.line < MAX_LINES { last } else { first.line };
    let end = if inside(first.line, end) { end } else { first.line };
    let place = if inside(first.line, end) { Place::Lines { start: first.line, end } } else { Place::File };
    (Some(place), fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Edit, Position, Span},
        review::tests::violation,
    };

    fn at(lines: (usize, usize), end_column: usize, hunks: &[RangeInclusive<usize>]) -> Option<(usize, usize)> {
        let mut violation = violation("rule", "message");
        violation.location.start = Position { line: lines.0, column: 3 };
        violation.location.end = Position { line: lines.1, column: end_column };
        match place(&violation, "", Some(hunks)).0 {
            Some(Place::Lines { start, end }) => Some((start, end)),
            Some(Place::File) => None,
            None => panic!("the file is in the diff"),
        }
    }

    #[test]
    fn only_lines_of_one_hunk_are_commented_on_and_else_the_file() {
        let hunks = [2..=4, 5..=30];
        let cases = [
            ((2, 4), 2, Some((2, 4))),
            ((2, 3), 1, Some((2, 2))),
            ((2, 2), 1, Some((2, 2))),
            ((1, 3), 2, None),
            ((4, 5), 2, Some((4, 4))),
            ((5, 14), 2, Some((5, 14))),
            ((5, 15), 2, Some((5, 5))),
            ((30, 31), 2, Some((30, 30))),
            ((31, 31), 2, None),
        ];
        for (lines, column, expected) in cases {
            assert_eq!(at(lines, column, &hunks), expected, "{lines:?}");
        }
        assert_eq!(at((1, 1), 2, &[]), None);
        assert_eq!(place(&violation("rule", "message"), "", None), (None, None), "a file outside the diff");
    }

    #[test]
    fn a_suggestion_is_on_the_lines_that_it_replaces() {
        let text = "a: 1\nb: 2\nc: 3\n";
        let mut violation = violation("rule", "message");
        violation.location.start = Position { line: 1, column: 1 };
        violation.location.end = Position { line: 3, column: 2 };
        violation.fix = vec![Edit { span: Span::new(8, 9), text: "4".to_owned() }];
        let with = |text: &str, hunk: RangeInclusive<usize>| place(&violation, text, Some(&[hunk]));
        let fix = |exact| Some(Replacement { first: 2, last: 2, text: "b: 4\n".to_owned(), exact });
        assert_eq!(with(text, 1..=3), (Some(Place::Lines { start: 2, end: 2 }), fix(true)));
        assert_eq!(with(text, 1..=1), (Some(Place::Lines { start: 1, end: 1 }), fix(false)), "its line is not shown");
        assert_eq!(with(text, 9..=9), (Some(Place::File), fix(false)));
        let crlf = "a: 1\nb: 2\nc: 3\r\n";
        assert_eq!(with(crlf, 1..=3), (Some(Place::Lines { start: 1, end: 3 }), fix(false)), "a click may do harm");
    }
}
