//! `index-name-convention`

use crate::{
    model::{IndexKey, MAX_IDENTIFIER_BYTES, RequestedIndex, Severity},
    rules::{Check, Example, Report, Rule, TableContext, fix},
};

pub(super) static RULE: Rule = Rule {
    id: "index-name-convention",
    severity: Severity::Notice,
    fixed: false,
    summary: "A new index that is not called `idx_<table>_<columns>`",
    rationale: "An index shows up by its name alone: in plans, in locks, in the error of a failed build. `idx_tablename_columnname` \
        says where it belongs. A name may stop after the first columns, go on after the last, say what it likes about \
        expressions and predicates, and be cut at PostgreSQL's 63 bytes.\n\n\
        <https://www.postgresql.org/docs/current/sql-createindex.html>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/badges.yaml",
            "\
tableName: badges
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: badges_by_age, columns: [created_at]}
requestMetadata: {justification: Reward good answers, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/badges.yaml",
            "\
tableName: badges
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_badges_created_at, columns: [created_at]}
requestMetadata: {justification: Reward good answers, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    let table = &context.table.name.name;
    for index in context.new_indexes() {
        let Some(name) = index.name.as_deref().filter(|name| !follows(name, table, index)) else { continue };
        let route = index.route.key("name");
        let wanted = convention(table, index);
        report
            .at(&route, format!("Index name `{name}` does not follow `idx_<table>_<columns>`"))
            .suggest(format!("Name it `{wanted}`"))
            .fix(fix::replace(context.request, &route, name, &wanted));
    }
}

fn columns(index: &RequestedIndex) -> Vec<&str> {
    index
        .elements
        .iter()
        .filter_map(|element| match &element.key {
            IndexKey::Column(name) => Some(name.as_str()),
            IndexKey::Expression(_) => None,
        })
        .collect()
}

fn convention(table: &str, index: &RequestedIndex) -> String {
    let mut columns = columns(index);
    if columns.is_empty() {
        columns.push("expression");
    }
    cut(&format!("idx_{table}_{}", columns.join("_"))).to_owned()
}

/// As PostgreSQL does it; names are ASCII.
fn cut(name: &str) -> &str {
    name.get(..MAX_IDENTIFIER_BYTES).unwrap_or(name)
}

fn follows(name: &str, table: &str, index: &RequestedIndex) -> bool {
    let free = index.predicate.is_some() || index.elements.iter().any(|key| matches!(key.key, IndexKey::Expression(_)));
    let first = if free { None } else { columns(index).first().copied() };
    let start = format!("idx_{table}_{}", first.unwrap_or_default());
    let whole_words = |rest: &str| first.is_none() || rest.is_empty() || rest.starts_with('_');
    match name.strip_prefix(start.as_str()) {
        Some(rest) => whole_words(rest) && (first.is_some() || !rest.is_empty()),
        // A name of the greatest length that agrees as far as it goes was cut.
        None => name.len() >= MAX_IDENTIFIER_BYTES - 8 && (start.starts_with(name) || name == cut(&start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{IndexMethod, RequestedIndexElement, Route, SortOrder};

    fn index(keys: &[&str], predicate: Option<&str>) -> RequestedIndex {
        let element = |key: &&str| RequestedIndexElement {
            route: Route::root(),
            key: match key.strip_prefix('=') {
                Some(expression) => IndexKey::Expression(expression.to_owned()),
                None => IndexKey::Column((*key).to_owned()),
            },
            order: SortOrder::Asc,
            nulls: None,
            opclass: None,
            collation: None,
        };
        RequestedIndex {
            route: Route::root(),
            name: None,
            elements: keys.iter().map(element).collect(),
            method: IndexMethod::Btree,
            unique: false,
            include: Vec::new(),
            predicate: predicate.map(ToOwned::to_owned),
            nulls_not_distinct: false,
        }
    }

    #[test]
    fn the_convention_leaves_room() {
        let plain = index(&["user_id", "created_at"], None);
        for (name, index, expected) in [
            ("idx_orders_user_id", &plain, true),
            ("idx_orders_user_id_created_at", &plain, true),
            ("idx_orders_user_id_recent", &plain, true),
            ("idx_orders_user_identity", &plain, false),
            ("idx_orders_created_at", &plain, false),
            ("idx_order_user_id", &plain, false),
            ("orders_user_id_idx", &plain, false),
            ("idx_orders_", &plain, false),
            ("idx_orders_active", &index(&["user_id"], Some("deleted_at IS NULL")), true),
            ("idx_orders_lower_email", &index(&["=lower(email)"], None), true),
            ("orders_lower_email", &index(&["=lower(email)"], None), false),
        ] {
            assert_eq!(follows(name, "orders", index), expected, "{name}");
        }
    }

    #[test]
    fn long_names_are_cut_as_postgresql_does() {
        let table = "a".repeat(55);
        let index = index(&["created_at"], None);
        let name = convention(&table, &index);
        assert_eq!(name.len(), 63);
        assert!(follows(&name, &table, &index));
        assert!(!follows(&name[..50], &table, &index));
    }
}
