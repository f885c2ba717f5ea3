//! What each kind of change says in SQL, and what it locks and loses.

use std::collections::BTreeSet;

use crate::{
    model::{DEFAULT_SCHEMA, Lock, LockMode, MigrationHeader, Operation, Plan, Table, TableName, Unsupported, Work},
    sql::{ALLOW_DATA_LOSS, Definition, InvalidDefinition, Setting, Statement, render},
};

use super::{
    header,
    phases::{PINNED, READS_ROWS},
};

/// The texts of the up and the down file.
pub(super) type Pair = (String, String);

/// A migration before it has a name.
pub(super) type Script = (MigrationHeader, Pair);

/// Creates `table`; down, drops it unless it has rows.
pub(super) fn create(header: &MigrationHeader, table: &Table) -> Result<Pair, Vec<Unsupported>> {
    let definition = define(table)?;
    let mut up = vec![Statement::Note(header::lines(header))];
    up.extend(creation(&definition));
    let mut down = vec![
        Statement::Note(header::lines(header)),
        Statement::Note(format!(
            "Drops the table, and fails if it has rows unless {ALLOW_DATA_LOSS} is on in the session.\n\
             Running the up migration again does not bring back: rows, privileges, and whatever was added since\n\
             (columns, indexes, triggers, policies)."
        )),
        Statement::Begin,
        Statement::SetLocal(Setting::LockTimeout),
    ];
    down.extend(READS_ROWS.map(Statement::SetLocal));
    down.extend([Statement::AssertEmpty(&table.name), Statement::DropTable(&table.name), Statement::Commit]);
    Ok((render(&up), render(&down)))
}

/// Drops `table`; down, creates it again, empty.
pub(super) fn drop(header: &MigrationHeader, table: &Table) -> Result<Pair, Vec<Unsupported>> {
    let definition = define(table)?;
    let up = [
        Statement::Note(header::lines(header)),
        Statement::Note(
            "Every row of the table is lost for good. Fails while another object depends on the table.".to_owned(),
        ),
        Statement::Begin,
        Statement::SetLocal(Setting::LockTimeout),
        Statement::DropTable(&table.name),
        Statement::Commit,
    ];
    let mut down = vec![
        Statement::Note(header::lines(header)),
        Statement::Note(
            "Creates the table again, empty. Not brought back: rows, the positions of sequences, owner and privileges,\n\
             triggers, policies, and whatever else no request describes."
                .to_owned(),
        ),
    ];
    down.extend(creation(&definition));
    Ok((render(&up), render(&down)))
}

fn creation(definition: &Definition) -> Vec<Statement<'_>> {
    let mut statements = vec![Statement::Begin, Statement::SetLocal(Setting::LockTimeout)];
    statements.extend(PINNED.map(Statement::SetLocal));
    statements.extend([
        Statement::Note("A run of the same migration in another session ends before this one begins.".to_owned()),
        Statement::TakeTurns(definition.table()),
    ]);
    let schema = definition.table().schema.as_str();
    statements.extend((schema != DEFAULT_SCHEMA).then_some(Statement::CreateSchema(schema)));
    statements.push(Statement::CreateTable(definition));
    statements.extend(definition.create_indexes());
    statements.extend(definition.comments());
    statements.extend([
        Statement::Note(
            "IF NOT EXISTS is content with an object of any shape. What is there now is compared, through the catalog,\n\
             with a temporary table of the wanted definition."
                .to_owned(),
        ),
        Statement::AssertDefinition(definition),
        Statement::Commit,
    ]);
    statements
}

pub(super) fn define(table: &Table) -> Result<Definition, Vec<Unsupported>> {
    let unsupported = |invalid: InvalidDefinition| Unsupported {
        route: invalid.route,
        message: format!("The {} cannot be written as SQL: {}", invalid.subject, invalid.error),
        suggestion: invalid.error.suggestion.unwrap_or_else(|| "Correct it".to_owned()),
    };
    Definition::new(table).map_err(|problems| problems.into_iter().map(unsupported).collect())
}

/// Creating takes no lock that anyone could feel, but for the tables that it refers to.
/// Source: <https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES>
pub(super) fn plan_of_create(table: &Table) -> Plan {
    let step = |summary: String| Operation {
        summary,
        migration: None,
        phase: None,
        work: Work::Catalog,
        locks: Vec::new(),
        data_loss: None,
        reversible: true,
    };
    let schema = &table.name.schema;
    let mut operations = Vec::new();
    operations.extend((schema != DEFAULT_SCHEMA).then(|| step(format!("create schema {schema} where there is none"))));
    operations.push(Operation {
        locks: locks(parents(table), LockMode::ShareRowExclusive),
        ..step(format!("create table {}", table.name.short()))
    });
    let index = |name: &str| step(format!("create index {name} on {}", table.name.short()));
    operations.extend(table.indexes.iter().map(|found| index(&found.name)));
    Plan { operations }
}

/// Dropping a table with foreign keys blocks the tables that it refers to as well: their triggers go.
pub(super) fn plan_of_drop(table: &Table) -> Plan {
    let tables = std::iter::once(&table.name).chain(parents(table));
    let operation = Operation {
        summary: format!("drop table {}", table.name.short()),
        migration: None,
        phase: None,
        work: Work::Catalog,
        locks: locks(tables, LockMode::AccessExclusive),
        data_loss: Some(format!("all rows of {}", table.name.short())),
        reversible: false,
    };
    Plan { operations: vec![operation] }
}

fn parents(table: &Table) -> BTreeSet<&TableName> {
    table.foreign_keys.iter().map(|key| &key.references).filter(|parent| **parent != table.name).collect()
}

fn locks<'a>(tables: impl IntoIterator<Item = &'a TableName>, mode: LockMode) -> Vec<Lock> {
    tables.into_iter().map(|table| Lock { table: table.clone(), mode }).collect()
}
