//! How two states of one table differ, as PostgreSQL sees it.
//!
//! What PostgreSQL would store alike is no difference: types are in its own spelling already, expressions are compared
//! as its deparser writes them, and whatever PostgreSQL follows by itself when a table or column is renamed (keys,
//! indexes, expressions, foreign keys from elsewhere) is followed here first.

mod renamed;

pub use renamed::renamed;

use crate::model::{Column, Constraint, Difference, Index, Renames, Table};

/// Every difference between `before` and `after`, two states of the same table; in the table's order, what is gone last.
#[must_use]
pub fn differences(before: &Table, after: &Table, renames: &Renames) -> Vec<Difference> {
    let mut found = Vec::new();
    if before.name != after.name {
        found.push(Difference::TableRenamed { before: before.name.clone(), after: after.name.clone() });
    }
    for column in &after.columns {
        let old = renames.column_before(&after.name, &column.name);
        if old != column.name && before.column(old).is_some() {
            found.push(Difference::ColumnRenamed { before: old.to_owned(), after: column.name.clone() });
        }
    }
    let before = renamed(before, &after.name, renames);
    let after = renamed(after, &after.name, &Renames::default());
    if before.comment != after.comment {
        found.push(Difference::TableComment { before: before.comment.clone(), after: after.comment.clone() });
    }
    columns(&before, &after, &mut found);
    constraints(&before, &after, &mut found);
    indexes(&before, &after, &mut found);
    found
}

/// What stays as it is: `before`, which has the later names already, without the constraints and indexes that one of
/// `differences` drops or replaces.
#[must_use]
pub fn kept(before: &Table, differences: &[Difference]) -> Table {
    let mut kept = before.clone();
    for difference in differences {
        match difference {
            Difference::ConstraintDropped { constraint: gone } | Difference::ConstraintChanged { before: gone, .. } => {
                let name = gone.name();
                kept.primary_key = kept.primary_key.filter(|key| key.name != name);
                kept.uniques.retain(|unique| unique.name != name);
                kept.checks.retain(|check| check.name != name);
                kept.excludes.retain(|exclude| exclude.name != name);
                kept.foreign_keys.retain(|key| key.name != name);
            }
            Difference::IndexDropped { index: gone } | Difference::IndexChanged { before: gone, .. } => {
                kept.indexes.retain(|index| index.name != gone.name);
            }
            _ => {}
        }
    }
    kept
}

fn columns(before: &Table, after: &Table, found: &mut Vec<Difference>) {
    for column in &after.columns {
        match before.column(&column.name) {
            Some(old) => column_parts(old, column, found),
            None => found.push(Difference::ColumnAdded { column: column.clone() }),
        }
    }
    let gone = before.columns.iter().filter(|column| after.column(&column.name).is_none());
    found.extend(gone.map(|column| Difference::ColumnDropped { column: column.clone() }));
}

fn column_parts(old: &Column, new: &Column, found: &mut Vec<Difference>) {
    let column = || new.name.clone();
    if old.type_name != new.type_name {
        let (before, after) = (old.type_name.clone(), new.type_name.clone());
        found.push(Difference::ColumnType { column: column(), before, after });
    }
    if old.collation != new.collation {
        let (before, after) = (old.collation.clone(), new.collation.clone());
        found.push(Difference::ColumnCollation { column: column(), before, after });
    }
    if old.nullable != new.nullable {
        found.push(Difference::ColumnNullability { column: column(), nullable: new.nullable });
    }
    if old.default != new.default {
        let (before, after) = (old.default.clone(), new.default.clone());
        found.push(Difference::ColumnDefault { column: column(), before, after });
    }
    if old.identity != new.identity {
        found.push(Difference::ColumnIdentity { column: column(), before: old.identity, after: new.identity });
    }
    if old.generated != new.generated {
        let (before, after) = (old.generated.clone(), new.generated.clone());
        found.push(Difference::ColumnGenerated { column: column(), before, after });
    }
    if old.comment != new.comment {
        let (before, after) = (old.comment.clone(), new.comment.clone());
        found.push(Difference::ColumnComment { column: column(), before, after });
    }
}

/// By name first: what keeps its name is the same constraint. What is left under other names is a rename where the
/// definition is the same.
fn constraints(before: &Table, after: &Table, found: &mut Vec<Difference>) {
    let old: Vec<Constraint> = before.constraints().collect();
    let new: Vec<Constraint> = after.constraints().collect();
    let kept = |name: &str, others: &[Constraint]| others.iter().any(|other| other.name() == name);
    let mut gone: Vec<&Constraint> = old.iter().filter(|old| !kept(old.name(), &new)).collect();
    for constraint in &new {
        let same_name = old.iter().find(|old| old.name() == constraint.name());
        let renamed = gone.iter().position(|old| (*old).clone().called(constraint.name()) == *constraint);
        let key = |other: &&Constraint| {
            matches!((*other, constraint), (Constraint::PrimaryKey(_), Constraint::PrimaryKey(_)))
        };
        let other_key = gone.iter().position(key);
        found.extend(match (same_name, renamed, other_key) {
            (Some(old), ..) if old == constraint => None,
            (Some(old), ..) => Some(changed(old, constraint)),
            (None, Some(place), _) => {
                let before = gone.remove(place).name().to_owned();
                Some(Difference::ConstraintRenamed { before, after: constraint.clone() })
            }
            (None, None, Some(place)) => Some(changed(gone.remove(place), constraint)),
            (None, None, None) => Some(Difference::ConstraintAdded { constraint: constraint.clone() }),
        });
    }
    found.extend(gone.into_iter().map(|old| Difference::ConstraintDropped { constraint: old.clone() }));
}

fn changed(before: &Constraint, after: &Constraint) -> Difference {
    Difference::ConstraintChanged { before: before.clone(), after: after.clone() }
}

fn indexes(before: &Table, after: &Table, found: &mut Vec<Difference>) {
    let kept = |name: &str, others: &[Index]| others.iter().any(|other| other.name == name);
    let mut gone: Vec<&Index> = before.indexes.iter().filter(|old| !kept(&old.name, &after.indexes)).collect();
    for index in &after.indexes {
        let same_name = before.indexes.iter().find(|old| old.name == index.name);
        let renamed = gone.iter().position(|old| Index { name: index.name.clone(), ..(*old).clone() } == *index);
        found.extend(match (same_name, renamed) {
            (Some(old), _) if old == index => None,
            (Some(old), _) => Some(Difference::IndexChanged { before: old.clone(), after: index.clone() }),
            (None, Some(place)) => {
                let before = gone.remove(place).name.clone();
                Some(Difference::IndexRenamed { before, after: index.name.clone() })
            }
            (None, None) => Some(Difference::IndexAdded { index: index.clone() }),
        });
    }
    found.extend(gone.into_iter().map(|index| Difference::IndexDropped { index: index.clone() }));
}

#[cfg(test)]
mod tests;
