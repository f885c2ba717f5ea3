//! Tables that no migration creates: those that a baseline took over.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Scope, Snapshot,
    changes::Sides,
    order::{Order, Waiting},
    steps::Step,
};
use crate::{
    migration::{self, Chain},
    model::{CatalogTable, Change, ChangeKind, Renames, Table, TableName, Tree, Unsupported},
};

/// What stands in for the migrations that the tables of baselines do not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// Scripts that create these tables as they are before the revision, each with the path of the request that describes it so, in
    /// the order in which they run.
    pub tables: Vec<(String, String)>,
    /// Scripts that give them their foreign keys to tables that migrations create, likewise.
    pub foreign_keys: Vec<(String, String)>,
    /// Paths of the up files whose work the scripts do.
    pub contained: BTreeSet<String>,
}

/// The ground of a revision. A baseline holds digests, not states: the base describes what its tables are now, so that
/// the migrations that led there since are contained. Where there is no base ([`Scope::All`]), the revision's own state is what
/// is known, and every migration of such a table is contained. `Err` names the request that cannot be written as SQL, and
/// says why.
pub fn ground(snapshot: &Snapshot) -> Result<Ground, (String, Unsupported)> {
    let empty = Tree::new();
    let sides = Sides::read(snapshot, &empty);
    let all = snapshot.scope == Scope::All;
    let (catalog, chains) = if all { (&sides.merged, &sides.chains) } else { (&sides.base, &sides.base_chains) };
    let contained = chains.iter().filter(|chain| sides.baseline_of_chain(chain).is_some()).flat_map(Chain::paths);
    let mut ground = Ground { contained: contained.map(str::to_owned).collect(), ..Ground::default() };
    let of_base = catalog.tables.iter().filter(|(name, _)| match chains.get(*name) {
        Some(chain) => sides.baseline_of_chain(chain).is_some(),
        None => sides.baselines.tables.contains_key(*name),
    });
    // What the revision itself takes over is there as it describes it.
    let taken_over = sides.merged.tables.iter().filter(|(name, _)| !all && sides.takes_over(name));
    let unchanged = taken_over.filter(|(name, _)| sides.chains.get(*name).is_none());
    let tables: BTreeMap<&TableName, &CatalogTable> = of_base.chain(unchanged).collect();
    let created = |name: &TableName| catalog.tables.contains_key(name) && !tables.contains_key(name);
    let without = |table: &Table| {
        let mut table = table.clone();
        table.foreign_keys.retain(|key| !created(&key.references));
        table
    };
    let changes =
        tables.iter().map(|(name, known)| (known.path.clone(), create((*name).clone(), without(&known.table))));
    for (path, step) in in_order(changes) {
        run(&mut ground.tables, path, &step)?;
    }
    for (name, known) in tables.iter().filter(|(_, known)| without(&known.table) != known.table) {
        let (before, after) = (Some(without(&known.table)), Some(known.table.clone()));
        let change =
            Change { table: (*name).clone(), kind: ChangeKind::Alter, before, after, renames: Renames::default() };
        run(&mut ground.foreign_keys, known.path.clone(), &Step { change, stamp: DateTime::UNIX_EPOCH, fresh: true })?;
    }
    Ok(ground)
}

fn create(table: TableName, after: Table) -> Change {
    Change { table, kind: ChangeKind::Create, before: None, after: Some(after), renames: Renames::default() }
}

/// The steps of changes in an order in which they can run, each with the path of its request.
fn in_order(changes: impl Iterator<Item = (String, Change)>) -> Vec<(String, Step)> {
    let waiting = changes.map(|(path, change)| (change.table.clone(), Waiting { path, change, requested_at: None }));
    let mut order = Order::new(waiting.collect());
    let mut at: DateTime<Utc> = DateTime::UNIX_EPOCH;
    for table in &order.tables {
        if let Some(waiting) = order.waiting.get_mut(table) {
            waiting.requested_at = Some(at);
        }
        at += TimeDelta::seconds(1);
    }
    let path = |table: &TableName| order.waiting.get(table).map_or_else(String::new, |waiting| waiting.path.clone());
    let steps = order.steps().into_iter();
    let mut steps: Vec<_> =
        steps.flat_map(|(table, steps)| steps.into_iter().map(move |step| (path(table), step))).collect();
    steps.sort_by_key(|(_, step)| step.stamp);
    steps
}

fn run(scripts: &mut Vec<(String, String)>, path: String, step: &Step) -> Result<(), (String, Unsupported)> {
    match migration::generate(&step.change, step.stamp, None, step.fresh) {
        Ok((_, migrations)) => {
            scripts.extend(migrations.into_iter().map(|migration| (path.clone(), migration.up)));
            Ok(())
        }
        Err(unsupported) => unsupported.into_iter().next().map_or(Ok(()), |unsupported| Err((path, unsupported))),
    }
}
