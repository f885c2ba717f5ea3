//! What a person sees in a terminal: excerpts with carets, SQL previews, a closing line.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::escape::visible;
use crate::model::{Migration, Outcome, RequestOutcome, Severity, Violation};

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether to colour with ANSI escape sequences.
    pub color: bool,
    /// Columns of the terminal; long lines are trimmed around the caret.
    pub width: usize,
}

/// Violations with their excerpts, the SQL of every change when `preview` is set, and a closing line.
#[must_use]
pub fn check(outcome: &Outcome, preview: bool, style: Style) -> String {
    let mut out = String::new();
    for request in &outcome.requests {
        for violation in &request.violations {
            push_violation(&mut out, violation, &request.text, style);
        }
    }
    for declarations in &outcome.declarations {
        for violation in &declarations.violations {
            push_violation(&mut out, violation, &declarations.text, style);
        }
    }
    for violation in &outcome.violations {
        push_violation(&mut out, violation, "", style);
    }
    if preview {
        for request in outcome.in_order() {
            push_preview(&mut out, request, style);
        }
    }
    let _ = writeln!(out, "{}", closing_line(outcome));
    out
}

fn push_violation(out: &mut String, violation: &Violation, text: &str, style: Style) {
    let location = &violation.location;
    let level = match (&violation.waived, violation.severity) {
        (Some(_), _) => Level::INFO.with_name("waived"),
        (None, Severity::Error) => Level::ERROR,
        (None, Severity::Warning) => Level::WARNING,
        (None, Severity::Notice) => Level::INFO.with_name("notice"),
    };
    let message = printable(&violation.message);
    let mut group = Group::with_title(level.primary_title(message.as_str()).id(violation.rule));
    let span = location.span.range();
    if text.get(span.clone()).is_some() && !text.is_empty() {
        let snippet = Snippet::source(text).path(location.file.as_str()).annotation(AnnotationKind::Primary.span(span));
        group = group.element(snippet);
    } else {
        let mut origin = Origin::path(location.file.as_str());
        if !location.span.range().is_empty() {
            origin = origin.line(location.start.line).char_column(location.start.column);
        }
        group = group.element(origin);
    }
    let suggestion = violation.suggestion.as_deref().map(printable);
    if let Some(suggestion) = &suggestion {
        group = group.element(Level::HELP.message(suggestion.as_str()));
    }
    let waived = violation.waived.as_ref();
    let waived = waived.map(|waived| format!("waived until {}: {}", waived.expires, printable(&waived.reason)));
    if let Some(waived) = &waived {
        group = group.element(Level::NOTE.message(waived.as_str()));
    }
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let _ = writeln!(out, "{}\n", renderer.term_width(style.width).render(&[group]));
}

fn push_preview(out: &mut String, request: &RequestOutcome, style: Style) {
    for Migration { name, up, .. } in &request.migrations {
        let _ = writeln!(out, "{}\n", bold(&printable(&name.up_file()), style));
        let _ = writeln!(out, "{}", visible(&folded(up)));
    }
}

/// Most lines of a dollar-quoted block that a preview shows.
const FOLD_AFTER: usize = 20;

/// The SQL with every long `DO` block cut to its ends: what a migration checks about itself is in the file for whoever
/// wants it, and would hide what it does.
fn folded(sql: &str) -> String {
    let mut out = String::new();
    let mut lines = sql.lines();
    while let Some(line) = lines.next() {
        out += line;
        out.push('\n');
        let Some(tag) = line.strip_prefix("DO $").and_then(|rest| rest.strip_suffix('$')) else { continue };
        let end = format!("${tag}$;");
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
        if body.len() > FOLD_AFTER {
            let _ = writeln!(out, "  -- … {} lines, which the file has", body.len());
        } else {
            out.extend(body.into_iter().flat_map(|line| [line, "\n"]));
        }
        let _ = writeln!(out, "{end}");
    }
    out
}

/// `5 requests: 0 errors, 2 warnings, 1 notice`.
#[must_use]
pub fn closing_line(outcome: &Outcome) -> String {
    let count = |severity, word| plural(outcome.count(severity), word);
    let waived = outcome.all_violations().filter(|violation| violation.waived.is_some()).count();
    let waived = if waived == 0 { String::new() } else { format!(", {waived} waived") };
    let files = match outcome.declarations.len() {
        0 => String::new(),
        count => format!(" and {} of opaque objects", plural(count, "file")),
    };
    format!(
        "{}{files}: {}, {}, {}{waived}",
        plural(outcome.requests.len(), "request"),
        count(Severity::Error, "error"),
        count(Severity::Warning, "warning"),
        count(Severity::Notice, "notice"),
    )
}

