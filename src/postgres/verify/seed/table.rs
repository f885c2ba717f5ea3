//! The rows of one table, found by trying.

use std::collections::BTreeMap;

use super::{
    super::super::{Connection, PostgresError, StatementError},
    Column, Constraint, Oid, Seedable, Values,
};

/// How many rows each table gets, where its constraints allow for so many.
const ROWS: usize = 3;

/// How many combinations of values are tried for a row.
const ATTEMPTS: usize = 400;

/// Columns that get their values together, and what they can be.
struct Choice<'t> {
    columns: Vec<&'t Column>,
    /// Expressions, one for each column.
    options: Vec<Vec<String>>,
    /// How many of the first options rows begin with; the others are for want of better.
    good: usize,
}

impl Choice<'_> {
    fn option(&self, row: usize, shift: usize) -> &[String] {
        &self.options[(row % self.good.max(1) + shift) % self.options.len()]
    }
}

/// Puts rows into a table. `filled` says how many rows the others have. Returns how many rows it has now, at least one, or
/// why there is none.
pub(super) async fn insert_rows(
    connection: &Connection,
    table: &Seedable,
    values: &Values<'_>,
    filled: &BTreeMap<Oid, usize>,
) -> Result<Result<usize, String>, PostgresError> {
    let rows = connection.column(&format!("SELECT count(*) FROM {}", table.name)).await?;
    if let Some(rows @ 1..) = rows.first().and_then(|rows| rows.parse().ok()) {
        return Ok(Ok(rows));
    }
    let choices = match choices(table, values, filled).await? {
        Ok(choices) => choices,
        Err(reason) => return Ok(Err(reason)),
    };
    for row in 0..ROWS {
        let mut shifts = vec![0; choices.len()];
        let mut refused = None;
        for _ in 0..ATTEMPTS {
            match connection.run(&insertion(table, &choices, row, &shifts)).await {
                Ok(()) => {
                    refused = None;
                    break;
                }
                Err(PostgresError::Statement(error)) => {
                    let goes_on = next(table, &choices, &error, &mut shifts);
                    refused = Some(error);
                    if !goes_on {
                        break;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = refused {
            return Ok(if row > 0 { Ok(row) } else { Err(error.message) });
        }
    }
    Ok(Ok(ROWS))
}

/// Gives nulls of a column, which has come later than its rows, values; how many.
pub(in super::super) async fn fill_column(
    connection: &Connection,
    table: &Seedable,
    column: &Column,
) -> Result<usize, PostgresError> {
    let mut filled = 0;
    let values = Values::read(connection).await?.of(column, &texts(table, column)).await?;
    let (name, column) = (&table.name, &column.name);
    let nulls = format!("SELECT ctid FROM {name} WHERE {column} IS NULL ORDER BY ctid");
    for (row, place) in connection.column(&nulls).await?.iter().enumerate() {
        for shift in 0..values.len() {
            let value = &values[(row + shift) % values.len()];
            match connection.run(&format!("UPDATE {name} SET {column} = {value} WHERE ctid = '{place}'")).await {
                Ok(()) => {
                    filled += 1;
                    break;
                }
                Err(PostgresError::Statement(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(filled)
}

/// What the columns of a table can be: those of foreign keys what is in the parent, the others what their types read.
async fn choices<'t>(
    table: &'t Seedable,
    values: &Values<'_>,
    filled: &BTreeMap<Oid, usize>,
) -> Result<Result<Vec<Choice<'t>>, String>, PostgresError> {
    let mut choices: Vec<Choice<'t>> = Vec::new();
    let mut keys: Vec<&Constraint> = table.foreign_keys().collect();
    keys.sort_by_key(|key| std::cmp::Reverse(key.columns.len()));
    let mut own = Vec::new();
    for key in keys {
        let columns: Vec<&Column> = key
            .columns
            .iter()
            .filter_map(|number| table.columns.iter().find(|column| column.number == *number))
            .collect();
        let taken =
            |column: &Column| choices.iter().any(|choice| choice.columns.iter().any(|c| c.number == column.number));
        if columns.len() < key.columns.len() || columns.iter().any(|column| taken(column)) {
            continue;
        }
        let rows = key.parent.as_ref().and_then(|parent| filled.get(parent)).copied().unwrap_or_default();
        let nullable = columns.iter().any(|column| !column.required);
        if rows == 0 && !nullable {
            if key.parent.as_ref() == Some(&table.oid) {
                own.push((key, columns));
                continue;
            }
            let parent = key.parent_name.as_deref().unwrap_or("a table");
            return Ok(Err(format!("it refers to {parent}, which has no rows")));
        }
        choices.push(references(key, columns, rows, nullable));
    }
    for column in &table.columns {
        let taken =
            |number: i16| choices.iter().any(|choice| choice.columns.iter().any(|column| column.number == number));
        if taken(column.number) || own.iter().any(|(key, _)| key.columns.contains(&column.number)) {
            continue;
        }
        let mut options = values.of(column, &texts(table, column)).await?;
        let good = options.len();
        if column.default && options.is_empty() {
            options.push("DEFAULT".to_owned());
        }
        if !column.required {
            options.push("NULL".to_owned());
        }
        if options.is_empty() {
            return Ok(Err(format!("no value of type {} is known for column {}", column.type_name, column.name)));
        }
        choices.push(Choice {
            columns: vec![column],
            options: options.into_iter().map(|option| vec![option]).collect(),
            good,
        });
    }
    Ok(Ok(itself(choices, own)))
}

/// Lets columns that must refer to a row of their own table take what the columns that they refer to take in the same row.
fn itself<'t>(mut choices: Vec<Choice<'t>>, own: Vec<(&Constraint, Vec<&'t Column>)>) -> Vec<Choice<'t>> {
    for (key, columns) in own {
        for (column, parent) in columns.into_iter().zip(key.parent_columns.iter().flatten()) {
            for choice in &mut choices {
                if let Some(place) = choice.columns.iter().position(|column| column.name == *parent) {
                    choice.options.iter_mut().for_each(|option| option.push(option[place].clone()));
                    choice.columns.push(column);
                    break;
                }
            }
        }
    }
    choices
}

/// The rows of a parent, and nulls where they may be.
fn references<'t>(key: &Constraint, columns: Vec<&'t Column>, rows: usize, nullable: bool) -> Choice<'t> {
    let parent = key.parent_name.as_deref().unwrap_or_default();
    let parents = key.parent_columns.iter().flatten();
    let order = key.parent_columns.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
    let option = |row| {
        let order = &order;
        parents.clone().map(move |of| format!("(SELECT {of} FROM {parent} ORDER BY {order} OFFSET {row} LIMIT 1)"))
    };
    let mut options: Vec<Vec<String>> = (0..rows).map(|row| option(row).collect()).collect();
    if nullable {
        options
            .push(columns.iter().map(|column| if column.required { "DEFAULT" } else { "NULL" }.to_owned()).collect());
    }
    Choice { columns, options, good: rows }
}

/// Where constants for a column may be found.
fn texts<'t>(table: &'t Seedable, column: &Column) -> Vec<&'t str> {
    let all = table.constraints.iter().chain(&table.uniques);
    all.filter(|constraint| constraint.columns.contains(&column.number))
        .map(|constraint| constraint.text.as_str())
        .collect()
}

fn insertion(table: &Seedable, choices: &[Choice<'_>], row: usize, shifts: &[usize]) -> String {
    let names: Vec<&str> =
        choices.iter().flat_map(|choice| &choice.columns).map(|column| column.name.as_str()).collect();
    if names.is_empty() {
        return format!("INSERT INTO {} DEFAULT VALUES", table.name);
    }
    let values = choices.iter().zip(shifts).flat_map(|(choice, shift)| choice.option(row, *shift));
    let values: Vec<&str> = values.map(String::as_str).collect();
    // What identity columns make themselves, could not be referred to.
    format!("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})", table.name, names.join(", "), values.join(", "))
}

/// Moves to the next combination of values of the columns that an error is about; false where it is about none, or all
/// have been tried.
fn next(table: &Seedable, choices: &[Choice<'_>], error: &StatementError, shifts: &mut [usize]) -> bool {
    let Some(name) = &error.constraint else { return false };
    let mut all = table.constraints.iter().chain(&table.uniques);
    let Some(constraint) = all.find(|constraint| constraint.name == *name) else { return false };
    // An expression may read any column.
    let any = constraint.columns.contains(&0);
    let involved =
        |choice: &Choice<'_>| any || choice.columns.iter().any(|column| constraint.columns.contains(&column.number));
    for (choice, shift) in choices.iter().zip(shifts).filter(|(choice, _)| involved(choice)) {
        *shift += 1;
        if *shift < choice.options.len() {
            return true;
        }
        *shift = 0;
    }
    false
}
