//! Changes to plans and migrations: names, bytes, headers, chains.

use chrono::{DateTime, Utc};

use crate::model::{Change, Digest, Migration, MigrationHeader, Plan, Tree, Unsupported};

/// The plan of a change and the migrations that carry it out.
///
/// `stamp` is the request's `requestedAt`; `before` the state digest after the table's last migration on the base.
/// The same change, stamp and digest give the same bytes. What cannot be carried out yet is an `Err`.
pub fn generate(
    _change: &Change,
    _stamp: DateTime<Utc>,
    _before: Option<Digest>,
) -> Result<(Plan, Vec<Migration>), Vec<Unsupported>> {
    todo!()
}

/// One file of a migrations folder whose name and header were understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationFile {
    /// Path in the repository.
    pub path: String,
    /// Common stem of the pair.
    pub stem: String,
    /// Whether it is the up file.
    pub up: bool,
    /// Stamp in its name.
    pub stamp: DateTime<Utc>,
    /// What its header says.
    pub header: MigrationHeader,
}

/// Reads the name and header of a migration file; `Err` says why it is not one.
pub fn read_file(_path: &str, _bytes: &[u8]) -> Result<MigrationFile, String> {
    todo!()
}

/// The up files of a tree's migrations folder, in order of their stems; files that are none are left out.
#[must_use]
pub fn ups(_tree: &Tree, _migrations_dir: &str) -> Vec<MigrationFile> {
    todo!()
}

pub fn chains(_tree: &Tree, _dir: &str) -> std::collections::BTreeMap<crate::model::TableName, Vec<MigrationFile>> {
    todo!()
}
pub fn check_chain(_files: &[MigrationFile]) -> Vec<crate::rules::StaleMigration> {
    todo!()
}
pub fn compare(_expected: &[Migration], _tree: &Tree, _dir: &str) -> Vec<crate::rules::StaleMigration> {
    todo!()
}
