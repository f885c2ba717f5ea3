//! A state of a table under the names of a later one.

use std::collections::BTreeMap;

use crate::{
    model::{IndexKey, Renames, Table, TableName},
    sql::{ExpressionUse, parse_expression_renaming},
};

/// `table` as PostgreSQL has it once the table is called `name` and everything of `renames` is renamed, expressions in
/// the deparser's spelling; one that the grammar refuses stays as written.
///
/// Constraints and indexes keep their names, as they do in PostgreSQL.
#[must_use]
pub fn renamed(table: &Table, name: &TableName, renames: &Renames) -> Table {
    let columns = new_names(renames, name);
    let column = |old: &mut String| {
        if let Some(new) = columns.get(old) {
            old.clone_from(new);
        }
    };
    let expression = |text: &mut String, place| {
        if let Ok(found) = parse_expression_renaming(text, place, &columns) {
            *text = found.sql;
        }
    };
    let key = |key: &mut IndexKey| match key {
        IndexKey::Column(name) => column(name),
        IndexKey::Expression(text) => expression(text, ExpressionUse::IndexKey),
    };
    let predicate = |text: &mut Option<String>| {
        if let Some(text) = text {
            expression(text, ExpressionUse::Predicate);
        }
    };
    let mut new = Table { name: name.clone(), ..table.clone() };
    for part in &mut new.columns {
        column(&mut part.name);
        part.default.iter_mut().for_each(|text| expression(text, ExpressionUse::Default));
        part.generated.iter_mut().for_each(|text| expression(text, ExpressionUse::Generated));
    }
    new.primary_key.iter_mut().flat_map(|key| &mut key.columns).for_each(column);
    new.uniques.iter_mut().flat_map(|unique| &mut unique.columns).for_each(column);
    new.checks.iter_mut().for_each(|check| expression(&mut check.expression, ExpressionUse::Check));
    for exclude in &mut new.excludes {
        exclude.elements.iter_mut().for_each(|element| key(&mut element.key));
        predicate(&mut exclude.predicate);
    }
    for index in &mut new.indexes {
        index.elements.iter_mut().for_each(|element| key(&mut element.key));
        index.include.iter_mut().for_each(column);
        predicate(&mut index.predicate);
    }
    for reference in &mut new.foreign_keys {
        reference.columns.iter_mut().for_each(column);
        let parent = if reference.references == table.name {
            name.clone()
        } else {
            let new = renames.tables.iter().find(|(_, old)| **old == reference.references);
            new.map_or_else(|| reference.references.clone(), |(new, _)| new.clone())
        };
        let columns = new_names(renames, &parent);
        for column in &mut reference.referenced_columns {
            if let Some(new) = columns.get(column) {
                column.clone_from(new);
            }
        }
        reference.references = parent;
    }
    new
}

/// The new names of the columns of the table that is called `table` afterwards, by the old ones.
fn new_names(renames: &Renames, table: &TableName) -> BTreeMap<String, String> {
    let columns = renames.columns.get(table).into_iter().flatten();
    columns.map(|(new, old)| (old.clone(), new.clone())).collect()
}
