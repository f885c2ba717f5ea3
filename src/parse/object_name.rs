//! The names that PostgreSQL gives to what a request does not name.
//!
//! Follows `makeObjectName`, `ChooseRelationName` and `ChooseConstraintName`:
//! <https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/indexcmds.c> and
//! <https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/catalog/pg_constraint.c>.
//! Names are ASCII here, so bytes are characters.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use crate::model::MAX_IDENTIFIER_BYTES;

/// The names of one table that are taken.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
    /// The number that was given last to a name, so that many of one kind do not count from the start each time.
    numbers: BTreeMap<String, usize>,
}

impl Names {
    /// Marks a name as taken.
    pub(super) fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// `<table>_<columns>_<label>`, with a number behind the label where that is taken.
    pub(super) fn constraint(&mut self, table: &str, columns: Option<&str>, label: &str) -> String {
        self.free(|number| make(table, columns, &format!("_{label}{number}")))
    }

    /// `idx_<table>_<columns>`, with a number behind it where that is taken.
    pub(super) fn index(&mut self, table: &str, columns: &str) -> String {
        const PREFIX: &str = "idx_";
        self.free(|number| {
            let room = MAX_IDENTIFIER_BYTES - PREFIX.len() - number.len();
            format!("{PREFIX}{}{number}", shorten(table, Some(columns), room))
        })
    }

    fn free(&mut self, name: impl Fn(&str) -> String) -> String {
        let plain = name("");
        if self.taken.insert(plain.clone()) {
            return plain;
        }
        let number = self.numbers.entry(plain).or_default();
        loop {
            *number += 1;
            let name = name(&number.to_string());
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

fn make(table: &str, columns: Option<&str>, suffix: &str) -> String {
    shorten(table, columns, MAX_IDENTIFIER_BYTES.saturating_sub(suffix.len())) + suffix
}

/// `<table>_<columns>` in at most `room` bytes: the longer part loses characters until both fit.
fn shorten(table: &str, columns: Option<&str>, room: usize) -> String {
    let Some(columns) = columns else { return cut(table, room).to_owned() };
    let room = room.saturating_sub(1);
    let (mut first, mut second) = (table.len(), columns.len());
    while first + second > room {
        if first > second {
            first -= 1;
        } else {
            second -= 1;
        }
    }
    format!("{}_{}", cut(table, first), cut(columns, second))
}

fn cut(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The columns' part of a name: joined by `_` and no longer than a name needs; of
/// equal names the later ones get numbers, as `ChooseIndexColumnNames` and `ChooseIndexNameAddition` do.
pub(super) fn addition<'c>(columns: impl IntoIterator<Item = Cow<'c, str>>) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut joined = String::new();
    for column in columns {
        let base: &str = &column;
        let mut name = base.to_owned();
        let mut number = 1_usize;
        while names.contains(&name) {
            let suffix = number.to_string();
            name = format!("{}{suffix}", cut(base, MAX_IDENTIFIER_BYTES - suffix.len()));
            number += 1;
        }
        if !joined.is_empty() {
            joined.push('_');
        }
        joined.push_str(&name);
        if joined.len() > MAX_IDENTIFIER_BYTES {
            break;
        }
        names.push(name);
    }
    joined
}

/// What an expression counts as in a name: a call as its function, anything else as `expr`. PostgreSQL sees through
/// casts and subqueries as well (`FigureColname`); names differ there, and are explicit all the same.
pub(super) fn of_expression(expression: &str) -> Cow<'static, str> {
    const OTHER: Cow<'static, str> = Cow::Borrowed("expr");
    let Some((function, arguments)) = expression.trim().split_once('(') else { return OTHER };
    let name = function.trim_end().rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = function.trim_end().chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    if word && plain && closes_at_end(arguments) { Cow::Owned(name) } else { OTHER }
}

/// Whether the bracket that was opened before `text` is closed by its last character.
fn closes_at_end(text: &str) -> bool {
    let mut depth = 1_usize;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) => quote = quote.filter(|_| c != open),
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') if depth == 1 => return at + 1 == text.len(),
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_postgresql() {
        let mut names = Names::default();
        assert_eq!(names.constraint("users", None, "pkey"), "users_pkey");
        assert_eq!(names.constraint("users", Some("email"), "key"), "users_email_key");
        assert_eq!(names.constraint("users", Some("email"), "key"), "users_email_key1");
        assert_eq!(names.constraint("users", Some("email"), "key"), "users_email_key2");
        assert_eq!(names.index("users", "email"), "idx_users_email");
        assert_eq!(names.index("users", "email"), "idx_users_email1");
    }

    #[test]
    fn calls_are_named_after_their_function() {
        let cases = [
            ("lower(email)", "lower"),
            (" COALESCE (a, b) ", "coalesce"),
            ("pg_catalog.lower(f(a) || ')')", "lower"),
            ("lower(a) || upper(b)", "expr"),
            ("a + 1", "expr"),
            ("(a)", "expr"),
            ("lower(a", "expr"),
            ("\"F\"(a)", "expr"),
            ("lower(a)::text", "expr"),
        ];
        for (expression, expected) in cases {
            assert_eq!(of_expression(expression), expected, "{expression}");
        }
    }

    // These and the numbers above are what PostgreSQL 15 chose for the same tables.
    #[test]
    fn long_names_lose_the_end_of_their_longer_part() {
        let table = "a".repeat(50);
        let column = "b".repeat(40);
        let name = |table: &str, column: &str, label| Names::default().constraint(table, Some(column), label);
        assert_eq!(name(&table, &column, "key"), format!("{}_{}_key", "a".repeat(29), "b".repeat(29)));
        assert_eq!(name(&table, "id", "fkey"), format!("{table}_id_fkey"));
        assert_eq!(name(&"a".repeat(63), "id", "fkey"), format!("{}_id_fkey", "a".repeat(55)));
        assert_eq!(Names::default().constraint(&"a".repeat(63), None, "pkey"), format!("{}_pkey", "a".repeat(58)));
        assert_eq!(Names::default().index(&table, &column), format!("idx_{}_{}", "a".repeat(29), "b".repeat(29)));
        let mut names = Names::default();
        assert_eq!(names.index(&table, &column).len(), 63);
        assert_eq!(names.index(&table, &column), format!("idx_{}_{}1", "a".repeat(29), "b".repeat(28)));
    }

    #[test]
    fn columns_are_joined() {
        let addition = |names: &[&str]| addition(names.iter().map(|name| Cow::Borrowed(*name)));
        assert_eq!(addition(&["a", "b"]), "a_b");
        assert_eq!(addition(&["lower", "age", "upper", "age", "expr", "expr"]), "lower_age_upper_age1_expr_expr1");
        let long = "c".repeat(40);
        assert_eq!(addition(&[&long, "d", &long, "e"]), format!("{long}_d_{long}1"));
    }
}
