//! The touched tables and what they refer to, as an entity relationship diagram.
//! Source: <https://mermaid.js.org/syntax/entityRelationshipDiagram.html>

use std::collections::BTreeMap;

use super::Detail;
use crate::{
    model::{Change, ChangeKind, Column, Outcome, Reference, Table, TableName},
    report::escape::fence,
};

/// Longest diagram in bytes; GitHub draws none of more than 50,000 characters, and nobody reads half of that.
const MAX_LENGTH: usize = 12_000;

/// Most relationships; Mermaid draws none with more than 500.
const MAX_EDGES: usize = 100;

/// Columns of an altered table from which on only keys and what changes are drawn.
const MAX_COLUMNS: usize = 20;

/// The diagram: with every column where that fits, else with keys and what changes, else also without the tables that
/// only refer to what changes. `None` where no table changes, or where even that would be too large to help anybody.
pub(super) fn section(outcome: &Outcome, detail: Detail) -> Option<String> {
    let levels = [(false, outcome.referring.as_slice()), (true, outcome.referring.as_slice()), (true, &[])];
    levels.into_iter().filter(|_| detail.diagram).find_map(|(brief, referring)| drawn(outcome, brief, referring))
}

fn drawn(outcome: &Outcome, brief: bool, referring: &[Reference]) -> Option<String> {
    let mut diagram = Diagram { brief, ..Diagram::default() };
    for change in outcome.in_order().filter_map(|request| request.change.as_ref()) {
        diagram.draw(change);
    }
    for reference in referring {
        diagram.relate(reference);
    }
    let text = diagram.finish();
    let fits = text.len() <= MAX_LENGTH && diagram.edges.len() <= MAX_EDGES;
    (fits && !diagram.ids.is_empty()).then(|| fence("mermaid", &text))
}

#[derive(Debug, Default)]
struct Diagram {
    /// Keys and what changes, no other columns.
    brief: bool,
    /// Which entity a table is; Mermaid's own names for entities allow too little.
    ids: BTreeMap<TableName, usize>,
    labels: BTreeMap<usize, String>,
    columns: BTreeMap<usize, Vec<String>>,
    edges: Vec<String>,
}

impl Diagram {
    fn draw(&mut self, change: &Change) {
        let Some(table) = change.after.as_ref().or(change.before.as_ref()) else { return };
        let id = self.id(&table.name);
        let name = word(&table.name.short());
        let label = match change.kind {
            ChangeKind::Create => format!("{name} - new"),
            ChangeKind::Drop => format!("{name} - dropped"),
            ChangeKind::Rename => {
                let before = change.before.as_ref().map_or_else(String::new, |before| word(&before.name.short()));
                format!("{name} - was {before}")
            }
            ChangeKind::Alter | ChangeKind::Run | ChangeKind::None => name,
        };
        self.labels.insert(id, label);
        self.columns.insert(id, columns(change, table, self.brief));
        for key in &table.foreign_keys {
            self.relate(&Reference::of(table, key));
        }
    }

    fn relate(&mut self, reference: &Reference) {
        let (from, to) = (self.id(&reference.from), self.id(&reference.to));
        let one = if reference.optional { "|o" } else { "||" };
        let columns: Vec<String> = reference.columns.iter().map(|column| word(column)).collect();
        self.edges.push(format!("    t{to} {one}--o{{ t{from} : \"{}\"\n", columns.join(", ")));
    }

    fn id(&mut self, table: &TableName) -> usize {
        let next = self.ids.len() + 1;
        let id = *self.ids.entry(table.clone()).or_insert(next);
        self.labels.entry(id).or_insert_with(|| word(&table.short()));
        id
    }

    fn finish(&self) -> String {
        let mut text = "erDiagram\n".to_owned();
        for (id, label) in &self.labels {
            let columns = self.columns.get(id).map(|columns| columns.concat()).unwrap_or_default();
            let block = if columns.is_empty() { "\n".to_owned() } else { format!(" {{\n{columns}    }}\n") };
            text.extend(["    t", &id.to_string(), "[\"", label, "\"]", &block]);
        }
        text.extend(self.edges.iter().map(String::as_str));
        text
    }
}

