//! Steps of a change, and the files that hold them: as few as possible, each either one transaction or one statement that
//! PostgreSQL runs in none.

use crate::{
    model::{Operation, Phase, PhaseKind, TableName},
    sql::{Setting, Statement, render},
};

/// A step of a change.
#[derive(Debug, Clone)]
pub(super) struct Step<'a> {
    /// When it runs.
    pub(super) kind: PhaseKind,
    /// What it runs; one statement where the kind is no transaction.
    pub(super) up: Vec<Statement<'a>>,
    /// What takes it back, likewise.
    pub(super) down: Vec<Statement<'a>>,
    /// What that means for the database.
    pub(super) operations: Vec<Operation>,
    /// What the down does not bring back, or takes its time to.
    pub(super) note: Option<String>,
}

/// The files of a change before they have names.
#[derive(Debug)]
pub(super) struct Part<'a> {
    kind: PhaseKind,
    steps: Vec<Step<'a>>,
}

impl<'a> Step<'a> {
    pub(super) fn new(kind: PhaseKind, up: Vec<Statement<'a>>, down: Vec<Statement<'a>>) -> Self {
        Self { kind, up, down, operations: Vec::new(), note: None }
    }

    pub(super) fn operation(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    pub(super) fn note(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }
}

/// Puts steps into files, each kind's in the order given. Transactions with nothing between them are one; the last file
/// is a transaction, because the postcondition is in it.
pub(super) fn parts<'a>(steps: &[Step<'a>]) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    for kind in PhaseKind::ALL {
        for step in steps.iter().filter(|step| step.kind == kind) {
            match parts.last_mut() {
                Some(last) if joins(last.kind, kind) => last.steps.push(step.clone()),
                _ => parts.push(Part { kind, steps: vec![step.clone()] }),
            }
        }
    }
    if parts.last().is_none_or(|last| !last.kind.is_transaction()) {
        parts.push(Part { kind: PhaseKind::Finish, steps: Vec::new() });
    }
    parts
}

/// Whether a step of kind `next` goes into the file of kind `last` that was begun before it. A validation is alone: it
/// takes long, and must not hold the locks of the others meanwhile.
fn joins(last: PhaseKind, next: PhaseKind) -> bool {
    last.is_transaction()
        && (last == next
            || matches!(
                (last, next),
                (PhaseKind::Prepare, PhaseKind::Recover | PhaseKind::Finish)
                    | (PhaseKind::Recover | PhaseKind::Assert, PhaseKind::Finish)
            ))
}

/// The place of each file among those of the change; none where there is but one.
pub(super) fn numbered(parts: &[Part<'_>]) -> Vec<Option<Phase>> {
    let of = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    let place = |(part, number): (&Part<'_>, u32)| (of > 1).then_some(Phase { number, of, kind: part.kind });
    parts.iter().zip(1..).map(place).collect()
}

impl Part<'_> {
    /// Its operations, in order.
    pub(super) fn operations(&self, phase: Option<Phase>) -> impl Iterator<Item = Operation> + '_ {
        let operations = self.steps.iter().flat_map(|step| &step.operations);
        operations.map(move |operation| Operation { phase, ..operation.clone() })
    }

    /// The text of the up file, `last` at its end.
    pub(super) fn up(&self, header: String, table: &TableName, last: Vec<Statement<'_>>) -> String {
        let statements: Vec<_> = self.steps.iter().flat_map(|step| step.up.clone()).chain(last).collect();
        self.text(header, None, table, statements)
    }

    /// The text of the down file: the steps backwards.
    pub(super) fn down(&self, header: String, table: &TableName) -> String {
        let statements: Vec<_> = self.steps.iter().rev().flat_map(|step| step.down.clone()).collect();
        let notes: Vec<&str> = self.steps.iter().filter_map(|step| step.note.as_deref()).collect();
        let notes = (!notes.is_empty()).then(|| notes.join("\n"));
        self.text(header, notes, table, statements)
    }

    fn text(&self, header: String, note: Option<String>, table: &TableName, body: Vec<Statement<'_>>) -> String {
        let mut statements = vec![Statement::Note(header)];
        statements.extend(note.map(Statement::Note));
        if body.is_empty() {
            statements.push(Statement::Note("Nothing is to be done here.".to_owned()));
        } else if self.kind.is_transaction() {
            statements.extend(transaction(table, body));
        } else {
            statements.extend(alone(body));
        }
        render(&statements)
    }
}

/// Settings that decide what the text of an expression means, and how the catalog prints it.
pub(super) const PINNED: [Setting; 5] = [
    Setting::TimeZone,
    Setting::DateStyle,
    Setting::IntervalStyle,
    Setting::StandardStrings,
    Setting::QuoteWhereNeeded,
];

/// Settings of transactions that lose nothing because they look at the rows.
pub(super) const READS_ROWS: [Setting; 2] = [Setting::ReadCommitted, Setting::RowSecurityOff];

fn transaction<'a>(table: &'a TableName, body: Vec<Statement<'a>>) -> Vec<Statement<'a>> {
    let mut statements = vec![Statement::Begin, Statement::SetLocal(Setting::LockTimeout)];
    if body.iter().any(Statement::depends_on_settings) {
        statements.extend(PINNED.map(Statement::SetLocal));
    }
    let reads_rows = |statement: &Statement<'_>| match statement {
        Statement::AssertNoValues(..) | Statement::AssertUnchanged(..) => true,
        Statement::When(_, inner) => inner.iter().any(|inner| matches!(inner, Statement::AdvanceIdentity(..))),
        _ => false,
    };
    if body.iter().any(reads_rows) {
        statements.extend(READS_ROWS.map(Statement::SetLocal));
    }
    statements.push(Statement::TakeTurns(table));
    statements.extend(body);
    statements.push(Statement::Commit);
    statements
}

/// One statement that runs in no transaction, between settings of the session and their reset.
fn alone(body: Vec<Statement<'_>>) -> Vec<Statement<'_>> {
    let settings = match body.as_slice() {
        [Statement::Backfill(..)] => {
            vec![Setting::LockTimeout, Setting::NoStatementTimeout, Setting::RowSecurityOff]
        }
        [Statement::CreateIndexConcurrently(_, index)] if index.has_literals() => vec![
            Setting::NoLockTimeout,
            Setting::NoStatementTimeout,
            Setting::TimeZone,
            Setting::DateStyle,
            Setting::IntervalStyle,
        ],
        _ => vec![Setting::NoLockTimeout, Setting::NoStatementTimeout],
    };
    let before = settings.clone().into_iter().map(Statement::Set);
    before.chain(body).chain(settings.into_iter().map(Statement::Reset)).collect()
}
