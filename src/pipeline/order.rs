//! Which change has to run before which.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::changes::Sides;
use crate::{
    diff,
    model::{Change, ChangeKind, Constraint, Difference, ForeignKey, Table, TableName},
};

/// The tables that `table` refers to, itself left out.
pub(super) fn referenced(table: &Table) -> impl Iterator<Item = &TableName> {
    table.foreign_keys.iter().map(|key| &key.references).filter(|parent| **parent != table.name)
}

/// A change that takes migrations, and when it was requested.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The request file.
    pub(super) path: String,
    pub(super) change: Change,
    pub(super) requested_at: Option<DateTime<Utc>>,
}

/// Why one change has to run before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// The later one has a foreign key to what the earlier one brings.
    Brings,
    /// The earlier one lets go of what the later one takes away.
    LetsGo,
}

/// `earlier` before the change that it is listed for, because of foreign keys of one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) earlier: TableName,
    pub(super) reason: Reason,
    /// Names of the foreign keys: of the later change where the earlier one brings something, else of the earlier one.
    pub(super) keys: BTreeSet<String>,
}

/// The foreign keys of one change that cannot be where the change is, because tables refer to each other in a circle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// Those that come once these other tables are as they must be.
    pub(super) close: BTreeSet<String>,
    pub(super) after: BTreeSet<TableName>,
    /// Those that go before these other tables change.
    pub(super) open: BTreeSet<String>,
    pub(super) before: BTreeSet<TableName>,
}

/// The changes of a revision, by table, in an order in which they can run.
#[derive(Debug, Default)]
pub(super) struct Order {
    pub(super) waiting: BTreeMap<TableName, Waiting>,
    /// Every table of `waiting`, once.
    pub(super) tables: Vec<TableName>,
    /// What has to run before each change, without what the cuts take care of.
    pub(super) edges: BTreeMap<TableName, Vec<Edge>>,
    pub(super) cuts: BTreeMap<TableName, Cut>,
}

impl Order {
    /// Of the changes that are judged.
    pub(super) fn read(sides: &Sides<'_>) -> Self {
        let mut waiting = BTreeMap::new();
        for (path, file) in sides.judged() {
            let Some(change) = sides.change(file).filter(|change| change.kind != ChangeKind::None) else { continue };
            let requested_at = file.accepted().and_then(|request| request.metadata.requested_at.as_ref());
            let requested_at = requested_at.map(|field| field.value);
            waiting.insert(change.table.clone(), Waiting { path: path.to_owned(), change, requested_at });
        }
        Self::new(waiting)
    }

    /// Dependencies first; among the rest, by the time of the request, then name. A circle is cut at its first table.
    pub(super) fn new(waiting: BTreeMap<TableName, Waiting>) -> Self {
        let mut edges = edges(&waiting);
        let mut cuts: BTreeMap<TableName, Cut> = BTreeMap::new();
        let mut left: BTreeSet<(bool, Option<DateTime<Utc>>, TableName)> =
            waiting.iter().map(|(table, it)| (it.requested_at.is_none(), it.requested_at, table.clone())).collect();
        let mut tables = Vec::new();
        let mut placed = BTreeSet::new();
        while !left.is_empty() {
            let is_free = |table: &TableName| edges[table].iter().all(|edge| placed.contains(&edge.earlier));
            let free = left.iter().find(|(.., table)| is_free(table)).cloned();
            let next = free.or_else(|| {
                let circle = first_circle(&left, &edges, &placed);
                left.iter().find(|(.., table)| circle.contains(table)).cloned()
            });
            let Some(next) = next.or_else(|| left.first().cloned()) else { break };
            cut(&next.2, &mut edges, &mut cuts, &placed);
            left.remove(&next);
            placed.insert(next.2.clone());
            tables.push(next.2);
        }
        Self { waiting, tables, edges, cuts }
    }
}

/// Makes `table` free: whatever stands between it and the tables that are not placed yet becomes a cut.
fn cut(
    table: &TableName,
    edges: &mut BTreeMap<TableName, Vec<Edge>>,
    cuts: &mut BTreeMap<TableName, Cut>,
    placed: &BTreeSet<TableName>,
) {
    let Some(own) = edges.get_mut(table) else { return };
    let (kept, open) = own.drain(..).partition(|edge| placed.contains(&edge.earlier));
    *own = kept;
    let open: Vec<Edge> = open;
    for Edge { earlier, reason, keys } in open {
        match reason {
            Reason::Brings => {
                let cut = cuts.entry(table.clone()).or_default();
                cut.close.extend(keys);
                cut.after.insert(earlier);
            }
            Reason::LetsGo => {
                let cut = cuts.entry(earlier).or_default();
                cut.open.extend(keys);
                cut.before.insert(table.clone());
            }
        }
    }
}

/// The first tables, all of which wait for each other and for nobody else.
fn first_circle(
    left: &BTreeSet<(bool, Option<DateTime<Utc>>, TableName)>,
    edges: &BTreeMap<TableName, Vec<Edge>>,
    placed: &BTreeSet<TableName>,
) -> BTreeSet<TableName> {
    let waits_for = |table: &TableName| {
        let mut found = BTreeSet::new();
        let mut next = vec![table];
        while let Some(table) = next.pop() {
            let open = edges[table].iter().map(|edge| &edge.earlier).filter(|earlier| !placed.contains(*earlier));
            next.extend(open.filter(|earlier| found.insert((*earlier).clone())));
        }
        found
    };
    // Whoever waits for the fewest waits for its own circle alone.
    left.iter().map(|(.., table)| waits_for(table)).min_by_key(BTreeSet::len).unwrap_or_default()
}

