//! Changes that cannot be carried out yet: each difference, where the request says it.

use crate::model::{Change, ChangeKind, Column, Route, Table, Unsupported};

/// Everything that a change of an existing table asks for.
pub(super) fn of(change: &Change) -> Vec<Unsupported> {
    if change.kind == ChangeKind::Rename {
        return vec![Unsupported {
            route: Route::root().key("renamedFrom"),
            message: "Renaming a table is not supported yet".to_owned(),
            suggestion: "Keep the old name, or request a new table beside it".to_owned(),
        }];
    }
    let (Some(before), Some(after)) = (&change.before, &change.after) else { return vec![altering(Route::root())] };
    let mut found = columns(before, after);
    let parts = [
        ("comment", "the table's comment", before.comment == after.comment),
        ("primaryKey", "the primary key", before.primary_key == after.primary_key),
        ("uniques", "unique constraints", before.uniques == after.uniques),
        ("checks", "check constraints", before.checks == after.checks),
        ("foreignKeys", "foreign keys", before.foreign_keys == after.foreign_keys),
        ("excludes", "exclusion constraints", before.excludes == after.excludes),
        ("indexes", "indexes", before.indexes == after.indexes),
    ];
    for (key, what, _) in parts.into_iter().filter(|(_, _, same)| !same) {
        found.push(unsupported(schema().key(key), &format!("Changing {what} of an existing table")));
    }
    if found.is_empty() { vec![altering(Route::root())] } else { found }
}

fn columns(before: &Table, after: &Table) -> Vec<Unsupported> {
    let route = |column: &Column| schema().key("columns").item(&column.name);
    let mut found = Vec::new();
    for column in &after.columns {
        match before.column(&column.name) {
            None => {
                found.push(unsupported(route(column), &format!("Adding column {} to an existing table", column.name)));
            }
            Some(old) if old != column => {
                found.push(unsupported(route(column), &format!("Changing column {}", column.name)));
            }
            Some(_) => {}
        }
    }
    let gone = before.columns.iter().filter(|column| after.column(&column.name).is_none());
    found.extend(gone.map(|column| unsupported(schema().key("columns"), &format!("Removing column {}", column.name))));
    found
}

fn schema() -> Route {
    Route::root().key("schemaJson")
}

fn altering(route: Route) -> Unsupported {
    unsupported(route, "Altering an existing table")
}

fn unsupported(route: Route, what: &str) -> Unsupported {
    Unsupported {
        route,
        message: format!("{what} is not supported yet"),
        suggestion: "Undo it, or request a new table beside this one".to_owned(),
    }
}
