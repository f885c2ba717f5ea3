//! Generated pairs of SQL files.

use std::fmt;

use serde::Serialize;

use super::{ChangeKind, Digest, TableName};

/// Version of the header and of the SQL that the generator writes; raised when the bytes for the same request change.
pub const MIGRATION_FORMAT: u32 = 1;

/// Most migrations that one change takes: their numbers have two digits in file names, so that names sort as they run.
pub const MAX_PHASES: u32 = 99;

/// The common stem of a migration's two file names, `<YYYYMMDD>_<HHMMSS>_<verb>_<table>[_<number>_<phase>]`.
/// Stems sort in the order in which migrations run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct MigrationName(pub String);

impl MigrationName {
    /// `<stem>.up.sql`.
    #[must_use]
    pub fn up_file(&self) -> String {
        format!("{}.up.sql", self.0)
    }

    /// `<stem>.down.sql`.
    #[must_use]
    pub fn down_file(&self) -> String {
        format!("{}.down.sql", self.0)
    }
}

impl fmt::Display for MigrationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a migration does for a change that takes several. The order here is the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PhaseKind {
    /// Everything that needs but a moment: columns, defaults, constraints that are not checked against old rows yet.
    Prepare,
    /// Fills a new column in batches.
    Backfill,
    /// Removes what interrupted builds of indexes left.
    Recover,
    /// Builds one index while the table is in use.
    Build,
    /// Makes sure that the indexes are valid, and puts them in the place of those that they replace.
    Assert,
    /// Removes one index while the table is in use.
    Drop,
    /// Checks old rows against new constraints.
    Validate,
    /// What had to wait for the others, and the postcondition.
    Finish,
}

impl PhaseKind {
    /// Every kind, in order.
    pub const ALL: [Self; 8] = [
        Self::Prepare,
        Self::Backfill,
        Self::Recover,
        Self::Build,
        Self::Assert,
        Self::Drop,
        Self::Validate,
        Self::Finish,
    ];

    /// The word in file names and headers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Backfill => "backfill",
            Self::Recover => "recover",
            Self::Build => "build",
            Self::Assert => "assert",
            Self::Drop => "drop",
            Self::Validate => "validate",
            Self::Finish => "finish",
        }
    }

    /// Whether the migration is one transaction; else it is one statement that PostgreSQL runs in none.
    /// Source: <https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>
    #[must_use]
    pub fn is_transaction(self) -> bool {
        !matches!(self, Self::Backfill | Self::Build | Self::Drop)
    }
}

/// The place of a migration among those of its change. All of them have the same stamp and the same states before and
/// after in their headers: together they are one link of the table's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Phase {
    /// From 1.
    pub number: u32,
    /// How many the change takes, at least two.
    pub of: u32,
    /// What it does.
    pub kind: PhaseKind,
}

/// What a chain of migrations is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A table that a request describes.
    Table(TableName),
    /// A request that brings SQL of its own, by its name.
    Sql(String),
}

impl Subject {
    /// The table, where it is one.
    #[must_use]
    pub fn table(&self) -> Option<&TableName> {
        match self {
            Self::Table(table) => Some(table),
            Self::Sql(_) => None,
        }
    }

    /// The name as people write it.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Table(table) => table.short(),
            Self::Sql(name) => name.clone(),
        }
    }
}

impl From<TableName> for Subject {
    fn from(table: TableName) -> Self {
        Self::Table(table)
    }
}

impl From<&TableName> for Subject {
    fn from(table: &TableName) -> Self {
        Self::Table(table.clone())
    }
}

impl From<&Subject> for Subject {
    fn from(subject: &Subject) -> Self {
        subject.clone()
    }
}

/// A migration with its SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Stem of its file names.
    pub name: MigrationName,
    /// What its header says.
    pub header: MigrationHeader,
    /// Whole text of the up file.
    pub up: String,
    /// Whole text of the down file.
    pub down: String,
}

/// What the comment lines at the top of a migration say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationHeader {
    /// [`MIGRATION_FORMAT`] of the generator that wrote it.
    pub format: u32,
    /// Whose migration it is.
    pub subject: Subject,
    /// The change.
    pub kind: ChangeKind,
    /// State digest before; `None` where the table did not exist.
    pub before: Option<Digest>,
    /// State digest after; `None` where the table does not exist.
    pub after: Option<Digest>,
    /// Its place, where the change takes several migrations.
    pub phase: Option<Phase>,
    /// The name that the table had before, where the change renames it.
    pub renamed_from: Option<TableName>,
}
