//! Renaming: the table, its columns, constraints and indexes.

use crate::{
    model::{DEFAULT_SCHEMA, Difference, Digest, Lock, LockMode, MAX_IDENTIFIER_BYTES, PhaseKind, TableName},
    sql::{Action, Condition, Statement},
};

use super::{States, Step};

/// A name beside `name` for what is there only while the change runs: `idx_a__new`.
pub(super) fn temporary(name: &str, suffix: &str) -> String {
    let whole = format!("{name}__{suffix}");
    if whole.len() <= MAX_IDENTIFIER_BYTES {
        return whole;
    }
    let tail = format!("_{}__{suffix}", &Digest::of(name).short()[..8]);
    let mut end = MAX_IDENTIFIER_BYTES - tail.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{tail}", &name[..end])
}

/// Everything that the change renames.
pub(super) fn steps(states: &States) -> Vec<Step<'_>> {
    states.differences.iter().filter_map(|difference| rename(states, difference)).collect()
}

fn rename<'a>(states: &'a States, difference: &'a Difference) -> Option<Step<'a>> {
    let table = states.table();
    let alter = |condition: fn(&'a TableName, &'a str, &'a str) -> Condition<'a>,
                 action: fn(&'a str, &'a str) -> Action<'a>,
                 from: &'a str,
                 to: &'a str| {
        Statement::When(condition(table, from, to), vec![Statement::Alter(table, action(from, to))])
    };
    let step = |up, down, summary, mode| {
        Step::new(PhaseKind::Prepare, vec![up], vec![down]).operation(states.operation(summary, mode))
    };
    match difference {
        Difference::TableRenamed { before, after } => Some(rename_table(states, before, after)),
        Difference::ColumnRenamed { before, after } => {
            let (condition, action) = (Condition::ColumnRenamable, Action::RenameColumn);
            let up = alter(condition, action, before, after);
            let down = alter(condition, action, after, before);
            Some(step(up, down, format!("rename column {before} to {after}"), LockMode::AccessExclusive))
        }
        Difference::ConstraintRenamed { before, after } => {
            let (condition, action) = (Condition::ConstraintRenamable, Action::RenameConstraint);
            let up = alter(condition, action, before, after.name());
            let down = alter(condition, action, after.name(), before);
            let summary = format!("rename {} {before} to {}", after.noun(), after.name());
            Some(step(up, down, summary, LockMode::AccessExclusive))
        }
        Difference::IndexRenamed { before, after } => {
            let up = rename_index(states, before, after);
            let down = rename_index(states, after, before);
            let summary = format!("rename index {before} to {after}");
            Some(step(up, down, summary, LockMode::ShareUpdateExclusive))
        }
        _ => None,
    }
}

/// `ALTER INDEX .. RENAME` where it has not been renamed yet.
pub(super) fn rename_index<'a>(states: &'a States, from: &str, to: &str) -> Statement<'a> {
    let (old, new) = (states.index_name(from), states.index_name(to));
    Statement::When(Condition::Renamable(old.clone(), new), vec![Statement::RenameIndex(old, to.to_owned())])
}

fn rename_table<'a>(states: &States, before: &'a TableName, after: &'a TableName) -> Step<'a> {
    let mut up = Vec::new();
    if before.schema != after.schema && after.schema != DEFAULT_SCHEMA {
        up.push(Statement::CreateSchema(&after.schema));
    }
    up.push(Statement::When(Condition::Renamable(before.clone(), after.clone()), moves(before, after)));
    let down = Statement::When(Condition::Renamable(after.clone(), before.clone()), moves(after, before));
    let summary = format!("rename table {} to {}", before.short(), after.short());
    let mut operation = states.operation(summary, LockMode::AccessExclusive);
    operation.locks = vec![Lock { table: before.clone(), mode: LockMode::AccessExclusive }];
    Step::new(PhaseKind::Prepare, up, vec![down]).operation(operation)
}

fn moves<'a>(from: &'a TableName, to: &'a TableName) -> Vec<Statement<'a>> {
    let mut moves = Vec::new();
    moves.extend((from.name != to.name).then(|| Statement::Alter(from, Action::Rename(&to.name))));
    let half = Statement::AlterNamed(TableName::new(&from.schema, &to.name), Action::SetSchema(&to.schema));
    moves.extend((from.schema != to.schema).then_some(half));
    moves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_are_short_enough_and_told_apart() {
        assert_eq!(temporary("idx_a", "new"), "idx_a__new");
        let long = |end: &str| temporary(&format!("{}{end}", "é".repeat(30)), "new");
        assert!(long("a").len() <= MAX_IDENTIFIER_BYTES && long("a").ends_with("__new"), "{}", long("a"));
        assert_ne!(long("a"), long("b"));
    }
}
