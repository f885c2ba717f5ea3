//! `jsonb-without-gin-index`

use crate::{
    model::{IndexMethod, Severity},
    rules::{
        Check, Example, Report, Rule, TableContext,
        lookup::{Lookup, lookups},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "jsonb-without-gin-index",
    severity: Severity::Warning,
    fixed: false,
    summary: "A new JSONB column without a GIN index",
    rationale: "Without a GIN index every search inside the documents (`@>`, `?`, `@@`) reads the whole table. Where \
        documents are only ever fetched with their row, the index costs writes for nothing: waive the rule and say \
        so.\n\n\
        <https://www.postgresql.org/docs/current/datatype-json.html#JSON-INDEXING>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/previews.yaml",
            "\
tableName: previews
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: metadata, type: JSONB}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_previews_created_at, columns: [created_at]}
requestMetadata: {justification: Show links before they are opened, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/previews.yaml",
            "\
tableName: previews
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: metadata, type: JSONB}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_previews_created_at, columns: [created_at]}
    - {name: idx_previews_metadata, columns: [metadata], type: GIN}
requestMetadata: {justification: Show links before they are opened, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    let indexes = lookups(context.table);
    for column in context.new_columns() {
        let is_jsonb = context.type_of(column).is_some_and(|name| name.base == "jsonb" && name.dimensions == 0);
        if !is_jsonb || indexes.iter().any(|index| searches(index, &column.name)) {
            continue;
        }
        let (table, name) = (&context.table.name.name, &column.name);
        report
            .at(&column.route.key("name"), format!("JSONB column `{name}` has no GIN index"))
            .suggest(format!("Add a GIN index: `{{name: idx_{table}_{name}, columns: [{name}], type: GIN}}`"));
    }
}

/// A GIN index over the column, or an index of any kind over an expression of it.
fn searches(index: &Lookup<'_>, column: &str) -> bool {
    let mentions = |expression: &str| {
        expression
            .split(|char: char| !char.is_alphanumeric() && char != '_')
            .any(|word| word.eq_ignore_ascii_case(column))
    };
    (index.method == IndexMethod::Gin && index.keys.contains(&Some(column)))
        || index.expressions.iter().any(|expression| mentions(expression))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_count_by_word() {
        let index = |method, keys, expressions| Lookup { method, keys, expressions, predicate: None };
        assert!(searches(&index(IndexMethod::Gin, vec![Some("meta")], vec![]), "meta"));
        assert!(!searches(&index(IndexMethod::Btree, vec![Some("meta")], vec![]), "meta"));
        assert!(searches(&index(IndexMethod::Btree, vec![None], vec!["(meta ->> 'kind')"]), "meta"));
        assert!(!searches(&index(IndexMethod::Btree, vec![None], vec!["(metadata ->> 'kind')"]), "meta"));
    }
}
