//! What a table can be searched by.

use crate::model::{IndexKey, IndexMethod, Table};

/// Something backed by an index: a key, a unique constraint, an index.
#[derive(Debug, Clone)]
pub(super) struct Lookup<'a> {
    /// Access method.
    pub(super) method: IndexMethod,
    /// Keys in order; `None` for an expression.
    pub(super) keys: Vec<Option<&'a str>>,
    /// Expressions among the keys.
    pub(super) expressions: Vec<&'a str>,
    /// Predicate of a partial index.
    pub(super) predicate: Option<&'a str>,
}

/// Everything that `table` can be searched by.
pub(super) fn lookups(table: &Table) -> Vec<Lookup<'_>> {
    let keys =
        table.primary_key.iter().map(|key| &key.columns).chain(table.uniques.iter().map(|unique| &unique.columns));
    let constraints = keys.map(|columns| Lookup {
        method: IndexMethod::Btree,
        keys: columns.iter().map(|column| Some(column.as_str())).collect(),
        expressions: Vec::new(),
        predicate: None,
    });
    let indexes = table.indexes.iter().map(|index| Lookup {
        method: index.method,
        keys: index.elements.iter().map(|element| column(&element.key)).collect(),
        expressions: index.elements.iter().filter_map(|element| expression(&element.key)).collect(),
        predicate: index.predicate.as_deref(),
    });
    constraints.chain(indexes).collect()
}

fn column(key: &IndexKey) -> Option<&str> {
    match key {
        IndexKey::Column(name) => Some(name),
        IndexKey::Expression(_) => None,
    }
}

fn expression(key: &IndexKey) -> Option<&str> {
    match key {
        IndexKey::Column(_) => None,
        IndexKey::Expression(expression) => Some(expression),
    }
}

impl Lookup<'_> {
    /// Whether rows are found by equality of all `columns`: they are its leading keys, in any order, and it holds every
    /// row that can match.
    pub(super) fn finds(&self, columns: &[&str]) -> bool {
        let method = match self.method {
            IndexMethod::Btree => true,
            IndexMethod::Hash => columns.len() == 1,
            _ => false,
        };
        let leads = self.keys.len() >= columns.len()
            && self.keys[..columns.len()].iter().all(|key| key.is_some_and(|key| columns.contains(&key)));
        method && leads && self.predicate.is_none_or(|predicate| is_not_null(predicate, columns))
    }
}

/// `c IS NOT NULL` leaves out no row that equality could find.
fn is_not_null(predicate: &str, columns: &[&str]) -> bool {
    let plain = predicate.trim_matches(|char: char| char.is_whitespace() || "()".contains(char)).to_lowercase();
    let words: Vec<_> = plain.split_whitespace().collect();
    matches!(words.as_slice(), [column, "is", "not", "null"] if columns.contains(&column.trim_matches('"')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index<'a>(keys: &[&'a str], method: IndexMethod, predicate: Option<&'a str>) -> Lookup<'a> {
        let keys = keys.iter().map(|key| Some(*key)).collect();
        Lookup { method, keys, expressions: Vec::new(), predicate }
    }

    #[test]
    fn leading_keys_find_rows() {
        let btree = IndexMethod::Btree;
        for (lookup, columns, expected) in [
            (index(&["a", "b"], btree, None), &["a"][..], true),
            (index(&["a", "b"], btree, None), &["b"], false),
            (index(&["a", "b", "c"], btree, None), &["b", "a"], true),
            (index(&["a"], btree, None), &["a", "b"], false),
            (index(&["a"], IndexMethod::Hash, None), &["a"], true),
            (index(&["a"], IndexMethod::Gin, None), &["a"], false),
            (index(&["a"], btree, Some("(A IS NOT NULL)")), &["a"], true),
            (index(&["a"], btree, Some("deleted_at IS NULL")), &["a"], false),
        ] {
            assert_eq!(lookup.finds(columns), expected, "{lookup:?} {columns:?}");
        }
    }
}
