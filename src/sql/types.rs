//! Types: PostgreSQL's grammar in, `format_type`'s spelling out.
//!
//! Source: <https://www.postgresql.org/docs/current/datatype.html> and `format_type_extended` of PostgreSQL's
//! `src/backend/utils/adt/format_type.c`.

use pg_query::{
    Node, NodeEnum,
    protobuf::{self, AConst, a_const},
};

use super::{SyntaxError, TypeName, builtin, quote, tree};

/// Reads one type. `version` is the major version of PostgreSQL that it must exist in.
///
/// The text is read as the type of `SELECT NULL::<type>`, and the tree must hold nothing beyond that.
pub fn parse_type(text: &str, version: u32) -> Result<TypeName, SyntaxError> {
    if text.trim().is_empty() {
        return Err(SyntaxError::new("The type is empty").suggest("Name a type, such as `text`"));
    }
    let only = || SyntaxError::new("Exactly one type is expected here").suggest(only_a_type(text));
    if has_comment(text) {
        return Err(SyntaxError::new("A comment is not allowed in a type").suggest("Remove it"));
    }
    let value =
        tree::selected_value(&format!("SELECT NULL::{text}\n"), "type").map_err(|error| match error.suggestion {
            None => SyntaxError { suggestion: Some(only_a_type(text)), ..error },
            Some(_) => error,
        })?;
    let NodeEnum::TypeCast(cast) = value else { return Err(only()) };
    let null =
        matches!(&cast.arg, Some(arg) if matches!(&arg.node, Some(NodeEnum::AConst(AConst { isnull: true, .. }))));
    match &cast.type_name {
        Some(name) if null => resolve(name, version),
        _ => Err(only()),
    }
}

fn only_a_type(text: &str) -> String {
    let upper = text.to_ascii_uppercase();
    match ["REFERENCES", "NOT NULL", "DEFAULT", "COLLATE", "PRIMARY KEY", "UNIQUE"]
        .iter()
        .find(|word| upper.contains(**word))
    {
        Some(word) => format!("Write the type alone; `{word}` has a field of its own"),
        None => "Write one PostgreSQL type, such as `text` or `numeric(10,2)`".to_owned(),
    }
}

fn has_comment(text: &str) -> bool {
    let comments = [protobuf::Token::SqlComment, protobuf::Token::CComment];
    pg_query::scan(text).is_ok_and(|result| result.tokens.iter().any(|token| comments.contains(&token.token())))
}

/// The type that a node of the tree names.
pub(super) fn resolve(name: &protobuf::TypeName, version: u32) -> Result<TypeName, SyntaxError> {
    if name.setof || name.pct_type {
        return Err(SyntaxError::new("`SETOF` and `%TYPE` are not types of a column").suggest("Name the type itself"));
    }
    let names = tree::strings(&name.names).unwrap_or_default();
    let (schema, short) = match names.as_slice() {
        ["pg_catalog", short] | [short] => (None, *short),
        [schema, short] => (Some(*schema), *short),
        _ => return Err(SyntaxError::new("A type has at most a schema and a name")),
    };
    let modifiers = modifiers(&name.typmods)?;
    let dimensions = name.array_bounds.len();
    if let (None, Some(serial)) = (schema, builtin::serial(short)) {
        if dimensions > 0 || !modifiers.is_empty() {
            return Err(SyntaxError::new(format!("`{serial}` takes neither brackets nor modifiers")));
        }
        let text = serial.to_owned();
        return Ok(TypeName {
            canonical: text.clone(),
            base: text,
            modifiers,
            dimensions,
            serial: true,
            built_in: true,
        });
    }
    let known = schema.is_none().then(|| builtin::type_since(short)).flatten();
    let (base, element, modifiers) = if known.is_some() {
        built_in_spelling(short, &modifiers)?
    } else {
        let base =
            schema.map_or_else(String::new, |schema| quote::identifier(schema) + ".") + &quote::identifier(short);
        (base.clone(), base + &parenthesised(&modifiers), modifiers)
    };
    let brackets = if dimensions > 0 { "[]" } else { "" };
    let built_in = known.is_some_and(|since| since <= version);
    Ok(TypeName { canonical: element + brackets, base, modifiers, dimensions, serial: false, built_in })
}

/// Modifiers as text. Constants and bare words only: extensions write `geometry(Point,4326)`.
fn modifiers(nodes: &[Node]) -> Result<Vec<String>, SyntaxError> {
    let text = |node: &Node| match &node.node {
        Some(NodeEnum::AConst(AConst { val: Some(value), .. })) => match value {
            a_const::Val::Ival(integer) => Some(integer.ival.to_string()),
            a_const::Val::Sval(string) => Some(quote::literal(&string.sval)),
            _ => None,
        },
        Some(NodeEnum::ColumnRef(column)) => match tree::strings(&column.fields)?.as_slice() {
            [word] => Some(quote::identifier(word)),
            _ => None,
        },
        _ => None,
    };
    nodes.iter().map(text).collect::<Option<_>>().ok_or_else(|| {
        SyntaxError::new("A type's modifiers must be numbers or words").suggest("Write them as in `numeric(10,2)`")
    })
}

