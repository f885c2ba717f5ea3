//! Names of database objects.

use super::reader::{Present, Reader, subject};
use crate::{
    model::{MAX_IDENTIFIER_BYTES, Route, Span},
    yaml::excerpt,
};

/// A name: ASCII, neither empty nor longer than PostgreSQL keeps. Every name is quoted when SQL is written, so any
/// other character may be in it; whether it should is for rules to say.
/// Source: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>
pub(super) fn identifier(cx: &mut Reader, field: &Present<'_>) -> Option<String> {
    let name = cx.words(field)?;
    accept(cx, &field.route, field.node.span, &name).then_some(name)
}

fn accept(cx: &mut Reader, route: &Route, span: Span, name: &str) -> bool {
    let what = subject(route);
    if let Some(foreign) = name.chars().find(|c| !c.is_ascii()) {
        let message = format!("{what} holds `{foreign}` (U+{:04X}), which is not ASCII", u32::from(foreign));
        cx.refuse(route, span, message, "Use ASCII letters, digits and `_`");
    } else if name.chars().any(|c| c.is_ascii_control()) {
        cx.refuse(route, span, format!("{what} holds a line break or tab"), "Use ASCII letters, digits and `_`");
    } else if name.len() > MAX_IDENTIFIER_BYTES {
        let message = format!("Name `{}` has {} bytes, and PostgreSQL keeps 63", excerpt(name), name.len());
        cx.refuse(route, span, message, "Shorten it");
    } else {
        return true;
    }
    false
}

/// A list of names, at least one.
pub(super) fn identifiers(cx: &mut Reader, field: &Present<'_>) -> Option<Vec<String>> {
    let items = cx.filled_list(field)?;
    let names: Vec<String> = items.iter().filter_map(|item| identifier(cx, item)).collect();
    (names.len() == items.len()).then_some(names)
}

/// An operator.
/// Source: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-OPERATORS>
pub(super) fn operator(cx: &mut Reader, field: &Present<'_>) -> Option<String> {
    let text = cx.words(field)?;
    let known = text.chars().all(|c| "+-*/<>=~!@#%^&|`?".contains(c));
    if known && !text.contains("--") && !text.contains("/*") && text.len() <= MAX_IDENTIFIER_BYTES {
        return Some(text);
    }
    let message = format!("`{}` is not an operator", excerpt(&text));
    cx.refuse(&field.route, field.node.span, message, "Write an operator such as `=` or `&&`, in quotes");
    None
}
