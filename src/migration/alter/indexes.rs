//! Indexes: built and dropped while the table is in use.

use crate::{
    model::{Difference, LockMode, Operation, PhaseKind, Work},
    sql::{Condition, IndexDefinition, Statement},
};

use super::{
    States, Step,
    names::{rename_index, temporary},
};

/// Everything about indexes but renames and the keys'.
pub(super) fn steps(states: &States) -> Vec<Step<'_>> {
    let steps = states.differences.iter().filter_map(|difference| match difference {
        Difference::IndexAdded { index } => Some(build(states, states.new.index(&index.name)?.clone())),
        Difference::IndexDropped { index } => Some(drop(states, states.old.index(&index.name)?.clone())),
        Difference::IndexChanged { after, .. } => {
            Some(replace(states, states.old.index(&after.name)?, states.new.index(&after.name)?))
        }
        _ => None,
    });
    steps.flatten().collect()
}

/// The index of a failed build stays behind, invalid, and `IF NOT EXISTS` would be content with it.
fn recover<'a>(states: &'a States, name: &str) -> Statement<'a> {
    let index = states.index_name(name);
    Statement::When(Condition::Invalid(index.clone()), vec![Statement::DropIndex(index)])
}

/// Builds an index that was not there.
pub(super) fn build(states: &States, index: IndexDefinition) -> Vec<Step<'_>> {
    let (table, name) = (states.table(), index.name().to_owned());
    let recover = Step::new(PhaseKind::Recover, vec![recover(states, &name)], Vec::new());
    let operation = states.operation(format!("build index {name}"), LockMode::ShareUpdateExclusive);
    let assert = Statement::AssertValid(vec![states.index_name(&name)]);
    let up = Statement::CreateIndexConcurrently(table, index);
    let down = Statement::DropIndexConcurrently(states.index_name(&name));
    let build = Step::new(PhaseKind::Build, vec![up], vec![down]);
    let build = build.operation(Operation { work: Work::Scan, ..operation });
    vec![recover, build, Step::new(PhaseKind::Assert, vec![assert], Vec::new())]
}

fn drop(states: &States, index: IndexDefinition) -> Vec<Step<'_>> {
    let (table, name) = (states.table(), index.name().to_owned());
    let up = Statement::DropIndexConcurrently(states.index_name(&name));
    let down = Statement::CreateIndexConcurrently(table, index);
    let operation = states.operation(format!("drop index {name}"), LockMode::ShareUpdateExclusive);
    let drop = Step::new(PhaseKind::Drop, vec![up], vec![down]).operation(operation);
    vec![drop, Step::new(PhaseKind::Finish, Vec::new(), vec![recover(states, &name)])]
}

/// Builds the new one beside the old one, swaps their names, and drops the old one.
fn replace<'a>(states: &'a States, old: &IndexDefinition, new: &IndexDefinition) -> Vec<Step<'a>> {
    let name = new.name();
    let (fresh, stale) = (temporary(name, "new"), temporary(name, "old"));
    let mut steps = build(states, new.called(&fresh));
    // What is left of a run that swapped them and did not end.
    let up = vec![
        Statement::DropIndex(states.index_name(&stale)),
        rename_index(states, name, &stale),
        rename_index(states, &fresh, name),
    ];
    let down = vec![
        Statement::AssertValid(vec![states.index_name(&stale)]),
        rename_index(states, name, &fresh),
        rename_index(states, &stale, name),
    ];
    let operation =
        states.operation(format!("put the new index {name} in the place of the old one"), LockMode::AccessExclusive);
    steps.push(Step::new(PhaseKind::Assert, up, down).operation(operation));
    steps.extend(drop(states, old.called(&stale)));
    steps
}
