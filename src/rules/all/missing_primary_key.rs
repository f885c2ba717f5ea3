//! `missing-primary-key`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TableContext},
};

pub(super) static RULE: Rule = Rule {
    id: "missing-primary-key",
    severity: Severity::Error,
    fixed: false,
    summary: "A new table without a primary key, or a change that takes it away",
    rationale: "Without a primary key a row cannot be named: updates hit duplicates, other tables cannot refer to it, and \
        logical replication cannot replicate its updates and deletes. A key of several columns is as good as one.\n\n\
        <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/page_views.yaml",
            "\
tableName: page_views
schemaJson:
  columns:
    - {name: id, type: UUID, nullable: false, defaultValue: gen_random_uuid()}
    - {name: url, type: TEXT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_page_views_created_at, columns: [created_at]}
requestMetadata: {justification: Count visits, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/page_views.yaml",
            "\
tableName: page_views
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, nullable: false, defaultValue: gen_random_uuid()}
    - {name: url, type: TEXT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_page_views_created_at, columns: [created_at]}
requestMetadata: {justification: Count visits, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    let had = context.before.is_none_or(|before| before.primary_key.is_some());
    if had && context.primary_key().is_empty() {
        report
            .at(&context.columns_route(), "Table is missing a primary key")
            .suggest("Add `primaryKey: true` to one column, best a UUID with `gen_random_uuid()`, or `primaryKey: [a, b]` to the table");
    }
}
