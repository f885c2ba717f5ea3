//! Keys and columns that foreign keys of other tables stand on.

use super::changes::Sides;
use crate::{
    diff,
    model::{Change, Constraint, Difference, ForeignKey, Index, Table, Unsupported},
};

impl Sides<'_> {
    /// What of `change` PostgreSQL would refuse, because foreign keys of other tables that the revision leaves as they are
    /// stand on keys that it drops or replaces; or would lock these tables for, because it makes their foreign keys anew. Which of several keys one stands on nobody can tell from the requests, so
    /// that nothing is said while one of them stays.
    /// Source: <https://www.postgresql.org/docs/current/ddl-depend.html>
    pub(super) fn held(&self, change: &Change) -> Vec<Unsupported> {
        let (Some(written), Some(after)) = (&change.before, &change.after) else { return Vec::new() };
        let differences = diff::differences(written, after, &change.renames);
        let before = diff::renamed(written, &after.name, &change.renames);
        let kept = diff::kept(&before, &differences);
        let others = self.merged.tables.values().filter(|known| known.table.name != after.name);
        let held = others.flat_map(|known| {
            let keys = self.left_alone(&known.table).into_iter().filter(|key| key.references == after.name);
            keys.filter_map(|key| {
                let referred = before.referred_columns(&key.referenced_columns);
                if let Some(difference) = differences.iter().find(|difference| retypes(difference, referred)) {
                    return Some(retyped(difference, &key, &known.table, &known.path));
                }
                let stood_on = before.keys_for(&key.referenced_columns);
                let gone = stood_on.first().filter(|_| kept.keys_for(&key.referenced_columns).is_empty())?;
                let difference = differences.iter().find(|difference| takes(difference, gone))?;
                Some(refusal(difference, gone, &key, &known.table, &known.path))
            })
        });
        held.collect()
    }

    /// The foreign keys of a table of the merged result that the revision does not touch, under its names.
    fn left_alone(&self, table: &Table) -> Vec<ForeignKey> {
        let Some(known) = self.base.tables.get(self.renames.table_before(&table.name)) else { return Vec::new() };
        let before = diff::renamed(&known.table, &table.name, &self.renames);
        diff::kept(&before, &diff::differences(&known.table, table, &self.renames)).foreign_keys
    }
}

/// Whether `difference` takes the key away that [`Table::keys_for`] calls `key`.
fn takes(difference: &Difference, key: &str) -> bool {
    let constraint = |gone: &Constraint| key == format!("{} {}", gone.noun(), gone.name());
    let index = |gone: &Index| key == format!("unique index {}", gone.name);
    match difference {
        Difference::ConstraintDropped { constraint: gone } | Difference::ConstraintChanged { before: gone, .. } => {
            constraint(gone)
        }
        Difference::IndexDropped { index: gone } | Difference::IndexChanged { before: gone, .. } => index(gone),
        _ => false,
    }
}

/// Whether `difference` changes the type of one of the columns.
fn retypes(difference: &Difference, columns: &[String]) -> bool {
    matches!(difference, Difference::ColumnType { column, .. } if columns.contains(column))
}

fn retyped(difference: &Difference, key: &ForeignKey, of: &Table, path: &str) -> Unsupported {
    Unsupported {
        route: difference.route(),
        message: format!(
            "The change of a type makes foreign key {} of {} anew, and all wait for both tables meanwhile",
            key.name,
            of.name.short()
        ),
        suggestion: steps(key, path, "change the type"),
    }
}

/// The way around a foreign key.
fn steps(key: &ForeignKey, path: &str, change: &str) -> String {
    format!(
        "In steps: (1) remove foreign key {} from {path}, in the same change or before it; (2) {change}; (3) request the \
         foreign key again in a later change",
        key.name
    )
}

fn refusal(difference: &Difference, gone: &str, key: &ForeignKey, of: &Table, path: &str) -> Unsupported {
    let dropped = matches!(difference, Difference::ConstraintDropped { .. } | Difference::IndexDropped { .. });
    let verb = if dropped { "drops" } else { "replaces" };
    let suggestion = if dropped {
        format!("Keep it, or remove foreign key {} from {path} in the same change", key.name)
    } else {
        steps(key, path, "replace the key")
    };
    Unsupported {
        route: difference.route(),
        message: format!(
            "The change {verb} {gone}, which foreign key {} of {} stands on: PostgreSQL refuses that",
            key.name,
            of.name.short()
        ),
        suggestion,
    }
}
