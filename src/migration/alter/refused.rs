//! Changes that would block a table in use, lose values or do what no one asked for. Each is refused with the steps that
//! lead to the same end.

use crate::{
    diff,
    model::{Constraint, Difference, ForeignKey, IndexKey, Table, Unsupported},
    sql::{ExpressionUse, Retype, parse_expression, parse_type, retype},
};

use super::States;

/// Everything of the change that cannot be carried out.
pub(super) fn of(states: &States) -> Vec<Unsupported> {
    let kept = diff::kept(&states.before, &states.differences);
    let own_keys = states.after.foreign_keys.iter().filter_map(|key| lacks_its_key(&kept, key));
    states.differences.iter().filter_map(|difference| refusal(states, difference)).chain(own_keys).collect()
}

/// A foreign key to the table itself is there before the keys of the change are, and these go first on the way down.
fn lacks_its_key(kept: &Table, foreign_key: &ForeignKey) -> Option<Unsupported> {
    (foreign_key.references == kept.name && kept.keys_for(&foreign_key.referenced_columns).is_empty()).then(|| {
        Unsupported {
            route: Constraint::ForeignKey(foreign_key.clone()).route(),
            message: format!(
                "Foreign key {} refers to a key of the table itself that the same change adds or replaces",
                foreign_key.name
            ),
            suggestion: "Request the key first, without the foreign key, and the foreign key in a later request"
                .to_owned(),
        }
    })
}

fn refusal(states: &States, difference: &Difference) -> Option<Unsupported> {
    let (message, suggestion) = match difference {
        Difference::ColumnAdded { column } => {
            let new = states.new.column(&column.name)?;
            if column.nullable || new.has_default() || new.fills_itself() {
                return None;
            }
            let message =
                format!("Column {} is new and NOT NULL, and rows that exist have no value for it", column.name);
            let suggestion = "Give it a default; or request it nullable first, fill it, and make it NOT NULL in a later \
                              request";
            (message, suggestion.to_owned())
        }
        Difference::ColumnType { column, before, after } => {
            let message = format!("Changing column {column} from {before} to {after}");
            match retype(before, after) {
                Retype::Rewrites if serial(before) || serial(after) => {
                    (format!("{message} moves a sequence"), expand(column))
                }
                Retype::Rewrites => {
                    (format!("{message} would write every row anew while all wait, or refuse values"), expand(column))
                }
                kind => {
                    let dependent = leans(&states.before, column, kind == Retype::Reindexes)?;
                    (format!("{message} would build {dependent} anew while all wait"), expand(column))
                }
            }
        }
        Difference::ColumnCollation { column, .. } => {
            let dependent = leans(&states.before, column, true)?;
            let message =
                format!("Changing the collation of column {column} would build {dependent} anew while all wait");
            (message, expand(column))
        }
        Difference::ColumnGenerated { column, .. } => {
            let message =
                format!("Changing how column {column} is generated would write every row anew while all wait");
            (message, expand(column))
        }
        _ => return None,
    };
    Some(Unsupported { route: difference.route(), message, suggestion })
}

fn expand(column: &str) -> String {
    format!(
        "Expand and contract: (1) request a new column beside {column}; (2) write both and fill the old rows; (3) read the \
         new one; (4) drop {column} in a later request"
    )
}

fn serial(type_name: &str) -> bool {
    parse_type(type_name, u32::MAX).is_ok_and(|found| found.serial)
}

/// The generated column that is computed from another one.
fn generated_from(table: &Table, column: &str) -> Option<String> {
    let mentions = |text: &String| {
        parse_expression(text, ExpressionUse::Generated).map_or(true, |found| found.columns.contains(column))
    };
    let found = table.columns.iter().find(|other| other.generated.as_ref().is_some_and(mentions))?;
    Some(format!("generated column {}", found.name))
}

/// What of the table would be built or written anew with the column; `plain` says whether an index on the column itself
/// is.
fn leans(table: &Table, column: &str, plain: bool) -> Option<String> {
    if let Some(found) = generated_from(table, column) {
        return Some(found);
    }
    let mentions =
        |text: &str, place| parse_expression(text, place).map_or(true, |found| found.columns.contains(column));
    let place = ExpressionUse::IndexKey;
    let expression = |key: &IndexKey| matches!(key, IndexKey::Expression(text) if mentions(text, place));
    let is = |key: &IndexKey| matches!(key, IndexKey::Column(name) if name == column);
    let predicate = |text: &Option<String>| text.as_ref().is_some_and(|text| mentions(text, ExpressionUse::Predicate));
    let keyed = |columns: &[String]| plain && columns.iter().any(|name| name == column);
    for index in &table.indexes {
        let element = |key: &IndexKey| expression(key) || plain && is(key);
        let named = index.elements.iter().any(|part| element(&part.key));
        // An operator class or a collation that is written down is the old type's.
        let written =
            index.elements.iter().any(|part| is(&part.key) && (part.opclass.is_some() || part.collation.is_some()));
        if named || written || predicate(&index.predicate) || keyed(&index.include) {
            return Some(format!("index {}", index.name));
        }
    }
    for exclude in &table.excludes {
        let named = exclude.elements.iter().any(|part| is(&part.key) || expression(&part.key));
        if named || predicate(&exclude.predicate) {
            return Some(format!("exclusion constraint {}", exclude.name));
        }
    }
    let foreign_key = table.foreign_keys.iter().find(|key| key.columns.iter().any(|name| name == column));
    let unique = table.uniques.iter().find(|unique| keyed(&unique.columns));
    let key = table.primary_key.iter().find(|key| keyed(&key.columns));
    foreign_key
        .map(|key| format!("foreign key {}", key.name))
        .or_else(|| unique.map(|unique| format!("unique constraint {}", unique.name)))
        .or_else(|| key.map(|key| format!("primary key {}", key.name)))
}