fn parenthesised(modifiers: &[String]) -> String {
    if modifiers.is_empty() { String::new() } else { format!("({})", modifiers.join(",")) }
}

/// The name without modifiers, the name with modifiers, and the modifiers, of a built-in type.
fn built_in_spelling(short: &str, given: &[String]) -> Result<(String, String, Vec<String>), SyntaxError> {
    let base = builtin::spelling(short).map_or_else(|| quote::identifier(short), str::to_owned);
    let numbers = given.iter().map(|text| text.parse::<i64>().ok()).collect::<Option<Vec<_>>>();
    let wrong = || SyntaxError::new(format!("`{base}` does not take these modifiers: ({})", given.join(",")));
    let numbers = numbers.ok_or_else(wrong)?;
    let check = |number: i64, from: i64, to: i64| {
        if (from..=to).contains(&number) {
            Ok(number)
        } else {
            Err(SyntaxError::new(format!("`{base}` takes a number from {from} to {to}, not {number}")))
        }
    };
    let plain = |element: String, numbers: &[i64]| {
        let modifiers = numbers.iter().map(ToString::to_string).collect();
        Ok((base.clone(), element, modifiers))
    };
    match (short, numbers.as_slice()) {
        // `bpchar` without a length is a type of its own: blanks at the end do not count, and there is no limit.
        ("bpchar", []) => Ok(("bpchar".to_owned(), "bpchar".to_owned(), Vec::new())),
        // A quoted `"bit"` has no length, unlike `bit`, which the grammar reads as `bit(1)`.
        ("bit", []) => Ok(("\"bit\"".to_owned(), "\"bit\"".to_owned(), Vec::new())),
        ("interval", fields) => {
            let (element, numbers) = interval(fields).ok_or_else(wrong)?;
            plain(element, &numbers)
        }
        (_, []) => plain(base.clone(), &[]),
        ("bpchar" | "varchar", &[length]) => plain(format!("{base}({})", check(length, 1, 10_485_760)?), &numbers),
        ("bit" | "varbit", &[length]) => plain(format!("{base}({})", check(length, 1, 83_886_080)?), &numbers),
        ("numeric", &[precision]) => plain(format!("{base}({},0)", check(precision, 1, 1000)?), &numbers),
        ("numeric", &[precision, scale]) => {
            plain(format!("{base}({},{})", check(precision, 1, 1000)?, check(scale, -1000, 1000)?), &numbers)
        }
        ("time" | "timetz" | "timestamp" | "timestamptz", &[precision]) => {
            // PostgreSQL warns about more than six digits and keeps six.
            let precision = check(precision, 0, i64::MAX)?.min(6);
            let (word, zone) = base.split_once(' ').ok_or_else(wrong)?;
            plain(format!("{word}({precision}) {zone}"), &[precision])
        }
        _ => Err(wrong()),
    }
}

const INTERVAL_FIELDS: [(&str, u32); 6] =
    [("year", 2), ("month", 1), ("day", 3), ("hour", 10), ("minute", 11), ("second", 12)];

const INTERVAL_RANGES: [(&str, &str); 13] = [
    ("year", "year"),
    ("month", "month"),
    ("day", "day"),
    ("hour", "hour"),
    ("minute", "minute"),
    ("second", "second"),
    ("year", "month"),
    ("day", "hour"),
    ("day", "minute"),
    ("day", "second"),
    ("hour", "minute"),
    ("hour", "second"),
    ("minute", "second"),
];

/// Spelling and precision of an interval. Its first modifier is a mask of fields, a bit for each.
/// Source: `INTERVAL_MASK` in PostgreSQL's `src/include/utils/timestamp.h` and the field numbers in `datetime.h`.
fn interval(modifiers: &[i64]) -> Option<(String, Vec<i64>)> {
    const FULL_RANGE: i64 = 0x7FFF;
    let (mask, precision) = match modifiers {
        [] => (FULL_RANGE, None),
        &[mask] => (mask, None),
        &[mask, precision] if precision >= 0 => (mask, Some(precision.min(6))),
        _ => return None,
    };
    let range = INTERVAL_RANGES.iter().find_map(|&(first, last)| {
        let from = INTERVAL_FIELDS.iter().position(|(name, _)| *name == first)?;
        let to = INTERVAL_FIELDS.iter().position(|(name, _)| *name == last)?;
        let range: i64 = INTERVAL_FIELDS[from..=to].iter().map(|(_, bit)| 1 << bit).sum();
        let text = if first == last { format!(" {first}") } else { format!(" {first} to {last}") };
        (range == mask).then_some(text)
    });
    let range = if mask == FULL_RANGE { String::new() } else { range? };
    let digits = precision.map_or_else(String::new, |precision| format!("({precision})"));
    Some((format!("interval{range}{digits}"), precision.into_iter().collect()))
}

#[cfg(test)]
mod tests;
