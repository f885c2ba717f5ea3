//! Names of tables.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A table's schema and name, unquoted and exactly as PostgreSQL stores them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableName {
    /// Schema; `public` unless the request says otherwise.
    pub schema: String,
    /// Name inside the schema.
    pub name: String,
}

/// The schema of tables that name none.
pub const DEFAULT_SCHEMA: &str = "public";

/// Longest identifier that PostgreSQL keeps whole, in bytes (`NAMEDATALEN - 1`).
/// Source: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>
pub const MAX_IDENTIFIER_BYTES: usize = 63;

impl TableName {
    /// `schema.name`.
    #[must_use]
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// `public.name`.
    #[must_use]
    pub fn public(name: impl Into<String>) -> Self {
        Self::new(DEFAULT_SCHEMA, name)
    }

    /// The name as people write it and as files are named: bare in `public`, `schema.name` elsewhere.
    #[must_use]
    pub fn short(&self) -> String {
        if self.schema == DEFAULT_SCHEMA { self.name.clone() } else { self.to_string() }
    }
}

/// Always `schema.name`, unquoted: for people and digests, never for SQL.
impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}
