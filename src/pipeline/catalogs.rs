//! Two catalogs, compared.

use std::collections::BTreeSet;

use super::{
    changes::kind_of,
    requests::{RequestFile, Requests},
};
use crate::{
    diff,
    model::{
        Catalog, CatalogDifference, Change, ChangeKind, ObjectDifference, OpaqueObject, Renames, Route,
        TableDifference, TableName, Tree,
    },
};

/// How the tables and declarations of the request files `after` differ from those of `before`. Every file of the trees
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
    let mut paths: Vec<String> =
        unread.iter().map(|(path, _)| *path).chain(refused.iter().copied()).map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    let tables = tables(&before, &after, &renames);
    let known = |table: &TableDifference| {
        let names = [&table.change.table, renames.table_before(&table.change.table)];
        names.iter().all(|name| !unknown.contains(name))
    };
    CatalogDifference {
        tables: tables.filter(known).collect(),
        // What a refused file declares is not known, and could be any of these.
        objects: if refused.is_empty() { objects(&before, &after) } else { Vec::new() },
        unread: paths,
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
