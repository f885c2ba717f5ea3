//! Violations as workflow commands, which GitHub shows as annotations.

use super::escape::{command_data, command_property};
use crate::model::Violation;

/// How many annotations of one level a step may make; GitHub drops the others without a word.
/// Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
const PER_LEVEL: usize = 10;

/// Lines for the log of a workflow, errors first, at most 10 of each severity. Waived violations make none. When some
/// were left out, the last line says how many and where they are.
#[must_use]
pub fn annotations<'a>(violations: impl IntoIterator<Item = &'a Violation>) -> Vec<String> {
    let mut violations: Vec<&Violation> =
        violations.into_iter().filter(|violation| violation.waived.is_none()).collect();
    violations.sort_by_key(|violation| (violation.severity, &violation.location));
    let mut lines = Vec::new();
    let mut left_out = 0;
    for level in violations.chunk_by(|a, b| a.severity == b.severity) {
        let (shown, rest) = level.split_at(level.len().min(PER_LEVEL));
        lines.extend(shown.iter().map(|violation| annotation(violation)));
        left_out += rest.len();
    }
    if left_out > 0 {
        lines.push(format!("{left_out} more violations have no annotation; `schema-registry check` lists all of them"));
    }
    lines
}

fn annotation(violation: &Violation) -> String {
    let level = violation.severity;
    let place = &violation.location;
    let (file, line, end) = (command_property(&place.file), place.start.line, place.end.line);
    // GitHub refuses columns where the lines differ.
    let columns =
        if line == end { format!(",col={},endColumn={}", place.start.column, place.end.column) } else { String::new() };
    let mut message = violation.message.clone();
    if let Some(suggestion) = &violation.suggestion {
        message.push('\n');
        message.push_str(suggestion);
    }
    let title = command_property(violation.rule);
    format!("::{level} file={file},line={line},endLine={end}{columns},title={title}::{}", command_data(&message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Severity, report::testing::violation};

    #[test]
    fn hostile_text_stays_inside_its_command() {
        let mut hostile = violation("missing-primary-key", Severity::Error, "a,b:c%\n.yaml", 3);
        hostile.message = "100% of it\r\n::set-output name=x::y\u{202e}".to_owned();
        hostile.suggestion = Some("Add `id`".to_owned());
        let mut range = violation("missing-created-at", Severity::Notice, "a.yaml", 3);
        range.location.end.line = 5;
        let mut waived = hostile.clone();
        waived.waived = Some(crate::model::Waived { reason: String::new(), expires: chrono::NaiveDate::MAX });
        insta::assert_snapshot!(annotations([&range, &waived, &hostile]).join("\n"), @r#"
        ::error file=a%2Cb%3Ac%25%0A.yaml,line=3,endLine=3,col=5,endColumn=9,title=missing-primary-key::100%25 of it%0D%0A::set-output name=x::y\u{202e}%0AAdd `id`
        ::notice file=a.yaml,line=3,endLine=5,title=missing-created-at::Something is wrong
        "#);
    }

    #[test]
    fn ten_of_a_level_errors_first_and_the_rest_is_counted() {
        let warnings = (1..=12).rev().map(|line| violation("w", Severity::Warning, "a.yaml", line));
        let errors = (1..=11).map(|line| violation("e", Severity::Error, "a.yaml", line));
        let all: Vec<Violation> = warnings.chain(errors).collect();
        let lines = annotations(&all);
        assert_eq!(lines.len(), 21);
        assert!(lines[..10].iter().all(|line| line.starts_with("::error ")));
        assert!(lines[10].starts_with("::warning file=a.yaml,line=1,"));
        assert_eq!(lines[20], "3 more violations have no annotation; `schema-registry check` lists all of them");
    }
}
