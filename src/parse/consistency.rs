//! What the parts of one request say about each other: names given twice, columns that are not there.

use std::collections::{BTreeMap, BTreeSet};

use super::{labels::labels, reader::Reader, suggest::nearest};
use crate::model::{Edit, IndexKey, Request, RequestedSchema, Route, Span};

/// Most columns of a table.
/// Source: <https://www.postgresql.org/docs/current/limits.html>
const MOST_COLUMNS: usize = 1600;

/// Most columns of a key or index, included ones counted.
const MOST_KEY_COLUMNS: usize = 32;

/// Refuses contradictions between the parts of a request.
pub(super) fn check(cx: &mut Reader, request: &Request) {
    let names = request.schema.columns.iter().map(|column| column.name.as_str()).collect();
    let mut check = Check { cx, request, names };
    check.repeated_columns();
    check.repeated_names();
    check.primary_key_nullable();
    for (route, columns, distinct) in column_lists(&request.schema) {
        check.list(&route, columns, distinct);
    }
    check.keys();
    let columns = &request.schema.columns;
    if let Some(column) = columns.get(MOST_COLUMNS) {
        let message = format!("The table has {} columns, and PostgreSQL allows {MOST_COLUMNS}", columns.len());
        check.refuse(&column.route, message, "Split the table");
    }
}

/// Every list of column names with its route; the flag says whether a column may be in it only once.
fn column_lists(schema: &RequestedSchema) -> Vec<(Route, &[String], bool)> {
    let mut lists: Vec<(Route, &[String], bool)> = Vec::new();
    let columns = |route: &Route| route.key("columns");
    lists.extend(schema.primary_key.iter().map(|key| (columns(&key.route), key.columns.as_slice(), true)));
    lists.extend(schema.uniques.iter().map(|unique| (columns(&unique.route), unique.columns.as_slice(), true)));
    lists.extend(schema.foreign_keys.iter().map(|key| (columns(&key.route), key.columns.as_slice(), true)));
    lists.extend(schema.indexes.iter().map(|index| (index.route.key("include"), index.include.as_slice(), false)));
    lists
}

struct Check<'c> {
    cx: &'c mut Reader,
    request: &'c Request,
    /// Names of the columns.
    names: BTreeSet<&'c str>,
}

