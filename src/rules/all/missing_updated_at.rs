//! `missing-updated-at`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TableContext, fix, words::is_time_of},
};

pub(super) static RULE: Rule = Rule {
    id: "missing-updated-at",
    severity: Severity::Warning,
    fixed: false,
    summary: "A new table without an `updated_at` column",
    rationale: "When a row last changed is what synchronisation, caches and investigations go by. A pure join table, whose \
        rows are references and nothing else, is left alone: its rows come and go, they do not change. Another name \
        for the same (`modified_at`) is fine.\n\n\
        <https://www.postgresql.org/docs/current/datatype-datetime.html>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/caricatures.yaml",
            "\
tableName: caricatures
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: image_url, type: TEXT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_caricatures_created_at, columns: [created_at]}
requestMetadata: {justification: Store user caricature images, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/caricatures.yaml",
            "\
tableName: caricatures
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: image_url, type: TEXT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_caricatures_created_at, columns: [created_at]}
requestMetadata: {justification: Store user caricature images, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    let columns = &context.request.schema.columns;
    let verbs = ["updated", "modified", "changed"];
    let has = columns.iter().any(|column| is_time_of(&column.name, &verbs));
    if context.before.is_some() || has || is_join_table(context) {
        return;
    }
    let column = "{name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}";
    report
        .at(&context.columns_route(), "Table is missing updated_at timestamp column")
        .suggest("Add updated_at TIMESTAMPTZ for tracking changes")
        .fix(fix::add_column(context.request, column));
}

/// A composite key of references, and at most the time of creation beside it.
fn is_join_table(context: &TableContext<'_>) -> bool {
    let key = context.primary_key();
    key.len() > 1
        && key.iter().all(|column| context.refers(column))
        && context.request.schema.columns.iter().all(|column| {
            key.contains(&column.name.as_str()) || is_time_of(&column.name, &["created", "inserted", "creation"])
        })
}
