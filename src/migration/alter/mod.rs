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
    model::{
        Change, Column, Constraint, Difference, Lock, LockMode, MAX_PHASES, MigrationHeader, Operation, Plan, Route,
        Table, TableName, Unsupported, Work,
    },
    sql::{Action, ColumnDefinition, Definition, Parts, Statement},
};

use super::{
    header,
    phases::{self, Part, Step},
    script::{Script, define},
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
    /// Whether nobody can be using the table.
    fresh: bool,
}

impl States {
    /// Reads both states of an existing table; `Err` says what of the change cannot be carried out.
    pub(super) fn read(
        change: &Change,
        (before, after): (&Table, &Table),
        fresh: bool,
    ) -> Result<Self, Vec<Unsupported>> {
        let differences = diff::differences(before, after, &change.renames);
        let written = before;
        let before = diff::renamed(before, &after.name, &change.renames);
        let (old, new) = (define(&before)?, define(after)?);
        let touched = touched(written, &before, after, &differences);
        let after = diff::renamed(after, &after.name, &crate::model::Renames::default());
        let mut states = Self { before, after, old, new, differences, touched, fresh };
        let reread: Vec<_> = states.reread_checks().map(|(_, check)| check.name().to_owned()).collect();
        states.touched.constraints.extend(reread);
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
        phases::parts(&steps)
    }

    /// The last statement of the change.
    pub(super) fn postcondition(&self) -> Vec<Statement<'_>> {
        if self.touched == Parts::default() {
            let named = Statement::AssertExists(self.table());
            let metadata = self.differences.iter().all(Difference::is_metadata);
            return if metadata { Vec::new() } else { vec![named] };
        }
        let note =
            "What is there now is compared, through the catalog, with a temporary table of the wanted definition.";
        vec![Statement::Note(note.to_owned()), Statement::AssertParts(&self.new, self.touched.clone())]
    }

    /// `ALTER TABLE` of the table.
    fn alter<'a>(&'a self, action: Action<'a>) -> Statement<'a> {
        Statement::Alter(self.table(), action)
    }

    /// The columns that the change adds.
    fn added(&self) -> impl Iterator<Item = (&Column, &ColumnDefinition)> {
        self.differences.iter().filter_map(|difference| match difference {
            Difference::ColumnAdded { column } => Some((column, self.new.column(&column.name)?)),
            _ => None,
        })
    }

    /// A column that both states have.
    fn both(&self, column: &str) -> Option<(&ColumnDefinition, &ColumnDefinition)> {
        Some((self.old.column(column)?, self.new.column(column)?))
    }

    /// Whether the column's type or collation changes.
    fn retypes(&self, column: &str) -> bool {
        self.differences.iter().any(|difference| match difference {
            Difference::ColumnType { column: name, .. } | Difference::ColumnCollation { column: name, .. } => {
                name == column
            }
            _ => false,
        })
    }

    /// Checks that stay and refer to a column whose type changes. PostgreSQL would keep the casts that the old type
    /// needed, so they are written anew.
    fn reread_checks(&self) -> impl Iterator<Item = (Constraint, Constraint)> {
        let checks = self.before.constraints().filter(|check| matches!(check, Constraint::Check(_)));
        checks.filter_map(|old| {
            let renamed = self.differences.iter().find_map(|difference| match difference {
                Difference::ConstraintRenamed { before, after } if before == old.name() => Some(after.name()),
                _ => None,
            });
            let name = renamed.unwrap_or(old.name());
            let new = self.after.constraints().find(|check| check.name() == name)?;
            let same = old.clone().called(name) == new;
            let retyped = self.new.constraint(name)?.uses().iter().any(|column| self.retypes(column));
            (same && retyped).then_some((old, new))
        })
    }

    fn index_name(&self, name: &str) -> TableName {
        TableName::new(&self.after.name.schema, name)
    }

    fn operation(&self, summary: String, mode: LockMode) -> Operation {
        Operation {
            summary,
            migration: None,
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

/// The plan of a change of a table, and the texts of its migrations behind their headers.
pub(super) fn generate(
    change: &Change,
    states: (&Table, &Table),
    header: &MigrationHeader,
    fresh: bool,
) -> Result<(Plan, Vec<Script>), Vec<Unsupported>> {
    let states = States::read(change, states, fresh)?;
    let parts = states.parts();
    let numbered = || parts.iter().zip(phases::numbered(&parts));
    if parts.len() > MAX_PHASES as usize {
        return Err(vec![Unsupported {
            route: Route::root().key("schemaJson"),
            message: format!("The change takes {} migrations, and {MAX_PHASES} is the most", parts.len()),
            suggestion: "Request a part of it first".to_owned(),
        }]);
    }
    let operations = numbered().flat_map(|(part, phase)| part.operations(phase));
    let plan = Plan { operations: operations.collect() };
    let scripts = numbered().map(|(part, phase)| {
        let header = MigrationHeader { phase, ..header.clone() };
        let last = phase.is_none_or(|phase| phase.number == phase.of);
        let last = if last { states.postcondition() } else { Vec::new() };
        let lines = header::lines(&header);
        let pair = (part.up(lines.clone(), states.table(), last), part.down(lines, states.table()));
        (header, pair)
    });
    let scripts = scripts.collect();
    Ok((plan, scripts))
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
        let same = raw.contains(&constraint);
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
