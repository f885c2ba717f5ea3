//! The body of an inline review comment.

use super::{
    escape::{code, fence_length, prose},
    severity_word,
};
use crate::model::Violation;

/// What a review comment says about `violation`, as Markdown without any marker. `replacement` is what
/// stands on exactly the commented lines once it is fixed, each line with its LF; it becomes a suggestion that one click
/// applies, and an empty one deletes the lines.
/// Source: <https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/commenting-on-a-pull-request>
#[must_use]
pub fn inline(violation: &Violation, replacement: Option<&str>) -> String {
    let severity = severity_word(violation.severity);
    let mut body = format!("**{severity}** {}\n\n{}", code(violation.rule), prose(&violation.message));
    if let Some(suggestion) = &violation.suggestion {
        body.push_str("\n\n");
        body.push_str(&prose(suggestion));
    }
    if let Some(lines) = replacement {
        let ticks = "`".repeat(fence_length(lines));
        body.extend(["\n\n", &ticks, "suggestion\n", lines, &ticks]);
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

    #[test]
    fn reads_well_and_a_suggestion_is_taken_as_it_is() {
        let mut violation = violation("timestamp-without-time-zone", Severity::Warning, "a.yaml", 3);
        violation.message = "Column `created_at` has type `TIMESTAMP`; ask @dba <b>now</b>".to_owned();
        violation.suggestion = Some("Use TIMESTAMPTZ".to_owned());
        insta::assert_snapshot!(inline(&violation, Some("    type: TIMESTAMPTZ # ``` _x_\n")), @r#"
        **Warning** `timestamp-without-time-zone`

        Column `created_at` has type `TIMESTAMP`; ask `@dba` &lt;b&gt;now&lt;/b&gt;

        Use TIMESTAMPTZ

        ````suggestion
            type: TIMESTAMPTZ # ``` _x_
        ````
        "#);
        assert!(inline(&violation, Some("")).ends_with("\n\n```suggestion\n```"), "no line at all deletes");
    }

    proptest! {
        #[test]
        fn hostile_text_changes_nothing_but_text(text in hostile(), lines in hostile()) {
            let body = |text: &str, lines: &str| {
                let mut violation = violation("rule", Severity::Error, "a.yaml", 1);
                (violation.message, violation.suggestion) = (text.to_owned(), Some(text.to_owned()));
                skeleton(&inline(&violation, Some(&format!("{lines}\n"))))
            };
            // A suggestion with a character that nobody sees is never made.
            prop_assume!(!lines.contains('\u{202e}'));
            prop_assert_eq!(body(&text, &lines), body("x", "x"));
        }
    }
}
