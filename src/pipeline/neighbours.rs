//! What else an approval depends on.

use std::collections::BTreeSet;

use super::{Snapshot, changes::Sides, order::referenced};
use crate::{
    migration::Chain,
    model::{CatalogObject, Outcome, Subject, Table, TableName, Tree},
    sql::uses_object,
};

/// The base's governed files of the tables that `outcome` changes and of the tables and opaque objects that they use: if one
/// of them changes, the reviewer saw something else.
#[must_use]
pub fn context_files(snapshot: &Snapshot, outcome: &Outcome) -> Tree {
    let empty = Tree::new();
    let sides = Sides::read(snapshot, &empty);
    let mut tables: BTreeSet<&TableName> =
        outcome.requests.iter().filter_map(|request| request.table.as_ref()).collect();
    let changes = outcome.requests.iter().filter_map(|request| request.change.as_ref());
    let states: Vec<&Table> = changes.flat_map(|change| change.before.iter().chain(&change.after)).collect();
    for table in &states {
        tables.insert(&table.name);
        tables.extend(referenced(table));
    }
    let sql: Vec<_> = outcome.requests.iter().filter_map(|request| request.sql.as_ref()).collect();
    tables.extend(sql.iter().flat_map(|sql| &sql.touches));
    let used = |known: &&CatalogObject| states.iter().any(|table| uses_object(table, &known.object));
    let declared: BTreeSet<String> = sides.base.objects.values().filter(used).map(|known| known.path.clone()).collect();
    let requests = sides
        .base_requests
        .iter()
        .filter(|(_, file)| file.parsed.table.as_ref().is_some_and(|table| tables.contains(table)));
    let is_ours = |name: &str| sql.iter().any(|sql| sql.name == name);
    let own = sides
        .base_requests
        .sql()
        .filter(|(_, file)| file.request.as_ref().is_some_and(|request| is_ours(&request.name.value)));
    let chains = sides.base_chains.iter().filter(|chain| match &chain.subject {
        Subject::Table(table) => tables.contains(table),
        Subject::Sql(name) => is_ours(name),
    });
    let ups: Vec<&str> = chains.flat_map(Chain::paths).collect();
    let downs = ups.iter().filter_map(|path| Some(format!("{}.down.sql", path.strip_suffix(".up.sql")?)));
    let paths = requests
        .map(|(path, _)| path.to_owned())
        .chain(declared)
        .chain(own.map(|(path, _)| path.to_owned()))
        .chain(ups.iter().map(|path| (*path).to_owned()))
        .chain(downs);
    paths
        .filter_map(|path| sides.base_tree.get_key_value(&path))
        .map(|(path, file)| (path.clone(), file.clone()))
        .collect()
}
