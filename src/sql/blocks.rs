//! Blocks of PL/pgSQL: what depends on what is there, and what fails if something is not so.

use std::collections::BTreeSet;

use crate::model::{ForeignKey, TableName};

use super::{
    condition::{self, Condition},
    definition::{ColumnDefinition, Definition, Parts, actions, deferrable},
    quote,
    statement::{ALLOW_DATA_LOSS, Statement, body, create_index, lines},
};

/// `DO` with the template filled.
pub(super) fn block(tag: &str, template: &str, values: &[(&str, String)]) -> String {
    format!("DO {};", quote::dollar(tag, &filled(template, values)))
}

/// Fails with `reason`.
pub(super) fn fail(reason: &str) -> String {
    block("irreversible", include_str!("fail.sql"), &[("reason", quote::literal(reason))])
}

/// `IF condition THEN statements END IF`.
pub(super) fn when(condition: &Condition<'_>, statements: &[Statement<'_>]) -> String {
    let statements: Vec<_> = statements.iter().map(|statement| format!("    {statement}")).collect();
    let values = [("condition", condition.to_string()), ("statements", statements.join("\n"))];
    block("", include_str!("when.sql"), &values)
}

pub(super) fn advance_identity(table: &TableName, column: &str) -> String {
    let (name, column_name) = (quote::table(table), quote::identifier(column));
    format!(
        "PERFORM setval(pg_get_serial_sequence({}, {}), max({column_name})) FROM {name} HAVING max({column_name}) > 0;",
        quote::literal(&name),
        quote::literal(column),
    )
}

pub(super) fn backfill(table: &TableName, column: &str) -> String {
    let name = quote::table(table);
    let values = [("table text", quote::literal(&name)), ("table", name), ("column", quote::identifier(column))];
    block("backfill", include_str!("backfill.sql"), &values)
}

pub(super) fn assert_valid(indexes: &[TableName]) -> String {
    let names: Vec<_> = indexes.iter().map(|index| quote::literal(&quote::table(index))).collect();
    let values = [("indexes", names.join(", "))];
    block("valid", include_str!("valid.sql"), &values)
}

const EXISTED: &str = "It existed before with another shape. Bring it to the wanted shape, or describe in the request what \
                       is there; then run the migration again.";

const ALTERED: &str = "Something else changed these parts of the table, or a migration before this one did not run. Bring \
                       them to the wanted shape, then run the migrations of this change again, from the first.";

/// The names of `parts` as the block calls its objects.
fn touched(parts: &Parts) -> String {
    let named = |kind: &str, names: &BTreeSet<String>| {
        names.iter().map(|name| quote::literal(&format!("{kind} {name}"))).collect::<Vec<_>>()
    };
    let columns = named("column", &parts.columns);
    let constraints = named("constraint", &parts.constraints);
    let indexes = named("index", &parts.indexes);
    [columns, constraints, indexes].concat().join(", ")
}

/// The block that compares the table with a temporary one of the wanted definition.
///
/// A temporary table cannot refer to a lasting one, so foreign keys are compared with the text that PostgreSQL itself
/// would print, its quoting included, which depends on its version.
/// With `parts`, only these are looked at, in the catalogs that have such parts, and those of them that the definition
/// does not have must not be there.
pub(super) fn assert_definition(definition: &Definition, parts: Option<&Parts>) -> String {
    let table = quote::literal(&quote::table(&definition.table));
    let mut wanted = vec![format!("  CREATE TEMPORARY TABLE wanted (\n{}\n  );", body(lines(definition), "    "))];
    wanted
        .extend(definition.indexes.iter().map(|index| format!("  {};", create_index(index, false, "pg_temp.wanted"))));
    let foreign_keys: Vec<_> = definition.foreign_keys.iter().map(wanted_foreign_key).collect();
    let foreign_keys = match foreign_keys.as_slice() {
        [] => String::new(),
        keys => format!("\n    {}\n  ", keys.join(",\n    ")),
    };
    let looked_at = |part: fn(&Parts) -> &BTreeSet<String>| parts.is_none_or(|parts| !part(parts).is_empty());
    let queries = [
        (parts.is_none(), include_str!("postcondition_table.sql")),
        (looked_at(|parts| &parts.columns), include_str!("postcondition_columns.sql")),
        (looked_at(|parts| &parts.constraints), include_str!("postcondition_constraints.sql")),
        (looked_at(|parts| &parts.indexes), include_str!("postcondition_indexes.sql")),
    ];
    let queries: Vec<_> = queries.into_iter().filter_map(|(wanted, query)| wanted.then_some(query)).collect();
    let values = match parts {
        None => [
            ("touched", String::new()),
            ("objects", "  objects text[] := '{}';\n".to_owned()),
            (
                "skip",
                format!(
                    "      -- Indexes that somebody added by hand may stay.\n      CONTINUE WHEN side = {table}::regclass AND \
                     object LIKE 'index %' AND object <> ALL (objects);\n      objects := objects || object;\n"
                ),
            ),
            ("hint", quote::literal(EXISTED)),
        ],
        Some(parts) => [
            ("touched", format!("  touched CONSTANT text[] := ARRAY[{}]::text[];\n", touched(parts))),
            ("objects", String::new()),
            ("skip", "      CONTINUE WHEN object <> ALL (touched);\n".to_owned()),
            ("hint", quote::literal(ALTERED)),
        ],
    };
    let mut values = values.to_vec();
    values.push(("parts", queries.join("      UNION ALL\n")));
    values.extend([("foreign keys", foreign_keys), ("wanted", wanted.join("\n")), ("table", table)]);
    block("postcondition", include_str!("postcondition.sql"), &values)
}

