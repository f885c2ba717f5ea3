//! The definition of a table, every type and expression of it checked and in PostgreSQL's own spelling.

mod reader;

use std::{collections::BTreeSet, fmt};

use crate::model::{ForeignKey, Identity, Route, Table, TableName};

use super::{Statement, SyntaxError, quote, statement::foreign_key};

pub(super) use reader::{actions, deferrable};

/// A table that can be written as SQL: nothing in it is text that a request gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub(super) table: TableName,
    pub(super) columns: Vec<ColumnDefinition>,
    /// Without the foreign keys.
    pub(super) constraints: Vec<ConstraintDefinition>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    pub(super) indexes: Vec<IndexDefinition>,
    pub(super) comment: Option<String>,
    /// Column and its comment.
    pub(super) column_comments: Vec<(String, String)>,
}

/// A column of a [`Definition`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDefinition {
    pub(super) name: String,
    pub(super) type_name: String,
    /// Quoted.
    pub(super) collation: Option<String>,
    pub(super) not_null: bool,
    /// Expression, in parentheses where it needs them.
    pub(super) default: Option<String>,
    pub(super) identity: Option<Identity>,
    /// Expression.
    pub(super) generated: Option<String>,
    serial: bool,
    volatile: bool,
    /// Columns that the generation expression refers to.
    uses: BTreeSet<String>,
}

/// A constraint of a [`Definition`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstraintDefinition {
    pub(super) name: String,
    /// What follows the name: `CHECK (a > 0)`.
    pub(super) body: String,
    /// The index that can be built first and become the constraint's: of unique constraints and primary keys.
    index: Option<IndexDefinition>,
    /// What follows the name where that index is given: `UNIQUE`, and ` DEFERRABLE` after the index.
    pub(super) using_index: (&'static str, &'static str),
    /// Columns that it refers to.
    uses: BTreeSet<String>,
}

/// An index of a [`Definition`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexDefinition {
    pub(super) name: String,
    pub(super) unique: bool,
    /// What follows the name of the table: `USING gin (payload) WHERE x`.
    pub(super) body: String,
    /// Columns that it refers to.
    uses: BTreeSet<String>,
}

/// What of a table cannot be written as SQL, and where the request says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidDefinition {
    /// The field.
    pub route: Route,
    /// What the field is: `default of column slug`. Hostile text.
    pub subject: String,
    /// What is wrong with it.
    pub error: SyntaxError,
}

/// Parts of a table, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// Columns.
    pub columns: BTreeSet<String>,
    /// Constraints.
    pub constraints: BTreeSet<String>,
    /// Indexes, those of constraints left out.
    pub indexes: BTreeSet<String>,
}

impl Definition {
    /// Checks every name, type and expression of `table`; `Err` has everything that is wrong.
    pub fn new(table: &Table) -> Result<Self, Vec<InvalidDefinition>> {
        reader::read(table)
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &TableName {
        &self.table
    }

    /// The column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnDefinition> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The constraint called `name`, foreign keys included.
    #[must_use]
    pub fn constraint(&self, name: &str) -> Option<ConstraintDefinition> {
        let key = self.foreign_keys.iter().find(|key| key.name == name);
        let key = key.map(ConstraintDefinition::of_foreign_key);
        key.or_else(|| self.constraints.iter().find(|constraint| constraint.name == name).cloned())
    }

    /// The index called `name`.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<&IndexDefinition> {
        self.indexes.iter().find(|index| index.name == name)
    }

    /// The statements that create its indexes.
    pub fn create_indexes(&self) -> impl Iterator<Item = Statement<'_>> {
        self.indexes.iter().map(|index| Statement::CreateIndex(&self.table, index))
    }

    /// The statements that set its comments.
    pub fn comments(&self) -> impl Iterator<Item = Statement<'_>> {
        let columns = self.column_comments.iter();
        let columns = columns.map(|(column, text)| Statement::CommentOnColumn(&self.table, column, Some(text)));
        self.comment.iter().map(|text| Statement::CommentOnTable(&self.table, Some(text))).chain(columns)
    }

    /// What is needed to compare `parts` alone: they themselves, and of the columns that they refer to the type.
    pub(super) fn only(&self, parts: &Parts) -> Self {
        let constraints = self.constraints.iter().filter(|found| parts.constraints.contains(&found.name));
        let indexes = self.indexes.iter().filter(|found| parts.indexes.contains(&found.name));
        let mut needed: BTreeSet<&String> = constraints.clone().flat_map(|found| &found.uses).collect();
        needed.extend(indexes.clone().flat_map(|found| &found.uses));
        let touched = self.columns.iter().filter(|column| parts.columns.contains(&column.name));
        needed.extend(touched.flat_map(|column| &column.uses));
        let columns = self.columns.iter().filter_map(|column| {
            let touched = parts.columns.contains(&column.name);
            (touched || needed.contains(&column.name)).then(|| if touched { column.clone() } else { column.bare() })
        });
        let foreign_keys = self.foreign_keys.iter().filter(|key| parts.constraints.contains(&key.name));
        Self {
            table: self.table.clone(),
            columns: columns.collect(),
            constraints: constraints.cloned().collect(),
            foreign_keys: foreign_keys.cloned().collect(),
            indexes: indexes.cloned().collect(),
            comment: None,
            column_comments: Vec::new(),
        }
    }
}

