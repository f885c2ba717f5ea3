//! Statements: typed values in, SQL text out.

use std::fmt::{self, Write as _};

use crate::model::{ForeignKey, TableName};

use super::{
    definition::{Definition, IndexDefinition, actions, deferrable},
    quote,
};

/// Name of the setting that lets a migration lose rows.
pub const ALLOW_DATA_LOSS: &str = "schema_registry.allow_data_loss";

/// One statement of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement<'a> {
    /// Comment lines for people; what would end a comment is taken out. Belongs to the statement after it.
    Note(String),
    /// `BEGIN`.
    Begin,
    /// `COMMIT`.
    Commit,
    /// `SET LOCAL`: holds until the transaction ends.
    SetLocal(Setting),
    /// Waits until no other session runs a migration of the table.
    /// Source: <https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS>
    TakeTurns(&'a TableName),
    /// `CREATE SCHEMA` where there is none of that name. `IF NOT EXISTS` alone asks for the right to create schemas also
    /// where nothing is to be done, which few runners have.
    /// Source: <https://www.postgresql.org/docs/current/sql-createschema.html>
    CreateSchema(&'a str),
    /// `CREATE TABLE IF NOT EXISTS` with every constraint.
    CreateTable(&'a Definition),
    /// `CREATE INDEX IF NOT EXISTS`, not concurrently: for a table that no one uses yet.
    CreateIndex(&'a TableName, &'a IndexDefinition),
    /// `COMMENT ON TABLE`.
    CommentOnTable(&'a TableName, &'a str),
    /// `COMMENT ON COLUMN`.
    CommentOnColumn(&'a TableName, &'a str, &'a str),
    /// Fails unless the table is what the definition says.
    AssertDefinition(&'a Definition),
    /// Locks the table against everybody and fails if it has rows, unless [`ALLOW_DATA_LOSS`] is `on`; does nothing
    /// where there is no such table.
    AssertEmpty(&'a TableName),
    /// `DROP TABLE IF EXISTS`, never `CASCADE`.
    DropTable(&'a TableName),
}

/// Settings that migrations fix.
/// Source: <https://www.postgresql.org/docs/current/runtime-config-client.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// A migration gives up rather than making others queue behind it.
    LockTimeout,
    /// Rows hidden by row-level security are an error, not absent.
    RowSecurityOff,
    /// Times without a zone are UTC.
    TimeZone,
    /// Dates are read year first.
    DateStyle,
    /// Intervals are read and written in PostgreSQL's own style.
    IntervalStyle,
    /// A backslash in a string is a backslash.
    StandardStrings,
    /// The catalog's text has quotes only where they are needed.
    QuoteWhereNeeded,
}

impl Setting {
    fn assignment(self) -> &'static str {
        match self {
            Self::LockTimeout => "lock_timeout = '2s'",
            Self::RowSecurityOff => "row_security = off",
            Self::TimeZone => "timezone = 'UTC'",
            Self::DateStyle => "datestyle = 'ISO, YMD'",
            Self::IntervalStyle => "intervalstyle = 'postgres'",
            Self::StandardStrings => "standard_conforming_strings = on",
            Self::QuoteWhereNeeded => "quote_all_identifiers = off",
        }
    }
}

/// The text of a file with these statements: one blank line between them, none inside a group of settings.
#[must_use]
pub fn render(statements: &[Statement<'_>]) -> String {
    let mut text = String::new();
    for (index, statement) in statements.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| statements.get(index));
        if before.is_some_and(|before| !before.joins(statement)) {
            text.push('\n');
        }
        let _ = writeln!(text, "{statement}");
    }
    text
}

impl Statement<'_> {
    /// Whether `next` follows without a blank line.
    fn joins(&self, next: &Self) -> bool {
        match self {
            Self::Note(_) => !matches!(next, Self::Note(_) | Self::Begin),
            Self::Begin | Self::SetLocal(_) => matches!(next, Self::SetLocal(_)),
            Self::CreateIndex(..) => matches!(next, Self::CreateIndex(..)),
            Self::CommentOnTable(..) | Self::CommentOnColumn(..) => matches!(next, Self::CommentOnColumn(..)),
            _ => false,
        }
    }
}

impl fmt::Display for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(text) => f.write_str(&note(text)),
            Self::Begin => f.write_str("BEGIN;"),
            Self::Commit => f.write_str("COMMIT;"),
            Self::SetLocal(setting) => write!(f, "SET LOCAL {};", setting.assignment()),
            Self::TakeTurns(table) => {
                let name = quote::literal(&format!("schema-registry:{table}"));
                write!(f, "SELECT pg_advisory_xact_lock(hashtextextended({name}, 0));")
            }
            Self::CreateSchema(schema) => {
                let values = [
                    ("schema", quote::identifier(schema)),
                    ("schema text", quote::literal(&quote::identifier(schema))),
                ];
                write!(f, "DO {};", quote::dollar("schema", &filled(include_str!("schema.sql"), &values)))
            }
            Self::CreateTable(definition) => {
                let name = quote::table(&definition.table);
                let lines = definition.columns.iter().chain(&definition.constraints).cloned();
                let lines = lines.chain(definition.foreign_keys.iter().map(foreign_key));
                write!(f, "CREATE TABLE IF NOT EXISTS {name} (\n{}\n);", body(lines, "  "))
            }
            Self::CreateIndex(table, index) => {
                write!(f, "{};", create_index(index, true, &quote::table(table)))
            }
            Self::CommentOnTable(table, text) => {
                write!(f, "COMMENT ON TABLE {} IS {};", quote::table(table), quote::literal(text))
            }
            Self::CommentOnColumn(table, column, text) => {
                let column = quote::identifier(column);
                write!(f, "COMMENT ON COLUMN {}.{column} IS {};", quote::table(table), quote::literal(text))
            }
            Self::AssertDefinition(definition) => f.write_str(&assert_definition(definition)),
            Self::AssertEmpty(table) => f.write_str(&assert_empty(table)),
            Self::DropTable(table) => write!(f, "DROP TABLE IF EXISTS {};", quote::table(table)),
        }
    }
}

