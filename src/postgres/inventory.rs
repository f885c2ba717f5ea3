//! Reads a database for taking it over.

use serde::Deserialize;

use super::{Connection, PostgresError, catalog::pinned};
use crate::model::{
    Check, Column, Deferrable, Exclude, ExcludeElement, ForeignKey, FoundObject, FoundTable, Identity, Index,
    IndexElement, IndexKey, IndexMethod, Inventory, LeftOut, NullsOrder, ObjectKind, PrimaryKey, ReferentialAction,
    SortOrder, Table, TableName, Unique,
};

/// Lists everything that the users have made in a database, except for members of extensions, owners and data. Types,
/// functions and defaults are spelled as with `public` in the search path.
/// Source: <https://www.postgresql.org/docs/current/catalogs.html>
pub async fn inventory(connection: &Connection) -> Result<Inventory, PostgresError> {
    let mut inventory = Inventory::default();
    for row in pinned(connection, "public", include_str!("inventory.sql")).await? {
        let [Some(what), Some(text)] = row.as_slice() else { continue };
        match what.as_str() {
            "table" => table(read(text)?, &mut inventory),
            "object" => inventory.objects.extend(object(read(text)?)),
            _ => inventory.left_out.push(read::<JsonLeftOut>(text)?.into()),
        }
    }
    Ok(inventory)
}

fn read<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, PostgresError> {
    serde_json::from_str(text).map_err(|error| PostgresError::Catalog(error.to_string()))
}

#[derive(Deserialize)]
struct JsonTable {
    schema: String,
    name: String,
    comment: Option<String>,
    odd: Option<String>,
    sequences: Option<Vec<JsonObject>>,
    columns: Option<Vec<JsonColumn>>,
    constraints: Option<Vec<JsonConstraint>>,
    indexes: Option<Vec<JsonIndex>>,
}

