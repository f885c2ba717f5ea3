//! Constraints: dropped, added without a look at old rows, checked later; keys and uniques take over an index that was
//! built while the table was in use.

use crate::{
    model::{Constraint, Difference, LockMode, Operation, PhaseKind, Work},
    sql::{Action, Condition, ConstraintDefinition, Statement},
};

use super::{States, Step, indexes, names::temporary};

/// Constraints that go, but for those with an index that another one takes the place of.
pub(super) fn drops(states: &States) -> Vec<Step<'_>> {
    let dropped = states.differences.iter().filter_map(|difference| match difference {
        Difference::ConstraintDropped { constraint } => Some((constraint.clone(), constraint.name().to_owned())),
        Difference::ConstraintChanged { before, after } if !after.has_index() => {
            Some((before.clone(), before.name().to_owned()))
        }
        _ => None,
    });
    let checks = states.reread_checks().map(|(old, new)| (old, new.name().to_owned()));
    let mut drops: Vec<_> = dropped.chain(checks).collect();
    // A key of the table cannot go while a foreign key of the same table refers to it.
    drops.sort_by_key(|(constraint, _)| !matches!(constraint, Constraint::ForeignKey(_)));
    drops.into_iter().filter_map(|(constraint, name)| drop(states, &constraint, &name)).collect()
}

/// Drops `old`, which is called `name` by then.
fn drop<'a>(states: &'a States, old: &Constraint, name: &str) -> Option<Step<'a>> {
    let up = states.alter(Action::DropConstraint(name.to_owned()));
    let down = add_whole(states, states.old.constraint(old.name())?.called(name));
    let operation = states.operation(format!("drop {} {name}", old.noun()), LockMode::AccessExclusive);
    let operation = states.with_parent(operation, old, LockMode::AccessExclusive);
    let step = Step::new(PhaseKind::Prepare, vec![up], vec![down]).operation(operation);
    Some(step.note(format!("Adds {} {name} again, reading every row while all wait.", old.noun())))
}

/// `ADD CONSTRAINT` where it is absent; reads every row.
fn add_whole(states: &States, constraint: ConstraintDefinition) -> Statement<'_> {
    let name = constraint.name().to_owned();
    let add = states.alter(Action::AddConstraint(constraint));
    Statement::When(Condition::ConstraintAbsent(states.table(), name), vec![add])
}

/// New checks and foreign keys.
pub(super) fn adds(states: &States) -> Vec<Step<'_>> {
    let added = states.differences.iter().filter_map(|difference| match difference {
        Difference::ConstraintAdded { constraint: after } | Difference::ConstraintChanged { after, .. } => {
            (!after.has_index()).then(|| after.clone())
        }
        _ => None,
    });
    let checks = states.reread_checks().map(|(_, new)| new);
    added.chain(checks).filter_map(|constraint| add(states, &constraint)).flatten().collect()
}

fn add<'a>(states: &'a States, new: &Constraint) -> Option<Vec<Step<'a>>> {
    let name = new.name().to_owned();
    let definition = states.new.constraint(&name)?;
    if states.fresh && matches!(new, Constraint::ForeignKey(_)) {
        let down = states.alter(Action::DropConstraint(name.clone()));
        let operation = states.operation(format!("add {} {name}", new.noun()), LockMode::ShareRowExclusive);
        let operation = states.with_parent(operation, new, LockMode::ShareRowExclusive);
        let step = Step::new(PhaseKind::Prepare, vec![add_whole(states, definition)], vec![down]);
        return Some(vec![step.operation(operation)]);
    }
    let filled = |column: &String| {
        states.added().any(|(added, definition)| added.name == *column && definition.has_volatile_default())
    };
    // Old rows must be filled before an update of theirs meets the constraint.
    let kind = if definition.uses().iter().any(filled) { PhaseKind::Recover } else { PhaseKind::Prepare };
    let (add_mode, check_mode) = match new {
        Constraint::ForeignKey(_) => (LockMode::ShareRowExclusive, LockMode::RowShare),
        _ => (LockMode::AccessExclusive, LockMode::ShareUpdateExclusive),
    };
    let up = states.alter(Action::AddNotValid(definition));
    let up = Statement::When(Condition::ConstraintAbsent(states.table(), name.clone()), vec![up]);
    let down = states.alter(Action::DropConstraint(name.clone()));
    let operation = states.operation(format!("add {} {name} for new rows", new.noun()), add_mode);
    let operation = states.with_parent(operation, new, LockMode::ShareRowExclusive);
    let add = Step::new(kind, vec![up], vec![down]).operation(operation);
    let operation =
        states.operation(format!("check old rows against {} {name}", new.noun()), LockMode::ShareUpdateExclusive);
    let operation = states.with_parent(operation, new, check_mode);
    let validate = Step::new(PhaseKind::Validate, vec![states.alter(Action::Validate(name))], Vec::new())
        .operation(Operation { work: Work::Scan, ..operation });
    Some(vec![add, validate])
}

/// New primary keys, unique and exclusion constraints.
pub(super) fn keys(states: &States) -> Vec<Step<'_>> {
    let keys = states.differences.iter().filter_map(|difference| match difference {
        Difference::ConstraintAdded { constraint } if constraint.has_index() => Some((None, constraint)),
        Difference::ConstraintChanged { before, after } if after.has_index() => Some((Some(before), after)),
        _ => None,
    });
    keys.filter_map(|(before, after)| key(states, before, after)).flatten().collect()
}

fn key<'a>(states: &'a States, before: Option<&Constraint>, after: &Constraint) -> Option<Vec<Step<'a>>> {
    let (table, name) = (states.table(), after.name().to_owned());
    let definition = states.new.constraint(&name)?;
    // Under its own name where that is free, so that another run finds it.
    let taken = states.before.indexes.iter().any(|index| index.name == name)
        || states.before.constraints().any(|other| other.name() == name);
    let index = if taken { temporary(&name, "new") } else { name.clone() };
    let (mut up, mut down) = (Vec::new(), vec![states.alter(Action::DropConstraint(name.clone()))]);
    if let Some(before) = before {
        up.push(states.alter(Action::DropConstraint(before.name().to_owned())));
        down.push(add_whole(states, states.old.constraint(before.name())?));
    }
    let built = definition.index(&index);
    let add = match &built {
        Some(_) => Action::AttachIndex(definition, index.clone()),
        None => Action::AddConstraint(definition),
    };
    let absent = Condition::ConstraintAbsent(table, name.clone());
    up.push(Statement::When(absent, vec![states.alter(add)]));
    up.extend((taken && built.is_some()).then(|| Statement::DropIndex(states.index_name(&index))));
    let work = if built.is_some() { Work::Catalog } else { Work::Scan };
    let verb = if before.is_some() { "replace" } else { "add" };
    let operation = states.operation(format!("{verb} {} {name}", after.noun()), LockMode::AccessExclusive);
    let mut operation = Operation { work, ..operation };
    if let Some(before) = before {
        operation = states.with_parent(operation, before, LockMode::AccessExclusive);
    }
    let mut steps = built.map_or_else(Vec::new, |built| indexes::build(states, built));
    let mut finish = Step::new(PhaseKind::Finish, up, down).operation(operation);
    if let Some(before) = before {
        finish =
            finish.note(format!("Adds {} {} again, reading every row while all wait.", before.noun(), before.name()));
    }
    steps.push(finish);
    Some(steps)
}
