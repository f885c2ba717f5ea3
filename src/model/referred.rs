//! What a foreign key stands on, on the side that it refers to.

use std::collections::BTreeSet;

use super::{Deferrable, Index, IndexKey, Table};

impl Table {
    /// The columns of this table that a foreign key refers to which names these: where it names none, those of the primary
    /// key.
    #[must_use]
    pub fn referred_columns<'a>(&'a self, named: &'a [String]) -> &'a [String] {
        match (named, &self.primary_key) {
            ([], Some(primary)) => &primary.columns,
            _ => named,
        }
    }

    /// What of this table a foreign key can stand on which names these columns of it, each as people call it (`unique
    /// constraint teams_code_key`): the primary key, unique constraints that are not deferrable and whole unique indexes,
    /// over exactly these columns in any order; where it names none, the primary key alone. Which of several it stands on
    /// depends on their history.
    /// Source: <https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-PARMS-REFERENCES>
    #[must_use]
    pub fn keys_for(&self, named: &[String]) -> Vec<String> {
        let columns: BTreeSet<&String> = self.referred_columns(named).iter().collect();
        let is = |found: &[&String]| found.iter().copied().collect::<BTreeSet<_>>() == columns;
        let over = |found: &[String]| is(&found.iter().collect::<Vec<_>>());
        let primary = self.primary_key.iter().filter(|key| over(&key.columns));
        let mut keys: Vec<_> = primary.map(|key| format!("primary key {}", key.name)).collect();
        if named.is_empty() {
            return keys;
        }
        let uniques = self.uniques.iter();
        let uniques = uniques.filter(|unique| unique.deferrable == Deferrable::No && over(&unique.columns));
        keys.extend(uniques.map(|unique| format!("unique constraint {}", unique.name)));
        let whole = self.indexes.iter().filter(|index| index.unique && index.predicate.is_none());
        let indexes = whole.filter(|index| plain(index).is_some_and(|names| is(&names)));
        keys.extend(indexes.map(|index| format!("unique index {}", index.name)));
        keys
    }
}

/// The columns of an index without expressions.
fn plain(index: &Index) -> Option<Vec<&String>> {
    let names = index.elements.iter().map(|element| match &element.key {
        IndexKey::Column(name) => Some(name),
        IndexKey::Expression(_) => None,
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{IndexElement, IndexMethod, NullsOrder, PrimaryKey, SortOrder, TableName, Unique};

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn unique(columns: &[&str], deferrable: Deferrable) -> Unique {
        Unique { name: "u".to_owned(), columns: names(columns), nulls_not_distinct: false, deferrable }
    }

    fn index(key: IndexKey, unique: bool, predicate: Option<&str>) -> Index {
        let (order, nulls) = (SortOrder::Asc, NullsOrder::Last);
        Index {
            name: "i".to_owned(),
            method: IndexMethod::Btree,
            unique,
            elements: vec![IndexElement { key, order, nulls, opclass: None, collation: None }],
            include: names(&["a"]),
            predicate: predicate.map(str::to_owned),
            nulls_not_distinct: false,
        }
    }

    #[test]
    fn a_foreign_key_stands_on_a_whole_key_over_exactly_its_columns() {
        let column = || IndexKey::Column("c".to_owned());
        let table = Table {
            name: TableName::public("t"),
            comment: None,
            columns: Vec::new(),
            primary_key: Some(PrimaryKey { name: "p".to_owned(), columns: names(&["a", "b"]) }),
            uniques: vec![unique(&["b", "a"], Deferrable::No), unique(&["d"], Deferrable::InitiallyDeferred)],
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            excludes: Vec::new(),
            indexes: vec![
                index(column(), true, None),
                index(column(), true, Some("c > 1")),
                index(column(), false, None),
                index(IndexKey::Expression("lower(c)".to_owned()), true, None),
            ],
        };
        for (named, expected) in [
            (&[][..], &["primary key p"][..]),
            (&["a", "b"], &["primary key p", "unique constraint u"]),
            (&["b", "a"], &["primary key p", "unique constraint u"]),
            (&["a"], &[]),
            (&["a", "a"], &[]),
            (&["a", "b", "c"], &[]),
            (&["c"], &["unique index i"]),
            (&["d"], &[]),
        ] {
            assert_eq!(table.keys_for(&names(named)), expected, "{named:?}");
        }
        let keyless = Table { primary_key: None, ..table };
        assert_eq!(keyless.keys_for(&[]), [""; 0]);
    }
}