/// Every line of `text` behind two dashes. PostgreSQL ends a comment at a line feed or a carriage return.
fn note(text: &str) -> String {
    let line = |line: &str| {
        let shown: String = line.chars().map(|symbol| if symbol.is_control() { '\u{FFFD}' } else { symbol }).collect();
        format!("-- {shown}").trim_end().to_owned()
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn body(lines: impl Iterator<Item = String>, indent: &str) -> String {
    lines.map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join(",\n")
}

fn foreign_key(key: &ForeignKey) -> String {
    let referenced = match key.referenced_columns.as_slice() {
        [] => String::new(),
        columns => format!(" ({})", quote::identifiers(columns)),
    };
    format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {}{referenced}{}{}",
        quote::identifier(&key.name),
        quote::identifiers(&key.columns),
        quote::table(&key.references),
        actions(key),
        deferrable(key.deferrable),
    )
}

fn create_index(index: &IndexDefinition, if_not_exists: bool, table: &str) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let guard = if if_not_exists { "IF NOT EXISTS " } else { "" };
    format!("CREATE {unique}INDEX {guard}{} ON {table} {}", quote::identifier(&index.name), index.body)
}

/// The block that compares the table with a temporary one of the wanted definition.
///
/// A temporary table cannot refer to a lasting one, so foreign keys are compared with the text that PostgreSQL itself
/// would print, its quoting included, which depends on its version.
fn assert_definition(definition: &Definition) -> String {
    let mut wanted = vec![format!(
        "  CREATE TEMPORARY TABLE wanted (\n{}\n  );",
        body(definition.columns.iter().chain(&definition.constraints).cloned(), "    ")
    )];
    wanted
        .extend(definition.indexes.iter().map(|index| format!("  {};", create_index(index, false, "pg_temp.wanted"))));
    let foreign_keys: Vec<_> = definition.foreign_keys.iter().map(wanted_foreign_key).collect();
    let foreign_keys = match foreign_keys.as_slice() {
        [] => String::new(),
        keys => format!("\n    {}\n  ", keys.join(",\n    ")),
    };
    let values = [
        ("foreign keys", foreign_keys),
        ("wanted", wanted.join("\n")),
        ("table", quote::literal(&quote::table(&definition.table))),
    ];
    format!("DO {};", quote::dollar("postcondition", &filled(include_str!("postcondition.sql"), &values)))
}

fn wanted_foreign_key(key: &ForeignKey) -> String {
    let places = |columns: &[String]| vec!["%I"; columns.len()].join(", ");
    let (schema, name) = (key.references.schema.clone(), key.references.name.clone());
    let mut arguments: Vec<String> =
        key.columns.iter().chain(&[schema, name]).map(|name| quote::literal(name)).collect();
    let referenced = if key.referenced_columns.is_empty() {
        let parent = quote::literal(&quote::table(&key.references));
        arguments.push(format!(
            "(SELECT string_agg(quote_ident(attname), ', ' ORDER BY place) FROM pg_constraint, unnest(conkey) WITH \
             ORDINALITY AS part (number, place), pg_attribute WHERE conrelid = {parent}::regclass AND contype = 'p' AND \
             attrelid = conrelid AND attnum = number)"
        ));
        "%s".to_owned()
    } else {
        arguments.extend(key.referenced_columns.iter().map(|name| quote::literal(name)));
        places(&key.referenced_columns)
    };
    let columns = places(&key.columns);
    let text =
        format!("FOREIGN KEY ({columns}) REFERENCES %I.%I({referenced}){}{}", actions(key), deferrable(key.deferrable));
    let object = quote::literal(&format!("constraint {}: ", key.name));
    format!("{object} || format({}, {})", quote::literal(&text), arguments.join(", "))
}

fn assert_empty(table: &TableName) -> String {
    let values = [
        ("table", quote::table(table)),
        ("table text", quote::literal(&quote::table(table))),
        ("setting", quote::literal(ALLOW_DATA_LOSS)),
    ];
    format!("DO {};", quote::dollar("guard", &filled(include_str!("guard.sql"), &values)))
}

/// The template with every `{key}` replaced; what is put in is not looked at again.
fn filled(template: &str, values: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let value = after.split_once('}').and_then(|(key, tail)| {
            let (_, value) = values.iter().find(|(known, _)| *known == key)?;
            Some((value.as_str(), tail))
        });
        let (value, tail) = value.unwrap_or(("{", after));
        text.push_str(value);
        rest = tail;
    }
    // A block begins and ends on lines of its own.
    format!("\n{text}{rest}")
}

#[cfg(test)]
mod tests;
