//! Which change has to run before which.

use std::collections::BTreeSet;

use super::{changes::Sides, requests::RequestFile};
use crate::{
    migration::Link,
    model::{Change, ChangeKind, ForeignKey, Migration, Table, TableName, Unsupported},
    rules::StaleMigration,
};

/// The tables that `table` refers to, itself left out.
pub(super) fn referenced(table: &Table) -> impl Iterator<Item = &TableName> {
    table.foreign_keys.iter().map(|key| &key.references).filter(|parent| **parent != table.name)
}

/// The foreign keys of a new table that lead back to it through other new ones: none of these tables can be created first.
pub(super) fn circles(sides: &Sides<'_>, file: &RequestFile, change: &Change) -> Vec<Unsupported> {
    let (ChangeKind::Create, Some(table), Some(request)) = (change.kind, &change.after, file.accepted()) else {
        return Vec::new();
    };
    let on_columns = request.schema.columns.iter().filter_map(|column| column.references.as_ref());
    let listed = request.schema.foreign_keys.iter().map(|key| &key.references);
    let routes = on_columns.chain(listed).map(|reference| &reference.route);
    let closing = table.foreign_keys.iter().zip(routes).filter(|(key, _)| leads_back(sides, key, &table.name));
    let unsupported = |(key, route): (&ForeignKey, &crate::model::Route)| Unsupported {
        route: route.clone(),
        message: format!(
            "Tables `{}` and `{}` depend on each other, so that neither can be created first",
            table.name.short(),
            key.references.short()
        ),
        suggestion: "Leave out the foreign key of one of them".to_owned(),
    };
    closing.map(unsupported).collect()
}

fn leads_back(sides: &Sides<'_>, key: &ForeignKey, start: &TableName) -> bool {
    if key.references == *start {
        return false;
    }
    let mut seen = BTreeSet::new();
    let mut next = vec![&key.references];
    while let Some(name) = next.pop() {
        if name == start {
            return true;
        }
        let known = sides.merged.tables.get(name).filter(|_| !sides.base.tables.contains_key(name));
        if let Some(known) = known.filter(|_| seen.insert(name)) {
            next.extend(referenced(&known.table));
        }
    }
    false
}

/// Migrations of `change` that run at a time when a table that they need is not there, or one that is in their way still
/// is. Tables without migrations were there before the registry.
pub(super) fn too_early(sides: &Sides<'_>, change: &Change, expected: &[Migration]) -> Vec<StaleMigration> {
    let mut found = Vec::new();
    for migration in expected {
        let own = migration.name.0.as_str();
        let mut needs = |table: &TableName, there: bool, why: &str| {
            let links = sides.chains.links(table);
            let Some(first) = links.first() else { return };
            let is_there = |link: &Link| link.header.after.is_some();
            let before = links.iter().rfind(|link| link.last() < own);
            if before.map_or(first.header.before.is_some(), is_there) == there {
                return;
            }
            let Some(later) = links.iter().find(|link| link.last() > own && is_there(link) == there) else {
                return;
            };
            found.push(StaleMigration {
                message: format!("Migration {own} runs before {}, and table `{}` {why}", later.last(), table.short()),
                suggestion: "Run `schema-registry generate`, which gives it a later time".to_owned(),
            });
        };
        for table in change.after.iter().flat_map(referenced).collect::<BTreeSet<_>>() {
            needs(table, true, "has to be there first");
        }
        if change.kind == ChangeKind::Drop {
            for table in referrers(sides, &change.table) {
                needs(table, false, "refers to it until then");
            }
        }
    }
    found
}

/// The tables on the base that refer to `table` and that the revision drops.
fn referrers<'a>(sides: &'a Sides<'_>, table: &TableName) -> impl Iterator<Item = &'a TableName> {
    let dropped = sides.base.tables.iter().filter(|(name, _)| !sides.merged.tables.contains_key(*name));
    dropped.filter(move |(_, known)| referenced(&known.table).any(|parent| parent == table)).map(|(name, _)| name)
}