fn wanted_foreign_key(key: &ForeignKey) -> String {
    let places = |columns: &[String]| vec!["%I"; columns.len()].join(", ");
    let (schema, name) = (key.references.schema.clone(), key.references.name.clone());
    let mut arguments: Vec<String> =
        key.columns.iter().chain(&[schema, name]).map(|name| quote::literal(name)).collect();
    let referenced = if key.referenced_columns.is_empty() {
        let parent = quote::literal(&quote::table(&key.references));
        arguments.push(format!(
            "(SELECT string_agg(quote_ident(attname), ', ' ORDER BY place) FROM pg_constraint, unnest(conkey) WITH \
             ORDINALITY AS part (number, place), pg_attribute WHERE conrelid = {parent}::regclass AND contype = 'p' AND \
             attrelid = conrelid AND attnum = number)"
        ));
        "%s".to_owned()
    } else {
        arguments.extend(key.referenced_columns.iter().map(|name| quote::literal(name)));
        places(&key.referenced_columns)
    };
    let columns = places(&key.columns);
    let text =
        format!("FOREIGN KEY ({columns}) REFERENCES %I.%I({referenced}){}{}", actions(key), deferrable(key.deferrable));
    let object = quote::literal(&format!("constraint {}: ", key.name));
    format!("{object} || format({}, {})", quote::literal(&text), arguments.join(", "))
}

pub(super) fn assert_empty(table: &TableName) -> String {
    let values = [
        ("table", quote::table(table)),
        ("table text", quote::literal(&quote::table(table))),
        ("setting", quote::literal(ALLOW_DATA_LOSS)),
    ];
    block("guard", include_str!("guard.sql"), &values)
}

pub(super) fn assert_no_values(table: &TableName, column: &str) -> String {
    let lost = format!("{} IS NOT NULL", quote::identifier(column));
    let message = format!("column {column} of {} has values, and they would be lost", quote::table(table));
    assert_kept(table, column, lost, &message)
}

pub(super) fn assert_unchanged(table: &TableName, column: &ColumnDefinition, cast: &ColumnDefinition) -> String {
    let name = quote::identifier(&column.name);
    let lost = format!("{name}::{}::{} IS DISTINCT FROM {name}", cast.type_name, column.type_name);
    let name = quote::table(table);
    let message = format!("column {} of {name} has values that {} cannot hold", column.name, cast.type_name);
    assert_kept(table, &column.name, lost, &message)
}

fn assert_kept(table: &TableName, column: &str, lost: String, message: &str) -> String {
    let values = [
        ("table", quote::table(table)),
        ("column", condition::column(table, column)),
        ("lost", lost),
        ("message", quote::literal(message)),
        ("setting", quote::literal(ALLOW_DATA_LOSS)),
    ];
    block("guard", include_str!("values.sql"), &values)
}

/// The template with every `{key}` replaced; what is put in is not looked at again.
pub(super) fn filled(template: &str, values: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let value = after.split_once('}').and_then(|(key, tail)| {
            let (_, value) = values.iter().find(|(known, _)| *known == key)?;
            Some((value.as_str(), tail))
        });
        let (value, tail) = value.unwrap_or(("{", after));
        text.push_str(value);
        rest = tail;
    }
    // A block begins and ends on lines of its own.
    format!("\n{text}{rest}")
}
