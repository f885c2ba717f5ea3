//! `column-name-not-snake-case`

use crate::{
    model::Severity,
    rules::{
        Check, Example, Report, Rule, TableContext,
        words::{is_snake_case, snake_case},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "column-name-not-snake-case",
    severity: Severity::Error,
    fixed: false,
    summary: "A new column whose name is not lower-case snake_case",
    rationale: "PostgreSQL folds names that are not quoted to lower case, so a column `userId` can only be reached as `\"userId\"`, \
        in every query of every client, for as long as the table lives.\n\n\
        <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/avatars.yaml",
            "\
tableName: avatars
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: imageUrl, type: TEXT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_avatars_created_at, columns: [created_at]}
requestMetadata: {justification: Show who is talking, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/avatars.yaml",
            "\
tableName: avatars
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: image_url, type: TEXT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_avatars_created_at, columns: [created_at]}
requestMetadata: {justification: Show who is talking, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

// No fix: the name may stand in indexes, keys and expressions too.
fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    for column in context.new_columns().filter(|column| !is_snake_case(&column.name)) {
        let suggestion = match snake_case(&column.name) {
            name if is_snake_case(&name) && !name.is_empty() => format!("Use lowercase snake_case names: `{name}`"),
            _ => "Use lowercase snake_case names".to_owned(),
        };
        report
            .at(&column.route.key("name"), format!("Invalid column name: `{}` is not snake_case", column.name))
            .suggest(suggestion);
    }
}
