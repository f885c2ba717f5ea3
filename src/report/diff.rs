//! How two catalogs differ, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::{
    escape::{code, fence, prose},
    terminal::{Style, bold, paint, plural, printable},
};
use crate::{
    model::{CatalogDifference, ChangeKind, Difference, ObjectDifference, OpaqueObject, Table, TableDifference},
    sql::{Definition, Statement, render},
};

/// Unchanged lines that are shown around a changed one.
const CONTEXT: usize = 2;

/// For a terminal: what happens to each table, and its definition line by line.
#[must_use]
pub fn human(difference: &CatalogDifference, style: Style) -> String {
    let mut out = String::new();
    for table in &difference.tables {
        let title = format!("{} ({})", title(table), table.path);
        let _ = writeln!(out, "{}", bold(&printable(&title), style));
        for difference in &table.differences {
            let _ = writeln!(out, "  {}", printable(&difference.to_string()));
        }
        out.push('\n');
        for (tag, line) in lines(table) {
            let line = printable(&line);
            let line = match tag {
                ChangeTag::Insert => paint(&format!("+ {line}"), "32", style),
                ChangeTag::Delete => paint(&format!("- {line}"), "31", style),
                ChangeTag::Equal => format!("  {line}"),
            };
            let _ = writeln!(out, "{}", format!("  {line}").trim_end());
        }
        out.push('\n');
    }
    for object in &difference.objects {
        let _ = writeln!(out, "{}", bold(&printable(&object_line(object)), style));
    }
    if !difference.objects.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(out, "{}", closing_line(difference));
    out
}

/// The same in Markdown.
#[must_use]
pub fn markdown(difference: &CatalogDifference) -> String {
    let mut parts = Vec::new();
    for table in &difference.tables {
        parts.push(format!("### {} ({})", prose(&title(table)), code(&table.path)));
        let list: Vec<_> = table.differences.iter().map(|it| format!("- {}", prose(&it.to_string()))).collect();
        if !list.is_empty() {
            parts.push(list.join("\n"));
        }
        let text: String =
            lines(table).into_iter().map(|(tag, line)| format!("{tag}{line}").trim_end().to_owned() + "\n").collect();
        if !text.is_empty() {
            parts.push(fence("diff", &text));
        }
    }
    if !difference.objects.is_empty() {
        let list: Vec<_> = difference.objects.iter().map(|it| format!("- {}", prose(&object_line(it)))).collect();
        parts.push(format!("### Opaque objects\n\n{}", list.join("\n")));
    }
    parts.push(closing_line(difference));
    parts.join("\n\n") + "\n"
}

fn title(table: &TableDifference) -> String {
    let name = table.change.table.short();
    match (&table.change.before, table.change.kind) {
        (Some(before), ChangeKind::Rename) => format!("rename {} to {name}", before.name.short()),
        (_, kind) => format!("{} {name}", kind.verb()),
    }
}

fn object_line(object: &ObjectDifference) -> String {
    let named = |object: &OpaqueObject| format!("{} {}", object.kind.as_str(), object.name.short());
    match (&object.before, &object.after) {
        (Some(before), Some(after)) if before.kind != after.kind => {
            format!("{} is declared as {}", named(before), named(after))
        }
        (_, Some(after)) if object.before.is_some() => format!("{}: another declaration", named(after)),
        (None, Some(after)) => format!("{} is declared", named(after)),
        (before, _) => format!("{} is no longer declared", before.as_ref().map(named).unwrap_or_default()),
    }
}

