//! Which types a column can change to without its rows being written anew.
//!
//! Source: the last paragraphs of <https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES>

use super::{TypeName, parse_type};

/// What changing a column's type means for its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retype {
    /// The stored bytes stay what they are, and so do indexes on the column.
    InPlace,
    /// The stored bytes stay what they are; indexes on the column are built anew.
    Reindexes,
    /// Every row is written anew, or values could be refused.
    Rewrites,
}

/// What changing a column of type `before` to `after` means, both as the catalog spells them, with the session's time zone
/// set to UTC.
#[must_use]
pub fn retype(before: &str, after: &str) -> Retype {
    let (Ok(before), Ok(after)) = (parse_type(before, u32::MAX), parse_type(after, u32::MAX)) else {
        return Retype::Rewrites;
    };
    if before.dimensions + after.dimensions > 0 || !before.built_in || !after.built_in {
        return Retype::Rewrites;
    }
    let kept = match (before.base.as_str(), after.base.as_str()) {
        ("character varying", "character varying") | ("bit varying", "bit varying") => grows(&before, &after),
        ("character varying", "text") | ("cidr", "inet") => true,
        ("text", "character varying") => after.modifiers.is_empty(),
        ("numeric", "numeric") => match (digits(&before), digits(&after)) {
            (_, None) => true,
            (Some((from, scale)), Some((to, same))) => from <= to && scale == same,
            (None, Some(_)) => false,
        },
        ("interval", "interval") => plain_interval(&before) && plain_interval(&after) && grows(&before, &after),
        (from, to) if from == to && TIMES.contains(&from) => grows(&before, &after),
        (from, to) if STAMPS.contains(&from) && STAMPS.contains(&to) && grows(&before, &after) => {
            return Retype::Reindexes;
        }
        _ => false,
    };
    if kept { Retype::InPlace } else { Retype::Rewrites }
}

const STAMPS: [&str; 2] = ["timestamp without time zone", "timestamp with time zone"];
const TIMES: [&str; 4] = [STAMPS[0], STAMPS[1], "time without time zone", "time with time zone"];

/// Whether the limit of `after`, if it has one, is no lower.
fn grows(before: &TypeName, after: &TypeName) -> bool {
    let limit = |name: &TypeName| name.modifiers.first().map(|number| number.parse::<u64>().unwrap_or(u64::MAX));
    match (limit(before), limit(after)) {
        (_, None) => true,
        (Some(from), Some(to)) => from <= to,
        // Without a limit, times have six digits.
        (None, Some(to)) => to >= 6 && before.base != "character varying" && before.base != "bit varying",
    }
}

/// Precision and scale.
fn digits(name: &TypeName) -> Option<(i64, i64)> {
    let mut numbers = name.modifiers.iter().map(|number| number.parse().unwrap_or(i64::MAX));
    Some((numbers.next()?, numbers.next().unwrap_or(0)))
}

/// Whether it takes every field, not only `day to second` and the like.
fn plain_interval(name: &TypeName) -> bool {
    name.canonical == "interval" || name.canonical.starts_with("interval(")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_the_stored_bytes() {
        for (before, after, expected) in [
            ("character varying(40)", "character varying(41)", Retype::InPlace),
            ("character varying(40)", "character varying", Retype::InPlace),
            ("character varying(40)", "text", Retype::InPlace),
            ("text", "character varying", Retype::InPlace),
            ("numeric(10,2)", "numeric(12,2)", Retype::InPlace),
            ("numeric(10,2)", "numeric", Retype::InPlace),
            ("bit varying(4)", "bit varying(8)", Retype::InPlace),
            ("timestamp(3) with time zone", "timestamp with time zone", Retype::InPlace),
            ("time(0) without time zone", "time(4) without time zone", Retype::InPlace),
            ("interval(2)", "interval", Retype::InPlace),
            ("cidr", "inet", Retype::InPlace),
            ("timestamp without time zone", "timestamp with time zone", Retype::Reindexes),
            ("timestamp(3) with time zone", "timestamp(3) without time zone", Retype::Reindexes),
            ("character varying(40)", "character varying(39)", Retype::Rewrites),
            ("character varying", "character varying(39)", Retype::Rewrites),
            ("text", "character varying(10)", Retype::Rewrites),
            ("integer", "bigint", Retype::Rewrites),
            ("numeric(10,2)", "numeric(12,3)", Retype::Rewrites),
            ("numeric", "numeric(12,3)", Retype::Rewrites),
            ("timestamp with time zone", "timestamp(3) with time zone", Retype::Rewrites),
            ("interval", "interval day to second", Retype::Rewrites),
            ("inet", "cidr", Retype::Rewrites),
            ("character(3)", "text", Retype::Rewrites),
            ("text[]", "character varying[]", Retype::Rewrites),
            ("public.citext", "text", Retype::Rewrites),
            ("serial", "integer", Retype::Rewrites),
        ] {
            assert_eq!(retype(before, after), expected, "{before} to {after}");
        }
    }
}
