//! `columns`, and `references` wherever it stands.

use super::{
    identifier::{identifier, identifiers},
    reader::{Fields, Present, Reader},
};
use crate::model::{Identity, ReferentialAction, RequestedColumn, RequestedReference, TableName};

const COLUMN: &[&str] = &[
    "name",
    "type",
    "primaryKey",
    "nullable",
    "defaultValue",
    "identity",
    "generated",
    "collation",
    "check",
    "unique",
    "references",
    "comment",
    "classification",
    "renamedFrom",
];
const COLUMN_REFERENCE: &[&str] = &["schema", "table", "column", "columns", "onDelete", "onUpdate"];
const TABLE_REFERENCE: &[&str] = &["schema", "table", "column", "columns"];
const IDENTITIES: &[(&str, Identity)] = &[("always", Identity::Always), ("byDefault", Identity::ByDefault)];
const ACTIONS: &[(&str, ReferentialAction)] = &[
    ("NO ACTION", ReferentialAction::NoAction),
    ("RESTRICT", ReferentialAction::Restrict),
    ("CASCADE", ReferentialAction::Cascade),
    ("SET NULL", ReferentialAction::SetNull),
    ("SET DEFAULT", ReferentialAction::SetDefault),
];

/// One item of `columns`; `schema` is the table's own.
pub(super) fn column(cx: &mut Reader, item: &Present<'_>, schema: &str) -> Option<RequestedColumn> {
    let fields = cx.fields(item.node, &item.route, COLUMN)?;
    let name = fields.required(cx, "name", identifier);
    let type_text = fields.required(cx, "type", Reader::words);
    let column = RequestedColumn {
        route: item.route.clone(),
        name: name.clone().unwrap_or_default(),
        type_text: type_text.clone().unwrap_or_default(),
        primary_key: fields.value(cx, "primaryKey", Reader::boolean).unwrap_or_default(),
        nullable: fields.value(cx, "nullable", Reader::boolean),
        default: fields.value(cx, "defaultValue", Reader::verbatim),
        identity: fields.value(cx, "identity", |cx, field| cx.choice(field, IDENTITIES)),
        generated: fields.value(cx, "generated", Reader::verbatim),
        collation: fields.value(cx, "collation", identifier),
        check: fields.value(cx, "check", Reader::verbatim),
        unique: fields.value(cx, "unique", Reader::boolean).unwrap_or_default(),
        references: fields.value(cx, "references", |cx, field| column_reference(cx, field, schema)),
        comment: fields.value(cx, "comment", Reader::text),
        classification: fields.value(cx, "classification", Reader::words),
        renamed_from: fields.value(cx, "renamedFrom", identifier),
    };
    contradictions(cx, &fields, &column);
    (name.is_some() && type_text.is_some()).then_some(column)
}

/// Settings that exclude each other.
/// Source: <https://www.postgresql.org/docs/current/sql-createtable.html>
fn contradictions(cx: &mut Reader, fields: &Fields<'_>, column: &RequestedColumn) {
    let pairs = [
        ("identity", "defaultValue", column.identity.is_some() && column.default.is_some()),
        ("generated", "defaultValue", column.generated.is_some() && column.default.is_some()),
        ("generated", "identity", column.generated.is_some() && column.identity.is_some()),
        ("primaryKey", "nullable", column.primary_key && column.nullable == Some(true)),
        ("identity", "nullable", column.identity.is_some() && column.nullable == Some(true)),
    ];
    for (one, other, _) in pairs.into_iter().filter(|(_, _, contradict)| *contradict) {
        let Some(field) = fields.get(other) else { continue };
        let message = match other {
            "nullable" => format!("Column `{}` is nullable, which `{one}` rules out", column.name),
            _ => format!("Column `{}` has both `{one}` and `{other}`", column.name),
        };
        let suggestion = match other {
            "nullable" => "Set `nullable: false`, or remove it".to_owned(),
            _ => format!("Remove `{one}` or `{other}`"),
        };
        cx.refuse(&field.route, field.node.span, message, suggestion);
    }
}

fn column_reference(cx: &mut Reader, field: &Present<'_>, schema: &str) -> Option<RequestedReference> {
    let fields = cx.fields(field.node, &field.route, COLUMN_REFERENCE)?;
    let mut reference = target(cx, &fields, schema)?;
    if let Some([_, second, ..]) = reference.columns.get(..) {
        let message = format!("A column cannot reference several columns, `{second}` among them");
        cx.refuse(&field.route, field.node.span, message, "Move it to `foreignKeys`");
    }
    (reference.on_delete, reference.on_update) = actions(cx, &fields);
    Some(reference)
}

/// `references` of an item of `foreignKeys`; the actions stand beside it, in the item.
pub(super) fn table_reference(
    cx: &mut Reader,
    field: &Present<'_>,
    item: &Fields<'_>,
    schema: &str,
) -> Option<RequestedReference> {
    let fields = cx.fields(field.node, &field.route, TABLE_REFERENCE)?;
    let (on_delete, on_update) = actions(cx, item);
    Some(RequestedReference { on_delete, on_update, ..target(cx, &fields, schema)? })
}

fn target(cx: &mut Reader, fields: &Fields<'_>, schema: &str) -> Option<RequestedReference> {
    let schema = fields.value(cx, "schema", identifier).unwrap_or_else(|| schema.to_owned());
    let table = fields.required(cx, "table", identifier);
    let one = fields.value(cx, "column", identifier);
    let several = fields.value(cx, "columns", identifiers);
    if let (Some(column), Some(_)) = (fields.get("column"), fields.get("columns")) {
        cx.refuse(&column.route, column.node.span, "Both `column` and `columns` are given", "Keep one of the two");
    }
    Some(RequestedReference {
        route: fields.route.clone(),
        table: TableName::new(schema, table?),
        columns: several.unwrap_or_else(|| one.into_iter().collect()),
        on_delete: ReferentialAction::default(),
        on_update: ReferentialAction::default(),
    })
}

fn actions(cx: &mut Reader, fields: &Fields<'_>) -> (ReferentialAction, ReferentialAction) {
    let mut action = |key| fields.value(cx, key, |cx, field| cx.choice(field, ACTIONS)).unwrap_or_default();
    (action("onDelete"), action("onUpdate"))
}