/// `2 tables differ: 1 created, 1 altered.`
fn closing_line(difference: &CatalogDifference) -> String {
    let kinds = [
        (ChangeKind::Create, "created"),
        (ChangeKind::Alter, "altered"),
        (ChangeKind::Rename, "renamed"),
        (ChangeKind::Drop, "dropped"),
    ];
    let count = |kind| difference.tables.iter().filter(|table| table.change.kind == kind).count();
    let counts = kinds.map(|(kind, word)| (count(kind), word));
    let mut parts: Vec<_> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if !difference.objects.is_empty() {
        parts.push(plural(difference.objects.len(), "declaration"));
    }
    match (parts.is_empty(), difference.unread.is_empty()) {
        (true, true) => "No differences.".to_owned(),
        (true, false) => "No differences in what could be read.".to_owned(),
        _ => format!(
            "{}: {}.",
            plural(difference.tables.len() + difference.objects.len(), "difference"),
            parts.join(", ")
        ),
    }
}

/// The changed lines of the definition as SQL, with what surrounds them; an empty line where something is left out.
fn lines(table: &TableDifference) -> Vec<(ChangeTag, String)> {
    let text = |table: &Option<Table>| table.as_ref().map_or_else(|| Some(String::new()), definition);
    let (Some(before), Some(after)) = (text(&table.change.before), text(&table.change.after)) else {
        return Vec::new();
    };
    let diff = TextDiff::from_lines(&before, &after);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push((ChangeTag::Equal, "…".to_owned()));
        }
        let changes = group.iter().flat_map(|op| diff.iter_changes(op));
        lines.extend(changes.map(|change| (change.tag(), change.value().trim_end_matches('\n').to_owned())));
    }
    lines
}

/// What creates the table; `None` where an expression is none that PostgreSQL would take.
fn definition(table: &Table) -> Option<String> {
    let definition = Definition::new(table).ok()?;
    let mut statements = vec![Statement::CreateTable(&definition)];
    statements.extend(definition.create_indexes());
    statements.extend(definition.comments());
    Some(render(&statements).replace(" IF NOT EXISTS", ""))
}

/// What `diff --format json` prints.
#[derive(Debug, Serialize)]
pub struct DiffReport<'a> {
    tables: Vec<TableReport<'a>>,
    objects: Vec<ObjectReport<'a>>,
    unread: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TableReport<'a> {
    file: &'a str,
    table_name: String,
    registry_id: uuid::Uuid,
    change: ChangeKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    renamed_from: Option<String>,
    differences: Vec<DifferenceReport<'a>>,
}

#[derive(Debug, Serialize)]
struct DifferenceReport<'a> {
    summary: String,
    #[serde(flatten)]
    difference: &'a Difference,
}

#[derive(Debug, Serialize)]
struct ObjectReport<'a> {
    kind: &'static str,
    name: String,
    change: ChangeKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> DiffReport<'a> {
    /// The report of `difference`.
    #[must_use]
    pub fn new(difference: &'a CatalogDifference) -> Self {
        Self {
            tables: difference.tables.iter().map(TableReport::new).collect(),
            objects: difference.objects.iter().filter_map(ObjectReport::new).collect(),
            unread: &difference.unread,
        }
    }
}

impl<'a> TableReport<'a> {
    fn new(table: &'a TableDifference) -> Self {
        let renamed = table.change.before.as_ref().filter(|_| table.change.kind == ChangeKind::Rename);
        Self {
            file: &table.path,
            table_name: table.change.table.short(),
            registry_id: table.registry_id,
            change: table.change.kind,
            renamed_from: renamed.map(|before| before.name.short()),
            differences: table
                .differences
                .iter()
                .map(|it| DifferenceReport { summary: it.to_string(), difference: it })
                .collect(),
        }
    }
}

impl<'a> ObjectReport<'a> {
    fn new(object: &'a ObjectDifference) -> Option<Self> {
        let change = match (&object.before, &object.after) {
            (None, _) => ChangeKind::Create,
            (Some(_), Some(_)) => ChangeKind::Alter,
            (Some(_), None) => ChangeKind::Drop,
        };
        let shown = object.after.as_ref().or(object.before.as_ref())?;
        let reason = Some(shown.reason.as_str());
        Some(Self { kind: shown.kind.as_str(), name: shown.name.short(), change, reason })
    }
}