/// What has to run before each change.
fn edges(waiting: &BTreeMap<TableName, Waiting>) -> BTreeMap<TableName, Vec<Edge>> {
    let sides: BTreeMap<&TableName, Side<'_>> =
        waiting.iter().map(|(table, waiting)| (table, Side::new(&waiting.change))).collect();
    let mut edges: BTreeMap<TableName, Vec<Edge>> = waiting.keys().map(|table| (table.clone(), Vec::new())).collect();
    let mut add = |later: &TableName, earlier: &TableName, reason: Reason, key: &ForeignKey| {
        let Some(list) = edges.get_mut(later) else { return };
        match list.iter_mut().find(|edge| edge.earlier == *earlier && edge.reason == reason) {
            Some(edge) => _ = edge.keys.insert(key.name.clone()),
            None => list.push(Edge { earlier: earlier.clone(), reason, keys: [key.name.clone()].into() }),
        }
    };
    for (table, side) in &sides {
        for key in side.wanted() {
            if let Some(parent) = sides.get(&key.references).filter(|_| key.references != **table)
                && parent.brings(key, side.added.contains(key))
            {
                add(table, &key.references, Reason::Brings, key);
            }
        }
        for key in &side.dropped {
            if let Some(parent) = sides.get(&key.references).filter(|_| key.references != **table)
                && parent.takes_away(key)
            {
                add(&key.references, table, Reason::LetsGo, key);
            }
        }
    }
    edges
}

/// What one change means to the others.
struct Side<'a> {
    change: &'a Change,
    /// The state before under the names of the state after.
    before: Option<Table>,
    /// What of it stays as it is.
    kept: Option<Table>,
    /// Columns that get another type.
    retyped: Vec<String>,
    /// Foreign keys that it adds.
    added: Vec<ForeignKey>,
    /// Foreign keys that it drops, under the names after.
    dropped: Vec<ForeignKey>,
}

impl<'a> Side<'a> {
    fn new(change: &'a Change) -> Self {
        let keys = |table: &Option<Table>| table.iter().flat_map(|table| table.foreign_keys.clone()).collect();
        let before = change.before.as_ref().map(|before| diff::renamed(before, &change.table, &change.renames));
        let differences = match (&change.before, &change.after) {
            (Some(old), Some(new)) => Some(diff::differences(old, new, &change.renames)),
            _ => None,
        };
        let kept = before.as_ref().zip(differences.as_ref()).map(|(before, found)| diff::kept(before, found));
        let retyped = differences.iter().flatten().filter_map(|difference| match difference {
            Difference::ColumnType { column, .. } => Some(column.clone()),
            _ => None,
        });
        let retyped = retyped.collect();
        let (added, dropped) =
            differences.map_or_else(|| (keys(&change.after), keys(&before)), |found| changed_keys(&found));
        Self { change, before, kept, retyped, added, dropped }
    }

    fn wanted(&self) -> impl Iterator<Item = &'a ForeignKey> {
        self.change.after.iter().flat_map(|table| &table.foreign_keys)
    }

    /// Whether `key` of another table, a new one perhaps, can be there only once this change has run.
    fn brings(&self, key: &ForeignKey, is_new: bool) -> bool {
        let Some(after) = &self.change.after else { return false };
        match &self.kept {
            None => true,
            Some(_) if self.change.kind == ChangeKind::Rename => true,
            Some(kept) => {
                let columns = after.referred_columns(&key.referenced_columns);
                let stands = !kept.keys_for(&key.referenced_columns).is_empty() && !self.retypes_one_of(columns);
                (is_new && !stands) || self.renames_one_of(columns)
            }
        }
    }

    /// Whether `key` of another table must be gone before this change can run.
    fn takes_away(&self, key: &ForeignKey) -> bool {
        let keys =
            |table: &Option<Table>| table.iter().any(|table| !table.keys_for(&key.referenced_columns).is_empty());
        self.before.as_ref().is_some_and(|before| {
            self.change.after.is_none()
                || keys(&self.before) && !keys(&self.kept)
                || self.retypes_one_of(before.referred_columns(&key.referenced_columns))
        })
    }

    fn retypes_one_of(&self, columns: &[String]) -> bool {
        self.retyped.iter().any(|column| columns.contains(column))
    }

    fn renames_one_of(&self, columns: &[String]) -> bool {
        let renamed = self.change.renames.columns.get(&self.change.table);
        renamed.is_some_and(|renamed| columns.iter().any(|column| renamed.contains_key(column)))
    }
}

fn changed_keys(differences: &[Difference]) -> (Vec<ForeignKey>, Vec<ForeignKey>) {
    let mut added = Vec::new();
    let mut dropped = Vec::new();
    let push = |list: &mut Vec<ForeignKey>, constraint: &Constraint| {
        if let Constraint::ForeignKey(key) = constraint {
            list.push(key.clone());
        }
    };
    for difference in differences {
        match difference {
            Difference::ConstraintAdded { constraint } => push(&mut added, constraint),
            Difference::ConstraintDropped { constraint } => push(&mut dropped, constraint),
            Difference::ConstraintChanged { before, after } => {
                push(&mut dropped, before);
                push(&mut added, after);
            }
            _ => {}
        }
    }
    (added, dropped)
}
