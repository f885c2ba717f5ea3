//! `table-name-not-snake-case`

use crate::{
    model::Severity,
    rules::{
        Check, Example, Report, Rule, TableContext,
        words::{is_snake_case, snake_case},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "table-name-not-snake-case",
    severity: Severity::Error,
    fixed: false,
    summary: "A new table whose name is not lower-case snake_case",
    rationale: "PostgreSQL folds names that are not quoted to lower case, so a table `UserProfile` can only be reached as \
        `\"UserProfile\"`, in every query of every client, for as long as it lives.\n\n\
        <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/ApiTokens.yaml",
            "\
tableName: ApiTokens
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_ApiTokens_created_at, columns: [created_at]}
requestMetadata: {justification: Let programs in, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/api_tokens.yaml",
            "\
tableName: api_tokens
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_api_tokens_created_at, columns: [created_at]}
requestMetadata: {justification: Let programs in, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

// No fix: the file has the name of the table.
fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    let name = &context.table.name.name;
    if is_snake_case(name) || context.before.is_some_and(|before| before.name.name == *name) {
        return;
    }
    let suggestion = match snake_case(name) {
        good if is_snake_case(&good) && !good.is_empty() => format!("Use lowercase snake_case names: `{good}`"),
        _ => "Use lowercase snake_case names".to_owned(),
    };
    report
        .at(&context.request.table_name.route, format!("Invalid table name: `{name}` is not snake_case"))
        .suggest(suggestion);
}
