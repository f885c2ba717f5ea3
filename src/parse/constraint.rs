//! `primaryKey`, `uniques`, `checks`, `foreignKeys` and `excludes`.

use super::{
    column::table_reference,
    identifier::{identifier, identifiers, operator},
    index::{METHODS, key},
    reader::{Present, Reader},
};
use crate::{
    model::{
        Deferrable, IndexMethod, RequestedCheck, RequestedExclude, RequestedExcludeElement, RequestedForeignKey,
        RequestedKey, RequestedUnique,
    },
    yaml::Value,
};

const PRIMARY_KEY: &[&str] = &["name", "columns"];
const UNIQUE: &[&str] = &["name", "columns", "nullsNotDistinct", "deferrable"];
const CHECK: &[&str] = &["name", "expression"];
const FOREIGN_KEY: &[&str] = &["name", "columns", "references", "onDelete", "onUpdate", "deferrable"];
const EXCLUDE: &[&str] = &["name", "using", "elements", "where"];
const EXCLUDE_ELEMENT: &[&str] = &["column", "expression", "with"];
const DEFERRABLES: &[(&str, Deferrable)] =
    &[("initiallyDeferred", Deferrable::InitiallyDeferred), ("initiallyImmediate", Deferrable::InitiallyImmediate)];

fn deferrable(cx: &mut Reader, field: &Present<'_>) -> Option<Deferrable> {
    cx.choice(field, DEFERRABLES)
}

/// `primaryKey` of the table: a mapping, or a bare list of columns.
pub(super) fn primary_key(cx: &mut Reader, field: &Present<'_>) -> Option<RequestedKey> {
    let route = field.route.clone();
    if !matches!(field.node.value, Value::Mapping(_)) {
        return Some(RequestedKey { route, name: None, columns: identifiers(cx, field)? });
    }
    let fields = cx.fields(field.node, &field.route, PRIMARY_KEY)?;
    let name = fields.value(cx, "name", identifier);
    Some(RequestedKey { route, name, columns: fields.required(cx, "columns", identifiers)? })
}

/// One item of `uniques`.
pub(super) fn unique(cx: &mut Reader, item: &Present<'_>) -> Option<RequestedUnique> {
    let fields = cx.fields(item.node, &item.route, UNIQUE)?;
    let columns = fields.required(cx, "columns", identifiers);
    Some(RequestedUnique {
        route: item.route.clone(),
        name: fields.value(cx, "name", identifier),
        nulls_not_distinct: fields.value(cx, "nullsNotDistinct", Reader::boolean).unwrap_or_default(),
        deferrable: fields.value(cx, "deferrable", deferrable).unwrap_or_default(),
        columns: columns?,
    })
}

/// One item of `checks`.
pub(super) fn check(cx: &mut Reader, item: &Present<'_>) -> Option<RequestedCheck> {
    let fields = cx.fields(item.node, &item.route, CHECK)?;
    let name = fields.value(cx, "name", identifier);
    let expression = fields.required(cx, "expression", Reader::verbatim)?;
    Some(RequestedCheck { route: item.route.clone(), name, expression })
}

/// One item of `foreignKeys`; `schema` is the table's own.
pub(super) fn foreign_key(cx: &mut Reader, item: &Present<'_>, schema: &str) -> Option<RequestedForeignKey> {
    let fields = cx.fields(item.node, &item.route, FOREIGN_KEY)?;
    let name = fields.value(cx, "name", identifier);
    let columns = fields.required(cx, "columns", identifiers);
    let references = fields.required(cx, "references", |cx, field| table_reference(cx, field, &fields, schema));
    let deferrable = fields.value(cx, "deferrable", deferrable).unwrap_or_default();
    let (columns, references) = (columns?, references?);
    let (from, to) = (columns.len(), references.columns.len());
    if to != 0 && from != to {
        let message = format!("Foreign key references {to} columns from {from}");
        cx.refuse(&references.route, fields.place(), message, "Name as many columns on both sides");
    }
    Some(RequestedForeignKey { route: item.route.clone(), name, columns, references, deferrable })
}

/// One item of `excludes`.
pub(super) fn exclude(cx: &mut Reader, item: &Present<'_>) -> Option<RequestedExclude> {
    let fields = cx.fields(item.node, &item.route, EXCLUDE)?;
    let using = fields.value(cx, "using", |cx, field| cx.choice(field, METHODS)).unwrap_or(IndexMethod::Gist);
    if let (Some(field), IndexMethod::Gin | IndexMethod::Brin) = (fields.get("using"), using) {
        let message = format!("An exclusion constraint cannot use {}", super::index::word(using));
        cx.refuse(&field.route, field.node.span, message, "Use GIST, or BTREE for equality alone");
    }
    let elements = fields.required(cx, "elements", |cx, field| {
        let items = cx.filled_list(field)?;
        let elements: Vec<_> = items.iter().filter_map(|item| exclude_element(cx, item)).collect();
        (elements.len() == items.len()).then_some(elements)
    });
    Some(RequestedExclude {
        route: item.route.clone(),
        name: fields.value(cx, "name", identifier),
        using,
        predicate: fields.value(cx, "where", Reader::verbatim),
        elements: elements?,
    })
}

fn exclude_element(cx: &mut Reader, item: &Present<'_>) -> Option<RequestedExcludeElement> {
    let fields = cx.fields(item.node, &item.route, EXCLUDE_ELEMENT)?;
    let key = key(cx, &fields);
    let operator = fields.required(cx, "with", operator);
    Some(RequestedExcludeElement { route: item.route.clone(), key: key?, operator: operator? })
}
