//! The links that each change adds to its table's chain: one, or more where tables refer to each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::order::{Cut, Order};
use crate::{
    diff,
    model::{Change, ChangeKind, Constraint, ForeignKey, Renames, Table, TableName},
};

/// One link: a change from one state of the table to the next, and its time.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) change: Change,
    pub(super) stamp: DateTime<Utc>,
    /// Whether the table is there only since a step before.
    pub(super) fresh: bool,
}

/// The times of the links that come beside those of the requests themselves.
#[derive(Debug, Default)]
struct Extra {
    open: BTreeMap<TableName, DateTime<Utc>>,
    close: BTreeMap<TableName, DateTime<Utc>>,
}

impl Order {
    /// The steps of every change whose requests have their times, in the order in which they run.
    pub(super) fn steps(&self) -> BTreeMap<&TableName, Vec<Step>> {
        let extra = self.extra();
        let none = Cut::default();
        let steps = self.waiting.iter().filter_map(|(table, waiting)| {
            let cut = self.cuts.get(table).unwrap_or(&none);
            let change = &waiting.change;
            let (opened, closed) = (change.before.as_ref().map(|it| without(it, &cut.open)), closed(change, cut));
            let mut steps = Vec::new();
            if let (Some(stamp), Some(before), Some(opened)) = (extra.open.get(table), &change.before, &opened) {
                let change = beside(before, opened, Renames::default());
                steps.push(Step { change, stamp: *stamp, fresh: false });
            }
            let main = Change {
                before: opened,
                after: closed.clone(),
                renames: all_but(&change.renames, cut),
                ..change.clone()
            };
            if main.kind != ChangeKind::Alter || main.before != main.after {
                steps.push(Step { change: main, stamp: waiting.requested_at?, fresh: false });
            }
            if let (Some(stamp), Some(closed), Some(after)) = (extra.close.get(table), &closed, &change.after) {
                let fresh = change.kind == ChangeKind::Create;
                let change = beside(closed, after, only(&change.renames, cut));
                steps.push(Step { change, stamp: *stamp, fresh });
            }
            Some((table, steps))
        });
        steps.collect()
    }

    /// How many links come before those of the requests themselves.
    pub(super) fn openings(&self) -> usize {
        self.cuts.values().filter(|cut| !cut.open.is_empty()).count()
    }

    /// A closing link comes a second after the last of the tables that it waits for, an opening one a second before the
    /// first that waits for it; each at a time of its own.
    fn extra(&self) -> Extra {
        let time = |table: &TableName| self.waiting.get(table).and_then(|waiting| waiting.requested_at);
        let mut taken: BTreeSet<DateTime<Utc>> = self.waiting.keys().filter_map(time).collect();
        let mut free = |mut at: DateTime<Utc>, step: TimeDelta| {
            // Past the end of time there are no names for files, which is reported where they are made.
            while let Some(next) = at.checked_add_signed(step) {
                at = next;
                if taken.insert(at) {
                    break;
                }
            }
            at
        };
        let mut extra = Extra::default();
        for (table, cut) in &self.cuts {
            let first = cut.before.iter().chain([table]).map(time).min().flatten();
            if let Some(first) = first.filter(|_| !cut.open.is_empty()) {
                extra.open.insert(table.clone(), free(first, TimeDelta::seconds(-1)));
            }
            let last = cut.after.iter().chain([table]).map(time).max().flatten();
            if let Some(last) = last.filter(|_| !cut.close.is_empty()) {
                extra.close.insert(table.clone(), free(last, TimeDelta::seconds(1)));
            }
        }
        extra
    }
}

fn beside(before: &Table, after: &Table, renames: Renames) -> Change {
    Change {
        table: before.name.clone(),
        kind: ChangeKind::Alter,
        before: Some(before.clone()),
        after: Some(after.clone()),
        renames,
    }
}

fn without(table: &Table, keys: &BTreeSet<String>) -> Table {
    let mut table = table.clone();
    table.foreign_keys.retain(|key| !keys.contains(&key.name));
    table
}

/// The state after `change` with the foreign keys as they are until the closing link: new ones are missing, and those
/// that follow a rename have the old name.
fn closed(change: &Change, cut: &Cut) -> Option<Table> {
    let mut after = change.after.clone()?;
    let before = change.before.as_ref();
    let carried = before.map(|before| diff::renamed(before, &change.table, &change.renames).foreign_keys);
    let pairs: Vec<_> = before.iter().flat_map(|it| &it.foreign_keys).zip(carried.iter().flatten()).collect();
    let until_then = |key: ForeignKey| {
        if !cut.close.contains(&key.name) {
            return Some(key);
        }
        let same = |carried: &ForeignKey| {
            Constraint::ForeignKey(carried.clone()).called(&key.name) == Constraint::ForeignKey(key.clone())
        };
        let (old, _) = pairs.iter().find(|(_, carried)| same(carried))?;
        Some(ForeignKey {
            references: old.references.clone(),
            referenced_columns: old.referenced_columns.clone(),
            ..key
        })
    };
    after.foreign_keys = after.foreign_keys.into_iter().filter_map(until_then).collect();
    Some(after)
}

/// What has been renamed when the change itself runs.
fn all_but(renames: &Renames, cut: &Cut) -> Renames {
    let mut renames = renames.clone();
    renames.tables.retain(|table, _| !cut.after.contains(table));
    renames.columns.retain(|table, _| !cut.after.contains(table));
    renames
}

/// What is renamed between the change itself and its closing link.
fn only(renames: &Renames, cut: &Cut) -> Renames {
    let mut renames = renames.clone();
    renames.tables.retain(|table, _| cut.after.contains(table));
    renames.columns.retain(|table, _| cut.after.contains(table));
    renames
}
