//! Opaque objects: what the database has and no request describes, declared so that requests can refer to it.

use std::collections::BTreeMap;

use super::{FieldSpan, Route, Table, TableName};

/// What an opaque object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// A table that a request cannot express: partitioned, foreign, inherited.
    Table,
    /// A view.
    View,
    /// A materialised view.
    MaterializedView,
    /// A sequence that no column of a request owns.
    Sequence,
    /// An enumerated type.
    Enum,
    /// A domain.
    Domain,
    /// A composite type.
    Composite,
    /// A range type.
    Range,
    /// A function or aggregate.
    Function,
    /// A procedure.
    Procedure,
    /// An extension, with the types that it brings.
    Extension,
}

/// Objects of one namespace cannot share a schema and a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Namespace {
    /// `pg_class`: tables, views, sequences, composite types.
    Relation,
    /// `pg_type`.
    Type,
    /// `pg_proc`.
    Routine,
    /// `pg_extension`.
    Extension,
}

impl ObjectKind {
    /// Every kind, with the word that files and people use.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("table", Self::Table),
        ("view", Self::View),
        ("materializedView", Self::MaterializedView),
        ("sequence", Self::Sequence),
        ("enum", Self::Enum),
        ("domain", Self::Domain),
        ("composite", Self::Composite),
        ("range", Self::Range),
        ("function", Self::Function),
        ("procedure", Self::Procedure),
        ("extension", Self::Extension),
    ];

    /// The word that files and people use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }

    /// Where its name must be unique.
    #[must_use]
    pub fn namespace(self) -> Namespace {
        match self {
            Self::Table | Self::View | Self::MaterializedView | Self::Sequence | Self::Composite => Namespace::Relation,
            Self::Enum | Self::Domain | Self::Range => Namespace::Type,
            Self::Function | Self::Procedure => Namespace::Routine,
            Self::Extension => Namespace::Extension,
        }
    }

    /// Whether a column can be of it.
    #[must_use]
    pub fn is_type(self) -> bool {
        matches!(self, Self::Enum | Self::Domain | Self::Composite | Self::Range)
    }
}

/// One declared object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpaqueObject {
    /// Address of the item.
    pub route: Route,
    /// `kind`.
    pub kind: ObjectKind,
    /// `schema` and `name`.
    pub name: TableName,
    /// What requests may refer to of a table: its columns and keys. Without columns for every other kind.
    pub table: Table,
    /// `labels` of an enum, in order; empty where they are not told.
    pub labels: Vec<String>,
    /// `type` under a domain, in PostgreSQL's own spelling.
    pub base_type: Option<String>,
    /// `types` that an extension brings.
    pub types: Vec<String>,
    /// `owner`: who answers for it.
    pub owner: String,
    /// `reason`: why no request describes it.
    pub reason: String,
}

/// A file of declarations.
#[derive(Debug, Clone)]
pub struct Declarations {
    /// Every field of the document, for pointing at it.
    pub spans: BTreeMap<Route, FieldSpan>,
    /// In order.
    pub objects: Vec<OpaqueObject>,
}

/// An object of a catalog.
#[derive(Debug, Clone)]
pub struct CatalogObject {
    /// The file that declares it.
    pub path: String,
    /// What it says.
    pub object: OpaqueObject,
}
