//! `uuid-primary-key-without-default`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TableContext, fix},
};

pub(super) static RULE: Rule = Rule {
    id: "uuid-primary-key-without-default",
    severity: Severity::Warning,
    fixed: false,
    summary: "A new UUID primary key that no default fills",
    rationale: "Without a default every client must make its own UUID, and the one that forgets gets an error, or a key of \
        its own kind. Any default will do: `gen_random_uuid()`, or `uuidv7()` of PostgreSQL 18, which keeps new rows \
        together. A key that is another table's needs none.\n\n\
        <https://www.postgresql.org/docs/current/functions-uuid.html>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/uploads.yaml",
            "\
tableName: uploads
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_uploads_created_at, columns: [created_at]}
requestMetadata: {justification: Keep files, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/uploads.yaml",
            "\
tableName: uploads
schemaJson:
  columns:
    - {name: id, type: UUID, defaultValue: gen_random_uuid(), primaryKey: true}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_uploads_created_at, columns: [created_at]}
requestMetadata: {justification: Keep files, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    let key = context.primary_key();
    let ([name], None) = (key.as_slice(), context.before) else { return };
    let Some(column) = context.column(name) else { return };
    let is_uuid = context.type_of(column).is_some_and(|name| name.canonical == "uuid");
    if is_uuid && column.default.is_none() && column.generated.is_none() && !context.refers(name) {
        let beside = column.route.key("type");
        report
            .at(&column.route.key("name"), format!("UUID primary key `{name}` has no default"))
            .suggest("Add `defaultValue: gen_random_uuid()`")
            .fix(fix::add_field(context.request, &beside, "defaultValue", "gen_random_uuid()"));
    }
}