impl ColumnDefinition {
    /// Whether each row would have a value of its own, so that adding the column writes the table anew.
    #[must_use]
    pub fn has_volatile_default(&self) -> bool {
        self.volatile
    }

    /// Columns that its generation expression refers to.
    #[must_use]
    pub fn uses(&self) -> &BTreeSet<String> {
        &self.uses
    }

    /// The same without a default and taking NULL.
    #[must_use]
    pub fn without_value(&self) -> Self {
        Self { not_null: false, default: None, ..self.clone() }
    }

    /// Whether it is generated from other columns.
    #[must_use]
    pub fn is_generated(&self) -> bool {
        self.generated.is_some()
    }

    /// Whether it has a default expression.
    #[must_use]
    pub fn has_default(&self) -> bool {
        self.default.is_some()
    }

    /// Whether PostgreSQL fills it from a sequence or an expression: adding it writes the table anew.
    #[must_use]
    pub fn fills_itself(&self) -> bool {
        self.serial || self.identity.is_some() || self.generated.is_some()
    }

    /// Type and collation: `text COLLATE "C"`.
    pub(super) fn typed(&self) -> String {
        let collation = self.collation.as_ref().map(|name| format!(" COLLATE {name}"));
        format!("{}{}", self.type_name, collation.unwrap_or_default())
    }

    /// Name and type alone.
    #[must_use]
    pub fn bare(&self) -> Self {
        let (default, identity, generated) = (None, None, None);
        let type_name = match self.type_name.as_str() {
            "serial" => "integer".to_owned(),
            "bigserial" => "bigint".to_owned(),
            "smallserial" => "smallint".to_owned(),
            _ => self.type_name.clone(),
        };
        let uses = BTreeSet::new();
        let name = self.name.clone();
        let collation = self.collation.clone();
        Self {
            name,
            type_name,
            collation,
            not_null: false,
            default,
            identity,
            generated,
            serial: false,
            volatile: false,
            uses,
        }
    }
}

/// `id uuid NOT NULL DEFAULT gen_random_uuid()`.
impl fmt::Display for ColumnDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", quote::identifier(&self.name), self.typed())?;
        if self.not_null {
            f.write_str(" NOT NULL")?;
        }
        if let Some(default) = &self.default {
            write!(f, " DEFAULT {default}")?;
        }
        if let Some(identity) = self.identity {
            write!(f, " {} AS IDENTITY", generated(identity))?;
        }
        match &self.generated {
            Some(expression) => write!(f, " GENERATED ALWAYS AS ({expression}) STORED"),
            None => Ok(()),
        }
    }
}

/// `GENERATED ALWAYS`.
pub(super) fn generated(identity: Identity) -> &'static str {
    match identity {
        Identity::Always => "GENERATED ALWAYS",
        Identity::ByDefault => "GENERATED BY DEFAULT",
    }
}

impl ConstraintDefinition {
    fn of_foreign_key(key: &ForeignKey) -> Self {
        let uses = key.columns.iter().cloned().collect();
        Self { name: key.name.clone(), body: foreign_key(key), index: None, using_index: ("", ""), uses }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same under another name.
    #[must_use]
    pub fn called(&self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self.clone() }
    }

    /// Columns of its own table that it refers to.
    #[must_use]
    pub fn uses(&self) -> &BTreeSet<String> {
        &self.uses
    }

    /// The index that can be built before it and become its own, under the name `name`.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<IndexDefinition> {
        self.index.as_ref().map(|index| index.called(name))
    }

    /// Whether there may be literals in it, which settings of the session decide about.
    pub(super) fn has_literals(&self) -> bool {
        self.body.contains('\'')
    }
}

/// `CONSTRAINT x CHECK (y)`.
impl fmt::Display for ConstraintDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CONSTRAINT {} {}", quote::identifier(&self.name), self.body)
    }
}

impl IndexDefinition {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Columns that it refers to.
    #[must_use]
    pub fn uses(&self) -> &BTreeSet<String> {
        &self.uses
    }

    /// Whether its text holds literals, whose meaning depends on the session.
    #[must_use]
    pub fn has_literals(&self) -> bool {
        self.body.contains('\'')
    }

    /// The same under another name.
    #[must_use]
    pub fn called(&self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self.clone() }
    }
}
