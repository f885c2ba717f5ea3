//! Columns: added, dropped, retyped, with another default, identity or nullability.

use crate::{
    model::{Column, Difference, LockMode, Operation, PhaseKind, Work},
    sql::{Action, ColumnDefinition, Condition, Statement},
};

use super::{States, Step, names::temporary};

/// What needs but a moment, and the backfill of what does not.
pub(super) fn prepare(states: &States) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let added = |generated: bool| {
        let added = states.added().filter(move |(_, definition)| definition.is_generated() == generated);
        added.flat_map(|(column, definition)| add(states, column, definition))
    };
    steps.extend(added(false));
    for difference in &states.differences {
        match difference {
            Difference::ColumnIdentity { column, before: Some(old), after: None } => {
                let up = states.alter(Action::DropIdentity(column));
                let down = give_identity(states, column, *old);
                let operation =
                    states.operation(format!("drop identity of column {column}"), LockMode::AccessExclusive);
                steps.push(Step::new(PhaseKind::Prepare, vec![up], vec![down]).operation(operation));
            }
            Difference::ColumnIdentity { column, before: Some(old), after: Some(new) } => {
                let up = states.alter(Action::SetIdentity(column, *new));
                let down = states.alter(Action::SetIdentity(column, *old));
                let operation =
                    states.operation(format!("change identity of column {column}"), LockMode::AccessExclusive);
                steps.push(Step::new(PhaseKind::Prepare, vec![up], vec![down]).operation(operation));
            }
            Difference::ColumnDefault { column, after, .. } if !states.retypes(column) => {
                steps.extend(states.both(column).map(|(old, new)| {
                    let verb = if after.is_some() { "set" } else { "drop" };
                    let summary = format!("{verb} default of column {column}");
                    let (up, down) = (states.alter(Action::Default(new)), states.alter(Action::Default(old)));
                    let operation = states.operation(summary, LockMode::AccessExclusive);
                    Step::new(PhaseKind::Prepare, vec![up], vec![down]).operation(operation)
                }));
            }
            Difference::TableComment { before, after } => {
                let up = Statement::CommentOnTable(states.table(), after.as_deref());
                let down = Statement::CommentOnTable(states.table(), before.as_deref());
                steps.push(comment(states, "comment on the table".to_owned(), up, down));
            }
            Difference::ColumnComment { column, before, after } => {
                let up = Statement::CommentOnColumn(states.table(), column, after.as_deref());
                let down = Statement::CommentOnColumn(states.table(), column, before.as_deref());
                steps.push(comment(states, format!("comment on column {column}"), up, down));
            }
            _ => {}
        }
    }
    steps.extend(states.after.columns.iter().filter(|column| states.retypes(&column.name)).filter_map(|column| {
        let (old, new) = states.both(&column.name)?;
        Some(retype(states, &column.name, old, new))
    }));
    // A generated column may refer to any other one, whose type cannot change any more then.
    steps.extend(added(true));
    steps
}

fn add<'a>(states: &'a States, column: &'a Column, definition: &'a ColumnDefinition) -> Vec<Step<'a>> {
    let name = &column.name;
    let split = definition.has_volatile_default();
    let whole = if split { definition.without_value() } else { definition.clone() };
    let mut up = vec![states.alter(Action::AddColumn(whole))];
    up.extend(split.then(|| states.alter(Action::Default(definition))));
    up.extend(column.comment.as_deref().map(|text| Statement::CommentOnColumn(states.table(), name, Some(text))));
    let mut down = Vec::new();
    down.extend((!definition.is_generated()).then(|| Statement::AssertNoValues(states.table(), name)));
    down.push(states.alter(Action::DropColumn(name)));
    let work = if definition.fills_itself() { Work::Rewrite } else { Work::Catalog };
    let operation = states.operation(format!("add column {name}"), LockMode::AccessExclusive);
    let add = Step::new(PhaseKind::Prepare, up, down).operation(Operation { work, ..operation });
    if !split {
        return vec![add];
    }
    let operation =
        states.operation(format!("fill column {name} with its default, in batches"), LockMode::RowExclusive);
    let fill = Step::new(PhaseKind::Backfill, vec![Statement::Backfill(states.table(), name)], Vec::new());
    vec![add, fill.operation(Operation { work: Work::Scan, ..operation })]
}

/// A default is cast with its column, and the cast would stay; so it is dropped first and set anew. Checks are treated
/// likewise by [`super::constraints`].
fn retype<'a>(states: &'a States, name: &'a str, old: &'a ColumnDefinition, new: &'a ColumnDefinition) -> Step<'a> {
    let to = |from: &'a ColumnDefinition, retype: Action<'a>| {
        let mut statements = Vec::new();
        statements.extend(from.has_default().then(|| states.alter(Action::DropDefault(name))));
        statements.push(states.alter(retype));
        statements
    };
    let default = |to: &'a ColumnDefinition| to.has_default().then(|| states.alter(Action::Default(to)));
    // On another run PostgreSQL would read checks of this change once more, and a generated column would be in the way.
    let other = Condition::OtherType(states.table(), new);
    let mut up = vec![Statement::When(other, to(old, Action::Type(new)))];
    up.extend(default(new));
    let mut down = vec![Statement::AssertUnchanged(states.table(), new, old)];
    down.extend(to(new, Action::TypeUsing(old)));
    down.extend(default(old));
    let operation = states.operation(format!("change type of column {name}"), LockMode::AccessExclusive);
    Step::new(PhaseKind::Prepare, up, down).operation(operation)
}

