//! What `ALTER TABLE` says, each form harmless where it has been run before.

use std::fmt;

use crate::model::Identity;

use super::{
    definition::{ColumnDefinition, ConstraintDefinition, generated},
    quote,
};

/// One action of `ALTER TABLE`.
/// Source: <https://www.postgresql.org/docs/current/sql-altertable.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action<'a> {
    /// `RENAME TO`.
    Rename(&'a str),
    /// `SET SCHEMA`.
    SetSchema(&'a str),
    /// `RENAME COLUMN a TO b`.
    RenameColumn(&'a str, &'a str),
    /// `RENAME CONSTRAINT a TO b`.
    RenameConstraint(&'a str, &'a str),
    /// `ADD COLUMN IF NOT EXISTS`.
    AddColumn(ColumnDefinition),
    /// `DROP COLUMN IF EXISTS`.
    DropColumn(&'a str),
    /// `ALTER COLUMN .. TYPE`, with a collation if it is not the type's own.
    Type(&'a ColumnDefinition),
    /// The same with an explicit cast.
    TypeUsing(&'a ColumnDefinition),
    /// `SET DEFAULT`, or `DROP DEFAULT` where the column has none.
    Default(&'a ColumnDefinition),
    /// `DROP DEFAULT`.
    DropDefault(&'a str),
    /// `SET NOT NULL`.
    SetNotNull(&'a str),
    /// `DROP NOT NULL`.
    DropNotNull(&'a str),
    /// `ADD GENERATED .. AS IDENTITY`.
    AddIdentity(&'a str, Identity),
    /// `SET GENERATED ..`.
    SetIdentity(&'a str, Identity),
    /// `DROP IDENTITY IF EXISTS`.
    DropIdentity(&'a str),
    /// `ADD CONSTRAINT`; fails where rows break it.
    AddConstraint(ConstraintDefinition),
    /// `ADD CONSTRAINT .. NOT VALID`: rows that exist are not looked at.
    AddNotValid(ConstraintDefinition),
    /// `ADD CONSTRAINT name CHECK (column IS NOT NULL) NOT VALID`.
    AddNotNullCheck {
        /// Name of the constraint.
        name: String,
        /// Column.
        column: &'a str,
    },
    /// `ADD CONSTRAINT .. USING INDEX`; the index takes the constraint's name.
    AttachIndex(ConstraintDefinition, String),
    /// `VALIDATE CONSTRAINT`.
    Validate(String),
    /// `DROP CONSTRAINT IF EXISTS`.
    DropConstraint(String),
}

impl Action<'_> {
    /// Whether settings of the session may decide what an expression in it means. What was stored before does not depend on
    /// them, nor does a constraint without literals, which PostgreSQL takes to be immutable.
    /// Source: <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS>
    pub(super) fn depends_on_settings(&self) -> bool {
        match self {
            Self::AddColumn(column) => column.has_default() || column.is_generated(),
            Self::Default(column) => column.has_default(),
            Self::AddConstraint(constraint) | Self::AddNotValid(constraint) => constraint.has_literals(),
            Self::Type(_) | Self::TypeUsing(_) => true,
            Self::Rename(_)
            | Self::SetSchema(_)
            | Self::RenameColumn(..)
            | Self::RenameConstraint(..)
            | Self::DropColumn(_)
            | Self::DropDefault(_)
            | Self::SetNotNull(_)
            | Self::DropNotNull(_)
            | Self::AddIdentity(..)
            | Self::SetIdentity(..)
            | Self::DropIdentity(_)
            | Self::AddNotNullCheck { .. }
            | Self::AttachIndex(..)
            | Self::Validate(_)
            | Self::DropConstraint(_) => false,
        }
    }
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |name: &str| quote::identifier(name);
        match self {
            Self::Rename(name) => write!(f, "RENAME TO {}", quoted(name)),
            Self::SetSchema(name) => write!(f, "SET SCHEMA {}", quoted(name)),
            Self::RenameColumn(old, new) => write!(f, "RENAME COLUMN {} TO {}", quoted(old), quoted(new)),
            Self::RenameConstraint(old, new) => write!(f, "RENAME CONSTRAINT {} TO {}", quoted(old), quoted(new)),
            Self::AddColumn(column) => write!(f, "ADD COLUMN IF NOT EXISTS {column}"),
            Self::DropColumn(name) => write!(f, "DROP COLUMN IF EXISTS {}", quoted(name)),
            Self::Type(column) => write!(f, "ALTER COLUMN {} TYPE {}", quoted(&column.name), column.typed()),
            Self::TypeUsing(column) => {
                let (name, cast) = (quoted(&column.name), &column.type_name);
                write!(f, "ALTER COLUMN {name} TYPE {} USING {name}::{cast}", column.typed())
            }
            Self::Default(ColumnDefinition { name, default: Some(value), .. }) => {
                write!(f, "ALTER COLUMN {} SET DEFAULT {value}", quoted(name))
            }
            Self::Default(column) => write!(f, "ALTER COLUMN {} DROP DEFAULT", quoted(&column.name)),
            Self::DropDefault(column) => write!(f, "ALTER COLUMN {} DROP DEFAULT", quoted(column)),
            Self::SetNotNull(column) => write!(f, "ALTER COLUMN {} SET NOT NULL", quoted(column)),
            Self::DropNotNull(column) => write!(f, "ALTER COLUMN {} DROP NOT NULL", quoted(column)),
            Self::AddIdentity(column, identity) => {
                write!(f, "ALTER COLUMN {} ADD {} AS IDENTITY", quoted(column), generated(*identity))
            }
            Self::SetIdentity(column, identity) => {
                write!(f, "ALTER COLUMN {} SET {}", quoted(column), generated(*identity))
            }
            Self::DropIdentity(column) => write!(f, "ALTER COLUMN {} DROP IDENTITY IF EXISTS", quoted(column)),
            Self::AddConstraint(constraint) => write!(f, "ADD {constraint}"),
            Self::AddNotValid(constraint) => write!(f, "ADD {constraint} NOT VALID"),
            Self::AddNotNullCheck { name, column } => {
                write!(f, "ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", quoted(name), quoted(column))
            }
            Self::AttachIndex(constraint, index) => {
                let (kind, deferrable) = constraint.using_index;
                let name = quoted(&constraint.name);
                write!(f, "ADD CONSTRAINT {name} {kind} USING INDEX {}{deferrable}", quoted(index))
            }
            Self::Validate(name) => write!(f, "VALIDATE CONSTRAINT {}", quoted(name)),
            Self::DropConstraint(name) => write!(f, "DROP CONSTRAINT IF EXISTS {}", quoted(name)),
        }
    }
}
