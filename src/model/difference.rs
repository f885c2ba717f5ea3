//! How two states of one table differ.

use std::fmt;

use serde::Serialize;

use super::{Column, Constraint, Identity, Index, Route, TableName};

/// One way in which the state of a table after a change differs from the one before. Names are those of the state after,
/// but for what only the state before has. Expressions are in the deparser's spelling. Everything is hostile text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "difference", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the fields are what the variants say, before and after")]
pub enum Difference {
    /// Another name, another schema or both.
    TableRenamed { before: TableName, after: TableName },
    /// The table's comment.
    TableComment { before: Option<String>, after: Option<String> },
    /// A column that the state before does not have.
    ColumnAdded { column: Column },
    /// A column that the state after does not have.
    ColumnDropped { column: Column },
    /// The same column under another name.
    ColumnRenamed { before: String, after: String },
    /// A column's type.
    ColumnType { column: String, before: String, after: String },
    /// A column's collation; `None` is that of the type.
    ColumnCollation { column: String, before: Option<String>, after: Option<String> },
    /// Whether a column takes NULL from now on.
    ColumnNullability { column: String, nullable: bool },
    /// A column's default.
    ColumnDefault { column: String, before: Option<String>, after: Option<String> },
    /// A column's identity.
    ColumnIdentity { column: String, before: Option<Identity>, after: Option<Identity> },
    /// A column's generation expression.
    ColumnGenerated { column: String, before: Option<String>, after: Option<String> },
    /// A column's comment.
    ColumnComment { column: String, before: Option<String>, after: Option<String> },
    /// A constraint that the state before does not have.
    ConstraintAdded { constraint: Constraint },
    /// A constraint that the state after does not have.
    ConstraintDropped { constraint: Constraint },
    /// A constraint of the same name with another definition, of another kind perhaps; primary keys also where their
    /// names differ, because a table has one at most.
    ConstraintChanged { before: Constraint, after: Constraint },
    /// The same constraint under another name.
    ConstraintRenamed { before: String, after: Constraint },
    /// An index that the state before does not have.
    IndexAdded { index: Index },
    /// An index that the state after does not have.
    IndexDropped { index: Index },
    /// An index of the same name with another definition.
    IndexChanged { before: Index, after: Index },
    /// The same index under another name.
    IndexRenamed { before: String, after: String },
}

impl Difference {
    /// Where a request says so; for what is gone, the list that it is gone from.
    #[must_use]
    pub fn route(&self) -> Route {
        let schema = Route::root().key("schemaJson");
        let column = |name: &str| schema.key("columns").item(name);
        match self {
            Self::TableRenamed { .. } => Route::root().key("renamedFrom"),
            Self::TableComment { .. } => schema.key("comment"),
            Self::ColumnAdded { column: added } => column(&added.name),
            Self::ColumnDropped { .. } => schema.key("columns"),
            Self::ColumnRenamed { after, .. } => column(after).key("renamedFrom"),
            Self::ColumnType { column: name, .. } => column(name).key("type"),
            Self::ColumnCollation { column: name, .. } => column(name).key("collation"),
            Self::ColumnNullability { column: name, .. } => column(name).key("nullable"),
            Self::ColumnDefault { column: name, .. } => column(name).key("defaultValue"),
            Self::ColumnIdentity { column: name, .. } => column(name).key("identity"),
            Self::ColumnGenerated { column: name, .. } => column(name).key("generated"),
            Self::ColumnComment { column: name, .. } => column(name).key("comment"),
            Self::ConstraintAdded { constraint: after }
            | Self::ConstraintChanged { after, .. }
            | Self::ConstraintRenamed { after, .. } => after.route(),
            Self::ConstraintDropped { constraint } => constraint.route().parent().unwrap_or(schema),
            Self::IndexAdded { index: after } | Self::IndexChanged { after, .. } => {
                schema.key("indexes").item(&after.name)
            }
            Self::IndexRenamed { after, .. } => schema.key("indexes").item(after),
            Self::IndexDropped { .. } => schema.key("indexes"),
        }
    }

    /// Whether it concerns what people read only.
    #[must_use]
    pub fn is_metadata(&self) -> bool {
        matches!(self, Self::TableComment { .. } | Self::ColumnComment { .. })
    }
}

/// `column slug added`: one line for people.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TableRenamed { before, after } => write!(f, "table {} renamed to {}", before.short(), after.short()),
            Self::TableComment { before, after } => write!(f, "comment {}", set(before.as_ref(), after.as_ref())),
            Self::ColumnAdded { column } => write!(f, "column {} added", column.name),
            Self::ColumnDropped { column } => write!(f, "column {} dropped", column.name),
            Self::ColumnRenamed { before, after } => write!(f, "column {before} renamed to {after}"),
            Self::ColumnType { column, before, after } => write!(f, "column {column}: type {before} to {after}"),
            Self::ColumnCollation { column, before, after } => {
                write!(f, "column {column}: collation {}", set(before.as_ref(), after.as_ref()))
            }
            Self::ColumnNullability { column, nullable: true } => write!(f, "column {column}: NULL allowed"),
            Self::ColumnNullability { column, nullable: false } => write!(f, "column {column}: NOT NULL"),
            Self::ColumnDefault { column, before, after } => {
                write!(f, "column {column}: default {}", set(before.as_ref(), after.as_ref()))
            }
            Self::ColumnIdentity { column, before, after } => {
                write!(f, "column {column}: identity {}", set(before.as_ref(), after.as_ref()))
            }
            Self::ColumnGenerated { column, before, after } => {
                write!(f, "column {column}: generation expression {}", set(before.as_ref(), after.as_ref()))
            }
            Self::ColumnComment { column, before, after } => {
                write!(f, "column {column}: comment {}", set(before.as_ref(), after.as_ref()))
            }
            Self::ConstraintAdded { constraint } => write!(f, "{} {} added", constraint.noun(), constraint.name()),
            Self::ConstraintDropped { constraint } => write!(f, "{} {} dropped", constraint.noun(), constraint.name()),
            Self::ConstraintChanged { before, .. } => write!(f, "{} {} changed", before.noun(), before.name()),
            Self::ConstraintRenamed { before, after } => {
                write!(f, "{} {before} renamed to {}", after.noun(), after.name())
            }
            Self::IndexAdded { index } => write!(f, "index {} added", index.name),
            Self::IndexDropped { index } => write!(f, "index {} dropped", index.name),
            Self::IndexChanged { after, .. } => write!(f, "index {} changed", after.name),
            Self::IndexRenamed { before, after } => write!(f, "index {before} renamed to {after}"),
        }
    }
}

fn set<T>(before: Option<&T>, after: Option<&T>) -> &'static str {
    match (before, after) {
        (None, _) => "added",
        (Some(_), Some(_)) => "changed",
        (Some(_), None) => "removed",
    }
}
