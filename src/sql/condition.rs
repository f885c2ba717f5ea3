//! What a guarded statement depends on, looked up in the catalog: an exception that is swallowed could be another one.

use std::fmt;

use crate::model::TableName;

use super::{definition::ColumnDefinition, quote};

/// A question to the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition<'a> {
    /// Nothing was renamed yet: the first is there and the second is not. Tables and indexes share their names.
    Renamable(TableName, TableName),
    /// The relation is there.
    Exists(TableName),
    /// The column of the first name is there, and none of the second.
    ColumnRenamable(&'a TableName, &'a str, &'a str),
    /// The constraint of the first name is there, and none of the second.
    ConstraintRenamable(&'a TableName, &'a str, &'a str),
    /// The table has no constraint of that name.
    ConstraintAbsent(&'a TableName, String),
    /// The table has a constraint of that name.
    ConstraintPresent(&'a TableName, String),
    /// The column takes NULL, and the table has no constraint of that name.
    NullableWithout(&'a TableName, &'a str, String),
    /// The column has another type or collation than this one.
    OtherType(&'a TableName, &'a ColumnDefinition),
    /// The column is no identity.
    NoIdentity(&'a TableName, &'a str),
    /// The index is there and not valid: its build was interrupted or failed.
    /// Source: <https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>
    Invalid(TableName),
}

impl Condition<'_> {
    /// Whether settings of the session decide how the catalog prints what is asked for.
    pub(super) fn depends_on_settings(&self) -> bool {
        matches!(self, Self::OtherType(..))
    }
}

impl fmt::Display for Condition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Renamable(old, new) => write!(f, "{} IS NOT NULL AND {} IS NULL", relation(old), relation(new)),
            Self::Exists(name) => write!(f, "{} IS NOT NULL", relation(name)),
            Self::ColumnRenamable(table, old, new) => {
                write!(f, "EXISTS ({})\n    AND NOT EXISTS ({})", column(table, old), column(table, new))
            }
            Self::ConstraintRenamable(table, old, new) => {
                write!(f, "EXISTS ({})\n    AND NOT EXISTS ({})", constraint(table, old), constraint(table, new))
            }
            Self::ConstraintAbsent(table, name) => write!(f, "NOT EXISTS ({})", constraint(table, name)),
            Self::ConstraintPresent(table, name) => write!(f, "EXISTS ({})", constraint(table, name)),
            Self::NullableWithout(table, name, check) => {
                let nullable = format!("{} AND NOT attnotnull", column(table, name));
                write!(f, "EXISTS ({nullable})\n    AND NOT EXISTS ({})", constraint(table, check))
            }
            Self::OtherType(table, wanted) => {
                let (found, type_name) = (column(table, &wanted.name), quote::literal(&wanted.type_name));
                let usual = "(SELECT typcollation FROM pg_type WHERE oid = atttypid)".to_owned();
                let written = |name: &String| format!("{}::regcollation", quote::literal(name));
                let collation = wanted.collation.as_ref().map_or(usual, written);
                write!(
                    f,
                    "EXISTS ({found}\n      AND (format_type(atttypid, atttypmod) <> {type_name} OR attcollation <> {collation}))"
                )
            }
            Self::NoIdentity(table, name) => write!(f, "EXISTS ({} AND attidentity = '')", column(table, name)),
            Self::Invalid(index) => {
                let index = relation(index);
                write!(f, "EXISTS (SELECT FROM pg_index WHERE indexrelid = {index} AND NOT indisvalid)")
            }
        }
    }
}

fn relation(name: &TableName) -> String {
    format!("to_regclass({})", quote::literal(&quote::table(name)))
}

pub(super) fn column(table: &TableName, name: &str) -> String {
    let (table, name) = (quote::literal(&quote::table(table)), quote::literal(name));
    format!(
        "SELECT FROM pg_attribute WHERE attrelid = {table}::regclass AND attname = {name} AND attnum > 0 AND NOT \
         attisdropped"
    )
}

fn constraint(table: &TableName, name: &str) -> String {
    let (table, name) = (quote::literal(&quote::table(table)), quote::literal(name));
    format!("SELECT FROM pg_constraint WHERE conrelid = {table}::regclass AND conname = {name}")
}
