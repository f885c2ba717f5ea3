//! Rows for tables: a few in each, distinct and without nulls where that can be had, so that what needs rows to fail meets
//! them.

mod table;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, de::DeserializeOwned};

use self::{table::insert_rows, values::Values};
use super::{
    super::{Connection, PostgresError},
    observe::Oid,
    report::Unseeded,
};
use crate::model::TableName;

pub(super) use self::table::fill_column;

/// A table that rows can be put into.
#[derive(Debug, Deserialize)]
pub(super) struct Seedable {
    pub(super) oid: Oid,
    /// As SQL writes it.
    pub(super) name: String,
    schema: String,
    table: String,
    /// Without the generated ones.
    pub(super) columns: Vec<Column>,
    constraints: Vec<Constraint>,
    /// Unique indexes.
    uniques: Vec<Constraint>,
}

/// A column.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Column {
    pub(super) number: i16,
    /// As SQL writes it.
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) type_name: String,
    type_id: Oid,
    /// Whether it takes no null.
    required: bool,
    /// Whether it has a default or is an identity.
    default: bool,
}

/// A constraint, by the name that errors call it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Constraint {
    name: String,
    /// Numbers of its columns; 0 for an expression.
    columns: Vec<i16>,
    /// Where constants may be found.
    text: String,
    /// The table that a foreign key refers to.
    parent: Option<Oid>,
    parent_name: Option<String>,
    parent_columns: Option<Vec<String>>,
}

impl Seedable {
    pub(super) fn table_name(&self) -> TableName {
        TableName::new(&self.schema, &self.table)
    }

    fn foreign_keys(&self) -> impl Iterator<Item = &Constraint> {
        self.constraints.iter().filter(|constraint| constraint.parent.is_some())
    }
}

/// What is demanded of rows in a database, in a form in which it can be demanded in another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Demand {
    begin: String,
    end: String,
}

/// Reads [`Demand`]s.
pub(super) async fn demands(connection: &Connection) -> Result<Vec<Demand>, PostgresError> {
    let rows = connection.query(include_str!("hints.sql")).await?;
    let demands = rows.into_iter().filter_map(|row| match <[Option<String>; 3]>::try_from(row) {
        Ok([Some(begin), Some(end), _]) => Some(Demand { begin, end }),
        _ => None,
    });
    Ok(demands.collect())
}

/// The tables of a database that rows can be put into.
pub(super) async fn seedable(connection: &Connection) -> Result<Vec<Seedable>, PostgresError> {
    read(connection, include_str!("tables.sql")).await
}

/// Puts rows into `tables`, which are empty, and into those that they refer to. The rows satisfy the constraints that are
/// there, and `demands` as well, which come later. Returns the tables that no row could be found for, by name.
///
/// Values are tried: those that the type of a column reads, and the constants of the checks that mention it. An error names
/// the constraint, and the columns of that get other values. So what only a parser of expressions could find is not found:
/// a check with a regular expression, say.
pub(super) async fn seed(
    connection: &Connection,
    tables: &BTreeSet<Oid>,
    demands: &[Demand],
) -> Result<Vec<Unseeded>, PostgresError> {
    let mut begun = Vec::new();
    for (index, demand) in demands.iter().enumerate() {
        let named = |sql: &str| sql.replace("{hint}", &format!("schema_registry_hint_{index}"));
        match connection.run(&named(&demand.begin)).await {
            Ok(()) => begun.push(named(&demand.end)),
            // It is about what is not there yet.
            Err(PostgresError::Statement(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let known = seedable(connection).await?;
    let known: BTreeMap<&str, &Seedable> = known.iter().map(|table| (table.oid.as_str(), table)).collect();
    let mut order = Vec::new();
    for table in tables {
        parents_first(table, &known, &mut BTreeSet::new(), &mut order);
    }
    let values = Values::read(connection).await?;
    let mut filled = BTreeMap::new();
    let mut unseeded = Vec::new();
    // Where tables refer to each other, the second round finds rows that the first has made.
    loop {
        let tried = std::mem::take(&mut unseeded).len();
        let mut missed = Vec::new();
        for table in order {
            match insert_rows(connection, table, &values, &filled).await? {
                Ok(rows) => _ = filled.insert(table.oid.clone(), rows),
                Err(reason) => {
                    unseeded.push(Unseeded { table: table.table_name(), reason });
                    missed.push(table);
                }
            }
        }
        order = missed;
        if order.is_empty() || order.len() == tried {
            break;
        }
    }
    for end in begun.iter().rev() {
        connection.run(end).await?;
    }
    unseeded.sort();
    Ok(unseeded)
}

/// Appends a table to `order`, after those that it refers to; where they refer to each other, somewhere.
fn parents_first<'t>(
    table: &str,
    known: &BTreeMap<&str, &'t Seedable>,
    entered: &mut BTreeSet<Oid>,
    order: &mut Vec<&'t Seedable>,
) {
    let Some(table) = known.get(table) else { return };
    if order.iter().any(|other| other.oid == table.oid) || !entered.insert(table.oid.clone()) {
        return;
    }
    for parent in table.foreign_keys().filter_map(|key| key.parent.as_deref()) {
        parents_first(parent, known, entered, order);
    }
    if !order.iter().any(|other| other.oid == table.oid) {
        order.push(table);
    }
}

/// Rows of one JSON each.
async fn read<T: DeserializeOwned>(connection: &Connection, sql: &str) -> Result<Vec<T>, PostgresError> {
    let rows = connection.column(sql).await?;
    let read = |text: &String| serde_json::from_str(text).map_err(|error| PostgresError::Catalog(error.to_string()));
    rows.iter().map(read).collect()
}
