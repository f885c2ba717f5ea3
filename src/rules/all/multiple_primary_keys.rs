//! `multiple-primary-keys`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TableContext},
};

pub(super) static RULE: Rule = Rule {
    id: "multiple-primary-keys",
    severity: Severity::Error,
    fixed: true,
    summary: "More than one primary key: several flags, or a flag and a key of the table",
    rationale: "A table has at most one primary key. Several flags may mean a key of several columns, or a slip; the \
        registry does not guess.\n\n\
        <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/seats.yaml",
            "\
tableName: seats
schemaJson:
  columns:
    - {name: room, type: TEXT, primaryKey: true}
    - {name: number, type: INTEGER, primaryKey: true}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_seats_created_at, columns: [created_at]}
requestMetadata: {justification: Reserve seats, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/seats.yaml",
            "\
tableName: seats
schemaJson:
  columns:
    - {name: room, type: TEXT}
    - {name: number, type: INTEGER}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  primaryKey: [room, number]
  indexes:
    - {name: idx_seats_created_at, columns: [created_at]}
waivers:
  - {rule: primary-key-not-uuid, reason: A seat is its number in its room, expires: 2027-01-01}
requestMetadata: {justification: Reserve seats, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    let schema = &context.request.schema;
    let flagged: Vec<_> = schema.columns.iter().filter(|column| column.primary_key).collect();
    let names: Vec<_> = flagged.iter().map(|column| column.name.as_str()).collect();
    match (&schema.primary_key, flagged.as_slice()) {
        (Some(key), [_, ..]) => {
            report
                .at(&key.route, format!("Table has a primary key beside the flag on `{}`", names.join("`, `")))
                .suggest(format!("Remove `primaryKey: true` and keep `primaryKey: [{}]`", key.columns.join(", ")));
        }
        (None, [_, second, ..]) => {
            report
                .at(
                    &second.route.key("primaryKey"),
                    format!("Table has {} columns with `primaryKey: true`: `{}`", names.len(), names.join("`, `")),
                )
                .suggest(format!(
                    "Ensure exactly one column has `primaryKey: true`; for one key of several columns write `primaryKey: [{}]` \
                     beside `columns` instead",
                    names.join(", ")
                ));
        }
        _ => {}
    }
}
