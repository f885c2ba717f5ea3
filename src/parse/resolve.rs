//! Request to desired state: defaults filled in, names made explicit.

use std::{borrow::Cow, collections::BTreeSet};

use super::object_name::{Names, addition, of_expression};
use crate::{
    model::{
        Check, Column, Deferrable, Exclude, ExcludeElement, ForeignKey, Index, IndexElement, IndexKey, NullsOrder,
        PrimaryKey, Request, RequestedColumn, RequestedIndexElement, RequestedReference, RequestedSchema, SortOrder,
        Table, Unique,
    },
    sql,
};

/// PostgreSQL's newest major version, whose grammar spells the types.
const GRAMMAR_VERSION: u32 = 18;

/// The types that make a sequence of their own.
/// Source: <https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-SERIAL>
const SERIALS: [&str; 6] = ["smallserial", "serial", "bigserial", "serial2", "serial4", "serial8"];

/// The desired state that a request describes: defaults filled in, names made explicit, types in PostgreSQL's own
/// spelling. A type that the grammar refuses stays as written: `unknown-type` reports it.
#[must_use]
pub fn resolve(request: &Request) -> Table {
    resolve_with(request, &Grammar { canonical_type: &canonical_type, columns: &columns_of_check })
}

/// What the SQL grammar says about a type and about a check.
struct Grammar<'g> {
    /// A type in PostgreSQL's own spelling.
    canonical_type: &'g dyn Fn(&str) -> String,
    /// The columns that the expression of a check refers to.
    columns: &'g dyn Fn(&str) -> BTreeSet<String>,
}

/// A type in PostgreSQL's own spelling; as written where the grammar refuses it.
pub(super) fn canonical_type(text: &str) -> String {
    sql::parse_type(text, GRAMMAR_VERSION).map_or_else(|_| text.trim().to_owned(), |name| name.canonical)
}

fn columns_of_check(expression: &str) -> BTreeSet<String> {
    let parsed = sql::parse_expression(expression, sql::ExpressionUse::Check);
    parsed.map_or_else(|_| BTreeSet::new(), |expression| expression.columns)
}

fn resolve_with(request: &Request, grammar: &Grammar<'_>) -> Table {
    let schema = &request.schema;
    let mut resolver = Resolver { request, schema, grammar, names: taken(request) };
    // In the order in which PostgreSQL names them.
    let checks = resolver.checks();
    let primary_key = resolver.primary_key();
    let uniques = resolver.uniques();
    let excludes = resolver.excludes();
    let foreign_keys = resolver.foreign_keys();
    let indexes = resolver.indexes();
    let key: &[String] = primary_key.as_ref().map_or(&[], |key| &key.columns);
    let columns = schema.columns.iter().map(|wanted| column(wanted, key, grammar)).collect();
    let comment = schema.comment.as_ref().and_then(|comment| comment_text(&comment.value));
    Table {
        name: request.table.clone(),
        comment,
        columns,
        primary_key,
        uniques,
        checks,
        foreign_keys,
        excludes,
        indexes,
    }
}

/// Every name that the request gives, so that none is given twice.
fn taken(request: &Request) -> Names {
    let schema = &request.schema;
    let mut names = Names::default();
    names.take(&request.table.name);
    let keys = schema.primary_key.iter().map(|key| &key.name);
    let uniques = schema.uniques.iter().map(|unique| &unique.name);
    let checks = schema.checks.iter().map(|check| &check.name);
    let foreign_keys = schema.foreign_keys.iter().map(|key| &key.name);
    let excludes = schema.excludes.iter().map(|exclude| &exclude.name);
    let indexes = schema.indexes.iter().map(|index| &index.name);
    for name in keys.chain(uniques).chain(checks).chain(foreign_keys).chain(excludes).chain(indexes).flatten() {
        names.take(name);
    }
    names
}

fn column(wanted: &RequestedColumn, key: &[String], grammar: &Grammar<'_>) -> Column {
    let type_name = (grammar.canonical_type)(&wanted.type_text);
    let serial = SERIALS.contains(&type_name.as_str());
    let not_null = key.contains(&wanted.name) || wanted.primary_key || wanted.identity.is_some() || serial;
    Column {
        name: wanted.name.clone(),
        nullable: !not_null && wanted.nullable.unwrap_or(true),
        default: trimmed(wanted.default.as_deref()),
        identity: wanted.identity,
        generated: trimmed(wanted.generated.as_deref()),
        collation: wanted.collation.clone(),
        comment: wanted.comment.as_deref().and_then(comment_text),
        type_name,
    }
}

fn trimmed(text: Option<&str>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
}

/// PostgreSQL has no empty comments: setting one removes it. Block scalars end with a line break that nobody means.
fn comment_text(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

struct Resolver<'r> {
    request: &'r Request,
    schema: &'r RequestedSchema,
    grammar: &'r Grammar<'r>,
    names: Names,
}

