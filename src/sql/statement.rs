//! Statements: typed values in, SQL text out.

use std::fmt::{self, Write as _};

use crate::model::{ForeignKey, TableName};

use super::{
    alter::Action,
    blocks,
    condition::Condition,
    definition::{ColumnDefinition, Definition, IndexDefinition, Parts, actions, deferrable},
    quote, tree,
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
    /// `SET`: holds until the session ends or [`Statement::Reset`].
    Set(Setting),
    /// `RESET`.
    Reset(Setting),
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
    /// `COMMENT ON TABLE`; none removes it.
    CommentOnTable(&'a TableName, Option<&'a str>),
    /// `COMMENT ON COLUMN`; none removes it.
    CommentOnColumn(&'a TableName, &'a str, Option<&'a str>),
    /// `ALTER TABLE`.
    Alter(&'a TableName, Action<'a>),
    /// `ALTER TABLE` of a table under a name that it has only in between.
    AlterNamed(TableName, Action<'a>),
    /// Statements that run where the catalog answers yes.
    When(Condition<'a>, Vec<Self>),
    /// `CREATE INDEX CONCURRENTLY IF NOT EXISTS`: writers go on; outside of a transaction.
    CreateIndexConcurrently(&'a TableName, IndexDefinition),
    /// `DROP INDEX CONCURRENTLY IF EXISTS`: outside of a transaction.
    DropIndexConcurrently(TableName),
    /// `DROP INDEX IF EXISTS`.
    DropIndex(TableName),
    /// `ALTER INDEX .. RENAME TO`.
    RenameIndex(TableName, String),
    /// Sets the sequence of an identity column to the largest value of the column. Inside of [`Statement::When`] only.
    AdvanceIdentity(&'a TableName, &'a str),
    /// Gives rows without a value in the column its default, some at a time; outside of a transaction.
    Backfill(&'a TableName, &'a str),
    /// Fails if one of the indexes is invalid or absent, naming the way out.
    AssertValid(Vec<TableName>),
    /// Fails unless the table is what the definition says.
    AssertDefinition(&'a Definition),
    /// Fails unless these parts of the table are what the definition says; those that it does not have must be absent.
    AssertParts(&'a Definition, Parts),
    /// Fails unless there is a relation of that name.
    AssertExists(&'a TableName),
    /// Locks the table against everybody and fails if a row has a value in the column, unless [`ALLOW_DATA_LOSS`] is
    /// `on`.
    AssertNoValues(&'a TableName, &'a str),
    /// Locks the table against everybody and fails if a value of the column is another one after a cast to the type of the
    /// other definition and back, unless [`ALLOW_DATA_LOSS`] is `on`.
    AssertUnchanged(&'a TableName, &'a ColumnDefinition, &'a ColumnDefinition),
    /// Locks the table against everybody and fails if it has rows, unless [`ALLOW_DATA_LOSS`] is `on`; does nothing
    /// where there is no such table.
    AssertEmpty(&'a TableName),
    /// `DROP TABLE IF EXISTS`, never `CASCADE`.
    DropTable(&'a TableName),
    /// A script as somebody wrote it, with the semicolon that it may lack.
    Script(&'a str),
    /// Fails with this reason.
    Fail(&'a str),
}

/// Settings that migrations fix.
/// Source: <https://www.postgresql.org/docs/current/runtime-config-client.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// A migration gives up rather than making others queue behind it.
    LockTimeout,
    /// A build waits for old transactions as long as they take, and a limit would end the build.
    NoLockTimeout,
    /// A long statement takes as long as it takes.
    NoStatementTimeout,
    /// Rows hidden by row-level security are an error, not absent.
    RowSecurityOff,
    /// A statement sees what was committed before it began, not before the transaction did: the rows that another session
    /// brought in while this one waited for its lock.
    /// Source: <https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED>
    ReadCommitted,
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
            Self::NoLockTimeout => "lock_timeout = 0",
            Self::NoStatementTimeout => "statement_timeout = 0",
            Self::RowSecurityOff => "row_security = off",
            Self::ReadCommitted => "transaction_isolation = 'read committed'",
            Self::TimeZone => "timezone = 'UTC'",
            Self::DateStyle => "datestyle = 'ISO, YMD'",
            Self::IntervalStyle => "intervalstyle = 'postgres'",
            Self::StandardStrings => "standard_conforming_strings = on",
            Self::QuoteWhereNeeded => "quote_all_identifiers = off",
        }
    }

    fn name(self) -> &'static str {
        self.assignment().split(' ').next().unwrap_or_default()
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
    /// Whether settings of the session may decide what an expression in it means, or how the catalog prints what it looks at.
    #[must_use]
    pub fn depends_on_settings(&self) -> bool {
        match self {
            Self::Alter(_, action) | Self::AlterNamed(_, action) => action.depends_on_settings(),
            Self::When(condition, inner) => {
                condition.depends_on_settings() || inner.iter().any(Self::depends_on_settings)
            }
            Self::CreateIndex(_, index) => index.has_literals(),
            Self::CreateIndexConcurrently(_, index) => index.has_literals(),
            Self::CreateTable(_)
            | Self::Backfill(..)
            | Self::AssertDefinition(_)
            | Self::AssertParts(..)
            | Self::AssertUnchanged(..)
            | Self::Script(_) => true,
            Self::Note(_)
            | Self::Begin
            | Self::Commit
            | Self::SetLocal(_)
            | Self::Set(_)
            | Self::Reset(_)
            | Self::TakeTurns(_)
            | Self::CreateSchema(_)
            | Self::CommentOnTable(..)
            | Self::CommentOnColumn(..)
            | Self::DropIndexConcurrently(_)
            | Self::DropIndex(_)
            | Self::RenameIndex(..)
            | Self::AdvanceIdentity(..)
            | Self::AssertValid(_)
            | Self::AssertExists(_)
            | Self::AssertNoValues(..)
            | Self::AssertEmpty(_)
            | Self::DropTable(_)
            | Self::Fail(_) => false,
        }
    }

    /// Whether `next` follows without a blank line.
    fn joins(&self, next: &Self) -> bool {
        match self {
            Self::Note(_) => !matches!(next, Self::Note(_) | Self::Begin | Self::Set(_)),
            Self::Begin | Self::SetLocal(_) => matches!(next, Self::SetLocal(_)),
            Self::Set(_) => matches!(next, Self::Set(_)),
            Self::Reset(_) => matches!(next, Self::Reset(_)),
            Self::Alter(table, _) => matches!(next, Self::Alter(other, _) if other == table),
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
            Self::Set(setting) => write!(f, "SET {};", setting.assignment()),
            Self::Reset(setting) => write!(f, "RESET {};", setting.name()),
            Self::TakeTurns(table) => {
                let name = quote::literal(&format!("schema-registry:{table}"));
                write!(f, "SELECT pg_advisory_xact_lock(hashtextextended({name}, 0));")
            }
            Self::CreateSchema(schema) => {
                let values = [
                    ("schema", quote::identifier(schema)),
                    ("schema text", quote::literal(&quote::identifier(schema))),
                ];
                f.write_str(&blocks::block("schema", include_str!("schema.sql"), &values))
            }
            Self::CreateTable(definition) => {
                let name = quote::table(&definition.table);
                let foreign_keys = definition.foreign_keys.iter();
                let foreign_keys =
                    foreign_keys.map(|key| format!("CONSTRAINT {} {}", quote::identifier(&key.name), foreign_key(key)));
                let lines = lines(definition).chain(foreign_keys);
                write!(f, "CREATE TABLE IF NOT EXISTS {name} (\n{}\n);", body(lines, "  "))
            }
            Self::CreateIndex(table, index) => {
                write!(f, "{};", create_index(index, true, &quote::table(table)))
            }
            Self::CommentOnTable(table, text) => {
                write!(f, "COMMENT ON TABLE {} IS {};", quote::table(table), comment(*text))
            }
            Self::CommentOnColumn(table, column, text) => {
                let column = quote::identifier(column);
                write!(f, "COMMENT ON COLUMN {}.{column} IS {};", quote::table(table), comment(*text))
            }
            Self::Alter(table, action) => write!(f, "ALTER TABLE {} {action};", quote::table(table)),
            Self::AlterNamed(table, action) => write!(f, "ALTER TABLE {} {action};", quote::table(table)),
            Self::When(condition, statements) => f.write_str(&blocks::when(condition, statements)),
            Self::CreateIndexConcurrently(table, index) => {
                let text = create_index(index, true, &quote::table(table));
                write!(f, "{};", text.replacen("INDEX ", "INDEX CONCURRENTLY ", 1))
            }
            Self::DropIndexConcurrently(index) => {
                write!(f, "DROP INDEX CONCURRENTLY IF EXISTS {};", quote::table(index))
            }
            Self::DropIndex(index) => write!(f, "DROP INDEX IF EXISTS {};", quote::table(index)),
            Self::RenameIndex(index, name) => {
                write!(f, "ALTER INDEX {} RENAME TO {};", quote::table(index), quote::identifier(name))
            }
            Self::AdvanceIdentity(table, column) => f.write_str(&blocks::advance_identity(table, column)),
            Self::Backfill(table, column) => f.write_str(&blocks::backfill(table, column)),
            Self::AssertValid(indexes) => f.write_str(&blocks::assert_valid(indexes)),
            Self::AssertDefinition(definition) => f.write_str(&blocks::assert_definition(definition, None)),
            Self::AssertParts(definition, parts) => {
                f.write_str(&blocks::assert_definition(&definition.only(parts), Some(parts)))
            }
            Self::AssertExists(table) => {
                write!(f, "SELECT {}::regclass;", quote::literal(&quote::table(table)))
            }
            Self::AssertEmpty(table) => f.write_str(&blocks::assert_empty(table)),
            Self::AssertNoValues(table, column) => f.write_str(&blocks::assert_no_values(table, column)),
            Self::AssertUnchanged(table, column, cast) => f.write_str(&blocks::assert_unchanged(table, column, cast)),
            Self::Script(text) => f.write_str(&terminated(text)),
            Self::Fail(reason) => f.write_str(&blocks::fail(reason)),
            Self::DropTable(table) => write!(f, "DROP TABLE IF EXISTS {};", quote::table(table)),
        }
    }
}

/// The script with a semicolon behind its last statement; on a line of its own where a comment would swallow it. The
/// parser gives a length only to statements that a semicolon ends.
fn terminated(script: &str) -> String {
    let text = script.trim_end();
    let ends = |text: &str| tree::parse(text).is_ok_and(|tree| tree.stmts.last().is_some_and(|last| last.stmt_len > 0));
    let candidates = [text.to_owned(), format!("{text};")];
    candidates.into_iter().find(|text| ends(text)).unwrap_or_else(|| format!("{text}\n;"))
}

/// Every line of `text` behind two dashes. PostgreSQL ends a comment at a line feed or a carriage return.
fn note(text: &str) -> String {
    let line = |line: &str| {
        let shown: String = line.chars().map(|symbol| if symbol.is_control() { '\u{FFFD}' } else { symbol }).collect();
        format!("-- {shown}").trim_end().to_owned()
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn comment(text: Option<&str>) -> String {
    text.map_or_else(|| "NULL".to_owned(), quote::literal)
}

/// The lines of `CREATE TABLE`, foreign keys left out.
pub(super) fn lines(definition: &Definition) -> impl Iterator<Item = String> {
    let constraints = definition.constraints.iter().map(ToString::to_string);
    definition.columns.iter().map(ToString::to_string).chain(constraints)
}

pub(super) fn body(lines: impl Iterator<Item = String>, indent: &str) -> String {
    lines.map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join(",\n")
}

/// What follows the name of the constraint.
pub(super) fn foreign_key(key: &ForeignKey) -> String {
    let referenced = match key.referenced_columns.as_slice() {
        [] => String::new(),
        columns => format!(" ({})", quote::identifiers(columns)),
    };
    format!(
        "FOREIGN KEY ({}) REFERENCES {}{referenced}{}{}",
        quote::identifiers(&key.columns),
        quote::table(&key.references),
        actions(key),
        deferrable(key.deferrable),
    )
}

pub(super) fn create_index(index: &IndexDefinition, if_not_exists: bool, table: &str) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let guard = if if_not_exists { "IF NOT EXISTS " } else { "" };
    format!("CREATE {unique}INDEX {guard}{} ON {table} {}", quote::identifier(&index.name), index.body)
}

#[cfg(test)]
mod tests;
