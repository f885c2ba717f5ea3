//! `indexes`.

use super::{
    identifier::{identifier, identifiers},
    reader::{Fields, Present, Reader},
};
use crate::{
    model::{IndexKey, IndexMethod, NullsOrder, RequestedIndex, RequestedIndexElement, SortOrder},
    yaml::Value,
};

const INDEX: &[&str] = &["name", "columns", "type", "unique", "include", "where", "nullsNotDistinct"];
const ELEMENT: &[&str] = &["column", "expression", "order", "nulls", "opclass", "collation"];
const ORDERS: &[(&str, SortOrder)] = &[("asc", SortOrder::Asc), ("desc", SortOrder::Desc)];
const NULLS: &[(&str, NullsOrder)] = &[("first", NullsOrder::First), ("last", NullsOrder::Last)];

/// Access methods as the seed writes them.
pub(super) const METHODS: &[(&str, IndexMethod)] = &[
    ("BTREE", IndexMethod::Btree),
    ("GIN", IndexMethod::Gin),
    ("GIST", IndexMethod::Gist),
    ("HASH", IndexMethod::Hash),
    ("BRIN", IndexMethod::Brin),
    ("SPGIST", IndexMethod::Spgist),
];

/// The word for a method.
pub(super) fn word(method: IndexMethod) -> &'static str {
    METHODS.iter().find(|(_, other)| *other == method).map_or("BTREE", |(word, _)| word)
}

/// One item of `indexes`.
pub(super) fn index(cx: &mut Reader, item: &Present<'_>) -> Option<RequestedIndex> {
    let fields = cx.fields(item.node, &item.route, INDEX)?;
    let elements = fields.required(cx, "columns", |cx, field| {
        let items = cx.filled_list(field)?;
        let elements: Vec<_> = items.iter().filter_map(|item| element(cx, item)).collect();
        (elements.len() == items.len()).then_some(elements)
    });
    let index = RequestedIndex {
        route: item.route.clone(),
        name: fields.value(cx, "name", identifier),
        elements: elements.clone().unwrap_or_default(),
        method: fields.value(cx, "type", |cx, field| cx.choice(field, METHODS)).unwrap_or_default(),
        unique: fields.value(cx, "unique", Reader::boolean).unwrap_or_default(),
        include: fields.value(cx, "include", identifiers).unwrap_or_default(),
        predicate: fields.value(cx, "where", Reader::verbatim),
        nulls_not_distinct: fields.value(cx, "nullsNotDistinct", Reader::boolean).unwrap_or_default(),
    };
    impossible(cx, &fields, &index);
    elements.is_some().then_some(index)
}

/// What PostgreSQL's access methods cannot do.
/// Source: <https://www.postgresql.org/docs/current/sql-createindex.html>
fn impossible(cx: &mut Reader, fields: &Fields<'_>, index: &RequestedIndex) {
    use IndexMethod::{Btree, Gist, Spgist};
    let method = word(index.method);
    let mut refuse = |key, message: String, suggestion: &str| {
        if let Some(field) = fields.get(key) {
            cx.refuse(&field.route, field.node.span, message, suggestion);
        }
    };
    if !matches!(index.method, Btree | Gist | Spgist) && !index.include.is_empty() {
        refuse(
            "include",
            format!("A {method} index cannot include columns"),
            "Remove `include`, or use BTREE, GIST or SPGIST",
        );
    }
    if index.method != Btree && index.unique {
        refuse("unique", format!("A {method} index cannot be unique"), "Use BTREE, or remove `unique`");
    }
    if index.nulls_not_distinct && !index.unique {
        refuse(
            "nullsNotDistinct",
            "Only a unique index has `nullsNotDistinct`".to_owned(),
            "Set `unique: true`, or remove it",
        );
    }
    if index.method != Btree {
        for element in &index.elements {
            if element.order != SortOrder::Asc || element.nulls.is_some() {
                refuse("columns", format!("A {method} index has no order"), "Remove `order` and `nulls`, or use BTREE");
                return;
            }
        }
    }
}

fn element(cx: &mut Reader, item: &Present<'_>) -> Option<RequestedIndexElement> {
    let route = item.route.clone();
    if let Value::Scalar(_) = item.node.value {
        let key = IndexKey::Column(identifier(cx, item)?);
        return Some(RequestedIndexElement {
            route,
            key,
            order: SortOrder::Asc,
            nulls: None,
            opclass: None,
            collation: None,
        });
    }
    let fields = cx.fields(item.node, &item.route, ELEMENT)?;
    let key = key(cx, &fields);
    Some(RequestedIndexElement {
        route,
        order: fields.value(cx, "order", |cx, field| cx.choice(field, ORDERS)).unwrap_or_default(),
        nulls: fields.value(cx, "nulls", |cx, field| cx.choice(field, NULLS)),
        opclass: fields.value(cx, "opclass", identifier),
        collation: fields.value(cx, "collation", identifier),
        key: key?,
    })
}

/// `column` or `expression`, exactly one of them.
pub(super) fn key(cx: &mut Reader, fields: &Fields<'_>) -> Option<IndexKey> {
    let (column, expression) = (fields.get("column"), fields.get("expression"));
    match (column, expression) {
        (Some(column), None) => Some(IndexKey::Column(identifier(cx, &column)?)),
        (None, Some(expression)) => Some(IndexKey::Expression(cx.verbatim(&expression)?)),
        (Some(_), Some(expression)) => {
            let message = "Both `column` and `expression` are given";
            cx.refuse(&expression.route, expression.node.span, message, "Keep one of the two");
            None
        }
        (None, None) => {
            let message = "Neither `column` nor `expression` is given";
            cx.refuse(&fields.route, fields.place(), message, "Add one of the two");
            None
        }
    }
}
