//! The SQL grammar: the only module that knows PostgreSQL's parser, and the only one that writes SQL text.

use std::collections::BTreeSet;

mod alter;
mod blocks;
mod builtin;
mod condition;
mod definition;
mod expression;
#[cfg(test)]
pub(crate) mod fixtures;
mod objects;
pub mod quote;
mod retype;
mod script;
mod statement;
mod tree;
mod types;
mod walk;

pub use alter::Action;
pub use condition::Condition;
pub use definition::{ColumnDefinition, ConstraintDefinition, Definition, IndexDefinition, InvalidDefinition, Parts};
pub use expression::{parse_expression, parse_expression_renaming};
pub use objects::{type_object, uses_object};
pub use retype::{Retype, retype};
pub use script::{Danger, ScriptStatement, parse_script, runs_alone};
pub use statement::{ALLOW_DATA_LOSS, Setting, Statement, render};
pub use types::parse_type;

/// A type that PostgreSQL's grammar accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    /// PostgreSQL's own spelling, as `format_type` prints it: `character varying(40)[]`. The serial family keeps its name.
    pub canonical: String,
    /// The same without modifiers and brackets: `character varying`; for types that are not built in, the name as
    /// written, folded to lower case unless quoted, with its schema if it has one.
    pub base: String,
    /// Modifiers as written: `["10", "2"]`.
    pub modifiers: Vec<String>,
    /// Number of array brackets.
    pub dimensions: usize,
    /// Whether it is one of the serial family.
    pub serial: bool,
    /// Whether PostgreSQL has it without any extension, in the given major version or before.
    pub built_in: bool,
}

/// Text that PostgreSQL's grammar does not accept where it stands, or accepts as more than it may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub suggestion: Option<String>,
}

/// Where an expression stands; it decides what may be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpressionUse {
    /// `DEFAULT`: no column references, no subqueries, aggregates, window or set-returning functions.
    Default,
    /// `CHECK`.
    Check,
    /// `GENERATED ALWAYS AS (...) STORED`.
    Generated,
    /// A key of an index or exclusion constraint.
    IndexKey,
    /// `WHERE` of an index or exclusion constraint.
    Predicate,
}

/// One SQL expression, checked on the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// The expression as PostgreSQL's deparser writes it: never the text that was given.
    pub sql: String,
    /// Unqualified columns it refers to, as PostgreSQL folds them.
    pub columns: BTreeSet<String>,
    /// Functions it calls, schema-qualified where written so, as PostgreSQL folds them.
    pub functions: BTreeSet<String>,
    /// Types it casts to, canonical.
    pub casts: BTreeSet<String>,
    /// Whether it can stand without parentheses where the grammar wants an operand: a constant, a call, a column.
    pub primary: bool,
}
