//! `stale-migration`

use crate::{
    model::{Route, Severity},
    rules::{Check, Example, Report, RequestContext, Rule, SqlContext, TreeContext},
};

pub(super) static RULE: Rule = Rule {
    id: "stale-migration",
    severity: Severity::Error,
    fixed: true,
    summary: "A migration of this change that is missing, out of date, edited by hand, out of order or of no request",
    rationale: "What is reviewed is the SQL, so the SQL beside a request must be exactly what the request means: the same \
        request over the same base gives the same bytes. `schema-registry generate` writes them.",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/bookmarks.yaml",
            "\
tableName: bookmarks
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_bookmarks_created_at, columns: [created_at]}
requestMetadata: {justification: Come back to what was read, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[],
    },
    checks: &[Check::Request(check), Check::Sql(of_sql), Check::Tree(strays)],
};

fn check(context: &RequestContext<'_>, report: &mut Report<'_>) {
    let route = context.request.map_or_else(Route::root, |request| request.table_name.route.clone());
    for stale in context.stale {
        report.at(&route, stale.message.clone()).suggest(stale.suggestion.clone());
    }
}

fn of_sql(context: &SqlContext<'_>, report: &mut Report<'_>) {
    let route = context.request.map_or_else(Route::root, |request| request.name.route.clone());
    for stale in context.stale {
        report.at(&route, stale.message.clone()).suggest(stale.suggestion.clone());
    }
}

fn strays(context: &TreeContext<'_>, report: &mut Report<'_>) {
    for stray in context.strays {
        report.at_file(&stray.path, stray.message.clone()).suggest(stray.suggestion.clone());
    }
}