/// `NOT NULL`, proved by a check that is validated before while the table is in use.
pub(super) fn not_null(states: &States) -> Vec<Step<'_>> {
    let known = states.differences.iter().filter_map(|difference| match difference {
        Difference::ColumnNullability { column, nullable: false } => Some((column.as_str(), PhaseKind::Prepare)),
        _ => None,
    });
    // Old rows must be filled before an update of theirs meets the check.
    let filled = states.added().filter(|(column, definition)| definition.has_volatile_default() && !column.nullable);
    let filled = filled.map(|(column, _)| (column.name.as_str(), PhaseKind::Recover));
    known.chain(filled).flat_map(|(column, kind)| prove_not_null(states, column, kind)).collect()
}

fn prove_not_null<'a>(states: &'a States, column: &'a str, kind: PhaseKind) -> [Step<'a>; 3] {
    let check = temporary(column, "not_null");
    let table = states.table();
    let add = states.alter(Action::AddNotNullCheck { name: check.clone(), column });
    let remove = states.alter(Action::DropConstraint(check.clone()));
    let when = Condition::NullableWithout(table, column, check.clone());
    let first = Step::new(kind, vec![Statement::When(when, vec![add])], vec![remove.clone()])
        .operation(states.operation(format!("require column {column} of new rows"), LockMode::AccessExclusive));
    let validate = states.alter(Action::Validate(check.clone()));
    let validate = Statement::When(Condition::ConstraintPresent(table, check), vec![validate]);
    let operation = states.operation(format!("check column {column} of old rows"), LockMode::ShareUpdateExclusive);
    let second = Step::new(PhaseKind::Validate, vec![validate], Vec::new())
        .operation(Operation { work: Work::Scan, ..operation });
    let added = states.added().any(|(added, _)| added.name == column);
    let undo = if added { Vec::new() } else { vec![states.alter(Action::DropNotNull(column))] };
    let third = Step::new(PhaseKind::Finish, vec![states.alter(Action::SetNotNull(column)), remove], undo)
        .operation(states.operation(format!("set column {column} NOT NULL"), LockMode::AccessExclusive));
    [first, second, third]
}

/// What had to wait for the others.
pub(super) fn finish(states: &States) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for difference in &states.differences {
        match difference {
            Difference::ColumnNullability { column, nullable: true } => {
                let (up, down) = (Action::DropNotNull(column), Action::SetNotNull(column));
                let operation = states.operation(format!("let column {column} be NULL"), LockMode::AccessExclusive);
                let note = format!("Fails where column {column} has NULL by then; reads every row.");
                let step = Step::new(PhaseKind::Finish, vec![states.alter(up)], vec![states.alter(down)]);
                steps.push(step.operation(operation).note(note));
            }
            Difference::ColumnIdentity { column, before: None, after: Some(identity) } => {
                let up = give_identity(states, column, *identity);
                let down = states.alter(Action::DropIdentity(column));
                let operation =
                    states.operation(format!("make column {column} an identity"), LockMode::AccessExclusive);
                let step = Step::new(PhaseKind::Finish, vec![up], vec![down]);
                steps.push(step.operation(Operation { work: Work::Scan, ..operation }));
            }
            _ => {}
        }
    }
    // A column goes after those that are generated from it.
    let dropped = |generated: bool| {
        let gone = states.differences.iter().filter_map(|difference| match difference {
            Difference::ColumnDropped { column } => Some((column, states.old.column(&column.name)?)),
            _ => None,
        });
        gone.filter(move |(_, old)| old.is_generated() == generated).map(|(column, old)| drop(states, column, old))
    };
    steps.extend(dropped(true));
    steps.extend(dropped(false));
    steps
}

fn drop<'a>(states: &'a States, column: &'a Column, old: &'a ColumnDefinition) -> Step<'a> {
    let name = &column.name;
    let mut down = vec![states.alter(Action::AddColumn(old.clone()))];
    down.extend(column.comment.as_deref().map(|text| Statement::CommentOnColumn(states.table(), name, Some(text))));
    let operation = states.operation(format!("drop column {name}"), LockMode::AccessExclusive);
    let step = Step::new(PhaseKind::Finish, vec![states.alter(Action::DropColumn(name))], down);
    if old.is_generated() {
        return step.operation(operation);
    }
    let lost = format!("values of column {name}");
    let note =
        format!("Adds column {name} again, but not its values, which are lost; it comes after the other columns.");
    step.operation(Operation { data_loss: Some(lost), reversible: false, ..operation }).note(note)
}

fn comment<'a>(states: &States, summary: String, up: Statement<'a>, down: Statement<'a>) -> Step<'a> {
    let operation = states.operation(summary, LockMode::ShareUpdateExclusive);
    Step::new(PhaseKind::Prepare, vec![up], vec![down]).operation(Operation { work: Work::Metadata, ..operation })
}

/// The sequence goes on after what is there.
fn give_identity<'a>(states: &'a States, column: &'a str, identity: crate::model::Identity) -> Statement<'a> {
    let table = states.table();
    let give = states.alter(Action::AddIdentity(column, identity));
    Statement::When(Condition::NoIdentity(table, column), vec![give, Statement::AdvanceIdentity(table, column)])
}
