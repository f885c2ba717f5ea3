//! `varchar-instead-of-text`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TableContext, fix},
};

pub(super) static RULE: Rule = Rule {
    id: "varchar-instead-of-text",
    severity: Severity::Warning,
    fixed: false,
    summary: "A new VARCHAR column",
    rationale: "In PostgreSQL `VARCHAR(n)` is neither smaller nor faster than TEXT; it is TEXT with a limit that needs DDL \
        to change. Where a limit is really meant, a check says it by name and is changed without touching the \
        column.\n\n\
        <https://www.postgresql.org/docs/current/datatype-character.html>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/articles.yaml",
            "\
tableName: articles
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: title, type: VARCHAR(200), nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_articles_created_at, columns: [created_at]}
requestMetadata: {justification: Publish, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/articles.yaml",
            "\
tableName: articles
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: title, type: TEXT, nullable: false, check: length(title) <= 200}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_articles_created_at, columns: [created_at]}
requestMetadata: {justification: Publish, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    for column in context.typed_columns() {
        let Some(name) = context.type_of(column).filter(|name| name.base == "character varying") else { continue };
        let wanted = format!("TEXT{}", "[]".repeat(name.dimensions));
        let route = column.route.key("type");
        let limit = match name.modifiers.first() {
            Some(limit) if name.dimensions == 0 => {
                format!("; if the limit matters, add `check: length({}) <= {limit}`", column.name)
            }
            _ => String::new(),
        };
        report
            .at(&route, format!("Column `{}` is VARCHAR", column.name))
            .suggest(format!("Use {wanted} instead, for flexibility{limit}"))
            .fix(fix::replace(context.request, &route, &column.type_text, &wanted));
    }
}