/// The columns as they will be, then those that go; each says what happens to it.
fn columns(change: &Change, table: &Table, brief: bool) -> Vec<String> {
    let before = change.before.as_ref().filter(|_| change.after.is_some());
    let old_name = |column: &Column| change.renames.column_before(&table.name, &column.name).to_owned();
    let mark = |column: &Column| {
        let Some(before) = before else { return String::new() };
        let Some(old) = before.column(&old_name(column)) else { return "added".to_owned() };
        if old.name != column.name {
            format!("was {}", word(&old.name))
        } else if old.type_name != column.type_name {
            format!("was {}", word(&old.type_name))
        } else if old != column || keys(before, &old.name) != keys(table, &column.name) {
            "changed".to_owned()
        } else {
            String::new()
        }
    };
    let many = brief || (before.is_some() && table.columns.len() > MAX_COLUMNS);
    let mut lines: Vec<String> = Vec::new();
    for column in &table.columns {
        let (keys, mark) = (keys(table, &column.name), mark(column));
        if !many || !keys.is_empty() || !mark.is_empty() {
            lines.push(line(column, &keys, &mark));
        }
    }
    let kept: Vec<String> = table.columns.iter().map(old_name).collect();
    let gone = before.iter().flat_map(|before| &before.columns).filter(|column| !kept.contains(&column.name));
    lines.extend(gone.map(|column| line(column, "", "dropped")));
    lines
}

fn line(column: &Column, keys: &str, mark: &str) -> String {
    let mark = if mark.is_empty() { String::new() } else { format!(" \"{mark}\"") };
    format!("        {} {}{keys}{mark}\n", word(&column.type_name), word(&column.name))
}

/// ` PK, FK` and so on.
fn keys(table: &Table, column: &str) -> String {
    let has = |columns: &[String]| columns.iter().any(|name| name == column);
    let mut keys = Vec::new();
    keys.extend(table.primary_key.iter().any(|key| has(&key.columns)).then_some("PK"));
    keys.extend(table.foreign_keys.iter().any(|key| has(&key.columns)).then_some("FK"));
    keys.extend(table.uniques.iter().any(|key| key.columns == [column]).then_some("UK"));
    if keys.is_empty() { String::new() } else { format!(" {}", keys.join(", ")) }
}

