//! Where on the diff a violation is shown.

use std::ops::RangeInclusive;

use super::suggestion;
use crate::model::Violation;

/// Longest range that is commented on as a whole; a longer one is shown at its first line.
const MAX_LINES: usize = 10;

/// Lines of the head's side of the diff, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// First line.
    pub start: usize,
    /// Last line.
    pub end: usize,
    /// What stands there once the violation is fixed, each line with its LF, for a suggestion block; empty deletes.
    pub replacement: Option<String>,
}

/// Where a comment about `violation` goes; `None` where it has no place in the diff.
///
/// `text` is the file at the head, and must be what was judged: where the merge changed the file, its lines are not those
/// of the head, and `hunks` must be empty. `hunks` are the lines of the head's side that each hunk of the file's diff
/// shows. GitHub refuses a whole review for one comment outside a hunk, or on lines of two.
#[must_use]
pub fn anchor(violation: &Violation, text: &str, hunks: &[RangeInclusive<usize>]) -> Option<Anchor> {
    let inside = |start: usize, end: usize| hunks.iter().any(|hunk| hunk.contains(&start) && hunk.contains(&end));
    if let Some((lines, new)) = suggestion::replacement(text, &violation.fix)
        && inside(*lines.start(), *lines.end())
    {
        return Some(Anchor { start: *lines.start(), end: *lines.end(), replacement: Some(new) });
    }
    let (first, past) = (violation.location.start, violation.location.end);
    let last = if past.column == 1 { past.line.saturating_sub(1) } else { past.line }.max(first.line);
    let end = if last - first.line < MAX_LINES { last } else { first.line };
    let end = if inside(first.line, end) { end } else { first.line };
    inside(first.line, end).then_some(Anchor { start: first.line, end, replacement: None })
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
        anchor(&violation, "", hunks).map(|anchor| (anchor.start, anchor.end))
    }

    #[test]
    fn only_lines_of_one_hunk_are_commented_on() {
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
    }

    #[test]
    fn a_suggestion_is_on_the_lines_that_it_replaces() {
        let text = "a: 1\nb: 2\nc: 3\n";
        let mut violation = violation("rule", "message");
        violation.location.start = Position { line: 1, column: 1 };
        violation.location.end = Position { line: 3, column: 2 };
        violation.fix = vec![Edit { span: Span::new(8, 9), text: "4".to_owned() }];
        let with = |hunk: RangeInclusive<usize>| anchor(&violation, text, &[hunk]);
        assert_eq!(with(1..=3), Some(Anchor { start: 2, end: 2, replacement: Some("b: 4\n".to_owned()) }));
        assert_eq!(with(1..=1), Some(Anchor { start: 1, end: 1, replacement: None }));
    }
}