impl Check<'_> {
    /// The place of a route, or of the nearest one around it.
    fn place(&self, route: &Route) -> Span {
        let mut route = Some(route.clone());
        while let Some(at) = route {
            if let Some(found) = self.request.spans.get(&at) {
                return found.value;
            }
            route = at.parent();
        }
        Span::default()
    }

    fn refuse(&mut self, route: &Route, message: String, suggestion: impl Into<String>) {
        let span = self.place(route);
        self.cx.refuse(route, span, message, suggestion);
    }

    fn repeated_columns(&mut self) {
        let mut seen = BTreeSet::new();
        for column in &self.request.schema.columns {
            if !seen.insert(column.name.as_str()) {
                let message = format!("Column `{}` is given twice", column.name);
                self.refuse(&column.route.key("name"), message, "Keep one of the two");
            }
        }
    }

    /// The constraints of a table share one name space, its indexes another with all tables of the schema; a constraint
    /// that has an index is in both.
    /// Source: <https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-COMPATIBILITY>
    fn repeated_names(&mut self) {
        const CONSTRAINT: &str = "another constraint";
        let schema = &self.request.schema;
        let mut constraints: Vec<(&Route, Option<&String>)> = Vec::new();
        constraints.extend(schema.primary_key.iter().map(|key| (&key.route, key.name.as_ref())));
        constraints.extend(schema.uniques.iter().map(|unique| (&unique.route, unique.name.as_ref())));
        constraints.extend(schema.excludes.iter().map(|exclude| (&exclude.route, exclude.name.as_ref())));
        let with_index = constraints.len();
        constraints.extend(schema.checks.iter().map(|check| (&check.route, check.name.as_ref())));
        constraints.extend(schema.foreign_keys.iter().map(|key| (&key.route, key.name.as_ref())));
        let mut relations = BTreeMap::from([(self.request.table.name.as_str(), "the table")]);
        let mut seen = BTreeSet::new();
        for (number, (route, name)) in constraints.into_iter().enumerate() {
            let Some(name) = name else { continue };
            let relation = if number < with_index { relations.insert(name, "the index of a constraint") } else { None };
            if let Some(other) = Some(CONSTRAINT).filter(|_| !seen.insert(name)).or(relation) {
                self.taken(route, name, other);
            }
        }
        for (route, name) in schema.indexes.iter().map(|index| (&index.route, index.name.as_ref())) {
            let Some(name) = name else { continue };
            if let Some(other) = relations.insert(name, "another index") {
                self.taken(route, name, other);
            }
        }
    }

    fn taken(&mut self, route: &Route, name: &str, other: &str) {
        self.refuse(&route.key("name"), format!("Name `{name}` is taken by {other}"), "Choose another name");
    }

    fn primary_key_nullable(&mut self) {
        let Some(key) = &self.request.schema.primary_key else { return };
        for column in &self.request.schema.columns {
            if column.nullable == Some(true) && !column.primary_key && key.columns.contains(&column.name) {
                let message = format!("Column `{}` is nullable, which `primaryKey` rules out", column.name);
                self.refuse(&column.route.key("nullable"), message, "Set `nullable: false`, or remove it");
            }
        }
    }

    /// A list of column names. The bare list of a primary key has its items right under its own route.
    fn list(&mut self, route: &Route, columns: &[String], distinct: bool) {
        let bare = !self.request.spans.contains_key(route);
        let route = if bare { route.parent().unwrap_or_default() } else { route.clone() };
        if columns.len() > MOST_KEY_COLUMNS {
            let message = format!("{} columns are too many, PostgreSQL allows {MOST_KEY_COLUMNS}", columns.len());
            self.refuse(&route, message, "Name fewer columns");
            return;
        }
        let mut seen = BTreeSet::new();
        for (name, label) in columns.iter().zip(labels(columns.iter().map(|name| Some(name.as_str())))) {
            let route = route.item(&label);
            self.exists(&route, name);
            if !seen.insert(name) && distinct {
                self.refuse(&route, format!("Column `{name}` is named twice"), "Name it once");
            }
        }
    }

    /// The keys of indexes and exclusion constraints.
    fn keys(&mut self) {
        let schema = &self.request.schema;
        let excludes = schema.excludes.iter().flat_map(|exclude| &exclude.elements);
        let indexes = schema.indexes.iter().flat_map(|index| &index.elements);
        let keys = excludes.map(|element| (&element.route, &element.key));
        for (route, key) in keys.chain(indexes.map(|element| (&element.route, &element.key))) {
            if let IndexKey::Column(name) = key {
                let field = route.key("column");
                let route = if self.request.spans.contains_key(&field) { field } else { route.clone() };
                self.exists(&route, name);
            }
        }
        let too_long =
            schema.indexes.iter().find(|index| index.elements.len() + index.include.len() > MOST_KEY_COLUMNS);
        if let Some(index) = too_long {
            let message = format!("The index has too many columns, PostgreSQL allows {MOST_KEY_COLUMNS}");
            self.refuse(&index.route.key("columns"), message, "Name fewer columns");
        }
    }

    fn exists(&mut self, route: &Route, name: &str) {
        if self.names.contains(name) {
            return;
        }
        let guess = if self.cx.is_full() { None } else { nearest(name, self.names.iter().copied()) };
        let suggestion = match guess {
            Some(guess) => format!("Did you mean `{guess}`?"),
            None => "Add the column, or name one that the table has".to_owned(),
        };
        let span = self.place(route);
        let message = format!("The table has no column `{name}`");
        let fix = guess.map(|guess| Edit { span, text: self.cx.like(span, guess) });
        self.cx.refuse(route, span, message, suggestion).fix.extend(fix);
    }
}
