//! What a revision does to the catalog.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CatalogObject, MigrationName, Namespace, Phase, Table, TableName};

/// The known schema: the tables that the request files of a revision describe and want (not the dropped ones), and the
/// opaque objects that it declares.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// By name.
    pub tables: BTreeMap<TableName, CatalogTable>,
    /// By namespace and name.
    pub objects: BTreeMap<(Namespace, TableName), CatalogObject>,
}

impl Catalog {
    /// What a foreign key to `table` refers to, described by a request or declared.
    #[must_use]
    pub fn referable(&self, table: &TableName) -> Option<&Table> {
        let described = self.tables.get(table).map(|known| &known.table);
        described.or_else(|| self.relation(table).map(|known| &known.object.table))
    }

    /// The opaque table, view or other relation called `name`.
    #[must_use]
    pub fn relation(&self, name: &TableName) -> Option<&CatalogObject> {
        self.objects.get(&(Namespace::Relation, name.clone()))
    }
}

/// A table of a [`Catalog`].
#[derive(Debug, Clone)]
pub struct CatalogTable {
    /// The file that describes it.
    pub path: String,
    /// `UUIDv5` of the table, or the one that its file carries.
    pub registry_id: uuid::Uuid,
    /// Its desired state.
    pub table: Table,
}

/// What happens to one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It does not exist on the base.
    Create,
    /// Its state differs from the base.
    Alter,
    /// It is no longer wanted.
    Drop,
    /// It has another name than on the base.
    Rename,
    /// SQL that a request brings is run; what it does to tables is not described.
    Run,
    /// Its state is the base's; comments, justification or waivers of its file may differ.
    None,
}

impl ChangeKind {
    /// The verb in file names: `create`, `alter`, `drop`, `rename`, `run`; `none` never is in one.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Alter => "alter",
            Self::Drop => "drop",
            Self::Rename => "rename",
            Self::Run => "run",
            Self::None => "none",
        }
    }
}

/// What a revision does to one table.
#[derive(Debug, Clone)]
pub struct Change {
    /// The table.
    pub table: TableName,
    /// What happens.
    pub kind: ChangeKind,
    /// State on the base.
    pub before: Option<Table>,
    /// State wanted.
    pub after: Option<Table>,
    /// Everything that the whole revision renames.
    pub renames: Renames,
}

/// What the requests of a revision rename: names that only the base has, by those that only the revision has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Renames {
    /// Old names of tables by their new ones.
    pub tables: BTreeMap<TableName, TableName>,
    /// Old names of columns by their new ones, by the new name of their table.
    pub columns: BTreeMap<TableName, BTreeMap<String, String>>,
}

impl Renames {
    /// The name on the base of `table` of the revision.
    #[must_use]
    pub fn table_before<'a>(&'a self, table: &'a TableName) -> &'a TableName {
        self.tables.get(table).unwrap_or(table)
    }

    /// The name on the base of `column` of `table` of the revision.
    #[must_use]
    pub fn column_before<'a>(&'a self, table: &TableName, column: &'a str) -> &'a str {
        self.columns.get(table).and_then(|columns| columns.get(column)).map_or(column, String::as_str)
    }
}

/// A table-level lock of PostgreSQL, weakest first.
/// Source: <https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LockMode {
    /// Blocks only ACCESS EXCLUSIVE.
    AccessShare,
    /// `SELECT FOR UPDATE`'s.
    RowShare,
    /// Writers'.
    RowExclusive,
    /// `VACUUM`'s and `CREATE INDEX CONCURRENTLY`'s; reads and writes go on.
    ShareUpdateExclusive,
    /// Blocks writes.
    Share,
    /// Blocks writes; `ADD FOREIGN KEY`'s on both tables.
    ShareRowExclusive,
    /// Blocks everything but plain reads.
    Exclusive,
    /// Blocks everything.
    AccessExclusive,
}

impl LockMode {
    /// `ACCESS EXCLUSIVE` and so on, as PostgreSQL's documentation writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }

    /// Every mode, weakest first.
    pub const ALL: [Self; 8] = [
        Self::AccessShare,
        Self::RowShare,
        Self::RowExclusive,
        Self::ShareUpdateExclusive,
        Self::Share,
        Self::ShareRowExclusive,
        Self::Exclusive,
        Self::AccessExclusive,
    ];
}

/// A lock that an operation takes on a table that existed before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// Whose.
    pub table: TableName,
    /// Which.
    pub mode: LockMode,
}

/// How much of a table an operation looks at while it holds its locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    /// Comments only: its lock lets reads and writes go on.
    /// Source: <https://www.postgresql.org/docs/current/sql-comment.html>
    Metadata,
    /// Catalog rows only: as fast on a large table as on a small one.
    #[default]
    Catalog,
    /// Every row is read.
    Scan,
    /// Every row is written anew.
    Rewrite,
}

/// One DDL step of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// `create table caricatures`, for people; holds names from the request: hostile text.
    pub summary: String,
    /// Stem of the migration that holds it; `None` before it has a name.
    pub migration: Option<MigrationName>,
    /// The place of that migration; `None` where the change is one migration.
    pub phase: Option<Phase>,
    /// How much of the table it looks at.
    pub work: Work,
    /// Locks on tables that existed before.
    pub locks: Vec<Lock>,
    /// What rows or values are lost for good, in one phrase.
    pub data_loss: Option<String>,
    /// Whether the down migration brings everything back.
    pub reversible: bool,
}

/// The ordered operations of one change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// In the order in which they run.
    pub operations: Vec<Operation>,
}

impl Plan {
    /// Whether it changes nothing but comments.
    #[must_use]
    pub fn is_metadata(&self) -> bool {
        !self.operations.is_empty() && self.operations.iter().all(|operation| operation.work == Work::Metadata)
    }
}
