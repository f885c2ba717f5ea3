//! The whole of a request file.

use uuid::Uuid;

use super::{
    column::column,
    constraint::{check, exclude, foreign_key, primary_key, unique},
    file_name,
    identifier::identifier,
    index::index,
    labels,
    metadata::{metadata, no_metadata, waiver},
    reader::{Fields, Present, Reader, subject},
};
use crate::{
    model::{DEFAULT_SCHEMA, Edit, Field, Lifecycle, Request, RequestedSchema, Route, Span, TableName},
    yaml::{Node, excerpt},
};

const REQUEST: &[&str] =
    &["tableName", "owner", "registryId", "schemaJson", "renamedFrom", "lifecycle", "waivers", "requestMetadata"];
const SCHEMA: &[&str] = &[
    "tableName",
    "schemaName",
    "comment",
    "columns",
    "primaryKey",
    "uniques",
    "checks",
    "foreignKeys",
    "excludes",
    "indexes",
];
const LIFECYCLES: &[(&str, Lifecycle)] = &[("active", Lifecycle::Active), ("dropped", Lifecycle::Dropped)];

/// What the tree of a file says.
pub(super) struct Content {
    /// The table, where its name can be read.
    pub(super) table: Option<TableName>,
    /// The request, where its name and its columns can be found.
    pub(super) request: Option<Request>,
}

/// Reads the tree of a file.
pub(super) fn content(cx: &mut Reader, root: &Node, path: &str, text: &str, bom: usize) -> Content {
    let route = Route::root();
    let Some(fields) = cx.fields(root, &route, REQUEST) else { return Content { table: None, request: None } };
    let table_name = fields.require(cx, "tableName").and_then(|field| Some((identifier(cx, &field)?, field)));
    let schema_json = fields.require(cx, "schemaJson");
    let schema_fields = schema_json.and_then(|field| cx.fields(field.node, &field.route, SCHEMA));
    let schema_name = schema_fields.as_ref().and_then(|schema| schema.value(cx, "schemaName", identifier));
    let schema_name = schema_name.unwrap_or_else(|| DEFAULT_SCHEMA.to_owned());
    let schema = schema_fields.map(|fields| {
        same_name(cx, &fields, table_name.as_ref().map(|(name, _)| name.as_str()));
        schema(cx, &fields, &schema_name)
    });
    let rest = rest(cx, &fields);
    let Some((name, field)) = table_name else { return Content { table: None, request: None } };
    let table = TableName::new(schema_name, name.clone());
    file_is_named_after(cx, &field, path, &table);
    let request = schema.map(|schema| Request {
        path: path.to_owned(),
        text: text.to_owned(),
        bom,
        spans: labels::spans(root),
        table: table.clone(),
        table_name: Field { route: field.route.clone(), value: name },
        schema,
        ..rest
    });
    Content { table: Some(table), request }
}

/// Everything but the table itself.
fn rest(cx: &mut Reader, fields: &Fields<'_>) -> Request {
    let nothing = Field { route: Route::root(), value: String::new() };
    Request {
        path: String::new(),
        text: String::new(),
        bom: 0,
        spans: std::collections::BTreeMap::new(),
        table: TableName::public(""),
        table_name: nothing,
        schema: RequestedSchema::default(),
        owner: fields.field(cx, "owner", Reader::text),
        registry_id: fields.field(cx, "registryId", registry_id),
        renamed_from: fields.field(cx, "renamedFrom", identifier),
        lifecycle: fields.value(cx, "lifecycle", |cx, field| cx.choice(field, LIFECYCLES)).unwrap_or(Lifecycle::Active),
        lifecycle_route: fields.get("lifecycle").map(|field| field.route),
        waivers: fields.items(cx, "waivers", waiver),
        metadata: fields.value(cx, "requestMetadata", metadata).unwrap_or_else(no_metadata),
    }
}

fn schema(cx: &mut Reader, fields: &Fields<'_>, schema_name: &str) -> RequestedSchema {
    let columns = fields.required(cx, "columns", |cx, field| {
        Some(cx.filled_list(field)?.iter().filter_map(|item| column(cx, item, schema_name)).collect())
    });
    RequestedSchema {
        route: fields.route.clone(),
        comment: fields.field(cx, "comment", Reader::text),
        columns: columns.unwrap_or_default(),
        primary_key: fields.value(cx, "primaryKey", primary_key),
        uniques: fields.items(cx, "uniques", unique),
        checks: fields.items(cx, "checks", check),
        foreign_keys: fields.items(cx, "foreignKeys", |cx, item| foreign_key(cx, item, schema_name)),
        excludes: fields.items(cx, "excludes", exclude),
        indexes: fields.items(cx, "indexes", index),
    }
}

fn same_name(cx: &mut Reader, fields: &Fields<'_>, table_name: Option<&str>) {
    let Some(field) = fields.get("tableName") else { return };
    let (Some(inner), Some(outer)) = (identifier(cx, &field), table_name) else { return };
    if inner != outer {
        let message = format!("`schemaJson.tableName` is `{inner}`, but `tableName` is `{outer}`");
        let fix = Edit { span: field.node.span, text: outer.to_owned() };
        cx.refuse(&field.route, field.node.span, message, format!("Write `{outer}`, or remove it")).fix.push(fix);
    }
}

fn file_is_named_after(cx: &mut Reader, field: &Present<'_>, path: &str, table: &TableName) {
    let (is, wanted) = (file_name::base(path), file_name::of(table));
    // A wrong extension has been refused on its own.
    let renamed = file_name::with_extension(path);
    if is != wanted && renamed.as_ref() != Some(&wanted) {
        let message = format!("File `{}` describes the table `{}`", excerpt(is), table.short());
        cx.refuse(&field.route, field.node.span, message, format!("Rename the file to `{wanted}`"));
    }
}

fn registry_id(cx: &mut Reader, field: &Present<'_>) -> Option<Uuid> {
    let text = cx.words(field)?;
    let id = Uuid::try_parse(&text).ok().filter(|id| id.to_string() == text.to_ascii_lowercase());
    if id.is_none() {
        let message = format!("{} is not a UUID: `{}`", subject(&field.route), excerpt(&text));
        cx.refuse(&field.route, field.node.span, message, "Remove it, or copy the id from the audit log");
    }
    id
}

/// The place of a file's first character, for what is said about the file as a whole.
pub(super) fn beginning(text: &str) -> Span {
    Span::new(0, text.chars().next().map_or(0, char::len_utf8))
}
