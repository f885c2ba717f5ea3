//! Migration files of the revision that belong to no change.

use std::collections::BTreeSet;

use super::{Scope, changes::Sides};
use crate::{
    migration::{self, Chain, MigrationFile},
    model::{FileMode, Subject},
    policy::PathKind,
    rules::StrayMigration,
};

/// The migration files that the revision adds and that neither are nor resemble anything that a request asks for.
/// `expected` are the paths that the changes must bring: what is wrong with those is said of their requests.
pub(super) fn strays(sides: &Sides<'_>, expected: &BTreeSet<String>) -> Vec<StrayMigration> {
    let snapshot = sides.snapshot;
    let added = snapshot.merged.iter().filter(|(path, file)| {
        let is_new = snapshot.scope.judges(path) && !sides.base_tree.contains_key(*path) && !expected.contains(*path);
        // Files that are not regular are `unrecognised-file`'s.
        is_new && snapshot.policy.classify(path) == PathKind::Migration && file.mode == FileMode::Regular
    });
    added.filter_map(|(path, file)| Some((path, problem(sides, path, &file.bytes)?))).map(found).collect()
}

fn problem(sides: &Sides<'_>, path: &str, bytes: &[u8]) -> Option<String> {
    let file = match migration::read_file(path, bytes) {
        Ok(file) => file,
        Err(reason) => return Some(format!("The file {reason}")),
    };
    let (twin, missing) = if file.up { ("down", ".down.sql") } else { ("up", ".up.sql") };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    if !sides.snapshot.merged.contains_key(&format!("{folder}/{}{missing}", file.stem)) {
        return Some(format!("The migration has no {twin} file beside it"));
    }
    (!is_described(sides, &file)).then(|| match &file.header.subject {
        Subject::Table(table) => format!("The migration is of table `{}`, which no request describes", table.short()),
        Subject::Sql(name) => format!("The migration is of SQL request `{name}`, which does not exist"),
    })
}

/// The record of a dropped table may go once its migrations have ended it.
fn is_described(sides: &Sides<'_>, file: &MigrationFile) -> bool {
    let chain = sides.chains.of_migration(&file.stem);
    let ended = chain.and_then(Chain::end).is_some_and(|end| end.header.after.is_none());
    let table = match chain.map_or(&file.header.subject, |chain| &chain.subject) {
        Subject::Table(table) => table,
        Subject::Sql(name) => return sides.requests.sql_request(name).is_some(),
    };
    !sides.requests.paths_of(table).is_empty() || (sides.snapshot.scope == Scope::All && ended)
}

fn found((path, message): (&String, String)) -> StrayMigration {
    let suggestion = "Remove it; `schema-registry generate` writes the migrations that the requests need".to_owned();
    StrayMigration { path: path.clone(), message, suggestion }
}
