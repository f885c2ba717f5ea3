//! Generated pairs of SQL files.

use std::fmt;

use super::{ChangeKind, Digest, TableName};

/// Version of the header and of the SQL that the generator writes; raised when the bytes for the same request change.
pub const MIGRATION_FORMAT: u32 = 1;

/// The common stem of a migration's two file names, `<YYYYMMDD>_<HHMMSS>_<verb>_<table>[_<phase>]`.
/// Stems sort in the order in which migrations run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// The table.
    pub table: TableName,
    /// The change.
    pub kind: ChangeKind,
    /// State digest before; `None` where the table did not exist.
    pub before: Option<Digest>,
    /// State digest after; `None` where the table does not exist.
    pub after: Option<Digest>,
}