/// `1 error`, `2 errors`, `2 entries`, `2 witnesses`.
#[must_use]
pub fn plural(count: usize, word: &str) -> String {
    match (count, word.strip_suffix('y')) {
        (1, _) => format!("1 {word}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        _ if word.ends_with('s') => format!("{count} {word}es"),
        _ => format!("{count} {word}s"),
    }
}

pub(super) fn bold(text: &str, style: Style) -> String {
    paint(text, "1", style)
}

/// `text` with a rendition (`31` is red, `32` green), where colours are wanted.
/// Source: ECMA-48, 8.3.117 (SGR)
pub(super) fn paint(text: &str, rendition: &str, style: Style) -> String {
    if style.color { format!("\u{1b}[{rendition}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// `text` on one line and without anything that moves the cursor, hides or reorders text.
#[must_use]
pub fn printable(text: &str) -> String {
    visible(text).replace('\n', "\\n").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LineIndex, Location, Route, Span, TableName, Waived};

    const TEXT: &str = "tableName: users\nschemaJson:\n  columns:\n    - {name: id, type: BIGINT}\n";

    fn violation(needle: &str, severity: Severity, message: &str, suggestion: &str) -> Violation {
        let start = TEXT.find(needle).expect("needle is in the text");
        let span = Span::new(start, start + needle.len());
        let index = LineIndex::new(TEXT);
        Violation {
            rule: "some-rule",
            severity,
            message: message.to_owned(),
            suggestion: Some(suggestion.to_owned()),
            location: Location {
                file: "schema-requests/users.yaml".to_owned(),
                route: Route::root(),
                span,
                start: index.position(TEXT, span.start),
                end: index.position(TEXT, span.end),
            },
            fix: Vec::new(),
            waived: None,
        }
    }

    fn outcome(violations: Vec<Violation>) -> Outcome {
        let request = RequestOutcome {
            path: "schema-requests/users.yaml".to_owned(),
            text: TEXT.to_owned(),
            table: Some(TableName::public("users")),
            registry_id: None,
            change: None,
            taken_over: false,
            sql: None,
            plan: crate::model::Plan::default(),
            migrations: Vec::new(),
            violations,
            claims: crate::model::Claims::default(),
        };
        Outcome { requests: vec![request], ..Outcome::default() }
    }

    const PLAIN: Style = Style { color: false, width: 100 };

    #[test]
    fn shows_the_line_with_a_caret_under_the_value() {
        let mut waived = violation("users", Severity::Error, "Name is taken", "Choose another");
        let expires = chrono::NaiveDate::from_ymd_opt(2027, 1, 1).expect("a date");
        waived.waived = Some(Waived { reason: "agreed\u{1b}[2J with the team".to_owned(), expires });
        let warning = violation("BIGINT", Severity::Warning, "Column `id` is BIGINT", "Use TEXT");
        insta::assert_snapshot!(check(&outcome(vec![waived, warning]), true, PLAIN), @r"
        waived[some-rule]: Name is taken
         --> schema-requests/users.yaml:1:12
          |
        1 | tableName: users
          |            ^^^^^
          |
          = help: Choose another
          = note: waived until 2027-01-01: agreed\u{1b}[2J with the team

        warning[some-rule]: Column `id` is BIGINT
         --> schema-requests/users.yaml:4:24
          |
        4 |     - {name: id, type: BIGINT}
          |                        ^^^^^^
          |
          = help: Use TEXT

        1 request: 0 errors, 1 warning, 0 notices, 1 waived
        ");
    }

    #[test]
    fn long_blocks_are_folded_and_short_ones_are_not() {
        let block = |lines: usize| format!("BEGIN;\nDO $x$\n{}$x$;\nCOMMIT;\n", "  work;\n".repeat(lines));
        assert_eq!(folded(&block(FOLD_AFTER)), block(FOLD_AFTER));
        let lines = "  -- … 21 lines, which the file has\n";
        assert_eq!(folded(&block(FOLD_AFTER + 1)), format!("BEGIN;\nDO $x$\n{lines}$x$;\nCOMMIT;\n"));
    }

    #[test]
    fn counts_in_the_closing_line() {
        let notice = violation("id", Severity::Notice, "x", "y");
        let line = closing_line(&outcome(vec![notice.clone(), notice]));
        assert_eq!(line, "1 request: 0 errors, 0 warnings, 2 notices");
    }

    #[test]
    fn nothing_moves_the_cursor_or_reorders_text() {
        assert_eq!(printable("a\nb\u{202e}c\u{1b}[2J"), "a\\nb\\u{202e}c\\u{1b}[2J");
    }
}
