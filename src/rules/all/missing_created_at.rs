//! `missing-created-at`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TableContext, fix, words::is_time_of},
};

pub(super) static RULE: Rule = Rule {
    id: "missing-created-at",
    severity: Severity::Warning,
    fixed: false,
    summary: "A new table without a `created_at` column",
    rationale: "When a row came to be is the first question of every investigation, and cannot be answered afterwards. \
        Another name for the same (`inserted_at`, `created_on`) is fine.\n\n\
        <https://www.postgresql.org/docs/current/datatype-datetime.html>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/votes.yaml",
            "\
tableName: votes
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: score, type: INTEGER, nullable: false}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
requestMetadata: {justification: Let people vote, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/votes.yaml",
            "\
tableName: votes
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: score, type: INTEGER, nullable: false}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_votes_created_at, columns: [created_at]}
requestMetadata: {justification: Let people vote, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    let columns = &context.request.schema.columns;
    let verbs = ["created", "inserted", "creation"];
    if context.before.is_some() || columns.iter().any(|column| is_time_of(&column.name, &verbs)) {
        return;
    }
    let column = "{name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}";
    report
        .at(&context.columns_route(), "Table is missing created_at timestamp column")
        .suggest("Add created_at TIMESTAMPTZ for tracking creation")
        .fix(fix::add_column(context.request, column));
}
