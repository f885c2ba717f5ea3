//! Requests that bring SQL of their own: the pair of files that carries it, word for word.

use chrono::{DateTime, Utc};

use super::{header, name};
use crate::{
    model::{
        ChangeKind, Digest, Down, Lock, MIGRATION_FORMAT, Migration, MigrationHeader, MigrationName, Operation, Plan,
        SqlRequest, Subject, Work,
    },
    sql::{ScriptStatement, Setting, Statement, render, runs_alone},
};

/// The plan and the migration of a SQL request, of which `up` and `down` were read; `before` is the digest that its last
/// migration on the base left. The same request, stamp and digest give the same bytes.
#[must_use]
pub fn generate_sql(
    request: &SqlRequest,
    (up, down): (&[ScriptStatement], &[ScriptStatement]),
    stamp: DateTime<Utc>,
    before: Option<Digest>,
) -> (Plan, Migration) {
    let header = MigrationHeader {
        format: MIGRATION_FORMAT,
        subject: Subject::Sql(request.name.value.clone()),
        kind: ChangeKind::Run,
        before,
        after: Some(request.state_digest()),
        phase: None,
        renamed_from: None,
    };
    let migration = Migration {
        name: name::stem(stamp, &header),
        up: file(&header, script(&request.up.value, up)),
        down: match &request.down {
            Down::Sql(field) => file(&header, script(&field.value, down)),
            Down::Irreversible(field) => file(&header, vec![Statement::Fail(&field.value)]),
        },
        header,
    };
    let reversible = matches!(request.down, Down::Sql(_));
    let plan =
        Plan { operations: up.iter().map(|statement| operation(statement, &migration.name, reversible)).collect() };
    (plan, migration)
}

fn file(header: &MigrationHeader, body: Vec<Statement<'_>>) -> String {
    let mut statements = vec![Statement::Note(header::lines(header))];
    statements.extend(body);
    render(&statements)
}

/// One transaction, or the only statement between settings of the session and their reset.
fn script<'a>(text: &'a str, statements: &[ScriptStatement]) -> Vec<Statement<'a>> {
    let body = Statement::Script(text);
    if runs_alone(statements) {
        let settings = [Setting::NoLockTimeout, Setting::NoStatementTimeout];
        let before = settings.map(Statement::Set).into_iter();
        return before.chain([body]).chain(settings.map(Statement::Reset)).collect();
    }
    let settings = [Setting::LockTimeout, Setting::StandardStrings].map(Statement::SetLocal);
    [Statement::Begin].into_iter().chain(settings).chain([body, Statement::Commit]).collect()
}

fn operation(statement: &ScriptStatement, migration: &MigrationName, reversible: bool) -> Operation {
    let lock = |mode| statement.relations.iter().map(move |table| Lock { table: table.clone(), mode });
    Operation {
        summary: statement.summary.clone(),
        migration: Some(migration.clone()),
        phase: None,
        work: if statement.scans { Work::Scan } else { Work::Catalog },
        locks: statement.lock.into_iter().flat_map(lock).collect(),
        data_loss: statement.data_loss.map(str::to_owned),
        reversible,
    }
}
