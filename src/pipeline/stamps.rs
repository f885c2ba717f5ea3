//! Which `requestedAt` each request of a revision should have.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::{Snapshot, changes::Sides, order::referenced};
use crate::model::{Change, ChangeKind, Table, TableName, Tree};

/// A `requestedAt` that has to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The request file.
    pub path: String,
    /// What it should say, to the second.
    pub at: DateTime<Utc>,
}

/// The stamps that `generate` has to write: missing ones are filled from `snapshot.now`; each change gets one that is
/// unique, later than every migration on the base, and later than the changes that it depends on. Stamps that are fine
/// stay as they are, so a second run finds nothing to do.
#[must_use]
pub fn assign_stamps(snapshot: &Snapshot) -> Vec<Stamp> {
    let empty = Tree::new();
    let sides = Sides::read(snapshot, &empty);
    let latest = sides.base_chains.iter().flat_map(|chain| &chain.links).map(|link| link.stamp).max();
    let mut stamps = Vec::new();
    let mut by_table = BTreeMap::new();
    for (path, file) in sides.judged() {
        let Some(change) = sides.change(file) else { continue };
        let requested_at = file.accepted().and_then(|request| request.metadata.requested_at.as_ref());
        let requested_at = requested_at.map(|field| field.value);
        if change.kind == ChangeKind::None {
            // Nobody asked for what a baseline took over.
            let missing = requested_at.is_none() && sides.baseline_of(&change.table).is_none();
            stamps.extend(missing.then(|| Stamp { path: path.to_owned(), at: snapshot.now.trunc_subsecs(0) }));
        } else {
            by_table.insert(change.table.clone(), (path.to_owned(), change, requested_at));
        }
    }
    let mut taken = BTreeSet::new();
    let mut given: BTreeMap<TableName, DateTime<Utc>> = BTreeMap::new();
    for table in in_order(&by_table) {
        let (path, change, requested_at) = &by_table[&table];
        let earliest =
            dependencies(&by_table, change).filter_map(|other| given.get(other)).copied().chain(latest).max();
        let mut at = requested_at.unwrap_or(snapshot.now).trunc_subsecs(0);
        if let Some(earliest) = earliest.filter(|earliest| at <= *earliest) {
            at = earliest + TimeDelta::seconds(1);
        }
        while !taken.insert(at) {
            at += TimeDelta::seconds(1);
        }
        given.insert(table, at);
        if *requested_at != Some(at) {
            stamps.push(Stamp { path: path.clone(), at });
        }
    }
    stamps.sort_by(|a, b| a.path.cmp(&b.path));
    stamps
}

type Waiting = BTreeMap<TableName, (String, Change, Option<DateTime<Utc>>)>;

/// Dependencies first; among the rest, by wanted stamp, then name. A cycle is broken at its first table.
fn in_order(waiting: &Waiting) -> Vec<TableName> {
    let mut order = Vec::new();
    let mut left: Vec<&TableName> = waiting.keys().collect();
    left.sort_by_key(|table| (waiting[*table].2.is_none(), waiting[*table].2, *table));
    while !left.is_empty() {
        let free = |table: &&TableName| dependencies(waiting, &waiting[*table].1).all(|other| !left.contains(&other));
        let next = left.iter().position(free).unwrap_or(0);
        order.push(left.remove(next).clone());
    }
    order
}

/// The changes that have to run before `change`: of the tables that it references, and, before a drop, those that drop
/// the tables that reference it.
fn dependencies<'a>(waiting: &'a Waiting, change: &'a Change) -> impl Iterator<Item = &'a TableName> {
    let parents = change.after.iter().flat_map(referenced);
    let children = waiting.values().map(|(_, other, _)| other).filter(|other| {
        let refers = |table: &Table| referenced(table).any(|parent| *parent == change.table);
        change.kind == ChangeKind::Drop && other.kind == ChangeKind::Drop && other.before.as_ref().is_some_and(refers)
    });
    parents.chain(children.map(|other| &other.table))
}
