//! What the reader accepts and refuses, as a person sees it.

mod accepts;
mod declarations;
mod refuses_fields;
mod refuses_files;
mod refuses_parts;
mod sql_requests;

use super::{Parsed, parse_request};
use crate::model::{File, LineIndex};

/// A request that is as short as one can be.
pub(super) const SMALLEST: &str = "tableName: users\nschemaJson:\n  columns:\n    - {name: id, type: UUID}\n";

pub(super) fn parse(text: &str) -> Parsed {
    parse_request("schema-requests/users.yaml", &File::regular(text))
}

/// The refusals of a file, each as `line:column message / suggestion`, then what its fix makes of the marked text.
pub(super) fn refused(text: &str) -> String {
    show(&parse(text))
}

pub(super) fn show(parsed: &Parsed) -> String {
    let index = LineIndex::new(&parsed.text);
    let lines = parsed.refusals.iter().map(|refusal| {
        let at = index.position(&parsed.text, refusal.span.start);
        let suggestion = refusal.suggestion.as_deref().unwrap_or_default();
        let fixes =
            refusal.fix.iter().map(|edit| format!("\n    {} -> {}", &parsed.text[edit.span.range()], edit.text));
        format!("{}:{} {} / {suggestion}{}", at.line, at.column, refusal.message, fixes.collect::<String>())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A request with `columns` as its only columns, one a line.
pub(super) fn with_columns(columns: &[&str]) -> String {
    let columns: String = columns.iter().map(|column| format!("    - {{{column}}}\n")).collect();
    format!("tableName: users\nschemaJson:\n  columns:\n{columns}")
}

/// The smallest request with further lines inside `schemaJson`.
pub(super) fn with_schema(lines: &str) -> String {
    format!("{SMALLEST}{}\n", lines.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"))
}
