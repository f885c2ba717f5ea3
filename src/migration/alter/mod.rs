//! Altering and renaming a table while others use it.
//!
//! The steps work between two states under the same names: what the change renames is renamed first, and last on the way
//! down. Every statement is harmless where it has been run before, and a change that was interrupted is begun anew from its
//! first file.

mod columns;
mod constraints;
mod indexes;
mod names;
mod refused;

use crate::{
    diff,
    model::{Change, Constraint, Difference, Lock, LockMode, Operation, Plan, Table, TableName, Unsupported, Work},
    sql::{Definition, Parts, Statement},
};

use super::{
    phases::{self, Part, Step},
    script::define,
};

/// Both states of a table under the names of the later one.
pub(super) struct States {
    before: Table,
    after: Table,
    old: Definition,
    new: Definition,
    differences: Vec<Difference>,
    /// What the postcondition looks at.
    touched: Parts,
}

impl States {
    /// Reads both states of an existing table; `Err` says what of the change cannot be carried out.
    pub(super) fn read(change: &Change, before: &Table, after: &Table) -> Result<Self, Vec<Unsupported>> {
        let differences = diff::differences(before, after, &change.renames);
        let written = before;
        let before = diff::renamed(before, &after.name, &change.renames);
        let (old, new) = (define(&before)?, define(after)?);
        let touched = touched(written, &before, after, &differences);
        let after = diff::renamed(after, &after.name, &crate::model::Renames::default());
        let states = Self { before, after, old, new, differences, touched };
        let refused = refused::of(&states);
        if refused.is_empty() { Ok(states) } else { Err(refused) }
    }

    /// The table's name after the change.
    pub(super) fn table(&self) -> &TableName {
        &self.after.name
    }

    /// The steps of the change in files.
    pub(super) fn parts(&self) -> Vec<Part<'_>> {
        let mut steps = names::steps(self);
        steps.extend(constraints::drops(self));
        steps.extend(columns::prepare(self));
        steps.extend(constraints::adds(self));
        steps.extend(columns::not_null(self));
        steps.extend(indexes::steps(self));
        steps.extend(constraints::keys(self));
        steps.extend(columns::finish(self));
        phases::parts(steps)
    }

    /// The last statement of the change.
    pub(super) fn postcondition(&self) -> Vec<Statement<'_>> {
        let note = "What is there now is compared, through the catalog, with a temporary table of the wanted definition.";
        vec![Statement::Note(note.to_owned()), Statement::AssertParts(&self.new, self.touched.clone())]
    }

    fn index_name(&self, name: &str) -> TableName {
        TableName::new(&self.after.name.schema, name)
    }

    fn operation(&self, summary: String, mode: LockMode) -> Operation {
        Operation {
            summary,
            phase: None,
            work: Work::Catalog,
            locks: vec![Lock { table: self.after.name.clone(), mode }],
            data_loss: None,
            reversible: true,
        }
    }

    /// The same with a lock on the parent as well, if the constraint is a foreign key.
    fn with_parent(&self, operation: Operation, constraint: &Constraint, mode: LockMode) -> Operation {
        let mut operation = operation;
        if let Constraint::ForeignKey(key) = constraint
            && key.references != self.after.name
        {
            operation.locks.push(Lock { table: key.references.clone(), mode });
        }
        operation
    }
}

/// The plan of `parts`.
pub(super) fn plan(parts: &[Part<'_>]) -> Plan {
    let phases = phases::numbered(parts);
    let operations = parts.iter().zip(phases).flat_map(|(part, phase)| part.operations(phase));
    Plan { operations: operations.collect() }
}

/// The parts of the table that the change touches, those that must be gone included. `written` is the state before under
/// its own names.
fn touched(written: &Table, before: &Table, after: &Table, differences: &[Difference]) -> Parts {
    let mut parts = Parts::default();
    for difference in differences {
        let column = |parts: &mut Parts, name: &String| parts.columns.insert(name.clone());
        let constraint = |parts: &mut Parts, constraint: &Constraint, name: &str| {
            parts.constraints.insert(name.to_owned());
            if constraint.has_index() {
                parts.indexes.insert(name.to_owned());
            }
        };
        match difference {
            Difference::TableRenamed { .. } | Difference::TableComment { .. } | Difference::ColumnComment { .. } => {}
            Difference::ColumnAdded { column: added } | Difference::ColumnDropped { column: added } => {
                column(&mut parts, &added.name);
            }
            Difference::ColumnRenamed { before, after } => {
                column(&mut parts, before);
                column(&mut parts, after);
            }
            Difference::ColumnType { column: name, .. }
            | Difference::ColumnCollation { column: name, .. }
            | Difference::ColumnNullability { column: name, .. }
            | Difference::ColumnDefault { column: name, .. }
            | Difference::ColumnIdentity { column: name, .. }
            | Difference::ColumnGenerated { column: name, .. } => {
                column(&mut parts, name);
            }
            Difference::ConstraintAdded { constraint: found } | Difference::ConstraintDropped { constraint: found } => {
                constraint(&mut parts, found, found.name());
            }
            Difference::ConstraintChanged { before, after } => {
                constraint(&mut parts, before, before.name());
                constraint(&mut parts, after, after.name());
            }
            Difference::ConstraintRenamed { before, after } => {
                constraint(&mut parts, after, before);
                constraint(&mut parts, after, after.name());
            }
            Difference::IndexAdded { index } | Difference::IndexDropped { index } => {
                parts.indexes.insert(index.name.clone());
            }
            Difference::IndexChanged { after, .. } => {
                parts.indexes.insert(after.name.clone());
            }
            Difference::IndexRenamed { before, after } => {
                parts.indexes.extend([before.clone(), after.clone()]);
            }
        }
    }
    followed(&mut parts, written, before, after);
    parts
}

/// What PostgreSQL changed by itself when something was renamed, or what is only written in another way.
fn followed(parts: &mut Parts, written: &Table, before: &Table, after: &Table) {
    let raw: Vec<_> = written.constraints().collect();
    for constraint in after.constraints() {
        let same = raw.iter().any(|other| *other == constraint);
        let known = before.constraints().any(|other| other.name() == constraint.name());
        if known && !same {
            parts.constraints.insert(constraint.name().to_owned());
        }
    }
    let same = |name: &str| written.indexes.iter().find(|other| other.name == name);
    let indexes = after.indexes.iter().filter(|index| same(&index.name).is_some_and(|old| old != *index));
    parts.indexes.extend(indexes.map(|index| index.name.clone()));
    let columns = after.columns.iter().filter(|column| {
        let bare = |column: &crate::model::Column| crate::model::Column { comment: None, ..column.clone() };
        written.column(&column.name).is_some_and(|old| bare(old) != bare(column))
    });
    parts.columns.extend(columns.map(|column| column.name.clone()));
}
