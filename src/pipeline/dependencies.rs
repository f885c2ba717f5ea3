//! Which of a revision's changes have to run before which others.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::changes::Sides;
use crate::{
    diff,
    model::{Change, ChangeKind, Constraint, Difference, ForeignKey, Index, IndexKey, Migration, Table, TableName},
    rules::StaleMigration,
};

/// A change that takes migrations.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The request file.
    pub(super) path: String,
    pub(super) change: Change,
    pub(super) requested_at: Option<DateTime<Utc>>,
}

/// Why one change has to run before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// The later one has a foreign key to what the earlier one brings.
    Brings,
    /// The earlier one lets go of what the later one takes away.
    LetsGo,
}

/// The changes of a revision and what each has to wait for.
#[derive(Debug, Default)]
pub(super) struct Dependencies {
    pub(super) waiting: BTreeMap<TableName, Waiting>,
    /// The earlier changes, by the later one.
    edges: BTreeMap<TableName, BTreeSet<(TableName, Reason)>>,
}

impl Dependencies {
    /// Of the changes that are judged.
    pub(super) fn read(sides: &Sides<'_>) -> Self {
        let mut waiting = BTreeMap::new();
        for (path, file) in sides.judged() {
            let Some(change) = sides.change(file).filter(|change| change.kind != ChangeKind::None) else { continue };
            let requested_at = file.accepted().and_then(|request| request.metadata.requested_at.as_ref());
            let requested_at = requested_at.map(|field| field.value);
            waiting.insert(change.table.clone(), Waiting { path: path.to_owned(), change, requested_at });
        }
        Self { edges: edges(&waiting), waiting }
    }

    /// The changes that have to run before that of `table`.
    pub(super) fn before(&self, table: &TableName) -> impl Iterator<Item = &TableName> {
        self.edges.get(table).into_iter().flatten().map(|(earlier, _)| earlier)
    }

    /// Every change once: dependencies first; among the rest, by the time of the request, then name. A circle is broken
    /// at its first table.
    pub(super) fn order(&self) -> Vec<&TableName> {
        let mut left: Vec<(&TableName, &Waiting)> = self.waiting.iter().collect();
        left.sort_by_key(|(table, it)| (it.requested_at.is_none(), it.requested_at, *table));
        let mut placed: BTreeSet<&TableName> = BTreeSet::new();
        let mut order = Vec::new();
        while !left.is_empty() {
            let free = |(table, _): &(&TableName, &Waiting)| self.before(table).all(|earlier| placed.contains(earlier));
            let (table, _) = left.remove(left.iter().position(free).unwrap_or(0));
            placed.insert(table);
            order.push(table);
        }
        order
    }

    /// What an alteration or a rename of another table has to do before `change`, and does later. Tables that come and go
    /// are judged by their chains.
    pub(super) fn too_early(&self, change: &Change, expected: &[Migration]) -> Vec<StaleMigration> {
        let requested_at = |table| self.waiting.get(table).and_then(|waiting| waiting.requested_at);
        let (Some(own), Some(first)) = (requested_at(&change.table), expected.first()) else { return Vec::new() };
        let late = self.edges.get(&change.table).into_iter().flatten().filter_map(|(earlier, reason)| {
            let other = self.waiting.get(earlier)?;
            other.requested_at.filter(|at| *at >= own)?;
            let (table, name) = (earlier.short(), &first.name);
            let why = match (reason, other.change.kind) {
                (Reason::Brings, ChangeKind::Rename) => format!("the rename that gives table `{table}` its name"),
                (Reason::Brings, ChangeKind::Alter) => {
                    format!("the change of table `{table}`, which brings what its foreign key refers to")
                }
                (Reason::LetsGo, ChangeKind::Alter | ChangeKind::Rename) => {
                    format!("the change of table `{table}`, which refers to it until then")
                }
                _ => return None,
            };
            Some(StaleMigration {
                message: format!("Migration {name} runs before {why}"),
                suggestion: "Run `schema-registry generate`, which gives it a later time".to_owned(),
            })
        });
        late.collect()
    }
}