/// A name or type that Mermaid takes everywhere: `numeric(10,2)` and `text[]` are errors to it, and so are its own words.
fn word(text: &str) -> String {
    let spelling = [
        ("timestamp with time zone", "timestamptz"),
        ("timestamp without time zone", "timestamp"),
        ("time with time zone", "timetz"),
        ("character varying", "varchar"),
        ("double precision", "float8"),
        ("[]", "_array"),
    ];
    let short = spelling.iter().fold(text.to_owned(), |text, (long, short)| text.replace(long, short));
    let mut word = String::new();
    for c in short.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' };
        if c != '_' || !word.ends_with('_') {
            word.push(c);
        }
    }
    let word = word.replace('.', "_dot_");
    let word = word.trim_end_matches('_');
    let reserved = ["pk", "fk", "uk"].iter().any(|key| word.eq_ignore_ascii_case(key));
    if reserved || !word.starts_with(|c: char| c.is_ascii_alphabetic()) { format!("_{word}") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::LEVELS, *};
    use crate::{
        model::{Claims, Deferrable, ForeignKey, Plan, PrimaryKey, ReferentialAction, Renames, RequestOutcome},
        report::testing::hostile,
    };

    fn column(name: &str, type_name: &str) -> Column {
        Column {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            nullable: false,
            default: None,
            identity: None,
            generated: None,
            collation: None,
            comment: None,
        }
    }

    fn table(name: &str, columns: Vec<Column>, references: &[(&str, &str)]) -> Table {
        let key = |(column, table): &(&str, &str)| ForeignKey {
            name: "fk".to_owned(),
            columns: vec![(*column).to_owned()],
            references: TableName::public(*table),
            referenced_columns: Vec::new(),
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
            deferrable: Deferrable::No,
        };
        Table {
            name: TableName::public(name),
            comment: None,
            primary_key: Some(PrimaryKey { name: "pk".to_owned(), columns: vec![columns[0].name.clone()] }),
            columns,
            uniques: Vec::new(),
            checks: Vec::new(),
            foreign_keys: references.iter().map(key).collect(),
            excludes: Vec::new(),
            indexes: Vec::new(),
        }
    }

    fn outcome(kind: ChangeKind, before: Option<Table>, after: Option<Table>) -> Outcome {
        let name = after.as_ref().or(before.as_ref()).expect("a table").name.clone();
        let columns = [("title".to_owned(), "name".to_owned())].into();
        let renames = Renames { tables: BTreeMap::new(), columns: [(name.clone(), columns)].into() };
        let change = Change { table: name.clone(), kind, before, after, renames };
        let request = RequestOutcome {
            path: "a.yaml".to_owned(),
            text: String::new(),
            table: Some(name),
            registry_id: None,
            change: Some(change),
            taken_over: false,
            sql: None,
            plan: Plan::default(),
            migrations: Vec::new(),
            violations: Vec::new(),
            claims: Claims::default(),
        };
        Outcome { requests: vec![request], ..Outcome::default() }
    }

    fn drawn(outcome: &Outcome) -> String {
        section(outcome, LEVELS[0]).expect("a diagram")
    }

    #[test]
    fn what_changes_is_marked() {
        let before = vec![column("id", "uuid"), column("name", "text"), column("n", "integer"), column("old", "text")];
        let after = vec![
            column("id", "uuid"),
            column("title", "text"),
            column("n", "numeric(10,2)"),
            column("tags", "text[]"),
            Column { nullable: true, ..column("team_id", "uuid") },
            column("at", "timestamp with time zone"),
        ];
        let after = table("files", after, &[("team_id", "teams"), ("id", "files")]);
        insta::assert_snapshot!(drawn(&outcome(ChangeKind::Alter, Some(table("files", before, &[])), Some(after))), @r#"
        ```mermaid
        erDiagram
            t1["files"] {
                uuid id PK, FK "changed"
                text title "was name"
                numeric_10_2 n "was integer"
                text_array tags "added"
                uuid team_id FK "added"
                timestamptz at "added"
                text old "dropped"
            }
            t2["teams"]
            t2 |o--o{ t1 : "team_id"
            t1 ||--o{ t1 : "id"
        ```
        "#);
        let dropped = table("pk", vec![column("pk", "bigint")], &[]);
        insta::assert_snapshot!(drawn(&outcome(ChangeKind::Drop, Some(dropped), None)), @r#"
        ```mermaid
        erDiagram
            t1["_pk - dropped"] {
                bigint _pk PK
            }
        ```
        "#);
    }

    #[test]
    fn wide_tables_show_what_changes_and_huge_ones_their_keys() {
        let wide = |extra: &str| {
            let columns = (0..300).map(|n| column(&format!("c{n}"), "text")).chain([column(extra, "text")]).collect();
            table("wide", columns, &[("c7", "teams")])
        };
        let text = drawn(&outcome(ChangeKind::Alter, Some(wide("x")), Some(wide("y"))));
        let shown: Vec<&str> = text.lines().filter(|line| line.starts_with("        ")).map(str::trim).collect();
        assert_eq!(shown, ["text c0 PK", "text c7 FK", "text y \"added\"", "text x \"dropped\""]);
        let huge = (0..2_000).map(|n| column(&format!("c{n}"), "text")).collect();
        insta::assert_snapshot!(drawn(&outcome(ChangeKind::Create, None, Some(table("huge", huge, &[])))), @r#"
        ```mermaid
        erDiagram
            t1["huge - new"] {
                text c0 PK
            }
        ```
        "#);
    }

    #[test]
    fn what_refers_to_a_changed_table_is_drawn_where_there_is_room() {
        let after = || Some(table("teams", vec![column("id", "uuid")], &[]));
        let referring = |count: usize| {
            let from = |n| TableName::public(format!("table_{n}"));
            let to = || TableName::public("teams");
            let one = |n| Reference { from: from(n), to: to(), columns: vec!["team_id".to_owned()], optional: n > 0 };
            Outcome { referring: (0..count).map(one).collect(), ..outcome(ChangeKind::Alter, after(), after()) }
        };
        insta::assert_snapshot!(drawn(&referring(2)), @r#"
        ```mermaid
        erDiagram
            t1["teams"] {
                uuid id PK
            }
            t2["table_0"]
            t3["table_1"]
            t1 ||--o{ t2 : "team_id"
            t1 |o--o{ t3 : "team_id"
        ```
        "#);
        assert_eq!(drawn(&referring(MAX_EDGES)).matches("--o{").count(), MAX_EDGES);
        assert_eq!(drawn(&referring(MAX_EDGES + 1)).matches("--o{").count(), 0);
        let keys: Vec<(&str, &str)> = vec![("id", "teams"); MAX_EDGES + 1];
        let tangle = table("tangle", vec![column("id", "uuid")], &keys);
        assert_eq!(section(&outcome(ChangeKind::Create, None, Some(tangle)), LEVELS[0]), None);
    }

    proptest! {
        #[test]
        fn every_name_becomes_a_word(name in hostile(), type_name in hostile()) {
            let columns = vec![column(&name, &type_name), column("x", "text")];
            let after = table(&name, columns, &[(&name, &type_name)]);
            for line in drawn(&outcome(ChangeKind::Create, None, Some(after))).lines() {
                let plain = |c: char| c.is_ascii_alphanumeric() || "_ \"[]{}|:,-".contains(c);
                prop_assert!(line.chars().all(plain) || line.starts_with("```"), "{}", line);
            }
            let word = word(&name);
            prop_assert!(!word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit()), "{}", word);
        }
    }
}
