//! Everything that an evaluation produces.

use std::fmt;

use serde::Serialize;

use super::{
    Change, ChangeKind, Digest, FileMode, ForeignKey, Migration, Plan, Severity, SqlChange, Table, TableName, Violation,
};

/// What one request file gave.
#[derive(Debug, Clone)]
pub struct RequestOutcome {
    /// Path of the request file in the repository.
    pub path: String,
    /// Its text on the merged result (empty where the file was deleted), for excerpts.
    pub text: String,
    /// The table, where the reader accepted the file or its name tells.
    pub table: Option<TableName>,
    /// The table's registry id, likewise.
    pub registry_id: Option<uuid::Uuid>,
    /// What the revision does to the table; `None` where the file could not be read, or brings SQL of its own.
    pub change: Option<Change>,
    /// Whether a baseline of the revision takes the table over as it is.
    pub taken_over: bool,
    /// What SQL of its own does in the revision.
    pub sql: Option<SqlChange>,
    /// The operations of the change.
    pub plan: Plan,
    /// The migrations that the change must bring, in order.
    pub migrations: Vec<Migration>,
    /// Violations in this file, in order of place, then rule.
    pub violations: Vec<Violation>,
    /// What the request claims about itself.
    pub claims: Claims,
}

impl RequestOutcome {
    /// What happens; `None` where the file could not be read.
    #[must_use]
    pub fn kind(&self) -> Option<ChangeKind> {
        let sql = |sql: &SqlChange| if sql.runs { ChangeKind::Run } else { ChangeKind::None };
        self.change.as_ref().map(|change| change.kind).or_else(|| self.sql.as_ref().map(sql))
    }

    /// What it is about, as people write it: its table, or its own name where it brings SQL.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        self.table.as_ref().map(TableName::short).or_else(|| Some(self.sql.as_ref()?.name.clone()))
    }
}

/// What a request claims about itself: hostile text, recorded as claimed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// `owner`.
    pub owner: Option<String>,
    /// `requestMetadata.requestedBy`.
    pub requested_by: Option<String>,
    /// `requestMetadata.requestedByUsername`.
    pub requested_by_username: Option<String>,
    /// `requestMetadata.justification`.
    pub justification: Option<String>,
    /// `requestMetadata.relatedIssue`.
    pub related_issue: Option<String>,
}

/// One side of a changed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileState {
    /// Mode in the tree.
    pub mode: FileMode,
    /// SHA-256 of the raw blob.
    pub digest: Digest,
}

/// A governed path that the merged result changes against the base tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Path in the repository.
    pub path: String,
    /// On the base tip.
    pub before: Option<FileState>,
    /// On the merged result.
    pub after: Option<FileState>,
}

/// What one file of opaque objects gave.
#[derive(Debug, Clone)]
pub struct DeclarationsOutcome {
    /// Path of the file in the repository.
    pub path: String,
    /// Its text, for excerpts.
    pub text: String,
    /// Violations in this file, in order of place, then rule.
    pub violations: Vec<Violation>,
}

/// A foreign key, as a diagram shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The table that refers.
    pub from: TableName,
    /// The table that is referred to.
    pub to: TableName,
    /// The columns that refer, by name.
    pub columns: Vec<String>,
    /// Whether a row may refer to nothing.
    pub optional: bool,
}

impl Reference {
    /// What `key` of `table` says.
    #[must_use]
    pub fn of(table: &Table, key: &ForeignKey) -> Self {
        let nullable = |column: &String| table.column(column).is_some_and(|column| column.nullable);
        Self {
            from: table.name.clone(),
            to: key.references.clone(),
            columns: key.columns.clone(),
            optional: key.columns.iter().any(nullable),
        }
    }
}

/// Everything that an evaluation produces.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// By path: the requests that the revision touches, or all of them.
    pub requests: Vec<RequestOutcome>,
    /// By path: the files of opaque objects that the revision touches, or all of them.
    pub declarations: Vec<DeclarationsOutcome>,
    /// Violations of no single request, by file, place and rule.
    pub violations: Vec<Violation>,
    /// Governed paths that the merged result changes, sorted by raw bytes.
    pub files: Vec<FileChange>,
    /// By the table that refers: foreign keys of tables that the revision leaves alone to those that it changes.
    pub referring: Vec<Reference>,
}

impl Outcome {
    /// Every violation: those of the requests in order of path, those of the declarations, then those of no single file.
    pub fn all_violations(&self) -> impl Iterator<Item = &Violation> {
        let of_requests = self.requests.iter().flat_map(|request| &request.violations);
        let of_declarations = self.declarations.iter().flat_map(|declarations| &declarations.violations);
        of_requests.chain(of_declarations).chain(&self.violations)
    }

    /// How many violations of `severity` no waiver covers.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.all_violations().filter(|violation| violation.severity == severity && violation.waived.is_none()).count()
    }

    /// The requests that change something, in the order in which their migrations run; those without any come last.
    pub fn in_order(&self) -> impl Iterator<Item = &RequestOutcome> {
        let changes = |request: &&RequestOutcome| request.kind().is_some_and(|kind| kind != ChangeKind::None);
        let mut changing: Vec<_> = self.requests.iter().filter(changes).collect();
        let first = |request: &RequestOutcome| request.migrations.first().map(|migration| migration.name.clone());
        changing.sort_by_key(|request| (request.migrations.is_empty(), first(request), request.path.clone()));
        changing.into_iter()
    }

    /// Whether something blocks.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.all_violations().any(Violation::blocks)
    }
}

/// The final answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing stands in the way.
    Pass,
    /// An approval is missing, or the branch conflicts with its base.
    Pending,
    /// A violation blocks.
    Fail,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Pending => "pending",
            Self::Fail => "fail",
        })
    }
}
