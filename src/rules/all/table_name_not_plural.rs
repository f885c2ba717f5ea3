//! `table-name-not-plural`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TableContext, words::plural},
};

pub(super) static RULE: Rule = Rule {
    id: "table-name-not-plural",
    severity: Severity::Notice,
    fixed: false,
    summary: "A new table whose name is a singular",
    rationale: "A table holds many: `user_profiles`, not `user_profile`. The last word counts; mass nouns (`data`, `media`, \
        `history`) and whatever ends in `s` are left alone.",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/user_profile.yaml",
            "\
tableName: user_profile
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_user_profile_created_at, columns: [created_at]}
requestMetadata: {justification: Show who is who, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/user_profiles.yaml",
            "\
tableName: user_profiles
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_user_profiles_created_at, columns: [created_at]}
requestMetadata: {justification: Show who is who, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    let name = &context.table.name.name;
    if context.before.is_some_and(|before| before.name.name == *name) {
        return;
    }
    if let Some(plural) = plural(name) {
        report
            .at(&context.request.table_name.route, format!("Table name `{name}` is a singular"))
            .suggest(format!("Use a plural: `{plural}`"));
    }
}