#[derive(Deserialize)]
struct JsonColumn {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
    nullable: bool,
    default: Option<String>,
    identity: String,
    generated: Option<String>,
    #[serde(rename = "virtual")]
    is_virtual: bool,
    collation: Option<String>,
    comment: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonConstraint {
    name: String,
    kind: String,
    columns: Option<Vec<String>>,
    expression: Option<String>,
    schema: Option<String>,
    table: Option<String>,
    referenced: Option<Vec<String>>,
    on_delete: String,
    on_update: String,
    deferrable: bool,
    deferred: bool,
    nulls_not_distinct: bool,
    index: Option<JsonIndex>,
    odd: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonIndex {
    name: String,
    method: String,
    unique: bool,
    nulls_not_distinct: Option<bool>,
    include: Option<Vec<String>>,
    predicate: Option<String>,
    elements: Vec<JsonElement>,
    odd: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonElement {
    column: Option<String>,
    expression: Option<String>,
    descending: bool,
    nulls_first: bool,
    opclass: Option<String>,
    collation: Option<String>,
    operator: Option<String>,
}

#[derive(Deserialize)]
struct JsonObject {
    kind: String,
    schema: String,
    name: String,
    labels: Option<Vec<String>>,
    #[serde(rename = "type")]
    base_type: Option<String>,
    types: Option<Vec<String>>,
    columns: Option<Vec<JsonField>>,
}

#[derive(Deserialize)]
struct JsonField {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
}

#[derive(Deserialize)]
struct JsonLeftOut {
    kind: String,
    object: String,
}

impl From<JsonLeftOut> for LeftOut {
    fn from(json: JsonLeftOut) -> Self {
        Self { kind: json.kind, object: json.object, why: None }
    }
}

fn object(json: JsonObject) -> Option<FoundObject> {
    let (_, kind) = ObjectKind::WORDS.iter().find(|(word, _)| *word == json.kind)?;
    let columns = json.columns.unwrap_or_default().into_iter();
    Some(FoundObject {
        kind: *kind,
        name: TableName::new(json.schema, json.name),
        labels: json.labels.unwrap_or_default(),
        base_type: json.base_type,
        types: json.types.unwrap_or_default(),
        columns: columns.map(|field| (field.name, field.type_name)).collect(),
    })
}

/// Adds a table; of what hangs on it, what no request can express is left out and named.
fn table(json: JsonTable, inventory: &mut Inventory) {
    let columns = json.columns.unwrap_or_default();
    let is_virtual = columns.iter().any(|column| column.is_virtual).then(|| "has virtual generated columns".to_owned());
    let mut odd = json.odd.or(is_virtual);
    let mut table = Table {
        name: TableName::new(json.schema, json.name),
        comment: json.comment,
        columns: columns.into_iter().map(column).collect(),
        primary_key: None,
        uniques: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        excludes: Vec::new(),
        indexes: Vec::new(),
    };
    for json in json.constraints.unwrap_or_default() {
        let (key, name) = (json.kind == "p", json.name.clone());
        if let Err(why) = constraint(json, &mut table) {
            if key {
                odd.get_or_insert_with(|| format!("has a primary key that {why}"));
            }
            inventory.left_out.push(left_out("constraint", &table.name, &name, why));
        }
    }
    for json in json.indexes.unwrap_or_default() {
        let name = json.name.clone();
        match index(json) {
            Ok(index) => table.indexes.push(index),
            Err(why) => inventory.left_out.push(left_out("index", &table.name, &name, why)),
        }
    }
    let sequences = json.sequences.unwrap_or_default().into_iter().filter_map(object).collect();
    inventory.tables.push(FoundTable { table, odd, sequences });
}

fn left_out(kind: &str, table: &TableName, name: &str, why: String) -> LeftOut {
    LeftOut { kind: kind.to_owned(), object: format!("{name} on {table}"), why: Some(why) }
}

fn column(json: JsonColumn) -> Column {
    Column {
        name: json.name,
        type_name: json.type_name,
        nullable: json.nullable,
        default: json.default.as_deref().map(trimmed),
        identity: match json.identity.as_str() {
            "a" => Some(Identity::Always),
            "d" => Some(Identity::ByDefault),
            _ => None,
        },
        generated: json.generated.as_deref().map(trimmed),
        collation: json.collation,
        comment: json.comment,
    }
}

/// Adds a constraint; `Err` says why no request can express it.
fn constraint(json: JsonConstraint, table: &mut Table) -> Result<(), String> {
    if let Some(why) = json.odd {
        return Err(why);
    }
    let (name, columns) = (json.name, json.columns.unwrap_or_default());
    let deferrable = match (json.deferrable, json.deferred) {
        (false, _) => Deferrable::No,
        (true, false) => Deferrable::InitiallyImmediate,
        (true, true) => Deferrable::InitiallyDeferred,
    };
    match json.kind.as_str() {
        "p" => table.primary_key = Some(PrimaryKey { name, columns }),
        "u" => table.uniques.push(Unique { name, columns, nulls_not_distinct: json.nulls_not_distinct, deferrable }),
        "c" => table.checks.push(Check { name, expression: trimmed(&json.expression.unwrap_or_default()) }),
        "f" => table.foreign_keys.push(ForeignKey {
            name,
            columns,
            references: TableName::new(json.schema.unwrap_or_default(), json.table.unwrap_or_default()),
            referenced_columns: json.referenced.unwrap_or_default(),
            on_delete: action(&json.on_delete),
            on_update: action(&json.on_update),
            deferrable,
        }),
        _ => table.excludes.push(exclude(name, json.index)?),
    }
    Ok(())
}

fn exclude(name: String, index: Option<JsonIndex>) -> Result<Exclude, String> {
    let index = index.ok_or("has no index")?;
    let mut elements = Vec::new();
    for element in index.elements {
        if element.opclass.is_some() || element.collation.is_some() || element.descending || element.nulls_first {
            return Err("has operator classes, collations or an order of its own".to_owned());
        }
        let operator = element.operator.clone().ok_or("has no operator")?;
        elements.push(ExcludeElement { key: key(&element)?, operator });
    }
    Ok(Exclude { name, using: method(&index.method)?, elements, predicate: index.predicate })
}

fn index(json: JsonIndex) -> Result<Index, String> {
    if let Some(why) = json.odd {
        return Err(why);
    }
    let elements = json.elements.into_iter().map(|element| {
        Ok(IndexElement {
            key: key(&element)?,
            order: if element.descending { SortOrder::Desc } else { SortOrder::Asc },
            nulls: if element.nulls_first { NullsOrder::First } else { NullsOrder::Last },
            opclass: element.opclass,
            collation: element.collation,
        })
    });
    Ok(Index {
        name: json.name,
        method: method(&json.method)?,
        unique: json.unique,
        elements: elements.collect::<Result<_, String>>()?,
        include: json.include.unwrap_or_default(),
        predicate: json.predicate,
        nulls_not_distinct: json.nulls_not_distinct.unwrap_or_default(),
    })
}

fn key(element: &JsonElement) -> Result<IndexKey, String> {
    let column = element.column.clone().map(IndexKey::Column);
    column
        .or_else(|| element.expression.as_deref().map(trimmed).map(IndexKey::Expression))
        .ok_or_else(|| "has no key".to_owned())
}

fn method(name: &str) -> Result<IndexMethod, String> {
    Ok(match name {
        "btree" => IndexMethod::Btree,
        "hash" => IndexMethod::Hash,
        "gist" => IndexMethod::Gist,
        "spgist" => IndexMethod::Spgist,
        "gin" => IndexMethod::Gin,
        "brin" => IndexMethod::Brin,
        other => return Err(format!("uses the access method {other}")),
    })
}

/// `CASE` is printed on lines of its own, the first of them empty.
fn trimmed(expression: &str) -> String {
    expression.trim().to_owned()
}

/// Source: <https://www.postgresql.org/docs/current/catalog-pg-constraint.html>
fn action(code: &str) -> ReferentialAction {
    match code {
        "r" => ReferentialAction::Restrict,
        "c" => ReferentialAction::Cascade,
        "n" => ReferentialAction::SetNull,
        "d" => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}