impl Resolver<'_> {
    fn name(&mut self, given: Option<&String>, columns: &[String], label: &str) -> String {
        given.cloned().unwrap_or_else(|| {
            let columns = addition(columns.iter().map(|column| Cow::Borrowed(column.as_str())));
            self.names.constraint(&self.request.table.name, Some(&columns), label)
        })
    }

    /// A check that refers to exactly one column is named after it, wherever it is written.
    fn check(&mut self, given: Option<&String>, expression: &str) -> Check {
        let expression = expression.trim().to_owned();
        let known = |name: &&String| self.schema.columns.iter().any(|column| column.name == **name);
        let columns = (self.grammar.columns)(&expression);
        let mut known = columns.iter().filter(known);
        let only = known.next().filter(|_| known.next().is_none());
        let table = &self.request.table.name;
        let name = given.cloned().unwrap_or_else(|| self.names.constraint(table, only.map(String::as_str), "check"));
        Check { name, expression }
    }

    fn checks(&mut self) -> Vec<Check> {
        let schema = self.schema;
        let of_columns = schema.columns.iter().filter_map(|column| column.check.as_ref());
        let mut checks: Vec<Check> = of_columns.map(|expression| self.check(None, expression)).collect();
        checks.extend(schema.checks.iter().map(|check| self.check(check.name.as_ref(), &check.expression)));
        checks
    }

    /// The table-level key; otherwise the flagged columns. Where both are given, `multiple-primary-keys` reports it.
    fn primary_key(&mut self) -> Option<PrimaryKey> {
        let table = &self.request.table.name;
        let (given, columns) = if let Some(key) = &self.schema.primary_key {
            (key.name.clone(), key.columns.clone())
        } else {
            let flagged = self.schema.columns.iter().filter(|column| column.primary_key);
            (None, flagged.map(|column| column.name.clone()).collect())
        };
        if columns.is_empty() {
            return None;
        }
        let name = given.unwrap_or_else(|| self.names.constraint(table, None, "pkey"));
        Some(PrimaryKey { name, columns })
    }

    fn uniques(&mut self) -> Vec<Unique> {
        let schema = self.schema;
        let mut uniques = Vec::new();
        for column in schema.columns.iter().filter(|column| column.unique) {
            let columns = vec![column.name.clone()];
            let name = self.name(None, &columns, "key");
            uniques.push(Unique { name, columns, nulls_not_distinct: false, deferrable: Deferrable::No });
        }
        uniques.extend(schema.uniques.iter().map(|unique| Unique {
            name: self.name(unique.name.as_ref(), &unique.columns, "key"),
            columns: unique.columns.clone(),
            nulls_not_distinct: unique.nulls_not_distinct,
            deferrable: unique.deferrable,
        }));
        uniques
    }

    fn excludes(&mut self) -> Vec<Exclude> {
        let schema = self.schema;
        let mut excludes = Vec::new();
        for exclude in &schema.excludes {
            let columns = addition(exclude.elements.iter().map(|element| name_of(&element.key)));
            let name = exclude.name.clone();
            let table = &self.request.table.name;
            let name = name.unwrap_or_else(|| self.names.constraint(table, Some(&columns), "excl"));
            let elements = exclude.elements.iter().map(|element| ExcludeElement {
                key: trimmed_key(&element.key),
                operator: element.operator.trim().to_owned(),
            });
            let predicate = trimmed(exclude.predicate.as_deref());
            excludes.push(Exclude { name, using: exclude.using, elements: elements.collect(), predicate });
        }
        excludes
    }

    fn foreign_keys(&mut self) -> Vec<ForeignKey> {
        let schema = self.schema;
        let mut keys = Vec::new();
        for column in &schema.columns {
            if let Some(reference) = &column.references {
                keys.push(self.foreign_key(None, std::slice::from_ref(&column.name), reference, Deferrable::No));
            }
        }
        for key in &schema.foreign_keys {
            keys.push(self.foreign_key(key.name.as_ref(), &key.columns, &key.references, key.deferrable));
        }
        keys
    }

    fn foreign_key(
        &mut self,
        given: Option<&String>,
        columns: &[String],
        reference: &RequestedReference,
        deferrable: Deferrable,
    ) -> ForeignKey {
        ForeignKey {
            name: self.name(given, columns, "fkey"),
            columns: columns.to_vec(),
            references: reference.table.clone(),
            referenced_columns: reference.columns.clone(),
            on_delete: reference.on_delete,
            on_update: reference.on_update,
            deferrable,
        }
    }

    fn indexes(&mut self) -> Vec<Index> {
        let schema = self.schema;
        let mut indexes = Vec::new();
        for index in &schema.indexes {
            let columns = addition(index.elements.iter().map(|element| name_of(&element.key)));
            let table = &self.request.table.name;
            let name = index.name.clone().unwrap_or_else(|| self.names.index(table, &columns));
            indexes.push(Index {
                name,
                method: index.method,
                unique: index.unique,
                elements: index.elements.iter().map(element).collect(),
                include: index.include.clone(),
                predicate: trimmed(index.predicate.as_deref()),
                nulls_not_distinct: index.nulls_not_distinct,
            });
        }
        indexes
    }
}

fn element(wanted: &RequestedIndexElement) -> IndexElement {
    let default = match wanted.order {
        SortOrder::Asc => NullsOrder::Last,
        SortOrder::Desc => NullsOrder::First,
    };
    IndexElement {
        key: trimmed_key(&wanted.key),
        order: wanted.order,
        nulls: wanted.nulls.unwrap_or(default),
        opclass: wanted.opclass.clone(),
        collation: wanted.collation.clone(),
    }
}

fn name_of(key: &IndexKey) -> Cow<'_, str> {
    match key {
        IndexKey::Column(name) => Cow::Borrowed(name),
        IndexKey::Expression(text) => of_expression(text),
    }
}

fn trimmed_key(key: &IndexKey) -> IndexKey {
    match key {
        IndexKey::Column(name) => IndexKey::Column(name.clone()),
        IndexKey::Expression(text) => IndexKey::Expression(text.trim().to_owned()),
    }
}

#[cfg(test)]
#[expect(clippy::format_collect, reason = "short tests beat fast ones")]
#[path = "resolve_tests.rs"]
mod tests;