fn edges(waiting: &BTreeMap<TableName, Waiting>) -> BTreeMap<TableName, BTreeSet<(TableName, Reason)>> {
    let sides: BTreeMap<&TableName, Side<'_>> =
        waiting.iter().map(|(table, waiting)| (table, Side::new(&waiting.change))).collect();
    let mut edges: BTreeMap<TableName, BTreeSet<(TableName, Reason)>> = BTreeMap::new();
    for (table, side) in &sides {
        let parent_of = |key: &ForeignKey| sides.get(&key.references).filter(|_| key.references != **table);
        for key in side.change.after.iter().flat_map(|after| &after.foreign_keys) {
            if parent_of(key).is_some_and(|parent| parent.brings(key, side.added.contains(key))) {
                edges.entry((*table).clone()).or_default().insert((key.references.clone(), Reason::Brings));
            }
        }
        for key in &side.dropped {
            if parent_of(key).is_some_and(|parent| parent.takes_away(key)) {
                edges.entry(key.references.clone()).or_default().insert(((*table).clone(), Reason::LetsGo));
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
    /// Foreign keys that it adds.
    added: Vec<ForeignKey>,
    /// Foreign keys that it drops, under the names after.
    dropped: Vec<ForeignKey>,
}

impl<'a> Side<'a> {
    fn new(change: &'a Change) -> Self {
        let keys = |table: &Option<Table>| table.iter().flat_map(|table| table.foreign_keys.clone()).collect();
        let before = change.before.as_ref().map(|before| diff::renamed(before, &change.table, &change.renames));
        let (added, dropped) = match (&change.before, &change.after) {
            (Some(old), Some(new)) => changed_keys(&diff::differences(old, new, &change.renames)),
            _ => (keys(&change.after), keys(&before)),
        };
        Self { change, before, added, dropped }
    }

    /// Whether `key` of another table, a new one perhaps, can be there only once this change has run.
    fn brings(&self, key: &ForeignKey, is_new: bool) -> bool {
        let Some(after) = &self.change.after else { return false };
        let columns = referenced_columns(key, after);
        match &self.before {
            None => true,
            Some(_) if self.change.kind == ChangeKind::Rename => true,
            Some(before) => (is_new && !has_key(before, columns)) || self.renames_one_of(columns),
        }
    }

    /// Whether `key` of another table must be gone before this change can run.
    fn takes_away(&self, key: &ForeignKey) -> bool {
        let Some(before) = &self.before else { return false };
        let columns = referenced_columns(key, before);
        self.change.after.as_ref().is_none_or(|after| has_key(before, columns) && !has_key(after, columns))
    }

    fn renames_one_of(&self, columns: &[String]) -> bool {
        let new_names = self.change.renames.columns.get(&self.change.table);
        new_names.is_some_and(|new_names| columns.iter().any(|column| new_names.contains_key(column)))
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

/// The columns that `key` refers to in `parent`.
fn referenced_columns<'a>(key: &'a ForeignKey, parent: &'a Table) -> &'a [String] {
    match (key.referenced_columns.as_slice(), &parent.primary_key) {
        ([], Some(primary)) => &primary.columns,
        (columns, _) => columns,
    }
}

/// Whether a foreign key can refer to exactly these columns of `table`.
/// Source: <https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-PARMS-REFERENCES>
fn has_key(table: &Table, columns: &[String]) -> bool {
    let wanted: BTreeSet<&String> = columns.iter().collect();
    let same = |columns: &[String]| columns.iter().collect::<BTreeSet<_>>() == wanted;
    let index = |index: &Index| {
        let keys = index.elements.iter().map(|element| match &element.key {
            IndexKey::Column(name) => Some(name),
            IndexKey::Expression(_) => None,
        });
        let keys: Option<BTreeSet<&String>> = keys.collect();
        index.unique && index.predicate.is_none() && keys.is_some_and(|keys| keys == wanted)
    };
    table.primary_key.iter().any(|key| same(&key.columns))
        || table.uniques.iter().any(|unique| same(&unique.columns))
        || table.indexes.iter().any(index)
}
