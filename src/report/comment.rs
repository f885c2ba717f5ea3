//! The body of a review comment.

use super::{
    escape::{code, fence, fence_length, prose},
    severity_word,
};
use crate::model::{Replacement, Violation};

/// What a review comment says about `violation`, as Markdown without any marker. An exact `fix` must be of exactly the
/// commented lines: it becomes a suggestion that one click applies. Any other is shown.
/// Source: <https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/commenting-on-a-pull-request>
#[must_use]
pub fn inline(violation: &Violation, fix: Option<&Replacement>) -> String {
    let severity = severity_word(violation.severity);
    let mut body = format!("**{severity}** {}\n\n{}", code(violation.rule), prose(&violation.message));
    if let Some(suggestion) = &violation.suggestion {
        body.push_str("\n\n");
        body.push_str(&prose(suggestion));
    }
    match fix {
        Some(fix) if fix.exact => {
            let ticks = "`".repeat(fence_length(&fix.text));
            body.extend(["\n\n", &ticks, "suggestion\n", &fix.text, &ticks]);
        }
        Some(fix) => {
            let lines = match (fix.first, fix.last) {
                (first, last) if first == last => format!("Line {first}"),
                (first, last) => format!("Lines {first} to {last}"),
            };
            let shown = match fix.text.as_str() {
                "" => format!("{lines} can go."),
                text => format!("{lines} would read:\n\n{}", fence("yaml", text)),
            };
            body.extend(["\n\n", &shown]);
        }
        None => {}
    }
    body
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        model::Severity,
        report::testing::{hostile, skeleton, violation},
    };

    fn fix(text: &str, exact: bool) -> Replacement {
        Replacement { first: 3, last: 3, text: text.to_owned(), exact }
    }

    #[test]
    fn reads_well_and_a_suggestion_is_taken_as_it_is() {
        let mut violation = violation("timestamp-without-time-zone", Severity::Warning, "a.yaml", 3);
        violation.message = "Column `created_at` has type `TIMESTAMP`; ask @dba <b>now</b>".to_owned();
        violation.suggestion = Some("Use TIMESTAMPTZ".to_owned());
        insta::assert_snapshot!(inline(&violation, Some(&fix("    type: TIMESTAMPTZ # ``` _x_\n", true))), @r#"
        **Warning** `timestamp-without-time-zone`

        Column `created_at` has type `TIMESTAMP`; ask `@dba` &lt;b&gt;now&lt;/b&gt;

        Use TIMESTAMPTZ

        ````suggestion
            type: TIMESTAMPTZ # ``` _x_
        ````
        "#);
        let end = |text: &str, exact: bool| {
            let body = inline(&violation, Some(&fix(text, exact)));
            body.split_once("Use TIMESTAMPTZ\n\n").map(|(_, end)| end.to_owned()).expect("a fix comes last")
        };
        assert_eq!(end("", true), "```suggestion\n```", "no line at all deletes");
        assert_eq!(end("", false), "Line 3 can go.");
        assert_eq!(end("type: X\n", false), "Line 3 would read:\n\n```yaml\ntype: X\n```");
    }

    proptest! {
        #[test]
        fn hostile_text_changes_nothing_but_text(text in hostile(), lines in hostile(), exact: bool) {
            let body = |text: &str, lines: &str| {
                let mut violation = violation("rule", Severity::Error, "a.yaml", 1);
                (violation.message, violation.suggestion) = (text.to_owned(), Some(text.to_owned()));
                skeleton(&inline(&violation, Some(&fix(&format!("{lines}\n"), exact))))
            };
            // A suggestion with a character that nobody sees is never made.
            prop_assume!(!lines.contains('\u{202e}'));
            prop_assert_eq!(body(&text, &lines), body("x", "x"));
        }
    }
}
