//! Two catalogs, compared.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    changes::kind_of,
    requests::{RequestFile, Requests},
    sql_requests,
};
use crate::{
    diff,
    model::{
        Catalog, CatalogDifference, Change, ChangeKind, ObjectDifference, OpaqueObject, Renames, Route, SqlDifference,
        SqlDifferenceKind, SqlRequest, TableDifference, TableName, Tree,
    },
    parse,
};

/// How the tables, declarations and SQL requests of the request files `after` differ from those of `before`. Every file of the trees
/// is read as a request file; `database` is what registry ids are made from.
#[must_use]
pub fn compare_catalogs(database: &str, before: &Tree, after: &Tree) -> CatalogDifference {
    let sides = [before, after].map(Requests::read_all);
    let [before, after] = [0, 1].map(|side| sides[side].catalog(database));
    let renames = sides[1].renames(&before);
    let unread = sides.iter().flat_map(Requests::iter).filter(|(_, file)| file.accepted().is_none());
    let unread: Vec<(&str, &RequestFile)> = unread.collect();
    let unknown: BTreeSet<&TableName> = unread.iter().filter_map(|(_, file)| file.parsed.table.as_ref()).collect();
    let declarations = sides.iter().flat_map(Requests::declarations);
    let refused = declarations.filter(|(_, file)| file.declarations.is_none() || !file.refusals.is_empty());
    let refused: BTreeSet<&str> = refused.map(|(path, _)| path).collect();
    let refused_sql = sides.iter().flat_map(Requests::sql).filter(|(_, file)| sql_requests::accepted(file).is_none());
    let unread_tables = unread.iter().map(|(path, _)| *path);
    let paths: BTreeSet<&str> =
        unread_tables.chain(refused.iter().copied()).chain(refused_sql.map(|(path, _)| path)).collect();
    let tables = tables(&before, &after, &renames);
    let known = |table: &TableDifference| {
        let names = [&table.change.table, renames.table_before(&table.change.table)];
        names.iter().all(|name| !unknown.contains(name))
    };
    CatalogDifference {
        tables: tables.filter(known).collect(),
        // What a refused file declares is not known, and could be any of these.
        objects: if refused.is_empty() { objects(&before, &after) } else { Vec::new() },
        sql: sql(&sides, &paths),
        unread: paths.into_iter().map(str::to_owned).collect(),
    }
}

fn tables<'a>(
    before: &'a Catalog,
    after: &'a Catalog,
    renames: &'a Renames,
) -> impl Iterator<Item = TableDifference> + 'a {
    let moved: BTreeSet<&TableName> = renames.tables.values().collect();
    let gone = before.tables.keys().filter(move |name| !moved.contains(name));
    let names: BTreeSet<&TableName> = gone.chain(after.tables.keys()).collect();
    names.into_iter().filter_map(|name| {
        let old = before.tables.get(renames.table_before(name));
        let new = after.tables.get(name);
        let state = |known: Option<&crate::model::CatalogTable>| known.map(|known| known.table.clone());
        let (old_state, new_state) = (state(old), state(new));
        let kind = kind_of(old_state.as_ref(), new_state.as_ref(), renames.tables.contains_key(name));
        let differences = match (&old_state, &new_state) {
            (Some(old), Some(new)) => diff::differences(old, new, renames),
            _ => Vec::new(),
        };
        // Two spellings of one state are no difference.
        let same = kind == ChangeKind::None || (kind == ChangeKind::Alter && differences.is_empty());
        let known = new.or(old).filter(|_| !same)?;
        Some(TableDifference {
            path: known.path.clone(),
            registry_id: old.unwrap_or(known).registry_id,
            change: Change { table: name.clone(), kind, before: old_state, after: new_state, renames: renames.clone() },
            differences,
        })
    })
}

fn objects(before: &Catalog, after: &Catalog) -> Vec<ObjectDifference> {
    let keys: BTreeSet<_> = before.objects.keys().chain(after.objects.keys()).collect();
    // Where a file says it makes no difference.
    let object = |catalog: &Catalog, key| {
        catalog.objects.get(key).map(|known| OpaqueObject { route: Route::root(), ..known.object.clone() })
    };
    let pairs = keys.into_iter().map(|key| (object(before, key), object(after, key)));
    let differing = pairs.filter(|(before, after)| before != after);
    differing.map(|(before, after)| ObjectDifference { before, after }).collect()
}

/// The SQL requests that differ, but those that a file of `unread` may hold: it is named after its request.
fn sql(sides: &[Requests; 2], unread: &BTreeSet<&str>) -> Vec<SqlDifference> {
    let unknown: BTreeSet<&str> = unread.iter().map(|path| parse::stem(path)).collect();
    let [before, after] = [&sides[0], &sides[1]].map(|requests| {
        let mut named: BTreeMap<&str, (&str, &SqlRequest)> = BTreeMap::new();
        for (path, file) in requests.sql() {
            if let Some(request) = sql_requests::accepted(file) {
                named.entry(&request.name.value).or_insert((path, request));
            }
        }
        named
    });
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let known = names.into_iter().filter(|name| !unknown.contains(name));
    known.filter_map(|name| sql_difference(name, before.get(name).copied(), after.get(name).copied())).collect()
}

fn sql_difference(
    name: &str,
    before: Option<(&str, &SqlRequest)>,
    after: Option<(&str, &SqlRequest)>,
) -> Option<SqlDifference> {
    let (path, _) = after.or(before)?;
    let [before, after] = [before, after].map(|side| side.map(|(_, request)| request));
    let keys = before.zip(after).map(|(before, after)| before.other_words(after)).unwrap_or_default();
    let kind = match (before, after) {
        (None, _) => SqlDifferenceKind::Added,
        (_, None) => SqlDifferenceKind::Removed,
        (Some(before), Some(after)) if before.state_digest() != after.state_digest() => SqlDifferenceKind::RunsAgain,
        _ if keys.is_empty() => return None,
        _ => SqlDifferenceKind::Reworded,
    };
    let [before, after] = [before, after].map(Option::<&SqlRequest>::cloned);
    Some(SqlDifference { name: name.to_owned(), path: path.to_owned(), kind, keys, before, after })
}
