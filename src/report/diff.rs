//! How two catalogs differ, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::{
    escape::{code, fence, prose},
    terminal::{Style, bold, paint, plural, printable},
};
use crate::{
    model::{
        CatalogDifference, ChangeKind, Difference, Down, ObjectDifference, OpaqueObject, SqlDifference,
        SqlDifferenceKind, SqlRequest, Table, TableDifference,
    },
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
        human_lines(&mut out, &table_lines(table), style);
    }
    for request in &difference.sql {
        let title = format!("{} ({})", sql_title(request), request.path);
        let _ = writeln!(out, "{}", bold(&printable(&title), style));
        for line in sql_facts(request) {
            let _ = writeln!(out, "  {line}");
        }
        out.push('\n');
        human_lines(&mut out, &sql_lines(request), style);
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

fn human_lines(out: &mut String, lines: &[(ChangeTag, String)], style: Style) {
    for (tag, line) in lines {
        let line = printable(line);
        let line = match tag {
            ChangeTag::Insert => paint(&format!("+ {line}"), "32", style),
            ChangeTag::Delete => paint(&format!("- {line}"), "31", style),
            ChangeTag::Equal => format!("  {line}"),
        };
        let _ = writeln!(out, "{}", format!("  {line}").trim_end());
    }
    if !lines.is_empty() {
        out.push('\n');
    }
}

/// The same in Markdown.
#[must_use]
pub fn markdown(difference: &CatalogDifference) -> String {
    let mut parts = Vec::new();
    for table in &difference.tables {
        let facts: Vec<_> = table.differences.iter().map(ToString::to_string).collect();
        parts.extend(section((&title(table), &table.path), &facts, &table_lines(table)));
    }
    for request in &difference.sql {
        parts.extend(section((&sql_title(request), &request.path), &sql_facts(request), &sql_lines(request)));
    }
    if !difference.objects.is_empty() {
        let list: Vec<_> = difference.objects.iter().map(|it| format!("- {}", prose(&object_line(it)))).collect();
        parts.push(format!("### Opaque objects\n\n{}", list.join("\n")));
    }
    parts.push(closing_line(difference));
    parts.join("\n\n") + "\n"
}

/// The parts of a section of Markdown: its heading, a list, and lines of SQL.
fn section((title, path): (&str, &str), facts: &[String], lines: &[(ChangeTag, String)]) -> Vec<String> {
    let mut parts = vec![format!("### {} ({})", prose(title), code(path))];
    if !facts.is_empty() {
        let facts: Vec<_> = facts.iter().map(|fact| format!("- {}", prose(fact))).collect();
        parts.push(facts.join("\n"));
    }
    let lines = lines.iter().map(|(tag, line)| format!("{tag}{line}").trim_end().to_owned() + "\n");
    let text: String = lines.collect();
    if !text.is_empty() {
        parts.push(fence("diff", &text));
    }
    parts
}

fn title(table: &TableDifference) -> String {
    let name = table.change.table.short();
    match (&table.change.before, table.change.kind) {
        (Some(before), ChangeKind::Rename) => format!("rename {} to {name}", before.name.short()),
        (_, kind) => format!("{} {name}", kind.verb()),
    }
}

fn sql_title(request: &SqlDifference) -> String {
    match request.kind {
        SqlDifferenceKind::Added => format!("run {}", request.name),
        SqlDifferenceKind::RunsAgain => format!("run {} again", request.name),
        SqlDifferenceKind::Removed => format!("remove {}", request.name),
        SqlDifferenceKind::Reworded => format!("reword {}", request.name),
    }
}

/// What a title does not say, and the keys that differ.
fn sql_facts(request: &SqlDifference) -> Vec<String> {
    let meaning = match request.kind {
        SqlDifferenceKind::Added | SqlDifferenceKind::RunsAgain => None,
        SqlDifferenceKind::Removed => Some("the file is gone; what it ran is not undone"),
        SqlDifferenceKind::Reworded => Some("the SQL is the same; nothing runs"),
    };
    let keys = request.keys.iter().map(|key| format!("{key} changed"));
    meaning.map(str::to_owned).into_iter().chain(keys).collect()
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
    if !difference.sql.is_empty() {
        parts.push(plural(difference.sql.len(), "SQL request"));
    }
    match (parts.is_empty(), difference.unread.is_empty()) {
        (true, true) => "No differences.".to_owned(),
        (true, false) => "No differences in what could be read.".to_owned(),
        _ => format!(
            "{}: {}.",
            plural(difference.tables.len() + difference.objects.len() + difference.sql.len(), "difference"),
            parts.join(", ")
        ),
    }
}

/// The changed lines of the definition as SQL.
fn table_lines(table: &TableDifference) -> Vec<(ChangeTag, String)> {
    let text = |table: &Option<Table>| table.as_ref().map_or_else(|| Some(String::new()), definition);
    match (text(&table.change.before), text(&table.change.after)) {
        (Some(before), Some(after)) => lines(&before, &after),
        _ => Vec::new(),
    }
}

/// The changed lines of the SQL of a request, its way back behind it.
fn sql_lines(request: &SqlDifference) -> Vec<(ChangeTag, String)> {
    let text = |request: &Option<SqlRequest>| request.as_ref().map(sql_text).unwrap_or_default();
    lines(&text(&request.before), &text(&request.after))
}

fn sql_text(request: &SqlRequest) -> String {
    let (key, down) = match &request.down {
        Down::Sql(field) => ("down", &field.value),
        Down::Irreversible(field) => ("irreversible", &field.value),
    };
    format!("up:\n{}\n{key}:\n{}\n", indented(&request.up.value), indented(down))
}

fn indented(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// The changed lines, with what surrounds them; `…` where something is left out.
fn lines(before: &str, after: &str) -> Vec<(ChangeTag, String)> {
    let diff = TextDiff::from_lines(before, after);
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
#[serde(rename_all = "camelCase")]
pub struct DiffReport<'a> {
    tables: Vec<TableReport<'a>>,
    objects: Vec<ObjectReport<'a>>,
    sql_requests: Vec<SqlReport<'a>>,
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

#[derive(Debug, Serialize)]
struct SqlReport<'a> {
    file: &'a str,
    name: &'a str,
    change: SqlDifferenceKind,
    touches: Vec<String>,
    keys: &'a [&'static str],
}

impl<'a> DiffReport<'a> {
    /// The report of `difference`.
    #[must_use]
    pub fn new(difference: &'a CatalogDifference) -> Self {
        Self {
            tables: difference.tables.iter().map(TableReport::new).collect(),
            objects: difference.objects.iter().filter_map(ObjectReport::new).collect(),
            sql_requests: difference.sql.iter().map(SqlReport::new).collect(),
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

impl<'a> SqlReport<'a> {
    fn new(request: &'a SqlDifference) -> Self {
        let shown = request.after.as_ref().or(request.before.as_ref());
        let touches = shown.iter().flat_map(|shown| &shown.touches).map(|field| field.value.short());
        Self {
            file: &request.path,
            name: &request.name,
            change: request.kind,
            touches: touches.collect(),
            keys: &request.keys,
        }
    }
}
