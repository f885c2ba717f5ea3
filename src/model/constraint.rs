//! Constraints of any kind, under one name.

use serde::Serialize;

use super::{Check, Exclude, ForeignKey, PrimaryKey, Route, Table, Unique};

/// A constraint of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Constraint {
    /// `PRIMARY KEY`.
    PrimaryKey(PrimaryKey),
    /// `UNIQUE`.
    Unique(Unique),
    /// `CHECK`.
    Check(Check),
    /// `FOREIGN KEY`.
    ForeignKey(ForeignKey),
    /// `EXCLUDE`.
    Exclude(Exclude),
}

impl Constraint {
    /// Its name; a table has no two constraints of the same name, whatever their kinds.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::PrimaryKey(key) => &key.name,
            Self::Unique(unique) => &unique.name,
            Self::Check(check) => &check.name,
            Self::ForeignKey(key) => &key.name,
            Self::Exclude(exclude) => &exclude.name,
        }
    }

    /// The same under another name.
    #[must_use]
    pub fn called(mut self, new: &str) -> Self {
        let name = match &mut self {
            Self::PrimaryKey(key) => &mut key.name,
            Self::Unique(unique) => &mut unique.name,
            Self::Check(check) => &mut check.name,
            Self::ForeignKey(key) => &mut key.name,
            Self::Exclude(exclude) => &mut exclude.name,
        };
        new.clone_into(name);
        self
    }

    /// What people call its kind: `primary key`, `unique constraint`, `check`, `foreign key`, `exclusion constraint`.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self {
            Self::PrimaryKey(_) => "primary key",
            Self::Unique(_) => "unique constraint",
            Self::Check(_) => "check",
            Self::ForeignKey(_) => "foreign key",
            Self::Exclude(_) => "exclusion constraint",
        }
    }

    /// Whether an index of the same name stands behind it.
    #[must_use]
    pub fn has_index(&self) -> bool {
        matches!(self, Self::PrimaryKey(_) | Self::Unique(_) | Self::Exclude(_))
    }

    /// Where a request writes it among the table's own keys; it may also be written at a column.
    #[must_use]
    pub fn route(&self) -> Route {
        let schema = Route::root().key("schemaJson");
        match self {
            Self::PrimaryKey(_) => schema.key("primaryKey"),
            Self::Unique(unique) => schema.key("uniques").item(&unique.name),
            Self::Check(check) => schema.key("checks").item(&check.name),
            Self::ForeignKey(key) => schema.key("foreignKeys").item(&key.name),
            Self::Exclude(exclude) => schema.key("excludes").item(&exclude.name),
        }
    }
}

impl Table {
    /// Every constraint: the primary key, uniques, checks, exclusion constraints, foreign keys, each in the table's order.
    pub fn constraints(&self) -> impl Iterator<Item = Constraint> + '_ {
        let key = self.primary_key.iter().cloned().map(Constraint::PrimaryKey);
        let uniques = self.uniques.iter().cloned().map(Constraint::Unique);
        let checks = self.checks.iter().cloned().map(Constraint::Check);
        let excludes = self.excludes.iter().cloned().map(Constraint::Exclude);
        let foreign_keys = self.foreign_keys.iter().cloned().map(Constraint::ForeignKey);
        key.chain(uniques).chain(checks).chain(excludes).chain(foreign_keys)
    }
}
