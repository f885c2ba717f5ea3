//! The desired state of a table: what a request means once defaults are filled in and names made explicit.

use serde::Serialize;

use super::{Deferrable, Digest, Identity, IndexKey, IndexMethod, NullsOrder, ReferentialAction, SortOrder, TableName};

/// A table as it should be. Its JSON is the preimage of the state digest: every field below is always written; a field
/// added later is written only where it differs from its default, so that old digests stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Table {
    /// Schema and name.
    pub name: TableName,
    /// `COMMENT ON TABLE`.
    pub comment: Option<String>,
    /// In order.
    pub columns: Vec<Column>,
    /// At most one.
    pub primary_key: Option<PrimaryKey>,
    /// Column-level ones first, in column order.
    pub uniques: Vec<Unique>,
    /// Column-level ones first, in column order.
    pub checks: Vec<Check>,
    /// Column-level ones first, in column order.
    pub foreign_keys: Vec<ForeignKey>,
    /// In order.
    pub excludes: Vec<Exclude>,
    /// In order.
    pub indexes: Vec<Index>,
}

/// A column of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// Name.
    pub name: String,
    /// Type in PostgreSQL's own spelling (`timestamp with time zone`); the serial family keeps its name.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether NULL is allowed; false for key, identity and serial columns.
    pub nullable: bool,
    /// Default expression as written, trimmed.
    pub default: Option<String>,
    /// Identity.
    pub identity: Option<Identity>,
    /// Expression of a stored generated column as written, trimmed.
    pub generated: Option<String>,
    /// Collation other than the type's own.
    pub collation: Option<String>,
    /// `COMMENT ON COLUMN`.
    pub comment: Option<String>,
}

/// The primary key of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrimaryKey {
    /// Constraint name.
    pub name: String,
    /// Key columns in order.
    pub columns: Vec<String>,
}

/// A unique constraint of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unique {
    /// Constraint name.
    pub name: String,
    /// Key columns in order.
    pub columns: Vec<String>,
    /// `NULLS NOT DISTINCT` (PostgreSQL 15).
    pub nulls_not_distinct: bool,
    /// When it is checked.
    pub deferrable: Deferrable,
}

/// A check constraint of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Constraint name.
    pub name: String,
    /// Expression as written, trimmed.
    pub expression: String,
}

/// A foreign key of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ForeignKey {
    /// Constraint name.
    pub name: String,
    /// Referencing columns in order.
    pub columns: Vec<String>,
    /// Referenced table.
    pub references: TableName,
    /// Referenced columns in order; empty means its primary key.
    pub referenced_columns: Vec<String>,
    /// `ON DELETE`.
    pub on_delete: ReferentialAction,
    /// `ON UPDATE`.
    pub on_update: ReferentialAction,
    /// When it is checked.
    pub deferrable: Deferrable,
}

/// An exclusion constraint of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exclude {
    /// Constraint name.
    pub name: String,
    /// Access method.
    pub using: IndexMethod,
    /// Keys with their operators.
    pub elements: Vec<ExcludeElement>,
    /// Predicate as written, trimmed.
    #[serde(rename = "where")]
    pub predicate: Option<String>,
}

/// One element of an [`Exclude`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExcludeElement {
    /// Column or expression.
    pub key: IndexKey,
    /// Operator.
    #[serde(rename = "with")]
    pub operator: String,
}

/// An index of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Name.
    pub name: String,
    /// Access method.
    pub method: IndexMethod,
    /// Whether it is unique.
    pub unique: bool,
    /// Keys in order.
    pub elements: Vec<IndexElement>,
    /// `INCLUDE` columns.
    pub include: Vec<String>,
    /// Predicate as written, trimmed.
    #[serde(rename = "where")]
    pub predicate: Option<String>,
    /// `NULLS NOT DISTINCT` (PostgreSQL 15).
    pub nulls_not_distinct: bool,
}

/// One key of an [`Index`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexElement {
    /// Column or expression.
    pub key: IndexKey,
    /// Sort order.
    pub order: SortOrder,
    /// Where nulls sort; filled in with PostgreSQL's default for the order.
    pub nulls: NullsOrder,
    /// Operator class other than the type's default.
    pub opclass: Option<String>,
    /// Collation other than the column's.
    pub collation: Option<String>,
}

impl Table {
    /// The column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// SHA-256 of the RFC 8785 JSON of the state; it links a table's migrations.
    /// Source: <https://www.rfc-editor.org/rfc/rfc8785>
    ///
    /// # Panics
    /// Never: the state holds strings, booleans and lists only, which always serialise.
    #[must_use]
    #[expect(clippy::expect_used, reason = "no map with other than string keys and no non-finite number is in a Table")]
    pub fn state_digest(&self) -> Digest {
        Digest::of(serde_json_canonicalizer::to_vec(self).expect("a table is plain JSON"))
    }
}
