//! What a database holds, as text that can be compared.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Connection, PostgresError};
use crate::model::{Table, TableName};

/// Every object of the users by kind and name (`column public.teams.id`), with its definition in one piece of text.
pub type CatalogText = BTreeMap<String, String>;

/// What the text of definitions depends on, pinned.
const PINNED: &str = "SET LOCAL DateStyle = 'ISO, MDY';
SET LOCAL IntervalStyle = 'postgres';
SET LOCAL TimeZone = 'UTC';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1;
SET LOCAL quote_all_identifiers = off;
SET LOCAL standard_conforming_strings = on;";

/// Describes everything that the users have made in a database, independently of how it was made. Objects of extensions
/// and of the system, owners, privileges and data are left out.
/// Source: <https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-CATALOG>
pub async fn catalog_text(connection: &Connection) -> Result<CatalogText, PostgresError> {
    let rows = pinned(connection, "''", include_str!("catalog.sql")).await?;
    Ok(rows.into_iter().filter_map(pair).collect())
}

/// The columns of a table by name: type as `format_type` prints it, and `not null` where so; `None` where the table does
/// not exist.
pub(super) async fn columns(
    connection: &Connection,
    table: &TableName,
) -> Result<Option<BTreeMap<String, String>>, PostgresError> {
    // With `public` in the path the types there print without their schema, as requests write them.
    let sql = format!(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.nspname = {} AND c.relname = {} AND c.relkind IN ('r', 'p')",
        literal(&table.schema),
        literal(&table.name),
    );
    let rows = pinned(connection, "public", &sql).await?;
    // A table without columns is one row of nulls.
    Ok((!rows.is_empty()).then(|| rows.into_iter().filter_map(pair).collect()))
}

/// The same of a wanted table.
pub(super) fn wanted_columns(table: &Table) -> BTreeMap<String, String> {
    let columns = table.columns.iter().map(|column| {
        let type_name = match column.type_name.as_str() {
            "smallserial" | "serial2" => "smallint",
            "serial" | "serial4" => "integer",
            "bigserial" | "serial8" => "bigint",
            other => other,
        };
        (column.name.clone(), format!("{type_name}{}", if column.nullable { "" } else { " not null" }))
    });
    columns.collect()
}

/// What of `before` is gone (`-`) and what of `after` is new (`+`), a line each, sorted by object; empty where both are
/// the same.
#[must_use]
pub fn table_diff(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    let mut objects = before.keys().chain(after.keys()).collect::<Vec<_>>();
    objects.sort();
    objects.dedup();
    for object in objects {
        let (old, new) = (before.get(object), after.get(object));
        if old != new {
            for (sign, definition) in [('-', old), ('+', new)] {
                if let Some(definition) = definition {
                    let _ = writeln!(text, "{sign} {object}: {definition}");
                }
            }
        }
    }
    text
}

/// Runs one query of ours in a read-only transaction with everything pinned.
pub(super) async fn pinned(
    connection: &Connection,
    search_path: &str,
    sql: &str,
) -> Result<Vec<Vec<Option<String>>>, PostgresError> {
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    connection.query(&format!("{begin};\nSET LOCAL search_path = {search_path};\n{PINNED}\n{sql};\nCOMMIT")).await
}

fn pair(row: Vec<Option<String>>) -> Option<(String, String)> {
    match <[Option<String>; 2]>::try_from(row) {
        Ok([Some(object), definition]) => Some((object, definition.unwrap_or_default())),
        _ => None,
    }
}

/// A string constant; standard-conforming strings are what the server has unless it was told otherwise.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_sorted_by_object_and_signed() {
        let text = |rows: &[(&str, &str)]| rows.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let before = text(&[("column t.a", "text"), ("column t.b", "text"), ("table t", "ordinary")]);
        let after = text(&[("column t.b", "uuid"), ("column t.c", "text"), ("table t", "ordinary")]);
        insta::assert_snapshot!(table_diff(&before, &after), @r"
        - column t.a: text
        - column t.b: text
        + column t.b: uuid
        + column t.c: text
        ");
        assert_eq!(table_diff(&before, &before), "");
    }
}
