//! How two catalogs differ.

use super::{Change, Difference, OpaqueObject};

/// How one catalog differs from an earlier one.
#[derive(Debug, Clone, Default)]
pub struct CatalogDifference {
    /// The tables that differ, by their later names.
    pub tables: Vec<TableDifference>,
    /// The declarations that differ, by namespace and name.
    pub objects: Vec<ObjectDifference>,
    /// Files of either catalog that could not be read. Their tables are not compared.
    pub unread: Vec<String>,
}

impl CatalogDifference {
    /// Whether everything that could be compared is the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.objects.is_empty()
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
