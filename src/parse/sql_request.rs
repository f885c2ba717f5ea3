//! A request that brings SQL of its own.

use super::{
    file_name,
    identifier::identifier,
    labels,
    metadata::{metadata, no_metadata, waiver},
    reader::{Fields, Present, Reader, subject},
    suggest::nearest,
};
use crate::{
    model::{Down, Field, Route, SqlRequest, TableName},
    yaml::{Node, Value, excerpt},
};

/// The key that makes a file one of SQL.
const NAME: &str = "sqlRequest";
const KEYS: &[&str] = &[NAME, "owner", "touches", "up", "down", "irreversible", "waivers", "requestMetadata"];

/// Longest name, in bytes: the names of migrations hold it, every byte encoded as three at worst.
const MAX_NAME: usize = 63;

/// Whether the tree is one of SQL, a slip in its key included.
pub(super) fn is_one(root: &Node) -> bool {
    let Value::Mapping(mapping) = &root.value else { return false };
    let meant = |key: &str| nearest(key, [NAME, "tableName", "schemaJson"]) == Some(NAME);
    root.get("tableName").is_none() && mapping.entries.iter().any(|entry| meant(&entry.key.text))
}

/// Reads the tree of a file.
pub(super) fn content(cx: &mut Reader, root: &Node, path: &str) -> Option<SqlRequest> {
    let fields = cx.fields(root, &Route::root(), KEYS)?;
    let name = fields.require(cx, NAME).and_then(|field| name(cx, &field, path));
    let touches = fields.required(cx, "touches", |cx, field| {
        Some(cx.filled_list(field)?.iter().filter_map(|item| touched(cx, item)).collect::<Vec<_>>())
    });
    let up = fields.require(cx, "up").and_then(|field| script(cx, &field));
    let down = down(cx, &fields);
    let owner = fields.field(cx, "owner", Reader::text);
    let waivers = fields.items(cx, "waivers", waiver);
    let metadata = fields.value(cx, "requestMetadata", metadata).unwrap_or_else(no_metadata);
    let (spans, touches) = (labels::spans(root), touches?);
    Some(SqlRequest { spans, name: name?, owner, touches, up: up?, down: down?, waivers, metadata })
}

/// Lower-case letters, digits and `_`: a name is part of those of files and has no other spelling.
fn name(cx: &mut Reader, field: &Present<'_>, path: &str) -> Option<Field<String>> {
    let name = cx.words(field)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.chars().all(plain) || name.len() > MAX_NAME {
        let message = format!("`{}` is no name for a SQL request", excerpt(&name));
        let suggestion = format!("Use at most {MAX_NAME} lower-case letters, digits and `_`");
        cx.refuse(&field.route, field.node.span, message, suggestion);
        return None;
    }
    let (is, wanted) = (file_name::base(path), format!("{name}.yaml"));
    // A wrong extension has been refused on its own.
    if is != wanted && file_name::with_extension(path).as_ref() != Some(&wanted) {
        let message = format!("File `{}` holds the SQL request `{name}`", excerpt(is));
        cx.refuse(&field.route, field.node.span, message, format!("Rename the file to `{wanted}`"));
    }
    Some(Field { route: field.route.clone(), value: name })
}

/// `name`, or `schema.name` outside of `public`.
fn touched(cx: &mut Reader, item: &Present<'_>) -> Option<Field<TableName>> {
    let name = identifier(cx, item)?;
    let table = match name.split_once('.') {
        Some((schema, name)) => TableName::new(schema, name),
        None => TableName::public(&name),
    };
    if table.schema.is_empty() || table.name.is_empty() {
        let message = format!("{} is not a name: `{}`", subject(&item.route), excerpt(&name));
        cx.refuse(&item.route, item.node.span, message, "Write `name` or `schema.name`");
        return None;
    }
    Some(Field { route: item.route.clone(), value: table })
}

fn script(cx: &mut Reader, field: &Present<'_>) -> Option<Field<String>> {
    let value = cx.words(field)?;
    Some(Field { route: field.route.clone(), value })
}

fn down(cx: &mut Reader, fields: &Fields<'_>) -> Option<Down> {
    match (fields.get("down"), fields.get("irreversible")) {
        (Some(down), None) => script(cx, &down).map(Down::Sql),
        (None, Some(why)) => script(cx, &why).map(Down::Irreversible),
        (Some(_), Some(why)) => {
            let message = "`down` and `irreversible` exclude each other";
            cx.refuse(&why.route, why.node.span, message, "Remove one of them");
            None
        }
        (None, None) => {
            let suggestion = "Add `down` with the SQL that undoes `up`, or `irreversible` and why nothing does";
            cx.refuse(&fields.route, fields.place(), "The way back is missing", suggestion);
            None
        }
    }
}
