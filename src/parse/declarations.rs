//! A file of opaque objects.

use super::{
    identifier::{identifier, identifiers},
    labels,
    reader::{Fields, Present, Reader, subject},
    resolve::canonical_type,
    suggest::nearest,
};
use crate::{
    model::{
        Column, DEFAULT_SCHEMA, Declarations, Deferrable, ObjectKind, OpaqueObject, PrimaryKey, Route, Table,
        TableName, Unique,
    },
    sql,
    yaml::{Node, Value, excerpt},
};

/// The key that makes a file one of opaque objects.
const OBJECTS: &str = "opaqueObjects";

const FILE: &[&str] = &[OBJECTS, "owner", "reason"];
const OBJECT: &[&str] =
    &["kind", "name", "schema", "columns", "primaryKey", "uniques", "labels", "type", "types", "owner", "reason"];
const COLUMN: &[&str] = &["name", "type"];

/// The keys that only some kinds have.
const OF_KIND: &[(&str, &[ObjectKind])] = &[
    ("columns", &[ObjectKind::Table, ObjectKind::View, ObjectKind::MaterializedView, ObjectKind::Composite]),
    ("primaryKey", &[ObjectKind::Table]),
    ("uniques", &[ObjectKind::Table]),
    ("labels", &[ObjectKind::Enum]),
    ("type", &[ObjectKind::Domain]),
    ("types", &[ObjectKind::Extension]),
];

/// Whether the tree is one of opaque objects, a slip in its key included.
pub(super) fn is_one(root: &Node) -> bool {
    let Value::Mapping(mapping) = &root.value else { return false };
    let meant = |key: &str| nearest(key, [OBJECTS, "tableName", "schemaJson"]) == Some(OBJECTS);
    root.get("tableName").is_none() && mapping.entries.iter().any(|entry| meant(&entry.key.text))
}

/// Who answers for an object and why no request describes it; the file says it for the objects that do not.
struct Common {
    owner: Option<String>,
    reason: Option<String>,
}

/// Reads the tree of a file.
pub(super) fn content(cx: &mut Reader, root: &Node) -> Option<Declarations> {
    let fields = cx.fields(root, &Route::root(), FILE)?;
    let common =
        Common { owner: fields.value(cx, "owner", Reader::words), reason: fields.value(cx, "reason", Reader::words) };
    let items = fields.required(cx, OBJECTS, Reader::filled_list).unwrap_or_default();
    let objects = items.iter().filter_map(|item| object(cx, item, &common)).collect();
    Some(Declarations { spans: labels::spans(root), objects })
}

fn object(cx: &mut Reader, item: &Present<'_>, common: &Common) -> Option<OpaqueObject> {
    let fields = cx.fields(item.node, &item.route, OBJECT)?;
    let kind = fields.required(cx, "kind", |cx, field| cx.choice(field, ObjectKind::WORDS));
    let name = fields.required(cx, "name", identifier);
    let schema = fields.value(cx, "schema", identifier).unwrap_or_else(|| DEFAULT_SCHEMA.to_owned());
    let owner = said(cx, &fields, "owner", common.owner.as_ref());
    let reason = said(cx, &fields, "reason", common.reason.as_ref());
    let (kind, name) = (kind?, TableName::new(schema, name?));
    for (key, kinds) in OF_KIND.iter().filter(|(_, kinds)| !kinds.contains(&kind)) {
        if let Some(field) = fields.get(key) {
            let owners: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
            let message = format!("`{key}` says nothing about an object of kind `{}`", kind.as_str());
            let suggestion = format!("Remove it; it belongs to {}", super::suggest::alternatives(owners));
            cx.refuse(&field.route, field.node.span, message, suggestion);
        }
    }
    Some(OpaqueObject {
        route: item.route.clone(),
        kind,
        table: table(cx, &fields, name.clone()),
        name,
        labels: fields.value(cx, "labels", words).unwrap_or_default(),
        base_type: fields.value(cx, "type", type_name),
        types: fields.value(cx, "types", identifiers).unwrap_or_default(),
        owner: owner?,
        reason: reason?,
    })
}

fn said(cx: &mut Reader, fields: &Fields<'_>, key: &'static str, of_file: Option<&String>) -> Option<String> {
    if let Some(field) = fields.get(key) {
        return cx.words(&field);
    }
    if of_file.is_none() {
        let message = format!("{} has no `{key}`", subject(&fields.route));
        cx.refuse(&fields.route, fields.place(), message, format!("Add `{key}`, here or at the top of the file"));
    }
    of_file.cloned()
}

fn table(cx: &mut Reader, fields: &Fields<'_>, name: TableName) -> Table {
    let columns = fields.items(cx, "columns", column);
    let keys = |cx: &mut Reader, field: &Present<'_>| {
        let keys: Vec<_> = cx.list(field)?.iter().filter_map(|item| identifiers(cx, item)).collect();
        Some(keys)
    };
    let primary_key = fields.value(cx, "primaryKey", identifiers);
    let uniques: Vec<Vec<String>> = fields.value(cx, "uniques", keys).unwrap_or_default();
    let given = primary_key.iter().map(|key| ("primaryKey", key)).chain(uniques.iter().map(|key| ("uniques", key)));
    for (field, column) in given.flat_map(|(field, key)| key.iter().map(move |column| (field, column))) {
        if let (Some(place), false) = (fields.get(field), columns.iter().any(|known| known.name == *column)) {
            let message = format!("`{field}` names column `{}`, which is not declared", excerpt(column));
            cx.refuse(&place.route, place.node.span, message, "Add it to `columns`, or correct the name");
        }
    }
    let unique =
        |columns| Unique { name: String::new(), columns, nulls_not_distinct: false, deferrable: Deferrable::No };
    Table {
        name,
        comment: None,
        columns,
        primary_key: primary_key.map(|columns| PrimaryKey { name: String::new(), columns }),
        uniques: uniques.into_iter().map(unique).collect(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        excludes: Vec::new(),
        indexes: Vec::new(),
    }
}

fn column(cx: &mut Reader, item: &Present<'_>) -> Option<Column> {
    let fields = cx.fields(item.node, &item.route, COLUMN)?;
    let name = fields.required(cx, "name", identifier);
    let type_name = fields.required(cx, "type", type_name);
    Some(Column {
        name: name?,
        type_name: type_name?,
        nullable: true,
        default: None,
        identity: None,
        generated: None,
        collation: None,
        comment: None,
    })
}

/// A type that the grammar accepts, in PostgreSQL's own spelling.
fn type_name(cx: &mut Reader, field: &Present<'_>) -> Option<String> {
    let text = cx.words(field)?;
    match sql::parse_type(&text, u32::MAX) {
        Ok(_) => Some(canonical_type(&text)),
        Err(error) => {
            let suggestion = error.suggestion.unwrap_or_else(|| "Write one PostgreSQL type".to_owned());
            let message = format!("{} is not a type: {}", subject(&field.route), error.message);
            cx.refuse(&field.route, field.node.span, message, suggestion);
            None
        }
    }
}

fn words(cx: &mut Reader, field: &Present<'_>) -> Option<Vec<String>> {
    let items = cx.filled_list(field)?;
    let words: Vec<String> = items.iter().filter_map(|item| cx.text(item)).collect();
    (words.len() == items.len()).then_some(words)
}
