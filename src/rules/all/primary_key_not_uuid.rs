//! `primary-key-not-uuid`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TableContext},
};

pub(super) static RULE: Rule = Rule {
    id: "primary-key-not-uuid",
    severity: Severity::Warning,
    fixed: false,
    summary: "A new table whose primary key is neither a UUID nor a counter nor composite",
    rationale: "A key should mean nothing: what means something changes, and then every reference changes too. UUIDs can be \
        made anywhere, name nothing and never run out; `uuidv7()` of PostgreSQL 18 also keeps them in order of time. \
        Identity and serial columns are fine for simple tables, and so are keys of several columns and keys that are \
        another table's.\n\n\
        <https://www.postgresql.org/docs/current/functions-uuid.html>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/countries.yaml",
            "\
tableName: countries
schemaJson:
  columns:
    - {name: code, type: TEXT, primaryKey: true}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_countries_created_at, columns: [created_at]}
requestMetadata: {justification: Ship abroad, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/countries.yaml",
            "\
tableName: countries
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: code, type: TEXT, nullable: false, unique: true}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_countries_created_at, columns: [created_at]}
requestMetadata: {justification: Ship abroad, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    if context.before.is_some() {
        return;
    }
    let key = context.primary_key();
    let [name] = key.as_slice() else { return };
    let Some(column) = context.column(name) else { return };
    let Some(type_name) = context.type_of(column) else { return };
    let good = type_name.base == "uuid" || type_name.serial || column.identity.is_some() || context.refers(name);
    if !good {
        report
            .at(&column.route.key("type"), format!("Primary key `{name}` is {}, not a UUID", type_name.canonical))
            .suggest(
                "Prefer UUID with `gen_random_uuid()`; BIGSERIAL/SERIAL or `identity` is acceptable for simple tables; keep \
                 what identifies the row outside as a unique column",
            );
    }
}
