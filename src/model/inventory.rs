//! What a database holds, for taking it over.

use super::{ObjectKind, Table, TableName};

/// Everything that the users have made in a database.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// Tables of every kind, in order of schema and name.
    pub tables: Vec<FoundTable>,
    /// What can be declared as opaque objects, tables apart.
    pub objects: Vec<FoundObject>,
    /// What can be neither described nor declared.
    pub left_out: Vec<LeftOut>,
}

/// A table of a database.
#[derive(Debug, Clone)]
pub struct FoundTable {
    /// What a request can say of it.
    pub table: Table,
    /// Why no request can describe the table, as the end of a sentence: `is partitioned`.
    pub odd: Option<String>,
    /// The sequences of its serial columns, which no request mentions: they come with the columns.
    pub sequences: Vec<FoundObject>,
}

/// An object of a database that only a declaration can stand for.
#[derive(Debug, Clone)]
pub struct FoundObject {
    /// What it is.
    pub kind: ObjectKind,
    /// Schema and name.
    pub name: TableName,
    /// Labels of an enum, in order.
    pub labels: Vec<String>,
    /// Type below a domain.
    pub base_type: Option<String>,
    /// Types that an extension brings.
    pub types: Vec<String>,
    /// Columns of a composite type, with their types.
    pub columns: Vec<(String, String)>,
}

/// Something of a database that the registry does not know about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct LeftOut {
    /// What it is: `trigger`.
    pub kind: String,
    /// Which one, as PostgreSQL identifies it: hostile text.
    pub object: String,
    /// Why it is left out where the kind does not say it, as the end of a sentence: `is not validated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}
