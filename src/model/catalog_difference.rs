//! How two catalogs differ.

use serde::Serialize;

use super::{Change, Difference, OpaqueObject, SqlRequest};

/// How one catalog differs from an earlier one.
#[derive(Debug, Clone, Default)]
pub struct CatalogDifference {
    /// The tables that differ, by their later names.
    pub tables: Vec<TableDifference>,
    /// The declarations that differ, by namespace and name.
    pub objects: Vec<ObjectDifference>,
    /// The SQL requests that differ, by name.
    pub sql: Vec<SqlDifference>,
    /// Files of either catalog that could not be read. Their tables are not compared.
    pub unread: Vec<String>,
}

impl CatalogDifference {
    /// Whether everything that could be compared is the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.objects.is_empty() && self.sql.is_empty()
    }
}

/// How one table differs.
#[derive(Debug, Clone)]
pub struct TableDifference {
    /// The file that describes it, in the earlier catalog where it is gone.
    pub path: String,
    /// Its registry id.
    pub registry_id: uuid::Uuid,
    /// Both states.
    pub change: Change,
    /// In detail, where both catalogs have the table.
    pub differences: Vec<Difference>,
}

/// How the declaration of one opaque object differs: one side at least is there.
#[derive(Debug, Clone)]
pub struct ObjectDifference {
    /// What the earlier catalog says.
    pub before: Option<OpaqueObject>,
    /// What the later one says.
    pub after: Option<OpaqueObject>,
}

/// How one SQL request differs: one side at least is there.
#[derive(Debug, Clone)]
pub struct SqlDifference {
    /// Its name.
    pub name: String,
    /// The file that holds it, in the earlier catalog where it is gone.
    pub path: String,
    /// What that means.
    pub kind: SqlDifferenceKind,
    /// The keys that differ, those of the SQL apart, where both catalogs have it: `touches`.
    pub keys: Vec<&'static str>,
    /// What the earlier catalog says.
    pub before: Option<SqlRequest>,
    /// What the later one says.
    pub after: Option<SqlRequest>,
}

/// What the difference of a SQL request means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SqlDifferenceKind {
    /// It is new, so it runs.
    Added,
    /// It is gone, which undoes nothing.
    Removed,
    /// Its SQL is another, so it runs once more.
    RunsAgain,
    /// Only other keys than its SQL differ, so nothing runs.
    Reworded,
}
