//! Migrations that run before what they need.

use std::collections::BTreeSet;

use super::{
    changes::{Planned, Sides},
    order::{Order, Reason, referenced},
};
use crate::{
    migration::Link,
    model::{Change, ChangeKind, TableName},
    rules::StaleMigration,
};

/// Migrations of `change` that run at a time when what they need is not there, or what is in their way still is.
pub(super) fn too_early(sides: &Sides<'_>, order: &Order, change: &Change, planned: &[Planned]) -> Vec<StaleMigration> {
    // Where everything is judged as new, the times of the requests tell nothing about history.
    let mut found: Vec<_> = if sides.judges_all() { Vec::new() } else { within(order, change, planned).collect() };
    for Planned { change: step, migrations } in planned {
        // There, the table's last migration brought what is wanted now.
        let own = match sides.chains.links(&change.table).last().filter(|_| sides.judges_all()) {
            Some(end) => end.first(),
            None => migrations.first().map_or("", |migration| &migration.name.0),
        };
        let parents: BTreeSet<&TableName> = step.after.iter().flat_map(referenced).collect();
        let elsewhere = parents.into_iter().filter(|parent| sides.judges_all() || !order.waiting.contains_key(parent));
        found.extend(elsewhere.filter_map(|parent| not_there(sides, own, parent)));
    }
    found
}

/// A table that comes to its name only after `own`. One without migrations was there before the registry.
fn not_there(sides: &Sides<'_>, own: &str, table: &TableName) -> Option<StaleMigration> {
    let links = sides.chains.links(table);
    let first = links.first()?;
    let is_there = |link: &Link| link.header.after.is_some() && link.header.subject.table() == Some(table);
    let there = if let Some(last) = links.iter().rfind(|link| link.last() < own) {
        is_there(last)
    } else {
        let name = first.header.renamed_from.as_ref().or(first.header.subject.table());
        first.header.before.is_some() && name == Some(table)
    };
    let later = links.iter().filter(|_| !there).find(|link| link.last() > own && is_there(link))?;
    let message =
        format!("Migration {own} runs before {}, and table `{}` has to be there first", later.last(), table.short());
    Some(late(message))
}

/// What other changes of the revision have to do first.
fn within<'a>(
    order: &'a Order,
    change: &'a Change,
    planned: &'a [Planned],
) -> impl Iterator<Item = StaleMigration> + 'a {
    let own = order.waiting.get(&change.table).and_then(|waiting| waiting.requested_at);
    let edges = order.edges.get(&change.table).into_iter().flatten();
    edges.filter_map(move |edge| {
        let earlier = order.waiting.get(&edge.earlier)?;
        earlier.requested_at.filter(|at| Some(*at) >= own)?;
        let main = planned.iter().find(|planned| planned.change.kind == change.kind)?;
        let (name, table) = (&main.migrations.first()?.name, edge.earlier.short());
        let why = match (edge.reason, earlier.change.kind) {
            (Reason::Brings, ChangeKind::Create) => format!("table `{table}` is created, which has to be there first"),
            (Reason::Brings, ChangeKind::Rename) => {
                format!("table `{table}` is renamed, which has to have that name first")
            }
            (Reason::Brings, _) => format!("table `{table}` is changed, which brings what its foreign key needs"),
            (Reason::LetsGo, kind) => {
                let what = if kind == ChangeKind::Drop { "dropped" } else { "changed" };
                format!("table `{table}` is {what}, which refers to it until then")
            }
        };
        Some(late(format!("Migration {name} runs before {why}")))
    })
}

fn late(message: String) -> StaleMigration {
    StaleMigration { message, suggestion: "Run `schema-registry generate`, which gives it a later time".to_owned() }
}
